// The optimiser: small rules over analysed plans, applied until none changes anything.
//
// A rule keeps the rows, their order, the output's schema, and what is observed on the way: the
// event times that pass a watermark, the late rows, the keys and aggregates of state. So nothing
// moves past a watermark or an aggregate, and neither is ever removed: state outlives the plan of
// one run.
#ifndef WAVETANK_RUNTIME_STRUCTURED_OPTIMISER_H_
#define WAVETANK_RUNTIME_STRUCTURED_OPTIMISER_H_

#include <string_view>
#include <vector>

#include "runtime/structured/logical_plan.h"

namespace wavetank::runtime {

struct OptimiserRule {
  std::string_view name;
  // Gives the very plan that it was given when it has nothing to do.
  LogicalPlanPtr (*apply)(const LogicalPlanPtr& plan);
};

LogicalPlanPtr FoldConstants(const LogicalPlanPtr& plan);
LogicalPlanPtr CombineFilters(const LogicalPlanPtr& plan);
LogicalPlanPtr PushFiltersBelowProjects(const LogicalPlanPtr& plan);
// Where the condition does not need the parts.
LogicalPlanPtr PushFiltersBelowExplodes(const LogicalPlanPtr& plan);
LogicalPlanPtr PruneColumns(const LogicalPlanPtr& plan);
// Projections that change nothing, filters that keep everything.
LogicalPlanPtr RemoveNoOps(const LogicalPlanPtr& plan);

// In the order in which they are tried.
const std::vector<OptimiserRule>& OptimiserRules();

// Applies the rules until none changes anything.
LogicalPlanPtr Optimise(LogicalPlanPtr plan, const std::vector<OptimiserRule>& rules);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_OPTIMISER_H_
