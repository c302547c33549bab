// The ids by which watermarks and operators with state are known, in plans and in checkpoints.
#ifndef WAVETANK_RUNTIME_PLAN_OPERATOR_IDS_H_
#define WAVETANK_RUNTIME_PLAN_OPERATOR_IDS_H_

#include "runtime/plan/logical_plan.h"

namespace wavetank::runtime {

// The analysed plan with its watermarks and its operators with state numbered, each for themselves,
// from the sink on along the inputs.
LogicalPlanPtr WithOperatorIds(const LogicalPlanPtr& root);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_OPERATOR_IDS_H_
