#include "runtime/sql/expression_parser.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/sql/sql_error.h"

namespace wavetank::runtime::sql {
namespace {

constexpr int kOr = 1;
constexpr int kAnd = 2;
constexpr int kNot = 3;
constexpr int kPredicate = 4;
constexpr int kComparison = 5;

struct BinaryOperator {
  std::string_view written;
  int strength;
  const char* function;
};
// All lean to the left.
constexpr BinaryOperator kOperators[] = {
    {"OR", kOr, "or"},
    {"AND", kAnd, "and"},
    {"=", kComparison, "="},
    {"==", kComparison, "="},
    {"<=>", kComparison, "<=>"},
    {"<>", kComparison, "!="},
    {"!=", kComparison, "!="},
    {"<", kComparison, "<"},
    {"<=", kComparison, "<="},
    {">", kComparison, ">"},
    {">=", kComparison, ">="},
    {"|", 6, "|"},
    {"^", 7, "^"},
    {"&", 8, "&"},
    {"+", 9, "+"},
    {"-", 9, "-"},
    {"||", 9, "concat"},
    {"*", 10, "*"},
    {"/", 10, "/"},
    {"%", 10, "%"},
    {"DIV", 10, "div"},
};

bool IsWord(std::string_view written) { return written[0] >= 'A' && written[0] <= 'Z'; }

const BinaryOperator* FindOperator(const TokenStream& tokens) {
  for (const BinaryOperator& op : kOperators) {
    if (IsWord(op.written) ? tokens.At(op.written) : tokens.AtSign(op.written)) return &op;
  }
  return nullptr;
}

bool AtPredicate(const TokenStream& tokens) {
  for (const std::string_view word : {"BETWEEN", "IN", "LIKE", "ILIKE", "RLIKE", "REGEXP"}) {
    if (tokens.At(word) || tokens.At("NOT", word)) return true;
  }
  return tokens.At("IS");
}

}  // namespace

absl::Status Nested::Check() const {
  if (context_.nested <= kMostNested) return absl::OkStatus();
  return context_.tokens.Error(
      absl::StrCat("more than ", kMostNested,
                   " levels of parentheses: name a part of it in a query of its own"));
}

absl::Status ExpressionParser::Wrong(size_t offset, std::string_view what) const {
  return ErrorAt(tokens_.text(), offset, what);
}

ExpressionParser::Node ExpressionParser::Made(const Expression& expression, size_t offset) {
  context_.places.Put(expression.node(), offset);
  if (context_.places.DepthOf(*expression.node()) <= kMaxExpressionDepth) return expression.node();
  return Wrong(offset, absl::StrCat("an expression of more than ", kMaxExpressionDepth,
                                    " levels: compute a part of it in a query of its own"));
}

ExpressionParser::Node ExpressionParser::Made(Node expression, size_t offset) {
  WT_RETURN_IF_ERROR(expression.status());
  return Made(Expression(*std::move(expression)), offset);
}

ExpressionParser::Node ExpressionParser::Climb(int least) {
  const Nested nested(context_);
  WT_RETURN_IF_ERROR(nested.Check());
  const size_t begin = tokens_.offset();
  ExpressionPtr left;
  // What was read by a weaker operator is no operand of a stronger one.
  int most = 100;
  if (least <= kNot && (tokens_.At("NOT") || tokens_.AtSign("!"))) {
    tokens_.Next();
    WT_ASSIGN_OR_RETURN(const ExpressionPtr negated, Climb(kNot));
    WT_ASSIGN_OR_RETURN(left, Made(!Expression(negated), begin));
    most = kNot;
  } else {
    WT_ASSIGN_OR_RETURN(left, Unary());
  }
  while (true) {
    const size_t offset = tokens_.offset();
    if (least <= kPredicate && most > kPredicate && AtPredicate(tokens_)) {
      WT_ASSIGN_OR_RETURN(left, Predicate(left, offset));
      most = kPredicate;
      continue;
    }
    const BinaryOperator* const op = FindOperator(tokens_);
    if (op == nullptr || op->strength < least || op->strength > most) return left;
    tokens_.Next();
    WT_ASSIGN_OR_RETURN(const ExpressionPtr right, Climb(op->strength + 1));
    WT_ASSIGN_OR_RETURN(
        left, Made(runtime::Call(op->function, {Expression(left), Expression(right)}), offset));
  }
}

ExpressionParser::Node ExpressionParser::Unary() {
  const size_t offset = tokens_.offset();
  const bool minus = tokens_.AtSign("-");
  if (!minus && !tokens_.AtSign("+") && !tokens_.AtSign("~")) return Postfix();
  const Nested nested(context_);
  WT_RETURN_IF_ERROR(nested.Check());
  const std::string sign = tokens_.Next().text;
  // The sign belongs to the number, so that the least one can be written.
  if (minus && tokens_.Peek().kind == TokenKind::kNumber) return Made(Number(true), offset);
  WT_ASSIGN_OR_RETURN(const ExpressionPtr operand, Unary());
  if (minus) return Made(-Expression(operand), offset);
  return sign == "+" ? Node(operand) : Made(runtime::Call("~", {Expression(operand)}), offset);
}

ExpressionParser::Node ExpressionParser::Predicate(const ExpressionPtr& left, size_t offset) {
  if (tokens_.At("IS")) return Is(left, offset);
  bool negated = tokens_.Take("NOT");
  const size_t at = tokens_.offset();
  const auto read = [&]() -> Node {
    if (tokens_.Take("BETWEEN")) return Between(left, at);
    if (tokens_.Take("IN")) return In(left, at);
    return Like(left, at, negated);
  };
  WT_ASSIGN_OR_RETURN(const ExpressionPtr condition, read());
  return negated ? Made(!Expression(condition), offset) : Node(condition);
}

ExpressionParser::Node ExpressionParser::Between(const ExpressionPtr& left, size_t offset) {
  WT_ASSIGN_OR_RETURN(const ExpressionPtr low, Climb(kComparison));
  WT_RETURN_IF_ERROR(tokens_.Expect("AND"));
  WT_ASSIGN_OR_RETURN(const ExpressionPtr high, Climb(kComparison));
  return Made(Expression(left).Between(Expression(low), Expression(high)), offset);
}

ExpressionParser::Node ExpressionParser::In(const ExpressionPtr& left, size_t offset) {
  WT_RETURN_IF_ERROR(tokens_.ExpectSign("("));
  if (tokens_.At("SELECT") || tokens_.At("WITH")) return Made(subquery_(left, offset), offset);
  std::vector<Expression> values;
  do {
    WT_ASSIGN_OR_RETURN(ExpressionPtr value, Parse());
    values.emplace_back(std::move(value));
  } while (tokens_.TakeSign(","));
  WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
  return Made(Expression(left).In(std::move(values)), offset);
}

// `negated`: NOT stands before it; false afterwards where the condition has that in it.
ExpressionParser::Node ExpressionParser::Like(const ExpressionPtr& left, size_t offset,
                                              bool& negated) {
  const bool of_case = tokens_.At("LIKE");
  if (of_case || tokens_.At("ILIKE")) {
    tokens_.Next();
    return OfPatterns(left, of_case ? "like" : "ilike", offset, negated);
  }
  const char* const function = "rlike";
  tokens_.Next();
  WT_ASSIGN_OR_RETURN(const ExpressionPtr pattern, Climb(kComparison));
  return Made(runtime::Call(function, {Expression(left), Expression(pattern)}), offset);
}

// LIKE pattern, LIKE ALL (pattern, ...), LIKE ANY (pattern, ...). NOT LIKE ALL is of none of them.
ExpressionParser::Node ExpressionParser::OfPatterns(const ExpressionPtr& left, const char* function,
                                                    size_t offset, bool& negated) {
  const bool all = tokens_.At("ALL");
  const bool several = (all || tokens_.At("ANY") || tokens_.At("SOME")) && tokens_.AtSign("(", 1);
  const bool each_negated = several && std::exchange(negated, negated && !several);
  if (several) {
    tokens_.Next();
    tokens_.Next();
  }
  std::vector<Expression> conditions;
  do {
    WT_ASSIGN_OR_RETURN(const ExpressionPtr pattern, LikePattern());
    Expression one = runtime::Call(function, {Expression(left), Expression(pattern)});
    conditions.push_back(each_negated ? !one : one);
  } while (several && tokens_.TakeSign(","));
  if (several) WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
  // Halves of halves, so that a long list is no deep expression.
  while (conditions.size() > 1) {
    std::vector<Expression> halved;
    for (size_t i = 0; i + 1 < conditions.size(); i += 2) {
      halved.push_back(all ? conditions[i] && conditions[i + 1]
                           : conditions[i] || conditions[i + 1]);
    }
    if (conditions.size() % 2 == 1) halved.push_back(conditions.back());
    conditions = std::move(halved);
  }
  return Made(conditions.front(), offset);
}

// With another character than \ before what means itself: the pattern is written anew with \.
ExpressionParser::Node ExpressionParser::LikePattern() {
  const size_t offset = tokens_.offset();
  WT_ASSIGN_OR_RETURN(const ExpressionPtr pattern, Climb(kComparison));
  if (!tokens_.Take("ESCAPE")) return pattern;
  const Token& escape = tokens_.Peek();
  if (escape.kind != TokenKind::kString || escape.text.size() != 1) {
    return tokens_.Error("ESCAPE needs a text of one character");
  }
  const auto* const text = std::get_if<std::string>(&pattern->value);
  if (text == nullptr) return Wrong(offset, "with ESCAPE, the pattern is a text in quotes");
  std::string written;
  const char c = tokens_.Next().text[0];
  for (size_t i = 0; i < text->size(); ++i) {
    if ((*text)[i] == c && i + 1 < text->size()) {
      written.append("\\").append(1, (*text)[++i]);
    } else {
      written.append((*text)[i] == '\\' ? "\\" : "").append(1, (*text)[i]);
    }
  }
  return Made(Expression(std::move(written)), offset);
}

ExpressionParser::Node ExpressionParser::Is(const ExpressionPtr& left, size_t offset) {
  tokens_.Next();
  const bool negated = tokens_.Take("NOT");
  const auto condition = [&]() -> absl::StatusOr<Expression> {
    const Expression value(left);
    if (tokens_.Take("NULL") || tokens_.Take("UNKNOWN")) return value.IsNull();
    if (tokens_.Take("TRUE")) return value.EqualNullSafe(true);
    if (tokens_.Take("FALSE")) return value.EqualNullSafe(false);
    if (!tokens_.Take("DISTINCT")) {
      return tokens_.Error(absl::StrCat(
          "behind IS stands [NOT] NULL, TRUE, FALSE or DISTINCT FROM, not ", tokens_.Found()));
    }
    WT_RETURN_IF_ERROR(tokens_.Expect("FROM"));
    WT_ASSIGN_OR_RETURN(const ExpressionPtr other, Climb(kComparison));
    return !value.EqualNullSafe(Expression(other));
  };
  WT_ASSIGN_OR_RETURN(const Expression is, condition());
  if (!negated) return Made(is, offset);
  // IS NOT DISTINCT FROM is <=> itself.
  return Made(IsCall(*is.node(), "not") ? Expression(is.node()->operands[0]) : !is, offset);
}

}  // namespace wavetank::runtime::sql
