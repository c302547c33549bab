// FencedLogProtocol: whether the steps of all owners of each log come in an order, and with what
// they read and count, that the protocol of a fenced log allows: create an epoch, read what counts,
// seal it, look, act; append, look, act; begin a segment, look, remove.
//
// A transition system, written from the protocol's description alone (docs/architecture.md, the
// rules of tests/model/fencing.h), beside the product's log. tests/model exhausts the protocol and
// holds that the two allow the same. An owner that is dead tells nothing; one that stood still may
// tell late what it did long ago, and is held to what it could have seen by then.
#ifndef WAVETANK_PROPERTIES_FENCED_LOG_PROTOCOL_H_
#define WAVETANK_PROPERTIES_FENCED_LOG_PROTOCOL_H_

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/step.h"

namespace wavetank::properties {

// The step of an owner, as the product's steps tell it; what a step does not tell is 0.
struct LogStep {
  enum class Is : uint8_t {
    kCreated,
    kRead,
    kSealed,
    kTakenOver,
    kAppended,
    kCounts,
    kSegmentBegun,
    kOlderRemoved,
    kFenced,
  } is;
  int64_t epoch = 0;
  int64_t base = 0;      // of kRead and kSealed: 0 for none
  int64_t segment = 0;   // of the base, or the owner's own
  int64_t sequence = 0;  // of a group: 1, 2, ... in each segment
  int64_t records = 0;
  bool refusing = false;  // of kRead: the store refuses what is late, so that nobody looks

  friend auto operator<=>(const LogStep&, const LogStep&) = default;
};

struct ToldLogStep {
  std::string_view log;  // where it is
  LogStep step;
};
// nullopt: the step is none of a log's.
std::optional<ToldLogStep> LogStepOf(std::string_view name,
                                     std::span<const platform::StepAttribute> attributes);

// How far a log goes: so many groups of a segment.
struct LogPlace {
  int64_t epoch = 0;
  int64_t segment = 0;
  int64_t groups = 0;

  friend auto operator<=>(const LogPlace&, const LogPlace&) = default;
};

enum class OwnerPhase : uint8_t {
  kNone,
  kCreated,    // its epoch is durable
  kRead,       // it knows what counts
  kSealed,     // and has said so
  kTakenOver,  // it acts
  kBegun,      // another segment
  kSettled,    // and removed what is older than its segment
  kAppended,   // a group, which it may not act on yet
  kCounted,    // it may
  kStopped,
};

struct OwnerBelief {
  OwnerPhase phase = OwnerPhase::kNone;
  bool refusing = false;
  bool late = false;  // there was a higher epoch at its last step
  LogPlace durable;   // before it reads: it finds that or more
  int64_t base = 0;
  int64_t read = 0;  // records
  int64_t segment = 0;
  int64_t sequence = 0;

  friend auto operator<=>(const OwnerBelief&, const OwnerBelief&) = default;
};

struct SegmentBelief {
  bool told = false;                 // by its owner
  std::optional<int64_t> seal;       // records; unset: nobody has said
  std::vector<int64_t> ends;         // records up to the end of each group, without those
  std::optional<int64_t> under_way;  // records of the next group, which somebody has read already

  friend auto operator<=>(const SegmentBelief&, const SegmentBelief&) = default;
};

// What the steps of its owners say of a log.
struct LogBelief {
  int64_t newest = 0;  // the highest epoch that is known to exist
  std::map<std::pair<int64_t, std::string>, OwnerBelief> owners;  // by epoch and who
  std::map<std::pair<int64_t, int64_t>, SegmentBelief> segments;  // by epoch and number
  std::map<int64_t, LogPlace> read;   // how far who took it over has read, by epoch
  std::map<int64_t, LogPlace> acted;  // how far its owner has acted, by epoch

  friend auto operator<=>(const LogBelief&, const LogBelief&) = default;
};

// "" or why the protocol does not allow it, in words that follow what is done. `alone`: each owner
// is held to its own steps, whatever the others have done.
std::string WhyNot(const LogBelief& log, const std::string& owner, const LogStep& step,
                   bool alone = false);
// Goes on behind a step, allowed or not.
void Follow(const std::string& owner, const LogStep& step, LogBelief& log);

// Of all owners of all logs of a run.
class FencedLogProtocol {
 public:
  // One more step of an owner, by the life of the node that it is. "" or, in a sentence, what is
  // not allowed: from there on the log is followed from that step on.
  std::string Observe(const std::string& log, const std::string& owner, const LogStep& step);

  // Something has befallen the files that no protocol withstands (files were lost, say, or put
  // back): from now on each owner is held to its own steps alone.
  void Doubt() { alone_ = true; }

 private:
  bool alone_ = false;
  std::map<std::string, LogBelief> logs_;
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_FENCED_LOG_PROTOCOL_H_
