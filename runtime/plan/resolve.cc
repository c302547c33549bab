#include "runtime/plan/resolve.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/functions/bound_expression.h"
#include "runtime/functions/cast.h"

namespace wavetank::runtime {
namespace {

using platform::ToAbsl;

ExpressionPtr Share(ExpressionNode node) {
  return std::make_shared<const ExpressionNode>(std::move(node));
}

// The result's type and whether it may be null. REQUIRES: function and operands are set.
void Finish(ExpressionNode& call) {
  std::vector<DataType> types;
  std::vector<Value> literals;
  bool any = false;
  bool all = !call.operands.empty();
  for (const ExpressionPtr& operand : call.operands) {
    types.push_back(operand->type);
    literals.push_back(operand->kind == ExpressionKind::kLiteral ? operand->value : Value());
    any |= operand->nullable;
    all &= operand->nullable;
  }
  call.type = call.function->result({.types = types, .literals = literals});
  switch (call.function->nulls) {
    case Nulls::kOfArguments:
    case Nulls::kOfArgumentsAtTimes:
      call.nullable = any;
      break;
    case Nulls::kOfArgumentsToo:
    case Nulls::kAnyTime:
      call.nullable = true;
      break;
    case Nulls::kNever:
      call.nullable = false;
      break;
    case Nulls::kIfAllArguments:
      call.nullable = all;
      break;
  }
}

// A literal of another type is a literal still.
ExpressionPtr LiteralAs(const ExpressionPtr& literal, const DataType& type) {
  if (literal->type == type) return literal;
  ExpressionNode node = *literal;
  node.value = ValueAt(CastColumn(LiteralColumn(literal->value, literal->type), type), 0);
  node.type = type;
  return Share(std::move(node));
}

std::string TakesText(const Function& function) {
  const size_t most = function.parameters.size();
  const size_t least = function.least_arguments();
  return function.repeats > 1
             ? absl::StrCat(least, " arguments, or ", function.repeats, " more, and so on")
         : function.repeats > 0 ? absl::StrCat(least, " or more arguments")
         : least != most        ? absl::StrCat(least, " to ", most, " arguments")
         : most == 1            ? "1 argument"
                                : absl::StrCat(most, " arguments");
}

// `+` and `-` of a time and an interval are functions of their own.
void ChooseByTypes(ExpressionNode& call) {
  if (call.operands.size() != 2 || (call.name != "+" && call.name != "-")) return;
  const bool plus = call.name == "+";
  const auto is_interval = [&](size_t i) { return call.operands[i]->type == DataType::kInterval; };
  if (plus && is_interval(0)) std::swap(call.operands[0], call.operands[1]);
  if (!is_interval(1)) return;
  call.name = plus ? kAddInterval : kSubtractInterval;
  call.function = FunctionRegistry::BuiltIn().Find(call.name);
}

}  // namespace

ExpressionPtr WithOperands(const ExpressionPtr& node, std::vector<ExpressionPtr> operands) {
  if (operands == node->operands) return node;
  ExpressionNode changed = *node;
  changed.operands = std::move(operands);
  if (changed.kind == ExpressionKind::kCall) {
    Finish(changed);
  } else if (changed.kind == ExpressionKind::kAlias) {
    changed.type = changed.operands[0]->type;
    changed.nullable = changed.operands[0]->nullable;
  }
  return Share(std::move(changed));
}

ExpressionPtr Aliased(ExpressionPtr value, std::string name, int attribute) {
  value = WithoutAlias(value);
  if (value->kind == ExpressionKind::kAttribute && value->name == name) return value;
  ExpressionNode node;
  node.kind = ExpressionKind::kAlias;
  node.name = std::move(name);
  node.attribute = attribute;
  node.type = value->type;
  node.nullable = value->nullable;
  node.operands = {std::move(value)};
  return Share(std::move(node));
}

ExpressionPtr CastTo(ExpressionPtr value, DataType type) {
  if (value->type == type) return value;
  if (value->type == DataType::kNull && value->kind == ExpressionKind::kLiteral) {
    return LiteralAs(value, type);
  }
  ExpressionNode node;
  node.kind = ExpressionKind::kCast;
  node.type = std::move(type);
  // Numbers become numbers always; else text that does not parse, and times beyond int64, are null.
  node.nullable = value->nullable || !value->type.is_number() || node.type.is_time();
  node.operands = {std::move(value)};
  return Share(std::move(node));
}

ExpressionPtr BuiltInCall(std::string name, std::vector<ExpressionPtr> operands) {
  ExpressionNode node;
  node.kind = ExpressionKind::kCall;
  node.function = FunctionRegistry::BuiltIn().Find(name);
  WT_CHECK(node.function != nullptr, name);
  node.name = std::move(name);
  node.operands = std::move(operands);
  Finish(node);
  return Share(std::move(node));
}

absl::Status Resolver::Error(std::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat(call_, ": ", ToAbsl(what)));
}

