// Binding: from attributes to the numbers of the columns that hold them.
#ifndef WAVETANK_RUNTIME_PLAN_BIND_H_
#define WAVETANK_RUNTIME_PLAN_BIND_H_

#include <vector>

#include "runtime/functions/bound_expression.h"
#include "runtime/plan/logical_plan.h"

namespace wavetank::runtime {

// Aliases vanish. REQUIRES: the expression is resolved, `input` has its attributes.
BoundExpression Bind(const ExpressionNode& node, const std::vector<Attribute>& input);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_BIND_H_
