// Calling functions as a query does: resolved, bound, evaluated.
#ifndef WAVETANK_TESTS_RUNTIME_FUNCTIONS_CALLS_H_
#define WAVETANK_TESTS_RUNTIME_FUNCTIONS_CALLS_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "runtime/columnar/record_batch.h"
#include "runtime/functions/bound_expression.h"
#include "runtime/functions/registry.h"
#include "runtime/plan/bind.h"
#include "runtime/plan/resolve.h"

namespace wavetank::runtime {

inline Expression ToExpression(const ExampleTerm& term) {
  if (!term.function.empty()) {
    std::vector<Expression> operands;
    for (const ExampleTerm& operand : term.operands) operands.push_back(ToExpression(operand));
    return Call(term.function, std::move(operands));
  }
  ExpressionNode node;
  node.value = term.value;
  node.type = std::holds_alternative<std::monostate>(term.value) ? term.type : TypeOf(term.value);
  return Expression(std::make_shared<const ExpressionNode>(std::move(node)));
}

// Columns without a null are known to have none.
inline std::vector<Attribute> AttributesOf(const RecordBatch& batch) {
  std::vector<Attribute> attributes;
  for (int i = 0; i < batch.schema().size(); ++i) {
    const Field& field = batch.schema().field(i);
    attributes.push_back({i, field.name, field.type, batch.column(i).null_count() != 0});
  }
  return attributes;
}

inline absl::StatusOr<ExpressionPtr> Resolve(
    const Expression& expression, const RecordBatch& batch,
    const FunctionRegistry& functions = FunctionRegistry::BuiltIn()) {
  const std::vector<Attribute> input = AttributesOf(batch);
  return Resolver("Select", input, functions).Row(expression.node());
}

inline absl::StatusOr<Column> Compute(
    const Expression& expression, const RecordBatch& batch,
    const FunctionRegistry& functions = FunctionRegistry::BuiltIn()) {
  const absl::StatusOr<ExpressionPtr> resolved = Resolve(expression, batch, functions);
  if (!resolved.ok()) return resolved.status();
  return Evaluate(Bind(**resolved, AttributesOf(batch)), batch, absl::FromUnixSeconds(7));
}

inline RecordBatch OneRow() { return RecordBatch(std::make_shared<const Schema>(), {}, 1); }

// What an expression over no columns gives, or the error's message.
inline std::string Result(const Expression& expression,
                          const FunctionRegistry& functions = FunctionRegistry::BuiltIn()) {
  const absl::StatusOr<Column> column = Compute(expression, OneRow(), functions);
  return column.ok() ? column->CellText(0) : std::string(column.status().message());
}

// Columns c0, c1, ...
inline RecordBatch BatchOf(std::vector<Column> columns) {
  std::vector<Field> fields;
  const int64_t rows = columns[0].size();
  for (const Column& column : columns) {
    fields.push_back({"c" + std::to_string(fields.size()), column.type()});
  }
  return RecordBatch(std::make_shared<const Schema>(std::move(fields)), std::move(columns), rows);
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_FUNCTIONS_CALLS_H_
