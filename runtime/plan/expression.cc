#include "runtime/plan/expression.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/text.h"
#include "runtime/functions/registry.h"

namespace wavetank::runtime {
namespace {

ExpressionPtr MakeLiteral(Value value, DataType type) {
  ExpressionNode node;
  node.value = std::move(value);
  node.type = std::move(type);
  return std::make_shared<const ExpressionNode>(std::move(node));
}

// Null for what microseconds cannot say.
Value IntervalOf(absl::Duration duration) {
  const Interval interval{absl::ToInt64Microseconds(duration)};
  if (absl::Microseconds(interval.micros) != duration) return std::monostate();
  return interval;
}

Expression Over(const Expression& operand, ExpressionKind kind, std::string name, DataType type) {
  ExpressionNode node;
  node.kind = kind;
  node.operands = {operand.node()};
  node.name = std::move(name);
  node.type = std::move(type);
  return Expression(std::make_shared<const ExpressionNode>(std::move(node)));
}

std::string_view SignOf(const ExpressionNode& call) {
  if (call.function != nullptr) return call.function->sign;
  const FunctionPtr built_in = FunctionRegistry::BuiltIn().Find(call.name);
  return built_in == nullptr ? std::string_view() : built_in->sign;
}

std::string CallText(const ExpressionNode& node, AttributeText attributes) {
  const std::string_view sign = SignOf(node);
  if (!sign.empty() && node.operands.size() == 2) {
    return absl::StrCat("(", ToText(*node.operands[0], attributes), " ", platform::ToAbsl(sign),
                        " ", ToText(*node.operands[1], attributes), ")");
  }
  if (node.name == "count" && node.operands.empty()) return "count(1)";
  std::string text = node.name;
  // Another version is another function.
  if (node.function != nullptr && node.function->version > 0) {
    absl::StrAppend(&text, "@", node.function->version);
  }
  for (size_t i = 0; i < node.operands.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "(" : ", ", ToText(*node.operands[i], attributes));
  }
  return text + (node.operands.empty() ? "()" : ")");
}

void AddSize(const ExpressionNode& node, int depth, ExpressionSize& size) {
  size.depth = std::max(size.depth, depth);
  ++size.nodes;
  for (const ExpressionPtr& operand : node.operands) {
    if (size.depth > kMaxExpressionDepth || size.nodes > kMaxExpressionNodes) return;
    AddSize(*operand, depth + 1, size);
  }
}

}  // namespace

ExpressionSize SizeOf(const ExpressionNode& node) {
  ExpressionSize size;
  AddSize(node, 1, size);
  return size;
}

bool IsCall(const ExpressionNode& node, std::string_view function) {
  return node.kind == ExpressionKind::kCall && node.name == function;
}

const ExpressionPtr& WithoutAlias(const ExpressionPtr& node) {
  return node->kind == ExpressionKind::kAlias ? WithoutAlias(node->operands[0]) : node;
}

bool IsDeterministic(const ExpressionNode& node) {
  if (node.function != nullptr && !node.function->deterministic) return false;
  return std::ranges::all_of(node.operands, [](const auto& o) { return IsDeterministic(*o); });
}

Expression::Expression(bool value) : node_(MakeLiteral(value, DataType::kBool)) {}
Expression::Expression(int value) : Expression(int64_t{value}) {}
Expression::Expression(int64_t value) : node_(MakeLiteral(value, DataType::kInt64)) {}
Expression::Expression(double value) : node_(MakeLiteral(value, DataType::kDouble)) {}
Expression::Expression(const char* value) : Expression(std::string(value)) {}
Expression::Expression(std::string value)
    : node_(MakeLiteral(std::move(value), DataType::kString)) {}
Expression::Expression(Binary value) : node_(MakeLiteral(std::move(value), DataType::kBinary)) {}
Expression::Expression(Date value) : node_(MakeLiteral(value, DataType::kDate)) {}
Expression::Expression(absl::Time value)
    : node_(MakeLiteral(Timestamp{ToMicros(value)}, DataType::kTimestamp)) {}
