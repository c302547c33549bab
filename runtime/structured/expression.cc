#include "runtime/structured/expression.h"

#include <charconv>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/text.h"
#include "runtime/columnar/column.h"

namespace wavetank::runtime {
namespace {

ExpressionPtr MakeLiteral(Value value, DataType type) {
  ExpressionNode node;
  node.op = Operator::kLiteral;
  node.value = std::move(value);
  node.type = type;
  return std::make_shared<const ExpressionNode>(std::move(node));
}

Expression Make(Operator op, std::vector<Expression> operands) {
  ExpressionNode node;
  node.op = op;
  for (const Expression& operand : operands) node.operands.push_back(operand.node());
  return Expression(std::make_shared<const ExpressionNode>(std::move(node)));
}

// Infix operators by their sign, the others as functions.
struct OperatorText {
  Operator op;
  std::string_view text;
  bool infix;
};
constexpr OperatorText kOperatorTexts[] = {
    {Operator::kNot, "not", false},
    {Operator::kNegate, "negate", false},
    {Operator::kIsNull, "isnull", false},
    {Operator::kAnd, "&&", true},
    {Operator::kOr, "||", true},
    {Operator::kEqual, "=", true},
    {Operator::kNotEqual, "!=", true},
    {Operator::kLess, "<", true},
    {Operator::kLessOrEqual, "<=", true},
    {Operator::kGreater, ">", true},
    {Operator::kGreaterOrEqual, ">=", true},
    {Operator::kAdd, "+", true},
    {Operator::kSubtract, "-", true},
    {Operator::kMultiply, "*", true},
    {Operator::kDivide, "/", true},
    {Operator::kRemainder, "%", true},
    {Operator::kLower, "lower", false},
    {Operator::kTrim, "trim", false},
    {Operator::kLength, "length", false},
    {Operator::kSubstring, "substring", false},
    {Operator::kSubstringBefore, "substring_before", false},
    {Operator::kSubstringAfter, "substring_after", false},
    {Operator::kSplit, "split", false},
    {Operator::kExplode, "explode", false},
    {Operator::kCurrentTimestamp, "current_timestamp", false},
    {Operator::kSum, "sum", false},
    {Operator::kMin, "min", false},
    {Operator::kMax, "max", false},
};

std::string OperandTexts(const ExpressionNode& node, std::string_view separator) {
  std::string text;
  for (const ExpressionPtr& operand : node.operands) {
    if (!text.empty()) text += separator;
    text += ToText(*operand);
  }
  return text;
}

std::string LiteralText(const ExpressionNode& node) {
  struct Visitor {
    DataType type;
    std::string operator()(std::monostate) const {
      return absl::StrCat("null:", platform::ToAbsl(DataTypeName(type)));
    }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(int64_t value) const { return absl::StrCat(value); }
    std::string operator()(double value) const {
      char text[32];
      const auto end = std::to_chars(text, text + sizeof text, value).ptr;
      return absl::StrCat(absl::string_view(text, static_cast<size_t>(end - text)), ":double");
    }
    std::string operator()(const std::string& value) const {
      return absl::StrCat("'", absl::CEscape(value), "'");
    }
    std::string operator()(Timestamp value) const {
      return absl::StrCat(
          "timestamp ",
          ColumnBuilder(DataType::kTimestamp).Int64(value.micros).Finish().CellText(0));
    }
  };
  return std::visit(Visitor{node.type}, node.value);
}

}  // namespace

Expression::Expression(bool value) : node_(MakeLiteral(value, DataType::kBool)) {}
Expression::Expression(int value) : Expression(int64_t{value}) {}
Expression::Expression(int64_t value) : node_(MakeLiteral(value, DataType::kInt64)) {}
Expression::Expression(double value) : node_(MakeLiteral(value, DataType::kDouble)) {}
Expression::Expression(const char* value) : Expression(std::string(value)) {}
Expression::Expression(std::string value)
    : node_(MakeLiteral(std::move(value), DataType::kString)) {}
Expression::Expression(absl::Time value)
    : node_(MakeLiteral(Timestamp{ToMicros(value)}, DataType::kTimestamp)) {}

Expression Expression::As(std::string name) const {
  ExpressionNode node;
  node.op = Operator::kAlias;
  node.operands = {node_};
  node.name = std::move(name);
  return Expression(std::make_shared<const ExpressionNode>(std::move(node)));
}

Expression Expression::Cast(DataType type) const {
  ExpressionNode node;
  node.op = Operator::kCast;
  node.operands = {node_};
  node.type = type;
  return Expression(std::make_shared<const ExpressionNode>(std::move(node)));
}

Expression Expression::IsNull() const { return Make(Operator::kIsNull, {*this}); }
Expression Expression::IsNotNull() const { return !IsNull(); }

Expression Col(std::string name) {
  ExpressionNode node;
  node.op = Operator::kColumn;
  node.name = std::move(name);
  return Expression(std::make_shared<const ExpressionNode>(std::move(node)));
}

Expression Literal(Expression value) { return value; }

Expression operator!(Expression a) { return Make(Operator::kNot, {a}); }
Expression operator-(Expression a) { return Make(Operator::kNegate, {a}); }
Expression operator&&(Expression a, Expression b) { return Make(Operator::kAnd, {a, b}); }
Expression operator||(Expression a, Expression b) { return Make(Operator::kOr, {a, b}); }
Expression operator==(Expression a, Expression b) { return Make(Operator::kEqual, {a, b}); }
Expression operator!=(Expression a, Expression b) { return Make(Operator::kNotEqual, {a, b}); }
Expression operator<(Expression a, Expression b) { return Make(Operator::kLess, {a, b}); }
Expression operator<=(Expression a, Expression b) { return Make(Operator::kLessOrEqual, {a, b}); }
Expression operator>(Expression a, Expression b) { return Make(Operator::kGreater, {a, b}); }
Expression operator>=(Expression a, Expression b) {
  return Make(Operator::kGreaterOrEqual, {a, b});
}
Expression operator+(Expression a, Expression b) { return Make(Operator::kAdd, {a, b}); }
Expression operator-(Expression a, Expression b) { return Make(Operator::kSubtract, {a, b}); }
Expression operator*(Expression a, Expression b) { return Make(Operator::kMultiply, {a, b}); }
Expression operator/(Expression a, Expression b) { return Make(Operator::kDivide, {a, b}); }
Expression operator%(Expression a, Expression b) { return Make(Operator::kRemainder, {a, b}); }

Expression Cast(Expression value, DataType type) { return value.Cast(type); }
Expression Lower(Expression text) { return Make(Operator::kLower, {text}); }
Expression Trim(Expression text) { return Make(Operator::kTrim, {text}); }
Expression Length(Expression text) { return Make(Operator::kLength, {text}); }
Expression Substring(Expression text, Expression position, Expression length) {
  return Make(Operator::kSubstring, {text, position, length});
}
Expression SubstringBefore(Expression text, std::string separator) {
  return Make(Operator::kSubstringBefore, {text, Expression(std::move(separator))});
}
Expression SubstringAfter(Expression text, std::string separator) {
  return Make(Operator::kSubstringAfter, {text, Expression(std::move(separator))});
}
Expression Split(Expression text, std::string separator) {
  return Make(Operator::kSplit, {text, Expression(std::move(separator))});
}
Expression Explode(Expression parts) { return Make(Operator::kExplode, {parts}); }
Expression CurrentTimestamp() { return Make(Operator::kCurrentTimestamp, {}); }

Expression Window(Expression time, absl::Duration size) {
  ExpressionNode node;
  node.op = Operator::kWindow;
  node.operands = {time.node()};
  node.window_size = size;
  return Expression(std::make_shared<const ExpressionNode>(std::move(node)));
}

Expression Count() { return Make(Operator::kCount, {}); }
Expression Count(Expression value) { return Make(Operator::kCount, {value}); }
Expression Sum(Expression value) { return Make(Operator::kSum, {value}); }
Expression Min(Expression value) { return Make(Operator::kMin, {value}); }
Expression Max(Expression value) { return Make(Operator::kMax, {value}); }

bool IsAggregate(Operator op) { return op >= Operator::kCount; }

std::string ToText(const ExpressionNode& node) {
  switch (node.op) {
    case Operator::kColumn:
      return node.name;
    case Operator::kLiteral:
      return LiteralText(node);
    case Operator::kAlias:
      return absl::StrCat(ToText(*node.operands[0]), " as ", node.name);
    case Operator::kCast:
      return absl::StrCat("cast(", ToText(*node.operands[0]), " as ",
                          platform::ToAbsl(DataTypeName(node.type)), ")");
    case Operator::kWindow:
    case Operator::kWindowStart:
    case Operator::kWindowEnd:
      return absl::StrCat(node.op == Operator::kWindow        ? "window("
                          : node.op == Operator::kWindowStart ? "window_start("
                                                              : "window_end(",
                          ToText(*node.operands[0]), ", ", absl::FormatDuration(node.window_size),
                          ")");
    case Operator::kCount:
      return node.operands.empty() ? "count(1)"
                                   : absl::StrCat("count(", OperandTexts(node, ""), ")");
    default:
      break;
  }
  for (const OperatorText& known : kOperatorTexts) {
    if (known.op != node.op) continue;
    if (known.infix) {
      return absl::StrCat("(", ToText(*node.operands[0]), " ", platform::ToAbsl(known.text), " ",
                          ToText(*node.operands[1]), ")");
    }
    return absl::StrCat(platform::ToAbsl(known.text), "(", OperandTexts(node, ", "), ")");
  }
  WT_CHECK(false, "an operator without a text");
}

std::string OutputName(const ExpressionNode& node) {
  switch (node.op) {
    case Operator::kAlias:
    case Operator::kColumn:
      return node.name;
    case Operator::kExplode:
      return "col";
    case Operator::kWindow:
      return "window";
    default:
      return ToText(node);
  }
}

}  // namespace wavetank::runtime
