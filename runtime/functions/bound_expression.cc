#include "runtime/functions/bound_expression.h"

#include <utility>

#include "platform/check.h"
#include "runtime/functions/cast.h"
#include "runtime/functions/kernels.h"

namespace wavetank::runtime {
namespace {

// What depends on no row is computed for one.
Operand EvaluateOperand(const BoundExpression& expression, const RecordBatch& batch,
                        absl::Time timestamp) {
  if (expression.kind == BoundExpression::Kind::kColumn) {
    return {batch.column(expression.column), false};
  }
  if (expression.kind == BoundExpression::Kind::kLiteral) return {expression.literal, true};
  std::vector<Operand> operands;
  operands.reserve(expression.operands.size());
  // A function that is not deterministic is called for each row, whatever its arguments.
  bool scalar = expression.function == nullptr || expression.function->deterministic;
  for (const BoundExpression& operand : expression.operands) {
    operands.push_back(EvaluateOperand(operand, batch, timestamp));
    scalar &= operands.back().scalar;
  }
  const int64_t rows = scalar ? 1 : batch.num_rows();
  if (expression.kind == BoundExpression::Kind::kCast) {
    return {CastColumn(operands[0].column, expression.type), operands[0].scalar};
  }
  Column result = expression.kernel(
      {.operands = operands, .rows = rows, .type = expression.type, .timestamp = timestamp});
  WT_CHECK(result.size() == rows && result.type() == expression.type, expression.function->name);
  return {std::move(result), scalar};
}

struct LiteralAppender {
  ColumnBuilder& builder;
  void operator()(std::monostate) { builder.Null(); }
  void operator()(bool v) { builder.Bool(v); }
  void operator()(const std::string& v) { builder.String(v); }
  void operator()(const Binary& v) { builder.String(v.bytes); }
  void operator()(Date v) { builder.Fixed(v.days); }
  void operator()(Timestamp v) { builder.Fixed(v.micros); }
  void operator()(Interval v) { builder.Fixed(v.micros); }
  template <typename T>
  void operator()(T v) {
    builder.Fixed(v);
  }
};

}  // namespace

Column LiteralColumn(const Value& value, const DataType& type) {
  ColumnBuilder builder(type);
  std::visit(LiteralAppender{builder}, value);
  return builder.Finish();
}

Value ValueAt(const Column& column, int64_t row) {
  if (column.IsNull(row)) return std::monostate();
  switch (column.type().kind()) {
    case DataType::kBool:
      return column.BoolAt(row);
    case DataType::kString:
      return std::string(column.StringAt(row));
    case DataType::kBinary:
      return Binary{std::string(column.StringAt(row))};
    case DataType::kDate:
      return Date{column.Int32At(row)};
    case DataType::kTimestamp:
      return Timestamp{column.Int64At(row)};
    case DataType::kInterval:
      return Interval{column.Int64At(row)};
    default:
      WT_CHECK(column.type().is_number(), "no literal: " + DataTypeName(column.type()));
      return WithValueType(column.type(),
                           [&]<typename T>(T) { return Value(column.values<T>()[row]); });
  }
}

std::string PrepareCall(BoundExpression& call) {
  const Function& function = *call.function;
  if (function.is_aggregate()) return "an aggregate where a function of a row is wanted";
  if (!function.TakesThisMany(call.operands.size())) return "too few or too many arguments";
  std::vector<Value> literals;
  std::vector<DataType> types;
  for (size_t i = 0; i < call.operands.size(); ++i) {
    const BoundExpression& operand = call.operands[i];
    const bool literal = operand.kind == BoundExpression::Kind::kLiteral;
    if (function.parameter(i).literal && !literal) return "an argument that is no literal";
    literals.push_back(literal ? operand.value : Value());
    types.push_back(operand.type);
  }
  if (!function.TakesTypes(types)) return "an argument of another type";
  const CallArguments arguments = {.types = types, .literals = literals};
  std::string refusal = function.refuses ? function.refuses(arguments) : "";
  if (!refusal.empty()) return refusal;
  if (function.result(arguments) != call.type) return "a result of another type";
  call.kernel = function.prepare ? function.prepare(arguments) : function.kernel;
  return "";
}

Column Evaluate(const BoundExpression& expression, const RecordBatch& batch, absl::Time timestamp) {
  Operand result = EvaluateOperand(expression, batch, timestamp);
  if (!result.scalar) return std::move(result.column);
  return Repeat(result.column, batch.num_rows());
}

}  // namespace wavetank::runtime
