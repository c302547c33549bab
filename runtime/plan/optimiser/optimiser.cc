#include "runtime/plan/optimiser/optimiser.h"

#include "platform/check.h"

namespace wavetank::runtime {
namespace {

// A rule goes as far as it can in a round, so that few are needed, but for filters that pass
// explodes and projections in turn.
constexpr int kMaxRounds = 10'000;

}  // namespace

const std::vector<OptimiserRule>& OptimiserRules() {
  static const std::vector<OptimiserRule> rules = {
      {"fold constants", FoldConstants},
      {"combine filters", CombineFilters},
      {"push filters below projects", PushFiltersBelowProjects},
      {"push filters below explodes", PushFiltersBelowExplodes},
      {"prune columns", PruneColumns},
      {"remove no-ops", RemoveNoOps},
      {"share subexpressions", ShareSubexpressions, true},
  };
  return rules;
}

LogicalPlanPtr Optimise(LogicalPlanPtr plan, const std::vector<OptimiserRule>& rules) {
  for (int round = 0;; ++round) {
    WT_CHECK(round < kMaxRounds, "optimiser rules undo one another: " + ToText(plan));
    const LogicalPlanPtr before = plan;
    for (const OptimiserRule& rule : rules) {
      if (!rule.once) plan = rule.apply(plan);
    }
    if (plan == before) break;
  }
  for (const OptimiserRule& rule : rules) {
    if (rule.once) plan = rule.apply(plan);
  }
  return plan;
}

}  // namespace wavetank::runtime
