// What depends on no row, nor on the batch, is computed here.
#include <memory>
#include <utility>

#include "platform/check.h"
#include "runtime/functions/row_error.h"
#include "runtime/plan/bind.h"
#include "runtime/plan/optimiser/optimiser.h"
#include "runtime/plan/optimiser/rewrite.h"

namespace wavetank::runtime {
namespace {

bool IsConstant(const ExpressionNode& node) {
  if (IsCall(node, "window_start")) return false;  // a key by which it is told that it is a window
  const bool computes = node.kind == ExpressionKind::kCast ||
                        (node.kind == ExpressionKind::kCall && !node.function->is_aggregate() &&
                         node.function->deterministic);
  return computes && !node.operands.empty() && !node.type.is_nested() &&
         std::ranges::all_of(node.operands, [](const ExpressionPtr& operand) {
           return operand->kind == ExpressionKind::kLiteral;
         });
}

// Null: a function of the job has failed on it. It is left to fail where a row needs it.
ExpressionPtr Folded(const ExpressionNode& node) {
  const RecordBatch one_row(std::make_shared<const Schema>(), {}, 1);
  Column value;
  try {
    value = Evaluate(Bind(node, {}), one_row, absl::UnixEpoch());
  } catch (const RowError&) {
    return nullptr;
  }
  ExpressionNode literal;
  literal.value = ValueAt(value, 0);
  literal.type = value.type();
  literal.nullable = std::holds_alternative<std::monostate>(literal.value);
  return std::make_shared<const ExpressionNode>(std::move(literal));
}

ExpressionPtr FoldNode(const ExpressionPtr& node) {
  if (IsConstant(*node)) {
    ExpressionPtr folded = Folded(*node);
    return folded == nullptr ? node : folded;
  }
  if (!IsCall(*node, "and") && !IsCall(*node, "or")) return node;
  const bool neutral = node->name == "and";  // true && x is x, false || x is x
  for (size_t i = 0; i < 2; ++i) {
    if (IsBool(*node->operands[i], neutral)) return node->operands[1 - i];
    if (IsBool(*node->operands[i], !neutral)) return node->operands[i];
  }
  return node;
}

}  // namespace

LogicalPlanPtr FoldConstants(const LogicalPlanPtr& plan) {
  return Transform(plan, [](const LogicalPlanPtr& node) {
    LogicalPlan changed = *node;
    for (ExpressionPtr& expression : changed.expressions) {
      expression = TransformExpression(expression, FoldNode);
    }
    return changed.expressions == node->expressions ? node : Finished(std::move(changed));
  });
}

}  // namespace wavetank::runtime