absl::Status Resolver::ErrorIn(const ExpressionNode& expression, std::string_view what) const {
  Failed(expression);
  return Error(what);
}

void Resolver::Failed(const ExpressionNode& expression) const {
  if (failed_ != nullptr && *failed_ == nullptr) *failed_ = &expression;
}

absl::Status Resolver::CheckNamesDiffer(const std::vector<ExpressionPtr>& columns) const {
  std::set<std::string> names;
  for (const ExpressionPtr& column : columns) {
    if (!names.insert(column->name).second) {
      return Error(
          absl::StrCat("two columns are called \"", column->name, "\": name one with As(...)"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ExpressionPtr> Resolver::Column(std::string_view name) const {
  std::vector<const Attribute*> found;
  const auto find = [&](auto equals) {
    for (const Attribute& attribute : input_) {
      if (equals(ToAbsl(attribute.name), ToAbsl(name))) found.push_back(&attribute);
    }
    if (!found.empty()) return;
    for (const Attribute& attribute : input_) {
      if (attribute.qualifier.empty()) continue;
      const std::string qualified = absl::StrCat(attribute.qualifier, ".", attribute.name);
      if (equals(qualified, ToAbsl(name))) found.push_back(&attribute);
    }
  };
  find([](absl::string_view a, absl::string_view b) { return a == b; });
  // As in Spark, names differ by more than capitals.
  if (found.empty()) find([](auto a, auto b) { return absl::EqualsIgnoreCase(a, b); });
  if (found.size() == 1) return Reference(*found[0]);
  if (found.size() > 1) {
    std::string which;
    for (const Attribute* attribute : found) {
      if (attribute->qualifier.empty()) continue;
      absl::StrAppend(&which, which.empty() ? "" : " or ", "\"", attribute->qualifier, ".",
                      attribute->name, "\"");
    }
    return Error(absl::StrCat("several columns are called \"", ToAbsl(name), "\": ",
                              which.empty() ? "give the inputs names with Alias(...), and write "
                                              "\"name.column\""
                                            : absl::StrCat("write ", which)));
  }
  std::vector<std::string> names;
  for (const Attribute& attribute : input_) names.push_back(attribute.name);
  return Error(
      absl::StrCat("there is no column \"", ToAbsl(name), "\"", platform::Suggestion(name, names)));
}

absl::StatusOr<ExpressionPtr> Resolver::ColumnOrField(std::string_view name) const {
  absl::StatusOr<ExpressionPtr> column = Column(name);
  const size_t dot = name.rfind('.');
  if (column.ok() || dot == std::string_view::npos) return column;
  absl::StatusOr<ExpressionPtr> of = ColumnOrField(name.substr(0, dot));
  const bool several = std::ranges::count(input_, name.substr(0, dot), &Attribute::name) > 1;
  if (!of.ok() && several) return of;
  if (!of.ok() || (*of)->type.kind() != DataType::kStruct) return column;
  return RowAt(Expression(*std::move(of)).Field(std::string(name.substr(dot + 1))).node());
}

absl::StatusOr<ExpressionPtr> Resolver::RowOf(const ExpressionPtr& expression, const DataType& type,
                                              std::string_view advice) const {
  WT_ASSIGN_OR_RETURN(ExpressionPtr value, Row(expression));
  if (value->type == DataType::kNull) return CastTo(WithoutAlias(value), type);
  if (value->type == type) return value;
  return ErrorIn(*expression, absl::StrCat(ToText(*value), " is ", DataTypeName(value->type),
                                           ", not ", DataTypeName(type), ": ", ToAbsl(advice)));
}

absl::StatusOr<ExpressionPtr> Resolver::Row(const ExpressionPtr& expression) const {
  absl::StatusOr<ExpressionPtr> resolved = RowAt(expression);
  if (!resolved.ok()) Failed(*expression);
  return resolved;
}

absl::StatusOr<ExpressionPtr> Resolver::RowAt(const ExpressionPtr& expression) const {
  const ExpressionNode& node = *expression;
  switch (node.kind) {
    case ExpressionKind::kName:
      return ColumnOrField(node.name);
    case ExpressionKind::kAttribute:
      return expression;
    case ExpressionKind::kLiteral: {
      ExpressionNode literal = node;
      literal.nullable = std::holds_alternative<std::monostate>(node.value);
      return Share(std::move(literal));
    }
    case ExpressionKind::kAlias: {
      WT_ASSIGN_OR_RETURN(ExpressionPtr value, Row(node.operands[0]));
      return Aliased(std::move(value), node.name, -1);
    }
    case ExpressionKind::kCast:
      return CastOf(node);
    case ExpressionKind::kCall:
      break;
  }
  if (node.name == kExplodeCall) {
    return Error(absl::StrCat(ToText(node),
                              " gives several rows: use it at the top of Select or WithColumn, "
                              "and compute with its column after that"));
  }
  if (node.name == kWindowCall || node.name == kSessionWindowCall) {
    return Error(absl::StrCat(ToText(node), " is for GroupBy; after it, use the columns \"",
                              OutputName(node), ".start\" and \"", OutputName(node), ".end\""));
  }
  const FunctionPtr function = functions_.Find(node.name);
  if (function != nullptr && function->is_aggregate()) {
    return Error(absl::StrCat(ToText(node), " is an aggregate: use it in GroupBy(...).Agg(...)"));
  }
  return CallOf(node);
}

absl::StatusOr<ExpressionPtr> Resolver::CastOf(const ExpressionNode& node) const {
  WT_ASSIGN_OR_RETURN(ExpressionPtr value, Row(node.operands[0]));
  value = WithoutAlias(value);
  if (value->type != node.type && !CanCast(value->type, node.type)) {
    return Error(absl::StrCat(ToText(node), ": ", DataTypeName(value->type), " cannot become ",
                              DataTypeName(node.type)));
  }
  return CastTo(std::move(value), node.type);
}

absl::StatusOr<ExpressionPtr> Resolver::CallOf(const ExpressionNode& node) const {
  const absl::StatusOr<FunctionPtr> function = functions_.Get(node.name);
  if (!function.ok()) {
    return Error(absl::StrCat(ToText(node), ": ", function.status().message()));
  }
  ExpressionNode call = node;
  call.function = *function;
  call.operands.clear();
  for (const ExpressionPtr& operand : node.operands) {
    WT_ASSIGN_OR_RETURN(const ExpressionPtr resolved, Row(operand));
    call.operands.push_back(WithoutAlias(resolved));
  }
  ChooseByTypes(call);
  WT_RETURN_IF_ERROR(ConvertArguments(call));
  Finish(call);
  return Share(std::move(call));
}

absl::Status Resolver::ConvertArguments(ExpressionNode& call) const {
  const Function& function = *call.function;
  const size_t given = call.operands.size();
  if (!function.TakesThisMany(given)) {
    return Error(absl::StrCat(ToText(call), ": ", call.name, " takes ", TakesText(function), ": ",
                              function.SignatureText()));
  }
  std::vector<ExpressionPtr> converted;
  std::vector<DataType> types;
  std::vector<Value> literals;
  for (size_t i = 0; i < given; ++i) {
    const Parameter& parameter = function.parameter(i);
    const ExpressionNode& operand = *call.operands[i];
    // A bare NULL beside others becomes of their type.
    const bool waits = operand.type == DataType::kNull && parameter.same != '\0';
    const std::optional<DataType> becomes =
        waits ? operand.type : Accepted(parameter.accepts, operand.type);
    if (!becomes) {
      return Error(absl::StrCat(ToText(call), ": ", ToText(operand), " is ",
                                DataTypeName(operand.type), ", not ",
                                AcceptsText(parameter.accepts), ": cast it"));
    }
    const bool literal = operand.kind == ExpressionKind::kLiteral;
    if (parameter.literal && !literal) {
      return Error(absl::StrCat(ToText(call), ": its ", parameter.name, " ", ToText(operand),
                                " is no literal: give one, the same for all rows"));
    }
    converted.push_back(parameter.literal ? LiteralAs(call.operands[i], *becomes)
                                          : CastTo(call.operands[i], *becomes));
    types.push_back(*becomes);
    literals.push_back(literal ? LiteralAs(call.operands[i], *becomes)->value : Value());
  }
  const std::string refusal =
      function.refuses ? function.refuses({.types = types, .literals = literals}) : "";
  if (!refusal.empty()) return Error(absl::StrCat(ToText(call), ": ", refusal));
  WT_RETURN_IF_ERROR(Unify(call, converted));
  call.operands = std::move(converted);
  return absl::OkStatus();
}

absl::Status Resolver::Unify(const ExpressionNode& call,
                             std::vector<ExpressionPtr>& arguments) const {
  std::map<char, std::vector<size_t>> alike;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Parameter& parameter = call.function->parameter(i);
    if (parameter.same != '\0') alike[parameter.same].push_back(i);
  }
  for (const auto& [letter, of_letter] : alike) {
    DataType common = arguments[of_letter[0]]->type;
    for (const size_t i : of_letter) {
      const std::optional<DataType> both = CommonType(common, arguments[i]->type);
      if (!both) {
        const ExpressionNode& operand = *arguments[i];
        return Error(absl::StrCat(ToText(call), ": ", ToText(operand), " is ",
                                  DataTypeName(operand.type), ", not ", DataTypeName(common),
                                  ": cast it"));
      }
      common = *both;
    }
    const Parameter& parameter = call.function->parameter(of_letter[0]);
    if (common == DataType::kNull) common = *Accepted(parameter.accepts, common);
    for (const size_t i : of_letter) arguments[i] = CastTo(arguments[i], common);
  }
  return absl::OkStatus();
}

absl::StatusOr<ExpressionPtr> Resolver::Aggregate(const ExpressionPtr& expression) const {
  if (expression->kind == ExpressionKind::kAlias) {
    WT_ASSIGN_OR_RETURN(ExpressionPtr value, Aggregate(expression->operands[0]));
    return Aliased(std::move(value), expression->name, -1);
  }
  const ExpressionNode& node = *expression;
  const FunctionPtr function =
      node.kind == ExpressionKind::kCall ? functions_.Find(node.name) : nullptr;
  if (function == nullptr || !function->is_aggregate()) {
    return ErrorIn(node, absl::StrCat(ToText(node),
                                      " is no aggregate: use Count, Sum, Min, Max, Avg, MinBy or "
                                      "MaxBy, or add it to GroupBy"));
  }
  absl::StatusOr<ExpressionPtr> call = CallOf(node);
  if (!call.ok()) Failed(node);
  return call;
}

}  // namespace wavetank::runtime
