// Expressions, by precedence climbing: each operator has a strength (kOperators), and what stands
// beside it reaches as far as stronger ones hold it together. As in Spark's grammar:
//
//   OR < AND < NOT < BETWEEN, IN, LIKE, RLIKE, IS < comparisons < | < ^ < & < + - || < * / % DIV
//   < unary + - ~ < x.field, x[index], x::type
//
// What it writes is the unresolved expression that the same call in C++ makes (plan/expression.h).
#ifndef WAVETANK_RUNTIME_SQL_EXPRESSION_PARSER_H_
#define WAVETANK_RUNTIME_SQL_EXPRESSION_PARSER_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/functions/registry.h"
#include "runtime/plan/expression.h"
#include "runtime/sql/places.h"
#include "runtime/sql/token_stream.h"

namespace wavetank::runtime::sql {

// How deep parentheses, calls and queries may stand in one another.
inline constexpr int kMostNested = 150;

// What parts of a parser share. All outlives them.
struct ParseContext {
  TokenStream& tokens;
  Places& places;
  const FunctionRegistry& functions;
  int nested = 0;
};

// Goes one level down, for as long as it lives.
class Nested {
 public:
  explicit Nested(ParseContext& context) : context_(context) { ++context_.nested; }
  ~Nested() { --context_.nested; }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;
  absl::Status Check() const;

 private:
  ParseContext& context_;
};

// The array, or one of a null where it has no element, or is null.
Expression OrOneNull(const Expression& array);

class ExpressionParser {
 public:
  // Reads a query between parentheses, of which the first is taken; `value` is what it is IN, null:
  // it is of EXISTS. Gives what stands for the condition.
  using ReadSubquery =
      std::function<absl::StatusOr<ExpressionPtr>(const ExpressionPtr& value, size_t offset)>;

  ExpressionParser(ParseContext& context, ReadSubquery subquery)
      : context_(context), tokens_(context.tokens), subquery_(std::move(subquery)) {}

  absl::StatusOr<ExpressionPtr> Parse() { return Climb(1); }
  // "INTERVAL '10' SECONDS", with the word.
  absl::StatusOr<ExpressionPtr> IntervalLiteral();
  // A type, as CAST has it.
  absl::StatusOr<DataType> Type();

 private:
  using Node = absl::StatusOr<ExpressionPtr>;

  // expression_parser.cc
  Node Climb(int least);
  Node Unary();
  Node Predicate(const ExpressionPtr& left, size_t offset);
  Node Between(const ExpressionPtr& left, size_t offset);
  Node In(const ExpressionPtr& left, size_t offset);
  Node Like(const ExpressionPtr& left, size_t offset, bool& negated);
  Node OfPatterns(const ExpressionPtr& left, const char* function, size_t offset, bool& negated);
  Node Is(const ExpressionPtr& left, size_t offset);
  Node LikePattern();

  // primary_expression.cc
  Node Postfix();
  Node Primary();
  Node Parenthesised();
  Node NameOrCall();
  Node Case();
  Node Cast();
  Node Call(const std::string& name, size_t offset);
  Node Star(const std::string& before);
  absl::StatusOr<std::vector<Expression>> Arguments();
  // Those whose arguments are written with words between them; null: it is none.
  Node SpecialCall(const std::string& name, size_t offset);
  Node ExplodeOuter();
  Node Extract(size_t offset);
  Node Trim(size_t offset);
  Node StructOf(size_t offset);
  absl::StatusOr<std::vector<Expression>> WindowArguments();
  Node Filtered(const std::string& name, std::vector<Expression> arguments, size_t offset);

  // literal.cc
  Node Number(bool negative);
  Node Typed(size_t offset);
  Node Text();

  // With its place. kInvalidArgument: it is too deep.
  Node Made(const Expression& expression, size_t offset);
  Node Made(Node expression, size_t offset);
  absl::Status Wrong(size_t offset, std::string_view what) const;

  ParseContext& context_;
  TokenStream& tokens_;
  const ReadSubquery subquery_;
};

}  // namespace wavetank::runtime::sql

#endif  // WAVETANK_RUNTIME_SQL_EXPRESSION_PARSER_H_
