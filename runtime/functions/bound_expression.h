// BoundExpression: an expression over the columns of a batch by their numbers, ready to be
// evaluated a whole column at a time.
#ifndef WAVETANK_RUNTIME_FUNCTIONS_BOUND_EXPRESSION_H_
#define WAVETANK_RUNTIME_FUNCTIONS_BOUND_EXPRESSION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "runtime/columnar/record_batch.h"
#include "runtime/functions/function.h"

namespace wavetank::runtime {

struct BoundExpression {
  enum class Kind : uint8_t { kColumn, kLiteral, kCall, kCast };

  Kind kind = Kind::kColumn;
  DataType type = DataType::kInt64;
  int column = -1;       // kColumn
  Value value;           // kLiteral
  Column literal;        // the same, as one row
  FunctionPtr function;  // kCall
  Kernel kernel;         // kCall: of this call
  std::vector<BoundExpression> operands;
};

// One row.
Column LiteralColumn(const Value& value, const DataType& type);
// REQUIRES: a type that is not nested.
Value ValueAt(const Column& column, int64_t row);

// Gives a call, whose function and operands are there, its kernel; what is wrong with them, or "".
// An analysed call has nothing wrong.
std::string PrepareCall(BoundExpression& call);

// `timestamp` is the batch's. REQUIRES: the batch has the columns that the expression was bound to.
Column Evaluate(const BoundExpression& expression, const RecordBatch& batch, absl::Time timestamp);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_BOUND_EXPRESSION_H_
