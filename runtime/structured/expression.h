// Expression: what a query computes from a row, by the column's name. Built by users, resolved by
// the analyser, evaluated a whole column at a time. Semantics are Spark SQL's without ANSI mode:
//
// - Any null operand gives null, except for && and ||, which are three-valued, and IsNull.
// - int64 arithmetic wraps around; `/` is double division; division and remainder by zero, and
//   casts of text that does not parse, give null.
// - int64 beside double becomes double; nothing else is converted by itself. Doubles compare with
//   NaN equal to itself and above all else.
// - Split takes a literal separator (not a pattern) and keeps empty parts, also at the end.
// - Substring counts bytes of UTF-8 code points from 1; from the end when negative.
// - SubstringBefore and SubstringAfter give null for text without the separator.
// - Text to timestamp: see timestamp_text.h.
#ifndef WAVETANK_RUNTIME_STRUCTURED_EXPRESSION_H_
#define WAVETANK_RUNTIME_STRUCTURED_EXPRESSION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/time/time.h"

#include "runtime/columnar/schema.h"

namespace wavetank::runtime {

enum class Operator : uint8_t {
  kColumn,
  kLiteral,
  kAlias,
  kNot,
  kNegate,
  kIsNull,
  kAnd,
  kOr,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kRemainder,
  kCast,
  kLower,
  kTrim,
  kLength,
  kSubstring,
  kSubstringBefore,
  kSubstringAfter,
  kSplit,             // only inside kExplode
  kExplode,           // one row for each part; only at the top of Select and WithColumn
  kWindow,            // only in GroupBy: columns "window.start" and "window.end"
  kWindowStart,       // what kWindow becomes: the start, and from it
  kWindowEnd,         // the end
  kCurrentTimestamp,  // the batch's, so that a batch run again sees the same
  kCount,             // aggregates, from here on: only in Agg
  kSum,
  kMin,
  kMax,
};

struct Timestamp {
  int64_t micros = 0;
  friend bool operator==(Timestamp, Timestamp) = default;
};
// A literal's value: null of its type, bool, int64, double, string or timestamp.
using Value = std::variant<std::monostate, bool, int64_t, double, std::string, Timestamp>;

struct ExpressionNode;
using ExpressionPtr = std::shared_ptr<const ExpressionNode>;

// Immutable, shared.
struct ExpressionNode {
  Operator op = Operator::kLiteral;
  std::vector<ExpressionPtr> operands;
  std::string name;                  // kColumn, kAlias
  Value value;                       // kLiteral
  DataType type = DataType::kInt64;  // kCast; kLiteral
  absl::Duration window_size;        // kWindow, kWindowStart, kWindowEnd
};

// A user's handle on an expression; cheap to copy. Numbers, text and times become literals.
class Expression {
 public:
  Expression(bool value);         // NOLINT: literals convert
  Expression(int value);          // NOLINT
  Expression(int64_t value);      // NOLINT
  Expression(double value);       // NOLINT
  Expression(const char* value);  // NOLINT
  Expression(std::string value);  // NOLINT
  Expression(absl::Time value);   // NOLINT
  explicit Expression(ExpressionPtr node) : node_(std::move(node)) {}

  // The name of the column that it gives.
  Expression As(std::string name) const;
  Expression Cast(DataType type) const;
  Expression IsNull() const;
  Expression IsNotNull() const;

  const ExpressionPtr& node() const { return node_; }

 private:
  ExpressionPtr node_;
};

Expression Col(std::string name);
Expression Literal(Expression value);

Expression operator!(Expression a);
Expression operator-(Expression a);
Expression operator&&(Expression a, Expression b);
Expression operator||(Expression a, Expression b);
Expression operator==(Expression a, Expression b);
Expression operator!=(Expression a, Expression b);
Expression operator<(Expression a, Expression b);
Expression operator<=(Expression a, Expression b);
Expression operator>(Expression a, Expression b);
Expression operator>=(Expression a, Expression b);
Expression operator+(Expression a, Expression b);
Expression operator-(Expression a, Expression b);
Expression operator*(Expression a, Expression b);
Expression operator/(Expression a, Expression b);
Expression operator%(Expression a, Expression b);

Expression Cast(Expression value, DataType type);
Expression Lower(Expression text);   // ASCII letters
Expression Trim(Expression text);    // spaces at both ends
Expression Length(Expression text);  // code points
Expression Substring(Expression text, Expression position, Expression length);
// What stands before, and after, the first `separator` in the text.
Expression SubstringBefore(Expression text, std::string separator);
Expression SubstringAfter(Expression text, std::string separator);
Expression Split(Expression text, std::string separator);
Expression Explode(Expression parts);
Expression CurrentTimestamp();

// Tumbling windows [start, start + size) since the epoch. Rows without a time are in none: they are
// dropped and counted.
Expression Window(Expression time, absl::Duration size);

Expression Count();                  // rows
Expression Count(Expression value);  // values that are not null
Expression Sum(Expression value);    // int64 (wraps around) or double; null when there is none
Expression Min(Expression value);    // int64, double, timestamp
Expression Max(Expression value);

bool IsAggregate(Operator op);
// Stable text, as in "(word != '')": names, fingerprints, errors.
std::string ToText(const ExpressionNode& node);
// The name of the column it gives: its alias, the column's own, or its text.
std::string OutputName(const ExpressionNode& node);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_EXPRESSION_H_
