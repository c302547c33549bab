// Reductions of the program of a scenario's job, where it has one (scenarios/program_job.h).
#ifndef WAVETANK_SCENARIOS_SHRINK_REDUCE_PROGRAM_H_
#define WAVETANK_SCENARIOS_SHRINK_REDUCE_PROGRAM_H_

#include <vector>

#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

// Without an output, or with what a line takes instead of what it makes. Inputs that nothing reads
// any more are left out.
std::vector<Scenario> FewerOperators(const Scenario& scenario);
// With a shorter window, or as many partitions as the job says.
std::vector<Scenario> PlainerOperators(const Scenario& scenario);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_SHRINK_REDUCE_PROGRAM_H_
