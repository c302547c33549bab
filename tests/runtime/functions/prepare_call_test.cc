// Calls of plans that this program has not analysed: what is wrong with one is told, not met.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "runtime/functions/bound_expression.h"
#include "runtime/functions/registry.h"

namespace wavetank::runtime {
namespace {

BoundExpression LiteralOf(DataType type, Value value) {
  BoundExpression literal;
  literal.kind = BoundExpression::Kind::kLiteral;
  literal.type = type;
  literal.literal = LiteralColumn(value, type);
  literal.value = std::move(value);
  return literal;
}

BoundExpression Text(std::string text) { return LiteralOf(DataType::kString, std::move(text)); }

BoundExpression TextColumn() {
  BoundExpression column;
  column.type = DataType::kString;
  column.column = 0;
  return column;
}

std::string Wrong(std::string_view function, std::vector<BoundExpression> operands,
                  std::optional<DataType> as = std::nullopt) {
  BoundExpression call;
  call.kind = BoundExpression::Kind::kCall;
  call.function = FunctionRegistry::BuiltIn().Find(function);
  std::vector<DataType> types;
  for (const BoundExpression& operand : operands) types.push_back(operand.type);
  call.type =
      types.empty() ? DataType::kInt64 : call.function->result({.types = types, .literals = {}});
  if (as) call.type = *as;
  call.operands = std::move(operands);
  const std::string wrong = PrepareCall(call);
  EXPECT_EQ(wrong.empty(), static_cast<bool>(call.kernel));
  return wrong;
}

TEST(PrepareCall, GivesAKernelToWhatCanBeCalled) {
  EXPECT_EQ(Wrong("lower", {TextColumn()}), "");
  EXPECT_EQ(Wrong("like", {TextColumn(), Text("a%")}), "");
  EXPECT_EQ(Wrong("concat", {TextColumn(), Text("a"), TextColumn()}), "");
}

TEST(PrepareCall, SaysWhatIsWrong) {
  EXPECT_EQ(Wrong("lower", {}), "too few or too many arguments");
  EXPECT_EQ(Wrong("lower", {TextColumn(), TextColumn()}), "too few or too many arguments");
  EXPECT_EQ(Wrong("lower", {LiteralOf(DataType::kInt64, int64_t{1})}),
            "an argument of another type");
  // Kernels read values of the widths that they were told.
  const BoundExpression narrow = LiteralOf(DataType::kInt8, int8_t{1});
  const BoundExpression wide = LiteralOf(DataType::kInt64, int64_t{1});
  EXPECT_EQ(Wrong("+", {narrow, wide}), "an argument of another type");
  EXPECT_EQ(Wrong("/", {wide, wide}), "an argument of another type");
  EXPECT_EQ(Wrong("+", {narrow, narrow}), "");
  EXPECT_EQ(Wrong("+", {narrow, narrow}, DataType::kInt64), "a result of another type");
  EXPECT_EQ(Wrong("like", {TextColumn(), TextColumn()}), "an argument that is no literal");
  EXPECT_NE(Wrong("like", {TextColumn(), Text("a\\")}), "");
  EXPECT_NE(Wrong("regexp_extract", {TextColumn(), Text("(")}), "");
  EXPECT_EQ(Wrong("sum", {TextColumn()}), "an aggregate where a function of a row is wanted");
}

}  // namespace
}  // namespace wavetank::runtime
