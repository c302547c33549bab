#include "properties/interpreter/plain_expression.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/plan/expression.pb.h"

namespace wavetank::properties {
namespace {

namespace plan = runtime::plan;

absl::StatusOr<PlainExpression> ReadCall(const plan::Expression& in,
                                         const std::vector<int>& columns,
                                         const OtherFunctions& other) {
  PlainExpression call;
  call.what = PlainExpression::What::kCall;
  call.kind = KindOf(in.type());
  for (const plan::Expression& operand : in.operands()) {
    WT_ASSIGN_OR_RETURN(call.operands.emplace_back(), ReadExpression(operand, columns, other));
  }
  if (in.has_cast()) {
    call.name = "cast";
    if (call.operands.size() != 1) return absl::DataLossError("a cast of nothing");
    call.call = OwnCast(call.operands[0].kind, call.kind);
  } else {
    call.name = in.call().function();
    call.call = OwnFunction(in);
  }
  if (!call.call && other) call.call = other(in);
  if (call.call) return call;
  return absl::UnimplementedError(
      absl::StrCat("the interpreter does not know ",
                   in.has_cast() ? "this cast" : absl::StrCat("the function \"", call.name, "\"")));
}

}  // namespace

PlainValue PlainExpression::Of(const PlainRow& row, int64_t timestamp_ms) const {
  if (what == What::kColumn) return row[column];
  if (what == What::kLiteral) return literal;
  PlainRow arguments;
  arguments.reserve(operands.size());
  for (const PlainExpression& operand : operands) {
    arguments.push_back(operand.Of(row, timestamp_ms));
  }
  return call(arguments, timestamp_ms);
}

absl::StatusOr<PlainExpression> ReadExpression(const plan::Expression& expression,
                                               const std::vector<int>& columns,
                                               const OtherFunctions& other) {
  PlainExpression read;
  switch (expression.what_case()) {
    case plan::Expression::kAttribute: {
      const auto at = std::ranges::find(columns, expression.attribute());
      if (at == columns.end()) return absl::DataLossError("a column that no input has");
      read.what = PlainExpression::What::kColumn;
      read.kind = KindOf(expression.type());
      read.column = static_cast<size_t>(at - columns.begin());
      return read;
    }
    case plan::Expression::kLiteral:
      read.literal = ValueOf(expression.literal());
      read.kind = KindOf(expression.literal().type());
      return read;
    case plan::Expression::kAlias:
      if (expression.operands_size() != 1) return absl::DataLossError("an alias of nothing");
      return ReadExpression(expression.operands(0), columns, other);
    case plan::Expression::kCall:
    case plan::Expression::kCast:
      return ReadCall(expression, columns, other);
    default:
      return absl::DataLossError("an expression that is not analysed");
  }
}

}  // namespace wavetank::properties