Expression::Expression(absl::Duration value)
    : node_(MakeLiteral(IntervalOf(value), DataType::kInterval)) {}

Expression Expression::As(std::string name) const {
  return Over(*this, ExpressionKind::kAlias, std::move(name), DataType::kInt64);
}
Expression Expression::Cast(DataType type) const {
  return Over(*this, ExpressionKind::kCast, "", std::move(type));
}
Expression Expression::IsNull() const { return Call("isnull", {*this}); }
Expression Expression::IsNotNull() const { return !IsNull(); }
Expression Expression::At(Expression index) const { return Call("get", {*this, index}); }
Expression Expression::Field(std::string name) const {
  return Call("get_field", {*this, std::move(name)});
}
Expression Expression::In(std::vector<Expression> values) const {
  values.insert(values.begin(), *this);
  return Call("in", std::move(values));
}
Expression Expression::Between(Expression low, Expression high) const {
  return *this >= low && *this <= high;
}
Expression Expression::Like(std::string pattern) const {
  return Call("like", {*this, std::move(pattern)});
}
Expression Expression::EqualNullSafe(Expression other) const { return Call("<=>", {*this, other}); }

Expression Col(std::string name) {
  ExpressionNode node;
  node.kind = ExpressionKind::kName;
  node.name = std::move(name);
  return Expression(std::make_shared<const ExpressionNode>(std::move(node)));
}

Expression Literal(Expression value) { return value; }

Expression Null() { return Null(DataType::kNull); }
Expression Null(DataType type) {
  return Expression(MakeLiteral(std::monostate(), std::move(type)));
}

Expression Call(std::string function, std::vector<Expression> arguments) {
  ExpressionNode node;
  node.kind = ExpressionKind::kCall;
  node.name = std::move(function);
  for (const Expression& argument : arguments) node.operands.push_back(argument.node());
  return Expression(std::make_shared<const ExpressionNode>(std::move(node)));
}

Expression operator!(Expression a) { return Call("not", {a}); }
Expression operator-(Expression a) { return Call("negate", {a}); }
Expression operator&&(Expression a, Expression b) { return Call("and", {a, b}); }
Expression operator||(Expression a, Expression b) { return Call("or", {a, b}); }
Expression operator==(Expression a, Expression b) { return Call("=", {a, b}); }
Expression operator!=(Expression a, Expression b) { return Call("!=", {a, b}); }
Expression operator<(Expression a, Expression b) { return Call("<", {a, b}); }
Expression operator<=(Expression a, Expression b) { return Call("<=", {a, b}); }
Expression operator>(Expression a, Expression b) { return Call(">", {a, b}); }
Expression operator>=(Expression a, Expression b) { return Call(">=", {a, b}); }
Expression operator+(Expression a, Expression b) { return Call("+", {a, b}); }
Expression operator-(Expression a, Expression b) { return Call("-", {a, b}); }
Expression operator*(Expression a, Expression b) { return Call("*", {a, b}); }
Expression operator/(Expression a, Expression b) { return Call("/", {a, b}); }
Expression operator%(Expression a, Expression b) { return Call("%", {a, b}); }

Expression Cast(Expression value, DataType type) { return value.Cast(std::move(type)); }
Expression Round(Expression number, int scale) { return Call("round", {number, scale}); }
Expression Lower(Expression text) { return Call("lower", {text}); }
Expression Trim(Expression text) { return Call("trim", {text}); }
Expression Length(Expression text) { return Call("length", {text}); }
Expression Substring(Expression text, Expression position, Expression length) {
  return Call("substring", {text, position, length});
}
Expression SubstringBefore(Expression text, std::string separator) {
  return Call("substring_before", {text, std::move(separator)});
}
Expression SubstringAfter(Expression text, std::string separator) {
  return Call("substring_after", {text, std::move(separator)});
}
Expression Split(Expression text, std::string separator) {
  return Call("split", {text, std::move(separator)});
}
Expression RegexpExtract(Expression text, std::string pattern, int group) {
  return Call("regexp_extract", {text, std::move(pattern), group});
}
Expression Concat(std::vector<Expression> texts) { return Call("concat", std::move(texts)); }
Expression Coalesce(std::vector<Expression> values) { return Call("coalesce", std::move(values)); }
Expression If(Expression condition, Expression then, Expression otherwise) {
  return Call("if", {condition, then, otherwise});
}
Expression Struct(std::vector<Expression> fields) {
  std::vector<Expression> arguments;
  for (const Expression& field : fields) {
    arguments.emplace_back(OutputName(*field.node()));
    arguments.emplace_back(WithoutAlias(field.node()));
  }
  return Call("named_struct", std::move(arguments));
}
Expression Explode(Expression array) { return Call(kExplodeCall, {array}); }
Expression CurrentTimestamp() { return Call("current_timestamp", {}); }

