// Evaluating expressions on batches. Bind turns an expression that the analyser has resolved into
// one that knows its columns by number; Evaluate gives its column for a batch.
#ifndef WAVETANK_RUNTIME_STRUCTURED_EVALUATE_H_
#define WAVETANK_RUNTIME_STRUCTURED_EVALUATE_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"

#include "runtime/columnar/record_batch.h"
#include "runtime/structured/expression.h"

namespace wavetank::runtime {

struct BoundExpression {
  Operator op = Operator::kLiteral;
  std::vector<BoundExpression> operands;
  int column = 0;                    // kColumn
  Column literal;                    // kLiteral: one row
  DataType type = DataType::kInt64;  // of the result
  int64_t window_micros = 0;         // kWindowStart, kWindowEnd
};

// REQUIRES: resolved against `schema`.
BoundExpression Bind(const ExpressionNode& node, const Schema& schema);

// `timestamp` is what CurrentTimestamp() gives.
Column Evaluate(const BoundExpression& expression, const RecordBatch& batch, absl::Time timestamp);

// A column of one row that holds a literal's value.
Column LiteralColumn(const Value& value, DataType type);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_EVALUATE_H_
