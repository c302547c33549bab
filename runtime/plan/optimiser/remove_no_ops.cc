// What changes nothing goes.
#include "runtime/plan/optimiser/optimiser.h"
#include "runtime/plan/optimiser/rewrite.h"

namespace wavetank::runtime {
namespace {

bool PassesAllThrough(const LogicalPlan& project) {
  const std::vector<Attribute>& input = project.input()->output;
  if (input.size() != project.expressions.size()) return false;
  for (size_t i = 0; i < input.size(); ++i) {
    const ExpressionNode& column = *project.expressions[i];
    if (column.kind != ExpressionKind::kAttribute || column.attribute != input[i].id) return false;
  }
  return true;
}

}  // namespace

LogicalPlanPtr RemoveNoOps(const LogicalPlanPtr& plan) {
  return Transform(plan, [](const LogicalPlanPtr& node) {
    const bool removable =
        (node->op == PlanOperator::kProject && PassesAllThrough(*node)) ||
        (node->op == PlanOperator::kFilter && IsBool(*node->expressions[0], true));
    return removable ? node->input() : node;
  });
}

}  // namespace wavetank::runtime