CaseBuilder When(Expression condition, Expression value) {
  return CaseBuilder().When(condition, value);
}
CaseBuilder CaseBuilder::When(Expression condition, Expression value) const {
  CaseBuilder more = *this;
  more.branches_.emplace_back(condition, value);
  return more;
}
Expression CaseBuilder::Otherwise(Expression value) const {
  for (auto branch = branches_.rbegin(); branch != branches_.rend(); ++branch) {
    value = If(branch->first, branch->second, value);
  }
  return value;
}
Expression CaseBuilder::End() const {
  if (branches_.empty()) return Null();
  Expression value = Call("if", {branches_.back().first, branches_.back().second});
  for (auto branch = branches_.rbegin() + 1; branch != branches_.rend(); ++branch) {
    value = If(branch->first, branch->second, value);
  }
  return value;
}

Expression SessionWindow(Expression time, Expression gap) {
  return Call(kSessionWindowCall, {std::move(time), std::move(gap)});
}
Expression Window(Expression time, absl::Duration size) { return Call(kWindowCall, {time, size}); }
Expression Window(Expression time, absl::Duration size, absl::Duration slide,
                  absl::Duration start) {
  return Call(kWindowCall, {time, size, slide, start});
}

Expression Count() { return Call("count", {}); }
Expression Count(Expression value) { return Call("count", {value}); }
Expression Sum(Expression value) { return Call("sum", {value}); }
Expression Min(Expression value) { return Call("min", {value}); }
Expression Max(Expression value) { return Call("max", {value}); }
Expression Avg(Expression value) { return Call("avg", {value}); }
Expression MinBy(Expression value, Expression order) { return Call("min_by", {value, order}); }
Expression MaxBy(Expression value, Expression order) { return Call("max_by", {value, order}); }

std::string ToText(const ExpressionNode& node, AttributeText attributes) {
  switch (node.kind) {
    case ExpressionKind::kName:
      return node.name;
    case ExpressionKind::kAttribute:
      if (attributes == AttributeText::kNames) return node.name;
      return absl::StrCat(attributes == AttributeText::kIds ? "" : node.name, "#", node.attribute);
    case ExpressionKind::kLiteral:
      return ToText(node.value, node.type);
    case ExpressionKind::kCall:
      return CallText(node, attributes);
    case ExpressionKind::kCast:
      return absl::StrCat("cast(", ToText(*node.operands[0], attributes), " as ",
                          DataTypeName(node.type), ")");
    case ExpressionKind::kAlias: {
      const std::string value = ToText(*node.operands[0], attributes);
      if (attributes == AttributeText::kNames) return absl::StrCat(value, " as ", node.name);
      if (attributes == AttributeText::kIds) return absl::StrCat(value, " as #", node.attribute);
      return absl::StrCat(value, " as ", node.name, "#", node.attribute);
    }
  }
  WT_CHECK(false, "no such expression");
}

std::string OutputName(const ExpressionNode& node) {
  switch (node.kind) {
    case ExpressionKind::kAlias:
    case ExpressionKind::kName:
    case ExpressionKind::kAttribute:
      return node.name;
    default:
      break;
  }
  if (IsCall(node, kExplodeCall)) return "col";
  if (IsCall(node, kWindowCall)) return "window";
  if (IsCall(node, kSessionWindowCall)) return "session_window";
  return ToText(node);
}

}  // namespace wavetank::runtime
