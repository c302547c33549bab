// PlainExpression: an expression of a plan, computed for one row at a time.
#ifndef WAVETANK_PROPERTIES_INTERPRETER_PLAIN_EXPRESSION_H_
#define WAVETANK_PROPERTIES_INTERPRETER_PLAIN_EXPRESSION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "properties/interpreter/plain_value.h"

namespace wavetank::runtime::plan {
class Expression;
}  // namespace wavetank::runtime::plan

namespace wavetank::properties {

// One call with its arguments; `timestamp_ms` is the batch's.
using PlainCall =
    std::function<PlainValue(std::span<const PlainValue> arguments, int64_t timestamp_ms)>;

// For calls, and casts, that the interpreter has no code of its own for. An empty PlainCall: not
// known here either. What it computes is then no second opinion.
using OtherFunctions = std::function<PlainCall(const runtime::plan::Expression& call)>;

struct PlainExpression {
  enum class What : uint8_t { kColumn, kLiteral, kCall };

  What what = What::kLiteral;
  PlainKind kind = PlainKind::kNull;  // of what it gives
  size_t column = 0;
  PlainValue literal;
  std::string name;  // of a call's function; "cast"
  PlainCall call;
  std::vector<PlainExpression> operands;

  PlainValue Of(const PlainRow& row, int64_t timestamp_ms) const;
};

// `columns`: the attributes of the row that it is computed from. Aliases are left out.
// kUnimplemented: a function that is not known; names it. kDataLoss: no expression of such rows.
absl::StatusOr<PlainExpression> ReadExpression(const runtime::plan::Expression& expression,
                                               const std::vector<int>& columns,
                                               const OtherFunctions& other);

// The interpreter's own code for one call; empty: it has none.
PlainCall OwnFunction(const runtime::plan::Expression& call);
// The same for a cast.
PlainCall OwnCast(PlainKind from, PlainKind to);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_INTERPRETER_PLAIN_EXPRESSION_H_
