// Smaller clusters, with the faults that then still have something to strike.
#ifndef WAVETANK_SCENARIOS_SHRINK_REDUCE_CLUSTER_H_
#define WAVETANK_SCENARIOS_SHRINK_REDUCE_CLUSTER_H_

#include <vector>

#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

// All nodes in one process "app" on one machine "m1", which the faults then strike; those between
// machines are gone. None, where that is so already.
std::vector<Scenario> OneProcess(const Scenario& scenario);

// Without one of the machines, or one of the nodes of a process, and without the faults that name
// it. None of a cluster that is not said.
std::vector<Scenario> WithoutOne(const Scenario& scenario);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_SHRINK_REDUCE_CLUSTER_H_
