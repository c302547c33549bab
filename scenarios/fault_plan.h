// The faults of a scenario, as the simulator takes them.
#ifndef WAVETANK_SCENARIOS_FAULT_PLAN_H_
#define WAVETANK_SCENARIOS_FAULT_PLAN_H_

#include "absl/status/statusor.h"

#include "scenarios/cluster_plan.h"
#include "scenarios/parse.h"
#include "scenarios/step_names.h"
#include "simulator/fault_plan.h"

namespace wavetank::scenarios {

// `text`: what attributes that are text may be. kInvalidArgument, with the place: a kind, target,
// step, attribute or node that is not there, or a rate that cannot be.
absl::StatusOr<simulator::FaultPlan> PlanFaults(const ParsedScenario& parsed,
                                                const ClusterPlan& cluster,
                                                const TextOfSteps& text);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_FAULT_PLAN_H_
