#include "properties/micro_batch_protocol.h"

#include "absl/strings/str_cat.h"

#include "platform/text.h"

namespace wavetank::properties {
namespace {

using enum BatchPhase;
using Is = BatchStep::Is;
using Batch = BatchTransition::Batch;

// A driver may take its query over again at any time, after an error, say: After().
constexpr BatchTransition kTransitions[] = {
    {kTakenOver, Is::kFenced, Batch::kSame, kFenced},
    // What the log says is to be done: nothing is under way, a batch is defined, or prepared.
    {kFenced, Is::kPlanned, Batch::kNext, kPlanned},
    {kFenced, Is::kRun, Batch::kSame, kRun},
    {kFenced, Is::kAskedPending, Batch::kSame, kPending},
    {kFenced, Is::kAskedVisible, Batch::kSame, kShown},
    {kFenced, Is::kAskedGone, Batch::kSame, kGone},
    {kFenced, Is::kStopped, Batch::kSame, kStopped},
    {kPlanned, Is::kDefined, Batch::kSame, kDefined},
    {kDefined, Is::kRun, Batch::kSame, kRun},
    {kGone, Is::kRun, Batch::kSame, kRun},
    {kRun, Is::kPrepared, Batch::kSame, kPrepared},
    {kPrepared, Is::kSinkCommitted, Batch::kSame, kShown},
    {kPrepared, Is::kUnsure, Batch::kSame, kUnsure},
    {kPending, Is::kSinkCommitted, Batch::kSame, kShown},
    {kPending, Is::kUnsure, Batch::kSame, kUnsure},
    // Only a sink that obeys nothing older can be asked.
    {kUnsure, Is::kFenced, Batch::kSame, kFencedAgain},
    {kFencedAgain, Is::kAskedPending, Batch::kSame, kPending},
    {kFencedAgain, Is::kAskedVisible, Batch::kSame, kShown},
    {kFencedAgain, Is::kAskedGone, Batch::kSame, kGone},
    {kShown, Is::kCommitted, Batch::kSame, kCommitted},
    {kShown, Is::kPlanned, Batch::kNext, kShownAndPlanned},
    {kShownAndPlanned, Is::kCommittedWithNext, Batch::kSame, kPlanned},
    {kCommitted, Is::kPlanned, Batch::kNext, kPlanned},
    {kCommitted, Is::kStopped, Batch::kSame, kStopped},
};

constexpr const char* kPhaseNames[] = {
    "nothing",
    "taking the log over",
    "fencing the sink",
    "planning",
    "defining",
    "running",
    "preparing",
    "hearing that the sink can commit",
    "hearing that the sink never will",
    "not hearing of the sink",
    "fencing the sink again",
    "the sink's commit",
    "planning the next one behind the sink's commit",
    "logging the commit",
    "stopping",
};

struct StepWord {
  Is is;
  std::string_view name;
};
constexpr StepWord kWords[] = {
    {Is::kTakenOver, "query.taken_over"},
    {Is::kFenced, "sink.fenced"},
    {Is::kAskedPending, "sink.asked"},
    {Is::kAskedVisible, "sink.asked"},
    {Is::kAskedGone, "sink.asked"},
    {Is::kPlanned, "batch.planned"},
    {Is::kDefined, "batch.defined"},
    {Is::kRun, "batch.run"},
    {Is::kPrepared, "batch.prepared"},
    {Is::kSinkCommitted, "sink.committed"},
    {Is::kUnsure, "sink.unsure"},
    {Is::kCommitted, "batch.committed"},
    {Is::kCommittedWithNext, "batch.committed"},
    {Is::kStopped, "query.stopped"},
};

std::string_view NameOf(Is is) {
  for (const StepWord& word : kWords) {
    if (word.is == is) return word.name;
  }
  return "";
}

bool NamesABatch(Is is) { return is != Is::kFenced && is != Is::kStopped; }

}  // namespace

std::span<const BatchTransition> BatchTransitions() { return kTransitions; }

std::optional<DriverBelief> After(const DriverBelief& belief, const BatchStep& step) {
  if (step.is == Is::kTakenOver) return DriverBelief{kTakenOver, step.batch};
  for (const BatchTransition& transition : kTransitions) {
    if (transition.from != belief.phase || transition.step != step.is) continue;
    const int64_t batch = belief.batch + (transition.batch == Batch::kNext ? 1 : 0);
    if (NamesABatch(step.is) && step.batch != batch) return std::nullopt;
    // Behind a commit that shares its group, the next definition is what the driver is at.
    const bool next = transition.to == kShownAndPlanned;
    const bool shared = transition.from == kShownAndPlanned;
    return DriverBelief{transition.to, next ? belief.batch : shared ? batch + 1 : batch};
  }
  return std::nullopt;
}

std::optional<BatchStep::Is> BatchStepOf(std::string_view step, int64_t state,
                                         int64_t next_defined) {
  if (step == "sink.asked") {
    constexpr Is kStates[] = {Is::kAskedVisible, Is::kAskedPending, Is::kAskedGone};
    if (state < 0 || state > 2) return std::nullopt;
    return kStates[state];
  }
  if (step == "batch.committed" && next_defined != 0) return Is::kCommittedWithNext;
  for (const StepWord& word : kWords) {
    if (word.name == step) return word.is;
  }
  return std::nullopt;
}

std::string MicroBatchProtocol::Observe(const std::string& driver, const std::string& query,
                                        const BatchStep& step) {
  DriverBelief& belief = beliefs_[{driver, query}];
  const std::optional<DriverBelief> after = After(belief, step);
  if (after.has_value()) {
    belief = *after;
    return "";
  }
  const std::string what = absl::StrCat(
      "driver ", driver, " of query ", query, " reaches ", platform::ToAbsl(NameOf(step.is)),
      NamesABatch(step.is) ? absl::StrCat(" of batch ", step.batch) : "", " after ",
      kPhaseNames[static_cast<size_t>(belief.phase)], ", at batch ", belief.batch,
      ", which the protocol does not allow");
  // So that what follows of it is no news.
  for (const BatchTransition& transition : kTransitions) {
    if (transition.step != step.is) continue;
    belief = {transition.to, NamesABatch(step.is) ? step.batch : belief.batch};
    break;
  }
  return what;
}

}  // namespace wavetank::properties
