// Bound expressions, by hand.
#ifndef WAVETANK_TESTS_RUNTIME_OPERATORS_EXPRESSIONS_H_
#define WAVETANK_TESTS_RUNTIME_OPERATORS_EXPRESSIONS_H_

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "runtime/functions/bound_expression.h"
#include "runtime/functions/registry.h"

namespace wavetank::runtime {

inline BoundExpression ColumnOf(int column, DataType type) {
  BoundExpression bound;
  bound.type = std::move(type);
  bound.column = column;
  return bound;
}

inline BoundExpression CallOf(const std::string& name, std::vector<BoundExpression> operands,
                              DataType type) {
  BoundExpression call;
  call.kind = BoundExpression::Kind::kCall;
  call.type = std::move(type);
  call.function = FunctionRegistry::BuiltIn().Find(name);
  call.operands = std::move(operands);
  EXPECT_EQ(PrepareCall(call), "");
  return call;
}

inline BoundExpression LiteralOf(Value value, DataType type) {
  BoundExpression literal;
  literal.kind = BoundExpression::Kind::kLiteral;
  literal.literal = LiteralColumn(value, type);
  literal.type = std::move(type);
  literal.value = std::move(value);
  return literal;
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_OPERATORS_EXPRESSIONS_H_
