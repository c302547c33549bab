// MicroBatchProtocol: whether the steps of each driver of a query come in an order that the
// micro-batch protocol allows: take over, fence the sink, ask it about a prepared attempt, define,
// run, prepare, have the sink commit, log the commit.
//
// A transition system, written from design alone (docs/architecture.md, life of a batch), beside
// the product's recovery table. tests/model exhausts the protocol itself and holds that every step
// of it is allowed here, and that everything that is allowed here is a step of it.
#ifndef WAVETANK_PROPERTIES_MICRO_BATCH_PROTOCOL_H_
#define WAVETANK_PROPERTIES_MICRO_BATCH_PROTOCOL_H_

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace wavetank::properties {

// What a driver has done last, and knows by it.
enum class BatchPhase : uint8_t {
  kStart,
  kTakenOver,        // the log is its own; the sink may still obey an older driver
  kFenced,           // the sink obeys no older one
  kPlanned,          // the next definition is made
  kDefined,          // and logged
  kRun,              // an attempt's output and state are there
  kPrepared,         // and it is logged that it counts
  kPending,          // the fenced sink can still commit it
  kGone,             // the fenced sink never will
  kUnsure,           // the sink's answer is not known
  kFencedAgain,      // and it obeys nothing that was sent before
  kShown,            // the sink has committed it
  kShownAndPlanned,  // and the definition that follows is made
  kCommitted,        // its commit is logged
  kStopped,
};

struct BatchStep {
  enum class Is : uint8_t {
    kTakenOver,
    kFenced,
    kAskedPending,
    kAskedVisible,
    kAskedGone,
    kPlanned,
    kDefined,
    kRun,
    kPrepared,
    kSinkCommitted,
    kUnsure,
    kCommitted,
    kCommittedWithNext,  // the next definition is in the same group
    kStopped,
  } is;
  int64_t batch = -1;  // none for kFenced and kStopped
};

struct DriverBelief {
  BatchPhase phase = BatchPhase::kStart;
  int64_t batch = -1;  // the newest that it has to do with

  friend auto operator<=>(const DriverBelief&, const DriverBelief&) = default;
};

// nullopt: the protocol does not allow it.
std::optional<DriverBelief> After(const DriverBelief& belief, const BatchStep& step);

// Each allowed transition once, for who enumerates them.
struct BatchTransition {
  BatchPhase from;
  BatchStep::Is step;
  enum class Batch : uint8_t { kAny, kSame, kNext } batch;
  BatchPhase to;
};
std::span<const BatchTransition> BatchTransitions();

// "batch.defined" and so on, as the product's steps are called; nullopt: the step is none of these.
// `state`, of "sink.asked": 0 visible, 1 pending, 2 gone; `next_defined`, of "batch.committed".
std::optional<BatchStep::Is> BatchStepOf(std::string_view step, int64_t state,
                                         int64_t next_defined);

// Of all drivers of all queries of a run.
class MicroBatchProtocol {
 public:
  // One more step of a driver in one of its lives. "" or, in a sentence, what is not allowed: from
  // there on that driver is followed from that step on.
  std::string Observe(const std::string& driver, const std::string& query, const BatchStep& step);

 private:
  std::map<std::pair<std::string, std::string>, DriverBelief> beliefs_;
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_MICRO_BATCH_PROTOCOL_H_
