// What --kill-at and --stop-at say.
#ifndef WAVETANK_SCENARIOS_SHELL_STEP_FAULT_H_
#define WAVETANK_SCENARIOS_SHELL_STEP_FAULT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "platform/real/step_killer.h"
#include "runtime/job/deployment.h"

namespace wavetank::scenarios::shell {

// "batch.defined", "batch.defined:3" (the third time), "batch.defined:1:batch=4".
absl::StatusOr<platform::StepFault> ParseStepFault(const std::string& text,
                                                   platform::StepFault::Action action);

// kInvalidArgument, with the nearest: one asks for a query, a sink or an output that the job has
// not, and would never come to pass. REQUIRES: CheckPlan(instance) is OK.
absl::Status CheckStepFaults(const std::vector<platform::StepFault>& faults,
                             const runtime::JobInstance& instance);

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_STEP_FAULT_H_
