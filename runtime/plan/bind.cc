#include "runtime/plan/bind.h"

#include "platform/check.h"

namespace wavetank::runtime {

BoundExpression Bind(const ExpressionNode& node, const std::vector<Attribute>& input) {
  if (node.kind == ExpressionKind::kAlias) return Bind(*node.operands[0], input);
  BoundExpression bound;
  bound.type = node.type;
  switch (node.kind) {
    case ExpressionKind::kAttribute: {
      const Attribute* const found = FindAttribute(input, node.attribute);
      WT_CHECK(found != nullptr, ToText(node, AttributeText::kNamesAndIds));
      bound.column = static_cast<int>(found - input.data());
      return bound;
    }
    case ExpressionKind::kLiteral:
      bound.kind = BoundExpression::Kind::kLiteral;
      bound.value = node.value;
      bound.literal = LiteralColumn(node.value, node.type);
      return bound;
    case ExpressionKind::kCast:
      bound.kind = BoundExpression::Kind::kCast;
      break;
    case ExpressionKind::kCall:
      bound.kind = BoundExpression::Kind::kCall;
      bound.function = node.function;
      break;
    case ExpressionKind::kName:
    case ExpressionKind::kAlias:
      WT_CHECK(false, "not resolved: " + ToText(node));
  }
  for (const ExpressionPtr& operand : node.operands) {
    bound.operands.push_back(Bind(*operand, input));
  }
  if (bound.kind == BoundExpression::Kind::kCall) {
    const std::string wrong = PrepareCall(bound);
    WT_CHECK(wrong.empty(), ToText(node) + ": " + wrong);
  }
  return bound;
}

}  // namespace wavetank::runtime
