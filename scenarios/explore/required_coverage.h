// RequiredCoverage: what an exploration must have reached, a line each:
//
//   step sink.fenced                    a step of `wavetank steps`
//   row prepared_gone                   a row of the recovery tables
//   fault process.zombie                a fault of `wavetank faults` that struck
//   pair batch.prepared process.crash   and one that struck at that step
//   # for people
#ifndef WAVETANK_SCENARIOS_EXPLORE_REQUIRED_COVERAGE_H_
#define WAVETANK_SCENARIOS_EXPLORE_REQUIRED_COVERAGE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "scenarios/explore/summary.h"

namespace wavetank::scenarios {

struct Required {
  enum class Kind { kStep, kRow, kFault, kPair } kind;
  std::string name;  // of a pair "STEP KIND"
};

// kInvalidArgument, with file:line: a line of another form, or a name that there is not, with the
// nearest.
absl::StatusOr<std::vector<Required>> ParseRequired(const std::string& file,
                                                    const std::string& text);

// The lines of which that was never reached.
std::vector<std::string> NeverReached(const std::vector<Required>& required,
                                      const ExplorationSummary& summary);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_EXPLORE_REQUIRED_COVERAGE_H_
