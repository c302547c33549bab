// The executable specification of the micro-batch protocol: drivers (each taking a new epoch; the
// older ones may go on as zombies), the fenced log as fencing.h has it, abstracted, and a
// transactional sink, exhausted within bounds.
//
// Requests to the sink, once sent, may arrive at any later time, any number of times; replies may
// be lost; the sink may let a pending transaction expire and remembers nothing of it. A driver that
// is never scheduled again has crashed. Functions are not deterministic: each attempt's output and
// state are its own.
//
// Checked: the sink shows batches 0..k, each once, in order; what it shows of a batch was made from
// the logged definition, and by the attempt whose state the next batch goes on from; what is
// committed in the log is shown; a definition is logged once.
#ifndef WAVETANK_TESTS_MODEL_EXACTLY_ONCE_H_
#define WAVETANK_TESTS_MODEL_EXACTLY_ONCE_H_

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "properties/micro_batch_protocol.h"

namespace wavetank::model {

enum class BatchRule {
  kDefineFirst,
  kKeepPrepared,
  kSinkBeforeCommitRecord,
  kPreparedBeforeSink,
  kUnsureIsNotDone,
  kUnsureIsNotFailed,
  kFenceBeforeAsking,
};
struct BatchRuleText {
  BatchRule rule;
  const char* name;
  const char* without;
};
std::span<const BatchRuleText> BatchRules();

struct BatchBounds {
  int drivers = 2;
  int batches = 2;
  int attempts = 2;  // that a driver makes in all
  int fences = 2;    // times that a driver fences the sink
  int expiries = 1;
};

struct BatchVerdict {
  int64_t states = 0;
  std::string broken;  // "" if every invariant holds
  // A driver's step that the transition system of properties/ does not allow; "" if there is none.
  std::string not_allowed;
  // The transitions of it that some driver took, by phase and step.
  std::set<std::pair<properties::BatchPhase, properties::BatchStep::Is>> taken;
};
// `without`: a rule that nobody keeps.
BatchVerdict ExhaustBatches(const BatchBounds& bounds, std::optional<BatchRule> without = {});

}  // namespace wavetank::model

#endif  // WAVETANK_TESTS_MODEL_EXACTLY_ONCE_H_
