// Shrinks a scenario that fails: the smallest that fails in the same way, as a file.
//
// After Zeller's delta debugging and Hypothesis's passes: a table of reductions (reductions.h) is
// applied to the scenario itself, again and again, and what still fails in the same way is kept.
#ifndef WAVETANK_SCENARIOS_SHRINK_SHRINK_H_
#define WAVETANK_SCENARIOS_SHRINK_SHRINK_H_

#include <functional>

#include "absl/status/statusor.h"

#include "scenarios/report.h"
#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

// The same verdict, kind of violation and step. (The guarantee is the scenario's, which stays.)
bool FailAlike(const RunReport& a, const RunReport& b);

struct ShrunkScenario {
  Scenario scenario;  // its faults are a list, none is at random; its claim says what remains
  RunReport report;   // of its run
  int tries = 0;
  bool whole = false;  // nothing more can be left out, as far as the reductions go
  // Whether the faults at random could not be made a list: then it is as it was given.
  bool at_random = false;
};

// What a scenario does; kInvalidArgument: it asks for what cannot be. A pure function.
using RunOne = std::function<absl::StatusOr<RunReport>(const Scenario&)>;

// `failed`: the report of its run. `enough`: asked before each try; true: as small as it is then.
// REQUIRES: `run(scenario)` fails as `failed`.
ShrunkScenario ShrinkScenario(Scenario scenario, const RunReport& failed, const RunOne& run,
                              const std::function<bool()>& enough);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_SHRINK_SHRINK_H_
