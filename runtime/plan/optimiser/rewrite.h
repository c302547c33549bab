// What the rules share.
#ifndef WAVETANK_RUNTIME_PLAN_OPTIMISER_REWRITE_H_
#define WAVETANK_RUNTIME_PLAN_OPTIMISER_REWRITE_H_

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "runtime/plan/logical_plan.h"
#include "runtime/plan/resolve.h"

namespace wavetank::runtime {

// `rewrite` on every node of an expression, operands first; the same pointer where it changes
// nothing.
template <typename F>
ExpressionPtr TransformExpression(const ExpressionPtr& node, F rewrite) {
  std::vector<ExpressionPtr> operands;
  for (const ExpressionPtr& operand : node->operands) {
    operands.push_back(TransformExpression(operand, rewrite));
  }
  return rewrite(WithOperands(node, std::move(operands)));
}

inline void AddAttributes(const ExpressionNode& node, std::set<int>& ids) {
  if (node.kind == ExpressionKind::kAttribute) ids.insert(node.attribute);
  for (const ExpressionPtr& operand : node.operands) AddAttributes(*operand, ids);
}

inline bool AllDeterministic(const std::vector<ExpressionPtr>& expressions) {
  return std::ranges::all_of(expressions, [](const auto& e) { return IsDeterministic(*e); });
}

inline bool IsBool(const ExpressionNode& node, bool value) {
  return node.kind == ExpressionKind::kLiteral && node.value == Value(value);
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_OPTIMISER_REWRITE_H_
