#include "runtime/plan/conjuncts.h"

#include "runtime/plan/resolve.h"

namespace wavetank::runtime {

void AddConjuncts(const ExpressionPtr& condition, std::vector<ExpressionPtr>& conjuncts) {
  if (!IsCall(*condition, "and")) {
    conjuncts.push_back(condition);
    return;
  }
  for (const ExpressionPtr& operand : condition->operands) AddConjuncts(operand, conjuncts);
}

ExpressionPtr AllOf(std::span<const ExpressionPtr> conjuncts) {
  if (conjuncts.size() == 1) return conjuncts[0];
  const size_t half = (conjuncts.size() + 1) / 2;
  return BuiltInCall("and", {AllOf(conjuncts.first(half)), AllOf(conjuncts.subspan(half))});
}

}  // namespace wavetank::runtime
