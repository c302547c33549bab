// The optimiser: small rules over analysed plans, a file each. Those that rewrite are applied until
// none changes anything, then those that prepare for running, once.
//
// A rule keeps the rows, their order, the output, and what is observed on the way: the event times
// that pass a watermark, the late rows, the keys and aggregates of state. So nothing moves past a
// watermark or a stateful operator, and neither is removed, copied or numbered anew: state outlives
// the plan of one run. What is not deterministic is neither moved nor copied.
#ifndef WAVETANK_RUNTIME_PLAN_OPTIMISER_OPTIMISER_H_
#define WAVETANK_RUNTIME_PLAN_OPTIMISER_OPTIMISER_H_

#include <string_view>
#include <vector>

#include "runtime/plan/logical_plan.h"

namespace wavetank::runtime {

struct OptimiserRule {
  std::string_view name;
  // Gives the very plan that it was given when it has nothing to do.
  LogicalPlanPtr (*apply)(const LogicalPlanPtr& plan);
  bool once = false;
};

LogicalPlanPtr FoldConstants(const LogicalPlanPtr& plan);
LogicalPlanPtr CombineFilters(const LogicalPlanPtr& plan);
LogicalPlanPtr PushFiltersBelowProjects(const LogicalPlanPtr& plan);
// Where the condition does not need the elements.
LogicalPlanPtr PushFiltersBelowExplodes(const LogicalPlanPtr& plan);
LogicalPlanPtr PruneColumns(const LogicalPlanPtr& plan);
// Projections that change nothing, filters that keep everything.
LogicalPlanPtr RemoveNoOps(const LogicalPlanPtr& plan);
// What an operator, or it and the filter below it, would compute twice becomes a column.
LogicalPlanPtr ShareSubexpressions(const LogicalPlanPtr& plan);

// In the order in which they are tried.
const std::vector<OptimiserRule>& OptimiserRules();

LogicalPlanPtr Optimise(LogicalPlanPtr plan, const std::vector<OptimiserRule>& rules);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_OPTIMISER_OPTIMISER_H_
