// Expression: what a query computes from a row. Built by users, by the columns' names; resolved by
// the analyser, to columns by their ids and functions of one type; evaluated a whole column at a
// time. What each function does, and how it treats null, is in their registry (runtime/functions).
#ifndef WAVETANK_RUNTIME_PLAN_EXPRESSION_H_
#define WAVETANK_RUNTIME_PLAN_EXPRESSION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "runtime/functions/function.h"
#include "runtime/types/data_type.h"
#include "runtime/types/value.h"

namespace wavetank::runtime {

enum class ExpressionKind : uint8_t {
  kName,       // a column by its name: not resolved
  kAttribute,  // a column by its id
  kLiteral,
  kCall,   // the function `name` of the operands
  kCast,   // the operand as `type`
  kAlias,  // the operand as a column of its own, called `name`
};

struct ExpressionNode;
using ExpressionPtr = std::shared_ptr<const ExpressionNode>;

// Immutable, shared.
struct ExpressionNode {
  ExpressionKind kind = ExpressionKind::kLiteral;
  std::vector<ExpressionPtr> operands;
  std::string name;  // kName, kCall, kAlias; of kAttribute: for people alone
  Value value;       // kLiteral
  // Of kLiteral and kCast; once resolved, of all.
  DataType type = DataType::kInt64;

  // Set by the analyser.
  int attribute = -1;  // of kAttribute, and the one that kAlias makes
  bool nullable = true;
  FunctionPtr function;  // of kCall
};

// Calls that are more than functions of a row.
inline constexpr char kExplodeCall[] =
    "explode";  // one row an element; only atop Select, WithColumn
// Only in GroupBy: columns of its start and end.
inline constexpr char kWindowCall[] = "window";
inline constexpr char kSessionWindowCall[] = "session_window";

// What is larger is refused, or not made: all that reads expressions goes down into them.
inline constexpr int kMaxExpressionDepth = 200;
inline constexpr int kMaxExpressionNodes = 10'000;
struct ExpressionSize {
  int depth = 0;
  int nodes = 0;  // as often as they are reached
};
// Counts no further than a little beyond either bound.
ExpressionSize SizeOf(const ExpressionNode& node);

bool IsCall(const ExpressionNode& node, std::string_view function);
// The expression under all aliases.
const ExpressionPtr& WithoutAlias(const ExpressionPtr& node);
bool IsDeterministic(const ExpressionNode& node);

// A user's handle on an expression; cheap to copy. Numbers, text, dates, times and durations become
// literals. Whole numbers are int64, whatever their type in C++ (in Spark an int literal is int32);
// for another type, cast them.
class Expression {
 public:
  Expression(bool value);            // NOLINT: literals convert
  Expression(int value);             // NOLINT
  Expression(int64_t value);         // NOLINT
  Expression(double value);          // NOLINT
  Expression(const char* value);     // NOLINT
  Expression(std::string value);     // NOLINT
  Expression(Binary value);          // NOLINT
  Expression(Date value);            // NOLINT
  Expression(absl::Time value);      // NOLINT
  Expression(absl::Duration value);  // NOLINT: to the microsecond
  explicit Expression(ExpressionPtr node) : node_(std::move(node)) {}

  // The name of the column that it gives.
  Expression As(std::string name) const;
  Expression Cast(DataType type) const;
  Expression IsNull() const;
  Expression IsNotNull() const;
  // An array's element, counted from 0; null where there is none.
  Expression At(Expression index) const;
  // A struct's field. Of a column, Col("struct.field") is the same.
  Expression Field(std::string name) const;
  // Whether it equals one of the values: null if it is null, or if it equals none and one is null.
  Expression In(std::vector<Expression> values) const;
  // low <= it && it <= high.
  Expression Between(Expression low, Expression high) const;
  // SQL's pattern: % is any text, _ one code point, \ makes the next one itself.
  Expression Like(std::string pattern) const;
  // Equal, or both null; never null: SQL's <=>.
  Expression EqualNullSafe(Expression other) const;

  const ExpressionPtr& node() const { return node_; }

 private:
  ExpressionPtr node_;
};

// A column. Of an aliased DataFrame "a" also by "a.name"; a struct's field by "struct.field".
Expression Col(std::string name);
Expression Literal(Expression value);
Expression Null(DataType type);
// Of the type that it meets: `Coalesce({Null(), 1})` is of int64 values.
Expression Null();
// Any function by its name, a job's own too.
Expression Call(std::string function, std::vector<Expression> arguments);

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
// With `scale` digits behind the point, half away from zero; a negative scale rounds before it.
Expression Round(Expression number, int scale = 0);
Expression Lower(Expression text);
Expression Trim(Expression text);
Expression Length(Expression text);
Expression Substring(Expression text, Expression position, Expression length);
Expression SubstringBefore(Expression text, std::string separator);
Expression SubstringAfter(Expression text, std::string separator);
// The separator is text, not a pattern.
Expression Split(Expression text, std::string separator);
// What `group` of the pattern (RE2's syntax; 0: all of it) matched first; "" if nothing did.
Expression RegexpExtract(Expression text, std::string pattern, int group);
Expression Concat(std::vector<Expression> texts);
// The first that is not null.
Expression Coalesce(std::vector<Expression> values);
Expression If(Expression condition, Expression then, Expression otherwise);
// A struct of these, each a field by the name of the column that it would give (As).
Expression Struct(std::vector<Expression> fields);
// One row for each element.
Expression Explode(Expression array);
Expression CurrentTimestamp();

// When(a, x).When(b, y).Otherwise(z): SQL's CASE. Without Otherwise: null.
class CaseBuilder {
 public:
  CaseBuilder When(Expression condition, Expression value) const;
  Expression Otherwise(Expression value) const;
  Expression End() const;  // otherwise null; without a branch always

 private:
  friend CaseBuilder When(Expression condition, Expression value);
  std::vector<std::pair<Expression, Expression>> branches_;
};
CaseBuilder When(Expression condition, Expression value);

// Tumbling windows [start, start + size) since the epoch. Rows without a time are in none: they are
// dropped and counted.
Expression Window(Expression time, absl::Duration size);
// One every `slide`, from `start` on: a row is in each that has its time.
Expression Window(Expression time, absl::Duration size, absl::Duration slide,
                  absl::Duration start = absl::ZeroDuration());

// Sessions: the rows of the other keys that come within a gap of one another, from the first one's
// time to the last one's and its gap. The gap may be of the row; rows whose gap is not above 0, or
// that have no time, are in none: they are dropped and counted.
Expression SessionWindow(Expression time, Expression gap);

Expression Count();                  // rows
Expression Count(Expression value);  // values that are not null
Expression Sum(Expression value);    // int64 (wraps around) or double; null when there is none
Expression Min(Expression value);    // numbers, strings, binary values, dates, timestamps
Expression Max(Expression value);
Expression Avg(Expression value);  // a double
// The value in the row whose `order` is least, greatest; of several the first that came.
Expression MinBy(Expression value, Expression order);
Expression MaxBy(Expression value, Expression order);

enum class AttributeText : uint8_t {
  kNames,        // word
  kNamesAndIds,  // word#3
  kIds,          // #3, and without the names that aliases give: two plans that compute the same
};
// Stable text, as in "(word != '')": names, fingerprints, errors.
std::string ToText(const ExpressionNode& node, AttributeText attributes = AttributeText::kNames);
// The name of the column it gives: its alias, the column's own, or its text.
std::string OutputName(const ExpressionNode& node);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_EXPRESSION_H_
