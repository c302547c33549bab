// The analyser: from the plan that a front end wrote to one whose names exist and whose types fit.
// With* calls and windows become plain projections; every column gets an id, numbered from 0 in the
// order in which the nodes are passed, inputs first; one that is read by several stays one.
#ifndef WAVETANK_RUNTIME_PLAN_ANALYSER_H_
#define WAVETANK_RUNTIME_PLAN_ANALYSER_H_

#include "absl/status/statusor.h"

#include "runtime/functions/registry.h"
#include "runtime/plan/logical_plan.h"

namespace wavetank::runtime {

// kInvalidArgument: one line that says in which call, what is wrong with which column, what there
// is, and what to do. What a streaming query can show of it is another question (mode_rules.h).
absl::StatusOr<LogicalPlanPtr> Analyse(
    const LogicalPlanPtr& plan, const FunctionRegistry& functions = FunctionRegistry::BuiltIn());

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_ANALYSER_H_
