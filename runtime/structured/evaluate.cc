#include "runtime/structured/evaluate.h"

#include <string>
#include <utility>

#include "platform/check.h"
#include "runtime/columnar/take.h"
#include "runtime/structured/kernels.h"
#include "runtime/structured/logical_plan.h"

namespace wavetank::runtime {
namespace {

Operand EvaluateOperand(const BoundExpression& expression, const RecordBatch& batch,
                        absl::Time timestamp);

Column Apply(const BoundExpression& expression, const std::vector<Operand>& operands,
             int64_t rows) {
  switch (expression.op) {
    case Operator::kNot:
      return NotKernel(operands[0], rows);
    case Operator::kNegate:
      return NegateKernel(operands[0], rows);
    case Operator::kIsNull:
      return IsNullKernel(operands[0], rows);
    case Operator::kAnd:
    case Operator::kOr:
      return AndOrKernel(expression.op, operands[0], operands[1], rows);
    case Operator::kEqual:
    case Operator::kNotEqual:
    case Operator::kLess:
    case Operator::kLessOrEqual:
    case Operator::kGreater:
    case Operator::kGreaterOrEqual:
      return CompareKernel(expression.op, operands[0], operands[1], rows);
    case Operator::kAdd:
    case Operator::kSubtract:
    case Operator::kMultiply:
    case Operator::kDivide:
    case Operator::kRemainder:
      return ArithmeticKernel(expression.op, operands[0], operands[1], rows);
    case Operator::kCast:
      return CastKernel(operands[0], expression.type, rows);
    case Operator::kLower:
      return LowerKernel(operands[0], rows);
    case Operator::kTrim:
      return TrimKernel(operands[0], rows);
    case Operator::kLength:
      return LengthKernel(operands[0], rows);
    case Operator::kSubstring:
      return SubstringKernel(operands[0], operands[1], operands[2], rows);
    case Operator::kSubstringBefore:
      return SubstringBeforeKernel(operands[0], operands[1], rows);
    case Operator::kSubstringAfter:
      return SubstringAfterKernel(operands[0], operands[1], rows);
    case Operator::kWindowStart:
      return WindowStartKernel(operands[0], expression.window_micros, rows);
    case Operator::kWindowEnd:
      return WindowEndKernel(operands[0], expression.window_micros, rows);
    default:
      WT_CHECK(false, "an operator that is not evaluated row by row");
  }
}

Operand EvaluateOperand(const BoundExpression& expression, const RecordBatch& batch,
                        absl::Time timestamp) {
  switch (expression.op) {
    case Operator::kColumn:
      return {batch.column(expression.column), false};
    case Operator::kLiteral:
      return {expression.literal, true};
    case Operator::kCurrentTimestamp:
      return {LiteralColumn(Timestamp{ToMicros(timestamp)}, DataType::kTimestamp), true};
    default:
      break;
  }
  std::vector<Operand> operands;
  bool scalar = true;
  for (const BoundExpression& operand : expression.operands) {
    operands.push_back(EvaluateOperand(operand, batch, timestamp));
    scalar &= operands.back().scalar;
  }
  return {Apply(expression, operands, scalar ? 1 : batch.num_rows()), scalar};
}

}  // namespace

Column LiteralColumn(const Value& value, DataType type) {
  struct Visitor {
    ColumnBuilder& builder;
    void operator()(std::monostate) { builder.Null(); }
    void operator()(bool v) { builder.Bool(v); }
    void operator()(int64_t v) { builder.Int64(v); }
    void operator()(double v) { builder.Double(v); }
    void operator()(const std::string& v) { builder.String(v); }
    void operator()(Timestamp v) { builder.Int64(v.micros); }
  };
  ColumnBuilder builder(type);
  std::visit(Visitor{builder}, value);
  return builder.Finish();
}

BoundExpression Bind(const ExpressionNode& node, const Schema& schema) {
  if (node.op == Operator::kAlias) return Bind(*node.operands[0], schema);
  BoundExpression bound;
  bound.op = node.op;
  bound.type = TypeOf(node, schema);
  bound.window_micros = absl::ToInt64Microseconds(node.window_size);
  if (node.op == Operator::kColumn) bound.column = schema.IndexOf(node.name);
  if (node.op == Operator::kLiteral) bound.literal = LiteralColumn(node.value, node.type);
  for (const ExpressionPtr& operand : node.operands) {
    bound.operands.push_back(Bind(*operand, schema));
  }
  return bound;
}

Column Evaluate(const BoundExpression& expression, const RecordBatch& batch, absl::Time timestamp) {
  Operand result = EvaluateOperand(expression, batch, timestamp);
  if (!result.scalar) return std::move(result.column);
  RowNumbers first;
  first.AppendRepeated(static_cast<size_t>(batch.num_rows()), 0);
  return Take(result.column, Numbers(first));
}

}  // namespace wavetank::runtime
