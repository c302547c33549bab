// Conditions as what must all be true.
#ifndef WAVETANK_RUNTIME_PLAN_CONJUNCTS_H_
#define WAVETANK_RUNTIME_PLAN_CONJUNCTS_H_

#include <span>
#include <vector>

#include "runtime/plan/expression.h"

namespace wavetank::runtime {

// In their order.
void AddConjuncts(const ExpressionPtr& condition, std::vector<ExpressionPtr>& conjuncts);
// As flat as can be. REQUIRES: resolved, one at least.
ExpressionPtr AllOf(std::span<const ExpressionPtr> conjuncts);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_CONJUNCTS_H_
