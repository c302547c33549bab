// Trace: what happened in a world, as a rolling hash over every event and, if asked, as records.
//
// Two runs of one scenario and seed must end with the same hash and count. When they do not, run
// both again with Retain::kEverything and let FirstDifference name the event where they part.
// Texts are built only for what is retained.
#ifndef WAVETANK_SIMULATOR_TRACE_H_
#define WAVETANK_SIMULATOR_TRACE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/strong_id.h"

namespace wavetank::simulator {

// Whoever events are of: the world (0), a machine, a node's incarnation, a link.
using ActorId = platform::StrongId<struct ActorIdTag>;

enum class EventKind : uint8_t {
  // On the timeline.
  kWorld,    // what the program around the world did to it
  kProcess,  // start, crash, pause, resume, stop
  kMachine,  // power loss, power on
  kFault,    // an injected fault took effect
  kStep,     // a protocol step was reached
  kLog,      // a node's words to people
  // Verbose.
  kMessage,  // something was sent or arrived
  kDisk,     // a disk call took effect
  // Only for comparing runs.
  kTurn,  // a node resumed one coroutine
  kDue,   // the time of a timer, a delivery, a disk call or a change of state came
};
std::string_view Name(EventKind kind);

enum class Retain : uint8_t { kNothing, kTimeline, kVerbose, kEverything };

struct TraceEvent {
  int64_t time_ns = 0;
  uint64_t sequence = 0;
  ActorId actor;
  EventKind kind = EventKind::kWorld;
  uint64_t payload = 0;

  friend bool operator==(const TraceEvent&, const TraceEvent&) = default;
};

// What a record tells of its event.
struct TraceText {
  TraceText(std::string words) : text(std::move(words)) {}  // NOLINT(google-explicit-constructor)
  TraceText(const char* words) : text(words) {}             // NOLINT(google-explicit-constructor)
  TraceText(std::string words, int64_t began) : text(std::move(words)), began_ns(began) {}
  TraceText(std::string words, int64_t began, ActorId sender, ActorId receiver)
      : text(std::move(words)), began_ns(began), from(sender), to(receiver) {}

  std::string text;
  int64_t began_ns = -1;  // when a message was sent, or a disk call made; -1: it took no time
  ActorId from = {};      // of a message, the nodes at both ends; the world: it has none
  ActorId to = {};
};

struct TraceRecord {
  TraceEvent event;
  std::string text;
  int64_t began_ns = -1;  // as in TraceText
  ActorId from = {};
  ActorId to = {};
};

inline uint64_t FoldMultiply(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}
// Stable across machines and versions, like every hash that a trace holds.
uint64_t HashBytes(std::string_view bytes);

class Trace {
 public:
  explicit Trace(Retain retain) : retain_(retain) {}

  bool Retains(EventKind kind) const {
    if (kind <= EventKind::kLog) return retain_ >= Retain::kTimeline;
    if (kind <= EventKind::kDisk) return retain_ >= Retain::kVerbose;
    return retain_ >= Retain::kEverything;
  }

  void Add(const TraceEvent& event) {
    Hash(event);
    if (Retains(event.kind)) [[unlikely]]
      records_.push_back({event, {}});
  }
  // `describe()` gives the record's TraceText, and is called only if the record is retained.
  template <typename Describe>
  void Add(const TraceEvent& event, Describe describe) {
    Hash(event);
    if (Retains(event.kind)) [[unlikely]]
      Keep(event, describe());
  }

  uint64_t hash() const { return hash_; }
  uint64_t events() const { return events_; }
  const std::vector<TraceRecord>& records() const { return records_; }

 private:
  void Keep(const TraceEvent& event, TraceText told) {
    records_.push_back({event, std::move(told.text), told.began_ns, told.from, told.to});
  }
  void Hash(const TraceEvent& event) {
    const uint64_t who =
        static_cast<uint64_t>(event.actor.value()) << 8 | static_cast<uint64_t>(event.kind);
    const uint64_t when = FoldMultiply(hash_ ^ static_cast<uint64_t>(event.time_ns),
                                       event.sequence ^ 0x9e3779b97f4a7c15ULL);
    hash_ = FoldMultiply(when ^ who ^ 0xa0761d6478bd642fULL, event.payload ^ 0xe7037ed1a0b428dbULL);
    ++events_;
  }

  const Retain retain_;
  uint64_t hash_ = 0x243f6a8885a308d3ULL;
  uint64_t events_ = 0;
  std::vector<TraceRecord> records_;
};

// Where two runs part; a run that has ended by then has no record there.
struct TraceDifference {
  uint64_t index = 0;
  std::optional<TraceRecord> left;
  std::optional<TraceRecord> right;
};
// REQUIRES: both retain everything, or the same part of it.
std::optional<TraceDifference> FirstDifference(const Trace& left, const Trace& right);

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_TRACE_H_
