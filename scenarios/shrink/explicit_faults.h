// Faults at random, as the list of those that befell a run.
#ifndef WAVETANK_SCENARIOS_SHRINK_EXPLICIT_FAULTS_H_
#define WAVETANK_SCENARIOS_SHRINK_EXPLICIT_FAULTS_H_

#include <vector>

#include "scenarios/scenario.pb.h"
#include "simulator/fault_plan.h"

namespace wavetank::scenarios {

// As it stands in a scenario; it befalls the same run in the same way.
Fault ToScenarioFault(const simulator::ListedFault& listed);

// The scenario with what fired in its run instead of its faults.
Scenario WithExplicitFaults(const Scenario& scenario,
                            const std::vector<simulator::ListedFault>& fired);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_SHRINK_EXPLICIT_FAULTS_H_
