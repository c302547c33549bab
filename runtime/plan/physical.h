// From an optimised plan to what workers run: fragments of operators between exchanges, with
// expressions bound to columns (physical.proto).
#ifndef WAVETANK_RUNTIME_PLAN_PHYSICAL_H_
#define WAVETANK_RUNTIME_PLAN_PHYSICAL_H_

#include <string>

#include "absl/status/statusor.h"

#include "runtime/plan/logical_plan.h"
#include "runtime/plan/output_mode.h"

namespace wavetank::runtime {
namespace plan {
class Operator;
class PhysicalPlan;
}  // namespace plan

inline constexpr int kPhysicalPlanVersion = 2;

// kUnimplemented: it is analysed and explained, and cannot be run yet; names the operator and what
// to do.
// What is over a finished input is joined by any condition.
enum class Input : bool { kStreams, kFinished };
absl::Status CheckRunnable(const LogicalPlanPtr& analysed, Input input = Input::kStreams);

// REQUIRES: CheckRunnable.
plan::PhysicalPlan MakePhysicalPlan(const LogicalPlanPtr& optimised, QueryOutputMode mode,
                                    int shuffle_partitions, Input input = Input::kStreams);

// For people: a line an operator, fragment by fragment; and one operator of the plan, by the
// columns of `below`, which it reads.
std::string OperatorText(const plan::PhysicalPlan& plan, const plan::Operator& op,
                         const plan::Operator& below);
std::string PhysicalText(const plan::PhysicalPlan& plan);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_PHYSICAL_H_
