// What operators stand beside (expression_parser.h): literals, columns, calls, parentheses.
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/columnar/ddl.h"
#include "runtime/sql/ddl_text.h"
#include "runtime/sql/expression_parser.h"
#include "runtime/sql/function_aliases.h"
#include "runtime/sql/interval_text.h"
#include "runtime/sql/sql_error.h"

namespace wavetank::runtime::sql {
namespace {

bool AtQuery(const TokenStream& tokens) { return tokens.At("SELECT") || tokens.At("WITH"); }

}  // namespace

Expression OrOneNull(const Expression& array) {
  return runtime::Call(
      "if", {runtime::Call("size", {array}) > 0, array, runtime::Call("array", {Null()})});
}

ExpressionParser::Node ExpressionParser::Postfix() {
  const size_t begin = tokens_.offset();
  WT_ASSIGN_OR_RETURN(ExpressionPtr value, Primary());
  while (true) {
    const size_t offset = tokens_.offset();
    if (tokens_.TakeSign("[")) {
      WT_ASSIGN_OR_RETURN(const ExpressionPtr index, Parse());
      WT_RETURN_IF_ERROR(tokens_.ExpectSign("]"));
      WT_ASSIGN_OR_RETURN(value, Made(Expression(value).At(Expression(index)), begin));
    } else if (tokens_.TakeSign("::")) {
      WT_ASSIGN_OR_RETURN(DataType type, Type());
      WT_ASSIGN_OR_RETURN(value, Made(Expression(value).Cast(std::move(type)), begin));
    } else if (tokens_.AtSign(".") && value->kind != ExpressionKind::kLiteral) {
      tokens_.Next();
      const Token& name = tokens_.Peek();
      if (name.kind != TokenKind::kWord && name.kind != TokenKind::kName) {
        return tokens_.Error(
            absl::StrCat("behind \".\" stands a field's name, not ", tokens_.Found()));
      }
      WT_ASSIGN_OR_RETURN(value, Made(Expression(value).Field(tokens_.Next().text), begin));
    } else if (tokens_.AtSign("->")) {
      return Wrong(offset,
                   "there are no lambda functions yet: explode the array, and compute with "
                   "its elements");
    } else {
      return value;
    }
  }
}

ExpressionParser::Node ExpressionParser::Primary() {
  const Token& token = tokens_.Peek();
  const size_t offset = token.begin;
  switch (token.kind) {
    case TokenKind::kNumber:
      return Number(/*negative=*/false);
    case TokenKind::kString:
      return Text();
    case TokenKind::kName:
      return NameOrCall();
    case TokenKind::kSign:
      if (token.text == "(") return Parenthesised();
      if (token.text == "*") {
        return tokens_.Error(
            "a * is no value: it stands alone between the commas of a SELECT, or in count(*)");
      }
      break;
    case TokenKind::kWord: {
      const TokenKind behind = tokens_.Peek(1).kind;
      if (tokens_.Take("NULL")) return Made(Null(), offset);
      if (tokens_.Take("TRUE")) return Made(Expression(true), offset);
      if (tokens_.Take("FALSE")) return Made(Expression(false), offset);
      if (tokens_.At("CASE")) return Case();
      const bool interval =
          behind == TokenKind::kNumber || behind == TokenKind::kString ||
          ((tokens_.AtSign("-", 1) || tokens_.AtSign("+", 1)) && tokens_.At("INTERVAL"));
      if (tokens_.At("INTERVAL") && interval) return IntervalLiteral();
      if (behind == TokenKind::kString && !IsReserved(token.text)) return Typed(offset);
      if (!IsReserved(token.text)) return NameOrCall();
      // LEFT and RIGHT are functions, too.
      if ((tokens_.At("LEFT") || tokens_.At("RIGHT")) && tokens_.AtSign("(", 1)) {
        return NameOrCall();
      }
      break;
    }
    case TokenKind::kEnd:
      break;
  }
  return tokens_.Error(absl::StrCat("a value is missing before ", tokens_.Found()));
}

ExpressionParser::Node ExpressionParser::Parenthesised() {
  const size_t offset = tokens_.offset();
  tokens_.Next();
  if (AtQuery(tokens_)) {
    return tokens_.Error(
        "there are no queries that give one value yet: join with it, or compute it beforehand");
  }
  WT_ASSIGN_OR_RETURN(ExpressionPtr value, Parse());
  if (tokens_.AtSign(",")) {
    return Wrong(offset,
                 "a list in parentheses is no value here: for a struct, write "
                 "named_struct('name', value, ...)");
  }
  WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
  return value;
}

ExpressionParser::Node ExpressionParser::NameOrCall() {
  const size_t offset = tokens_.offset();
  const bool quoted = tokens_.Peek().kind == TokenKind::kName;
  std::string name = tokens_.Next().text;
  if (tokens_.AtSign("(")) {
    tokens_.Next();
    const Nested nested(context_);
    WT_RETURN_IF_ERROR(nested.Check());
    if (!quoted) {
      WT_ASSIGN_OR_RETURN(ExpressionPtr special, SpecialCall(name, offset));
      if (special != nullptr) return Made(Expression(std::move(special)), offset);
    }
    return Call(name, offset);
  }
  if (!quoted) {
    const std::string upper = absl::AsciiStrToUpper(name);
    if (upper == "CURRENT_TIMESTAMP" || upper == "CURRENT_DATE") {
      return Made(runtime::Call(absl::AsciiStrToLower(name), {}), offset);
    }
  }
  while (tokens_.AtSign(".")) {
    const Token& part = tokens_.Peek(1);
    if (part.kind != TokenKind::kWord && part.kind != TokenKind::kName) break;
    tokens_.Next();
    absl::StrAppend(&name, ".", tokens_.Next().text);
  }
  if (tokens_.AtSign(".") && tokens_.AtSign("*", 1)) {
    return Wrong(offset, absl::StrCat(name,
                                      ".* is no value: it stands alone between the commas "
                                      "of a SELECT"));
  }
  return Made(Col(std::move(name)), offset);
}

// CASE WHEN condition THEN value ... and CASE value WHEN value THEN value ..., as nested `if`s.
ExpressionParser::Node ExpressionParser::Case() {
  const size_t offset = tokens_.offset();
  tokens_.Next();
  std::optional<Expression> compared;
  if (!tokens_.At("WHEN")) {
    WT_ASSIGN_OR_RETURN(ExpressionPtr value, Parse());
    compared = Expression(std::move(value));
  }
  std::vector<std::pair<Expression, Expression>> branches;
  if (!tokens_.At("WHEN")) return tokens_.Expect("WHEN");
  while (tokens_.Take("WHEN")) {
    const size_t at = tokens_.offset();
    WT_ASSIGN_OR_RETURN(ExpressionPtr condition, Parse());
    if (compared) {
      WT_ASSIGN_OR_RETURN(condition, Made(*compared == Expression(condition), at));
    }
    WT_RETURN_IF_ERROR(tokens_.Expect("THEN"));
    WT_ASSIGN_OR_RETURN(ExpressionPtr value, Parse());
    branches.emplace_back(std::move(condition), std::move(value));
  }
  std::optional<Expression> otherwise;
  if (tokens_.Take("ELSE")) {
    WT_ASSIGN_OR_RETURN(ExpressionPtr value, Parse());
    otherwise = Expression(std::move(value));
  }
  WT_RETURN_IF_ERROR(tokens_.Expect("END"));
  for (auto branch = branches.rbegin(); branch != branches.rend(); ++branch) {
    std::vector<Expression> operands = {branch->first, branch->second};
    if (otherwise) operands.push_back(*otherwise);
    WT_ASSIGN_OR_RETURN(ExpressionPtr chosen,
                        Made(runtime::Call("if", std::move(operands)), offset));
    otherwise = Expression(std::move(chosen));
  }
  return otherwise->node();
}

absl::StatusOr<DataType> ExpressionParser::Type() {
  WT_ASSIGN_OR_RETURN(const DdlText text, DdlText::OfType(tokens_));
  return text.ReadType(tokens_.text());
}

// CAST gives null where a value does not fit, so TRY_CAST is the same.
ExpressionParser::Node ExpressionParser::Cast() {
  const size_t offset = tokens_.offset();
  WT_ASSIGN_OR_RETURN(const ExpressionPtr value, Parse());
  if (!tokens_.At("AS")) return tokens_.Expect("AS");
  tokens_.Next();
  WT_ASSIGN_OR_RETURN(DataType type, Type());
  WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
  return Made(Expression(value).Cast(std::move(type)), offset);
}

absl::StatusOr<std::vector<Expression>> ExpressionParser::Arguments() {
  std::vector<Expression> arguments;
  if (tokens_.TakeSign(")")) return arguments;
  do {
    WT_ASSIGN_OR_RETURN(ExpressionPtr argument, Parse());
    if (tokens_.AtSign("=>")) {
      return tokens_.Error("arguments have no names here: give them in their order");
    }
    arguments.emplace_back(std::move(argument));
  } while (tokens_.TakeSign(","));
  WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
  return arguments;
}

ExpressionParser::Node ExpressionParser::Call(const std::string& name, size_t offset) {
  // A job's own function may be written in capitals, and have a name that another has in Spark.
  std::string function = name;
  if (context_.functions.Find(function) == nullptr) function = absl::AsciiStrToLower(name);
  if (context_.functions.Find(function) == nullptr) function = FunctionOfAlias(std::move(function));
  if (tokens_.At("DISTINCT")) {
    return tokens_.Error(absl::StrCat("there is no ", function,
                                      " of DISTINCT values yet, as in Spark on a stream: "
                                      "SELECT DISTINCT in a query of its own, and aggregate that"));
  }
  tokens_.Take("ALL");
  std::vector<Expression> arguments;
  if (function == "count" && tokens_.AtSign("*") && tokens_.AtSign(")", 1)) {
    tokens_.Next();
    tokens_.Next();
  } else if (function == kWindowCall || function == kSessionWindowCall) {
    WT_ASSIGN_OR_RETURN(arguments, WindowArguments());
  } else {
    WT_ASSIGN_OR_RETURN(arguments, Arguments());
  }
  // Spark has the characters first.
  if (function == "ltrim" || function == "rtrim") std::ranges::reverse(arguments);
  // count(1) counts rows, as count(*).
  if (function == "count" && arguments.size() == 1) {
    const ExpressionNode& counted = *arguments[0].node();
    const bool is_null = std::holds_alternative<std::monostate>(counted.value);
    if (counted.kind == ExpressionKind::kLiteral && !is_null) arguments.clear();
  }
  if (tokens_.At("FILTER") && tokens_.AtSign("(", 1)) {
    return Filtered(function, std::move(arguments), offset);
  }
  const bool of_end = function == "first" || function == "last" || function == "any_value";
  const bool ignores = tokens_.At("IGNORE", "NULLS");
  if (of_end && arguments.size() == 1 && (ignores || tokens_.At("RESPECT", "NULLS"))) {
    tokens_.Next();
    tokens_.Next();
    if (ignores) arguments.emplace_back(true);
  }
  if (tokens_.At("OVER") || tokens_.At("IGNORE") || tokens_.At("RESPECT")) {
    return tokens_.Error(absl::StrCat(tokens_.Found(),
                                      ": there are no functions over the rows "
                                      "around one yet, as in Spark on a stream"));
  }
  return Made(runtime::Call(function, std::move(arguments)), offset);
}

// Sizes as text are intervals.
absl::StatusOr<std::vector<Expression>> ExpressionParser::WindowArguments() {
  std::vector<Expression> arguments;
  do {
    const size_t offset = tokens_.offset();
    WT_ASSIGN_OR_RETURN(ExpressionPtr argument, Parse());
    const auto* const text = std::get_if<std::string>(&argument->value);
    if (!arguments.empty() && argument->kind == ExpressionKind::kLiteral && text != nullptr) {
      const absl::StatusOr<Interval> size = ParseInterval(*text);
      if (!size.ok()) return Wrong(offset, platform::ToStd(size.status().message()));
      WT_ASSIGN_OR_RETURN(argument, Made(Expression(absl::Microseconds(size->micros)), offset));
    }
    arguments.emplace_back(std::move(argument));
  } while (tokens_.TakeSign(","));
  WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
  return arguments;
}

// sum(x) FILTER (WHERE c) is sum(if(c, x)): these aggregates pass over rows where that is null.
ExpressionParser::Node ExpressionParser::Filtered(const std::string& name,
                                                  std::vector<Expression> arguments,
                                                  size_t offset) {
  static constexpr std::string_view kPassOverNulls[] = {"count",        "count_if",
                                                        "sum",          "min",
                                                        "max",          "avg",
                                                        "bool_and",     "bool_or",
                                                        "bit_and",      "bit_or",
                                                        "bit_xor",      "var_pop",
                                                        "var_samp",     "stddev_pop",
                                                        "stddev_samp",  "skewness",
                                                        "kurtosis",     "covar_pop",
                                                        "covar_samp",   "corr",
                                                        "collect_list", "collect_set",
                                                        "listagg",      "median",
                                                        "percentile",   "percentile_approx",
                                                        "mode",         "approx_count_distinct"};
  const bool passes = name.starts_with("regr_") ||
                      std::ranges::find(kPassOverNulls, name) != std::end(kPassOverNulls);
  if (!passes) {
    return tokens_.Error(absl::StrCat("there is no FILTER of ", name,
                                      ", which does not pass over nulls: use a WHERE"));
  }
  tokens_.Next();
  tokens_.Next();
  WT_RETURN_IF_ERROR(tokens_.Expect("WHERE"));
  WT_ASSIGN_OR_RETURN(const ExpressionPtr condition, Parse());
  WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
  if (arguments.empty()) arguments.emplace_back(true);
  arguments[0] = runtime::Call("if", {Expression(condition), arguments[0]});
  return Made(runtime::Call(name, std::move(arguments)), offset);
}

ExpressionParser::Node ExpressionParser::SpecialCall(const std::string& name, size_t offset) {
  const std::string function = absl::AsciiStrToLower(name);
  if (function == "cast" || function == "try_cast") return Cast();
  if (function == "explode_outer") return ExplodeOuter();
  if (function == "exists" && AtQuery(tokens_)) return subquery_(nullptr, offset);
  if (function == "extract") return Extract(offset);
  if (function == "trim") return Trim(offset);
  if (function == "struct") return StructOf(offset);
  const bool is_own = FunctionOfAlias(function) != function && context_.functions.Find(function);
  if (is_own) return nullptr;
  const bool is_position = function == "position";
  if (!is_position && function != "substring" && function != "substr") return nullptr;
  // With words between the arguments in place of commas.
  WT_ASSIGN_OR_RETURN(ExpressionPtr first, Climb(is_position ? 5 : 1));
  std::vector<Expression> arguments = {Expression(std::move(first))};
  const auto more = [&]() -> absl::Status {
    WT_ASSIGN_OR_RETURN(ExpressionPtr argument, Parse());
    arguments.emplace_back(std::move(argument));
    return absl::OkStatus();
  };
  if (is_position ? tokens_.Take("IN") : tokens_.Take("FROM")) {
    WT_RETURN_IF_ERROR(more());
    if (!is_position && tokens_.Take("FOR")) WT_RETURN_IF_ERROR(more());
  } else {
    while (tokens_.TakeSign(",")) WT_RETURN_IF_ERROR(more());
  }
  WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
  return runtime::Call(FunctionOfAlias(function), std::move(arguments)).node();
}

// A row without an element where there is none.
ExpressionParser::Node ExpressionParser::ExplodeOuter() {
  WT_ASSIGN_OR_RETURN(const ExpressionPtr array, Parse());
  WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
  return Explode(OrOneNull(Expression(array))).node();
}

// extract(field FROM x) is the function of that name.
ExpressionParser::Node ExpressionParser::Extract(size_t) {
  WT_ASSIGN_OR_RETURN(const std::string field,
                      tokens_.Name("a field, as in extract(YEAR FROM at),"));
  WT_RETURN_IF_ERROR(tokens_.Expect("FROM"));
  WT_ASSIGN_OR_RETURN(const ExpressionPtr value, Parse());
  WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
  return runtime::Call(absl::AsciiStrToLower(field), {Expression(value)}).node();
}

// trim([BOTH | LEADING | TRAILING] [characters] FROM text), trim(text).
ExpressionParser::Node ExpressionParser::Trim(size_t) {
  std::string function = "trim";
  bool sides = true;
  if (tokens_.Take("LEADING")) {
    function = "ltrim";
  } else if (tokens_.Take("TRAILING")) {
    function = "rtrim";
  } else {
    sides = tokens_.Take("BOTH");
  }
  std::vector<Expression> arguments;
  const auto argument = [&]() -> absl::Status {
    WT_ASSIGN_OR_RETURN(ExpressionPtr value, Parse());
    arguments.emplace_back(std::move(value));
    return absl::OkStatus();
  };
  if (!tokens_.At("FROM")) WT_RETURN_IF_ERROR(argument());
  if (tokens_.Take("FROM")) {
    WT_RETURN_IF_ERROR(argument());
    std::ranges::reverse(arguments);  // the text, and then the characters
  } else if (sides) {
    return tokens_.Expect("FROM");
  } else {
    while (tokens_.TakeSign(",")) WT_RETURN_IF_ERROR(argument());
    std::ranges::reverse(arguments);  // trim(characters, text)
  }
  WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
  return runtime::Call(std::move(function), std::move(arguments)).node();
}

// struct(a, b AS c): fields by the names of what they hold, or by number.
ExpressionParser::Node ExpressionParser::StructOf(size_t) {
  std::vector<Expression> fields;
  do {
    WT_ASSIGN_OR_RETURN(const ExpressionPtr value, Parse());
    std::string name = absl::StrCat("col", fields.size() / 2 + 1);
    if (tokens_.Take("AS")) {
      WT_ASSIGN_OR_RETURN(name, tokens_.Name("a field's name"));
    } else if (value->kind == ExpressionKind::kName) {
      name = value->name.substr(value->name.rfind('.') + 1);
    }
    fields.emplace_back(std::move(name));
    fields.emplace_back(value);
  } while (tokens_.TakeSign(","));
  WT_RETURN_IF_ERROR(tokens_.ExpectSign(")"));
  return runtime::Call("named_struct", std::move(fields)).node();
}

}  // namespace wavetank::runtime::sql
