// Filters: one instead of two, and as early as they can be.
#include <utility>
#include <vector>

#include "platform/check.h"
#include "runtime/plan/conjuncts.h"
#include "runtime/plan/optimiser/optimiser.h"
#include "runtime/plan/optimiser/rewrite.h"

namespace wavetank::runtime {
namespace {

// A filter over `op`, neither of which does what cannot be moved.
bool IsMovableFilterOver(const LogicalPlan& node, PlanOperator op) {
  return node.op == PlanOperator::kFilter && node.input()->op == op &&
         AllDeterministic(node.expressions) && AllDeterministic(node.input()->expressions);
}

// The condition in terms of what the columns are made of.
ExpressionPtr Substitute(const ExpressionPtr& condition,
                         const std::vector<ExpressionPtr>& columns) {
  return TransformExpression(condition, [&](const ExpressionPtr& node) {
    if (node->kind != ExpressionKind::kAttribute) return node;
    for (const ExpressionPtr& column : columns) {
      if (column->attribute == node->attribute) return WithoutAlias(column);
    }
    WT_CHECK(false, node->name);
  });
}

bool IsOfBoundedSize(const ExpressionNode& node) {
  const ExpressionSize size = SizeOf(node);
  return size.depth <= kMaxExpressionDepth && size.nodes <= kMaxExpressionNodes / 10;
}

// As far down as it goes, in one go. What would grow beyond bounds stays.
LogicalPlanPtr Pushed(const LogicalPlanPtr& node) {
  if (!IsMovableFilterOver(*node, PlanOperator::kProject)) return node;
  const LogicalPlan& project = *node->input();
  ExpressionPtr condition = Substitute(node->expressions[0], project.expressions);
  if (!IsOfBoundedSize(*condition)) return node;
  return WithInputs(project, {Pushed(MakeFilter(project.input(), std::move(condition)))});
}

}  // namespace

LogicalPlanPtr CombineFilters(const LogicalPlanPtr& plan) {
  return Transform(plan, [](const LogicalPlanPtr& node) {
    if (!IsMovableFilterOver(*node, PlanOperator::kFilter)) return node;
    const LogicalPlan& inner = *node->input();
    std::vector<ExpressionPtr> conjuncts;
    AddConjuncts(inner.expressions[0], conjuncts);
    AddConjuncts(node->expressions[0], conjuncts);
    ExpressionPtr both = AllOf(conjuncts);
    if (!IsOfBoundedSize(*both)) return node;
    return MakeFilter(inner.input(), std::move(both));
  });
}

LogicalPlanPtr PushFiltersBelowProjects(const LogicalPlanPtr& plan) {
  return Transform(plan, Pushed);
}

LogicalPlanPtr PushFiltersBelowExplodes(const LogicalPlanPtr& plan) {
  return Transform(plan, [](const LogicalPlanPtr& node) {
    if (!IsMovableFilterOver(*node, PlanOperator::kExplode)) return node;
    const LogicalPlan& explode = *node->input();
    std::set<int> ids;
    AddAttributes(*node->expressions[0], ids);
    if (ids.contains(explode.made[0].id)) return node;
    return WithInputs(explode, {MakeFilter(explode.input(), node->expressions[0])});
  });
}

}  // namespace wavetank::runtime
