#include "runtime/structured/resolve.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/structured/logical_plan.h"

namespace wavetank::runtime {
namespace {

using platform::ToAbsl;

absl::string_view Name(DataType type) { return ToAbsl(DataTypeName(type)); }

bool IsNumber(DataType type) { return type == DataType::kInt64 || type == DataType::kDouble; }

ExpressionPtr WithOperands(const ExpressionNode& node, const std::vector<Resolved>& operands) {
  ExpressionNode changed = node;
  changed.operands.clear();
  for (const Resolved& operand : operands) changed.operands.push_back(operand.node);
  return std::make_shared<const ExpressionNode>(std::move(changed));
}

void Convert(Resolved& operand, DataType type) {
  if (operand.type == type) return;
  operand = {Expression(operand.node).Cast(type).node(), type};
}

// int64 beside double becomes double.
void Widen(Resolved& a, Resolved& b) {
  if (!IsNumber(a.type) || !IsNumber(b.type) || a.type == b.type) return;
  Convert(a, DataType::kDouble);
  Convert(b, DataType::kDouble);
}

bool CanCast(DataType from, DataType to) {
  const bool bool_and_time = (from == DataType::kBool && to == DataType::kTimestamp) ||
                             (from == DataType::kTimestamp && to == DataType::kBool);
  return !bool_and_time;
}

}  // namespace

ExpressionPtr ColumnReference(std::string name) { return Col(std::move(name)).node(); }

ExpressionPtr Aliased(ExpressionPtr value, std::string name) {
  if (value->op == Operator::kColumn && value->name == name) return value;
  if (value->op == Operator::kAlias) value = value->operands[0];
  return Expression(std::move(value)).As(std::move(name)).node();
}

absl::Status Resolver::Error(std::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat(call_, ": ", ToAbsl(what)));
}

absl::StatusOr<Resolved> Resolver::Column(std::string_view name) const {
  const int index = schema_.IndexOf(name);
  if (index >= 0) return Resolved{ColumnReference(std::string(name)), schema_.field(index).type};
  std::vector<std::string> names;
  for (const Field& field : schema_.fields()) names.push_back(field.name);
  return Error(
      absl::StrCat("there is no column \"", ToAbsl(name), "\"", platform::Suggestion(name, names)));
}

absl::StatusOr<Resolved> Resolver::Row(const ExpressionPtr& expression) const {
  const ExpressionNode& node = *expression;
  switch (node.op) {
    case Operator::kColumn:
      return Column(node.name);
    case Operator::kLiteral:
      return Resolved{expression, node.type};
    case Operator::kAlias: {
      WT_ASSIGN_OR_RETURN(Resolved value, Row(node.operands[0]));
      value.node = Aliased(std::move(value.node), node.name);
      return value;
    }
    case Operator::kSplit:
      return Error(absl::StrCat(ToText(node), " gives several parts: wrap it in Explode(...)"));
    case Operator::kExplode:
      return Error(absl::StrCat(ToText(node),
                                " gives several rows: use it at the top of Select or WithColumn, "
                                "and compute with its column after that"));
    case Operator::kWindow:
      return Error(absl::StrCat(ToText(node), " is for GroupBy; after it, use the columns \"",
                                OutputName(node), ".start\" and \"", OutputName(node), ".end\""));
    default:
      break;
  }
  if (IsAggregate(node.op)) {
    return Error(absl::StrCat(ToText(node), " is an aggregate: use it in GroupBy(...).Agg(...)"));
  }
  return Operation(node);
}

absl::StatusOr<Resolved> Resolver::Operation(const ExpressionNode& node) const {
  std::vector<Resolved> operands;
  for (const ExpressionPtr& operand : node.operands) {
    WT_ASSIGN_OR_RETURN(operands.emplace_back(), Row(operand));
  }
  const auto refuse = [&](size_t operand, std::string_view wanted) {
    return Error(absl::StrCat(ToText(node), ": ", ToText(*operands[operand].node), " is ",
                              Name(operands[operand].type), ", not ", ToAbsl(wanted), ": cast it"));
  };
  switch (node.op) {
    case Operator::kNot:
    case Operator::kAnd:
    case Operator::kOr:
      for (size_t i = 0; i < operands.size(); ++i) {
        if (operands[i].type != DataType::kBool) return refuse(i, "bool");
      }
      break;
    case Operator::kEqual:
    case Operator::kNotEqual:
    case Operator::kLess:
    case Operator::kLessOrEqual:
    case Operator::kGreater:
    case Operator::kGreaterOrEqual:
      Widen(operands[0], operands[1]);
      if (operands[0].type != operands[1].type) return refuse(1, Name(operands[0].type).data());
      break;
    case Operator::kNegate:
    case Operator::kAdd:
    case Operator::kSubtract:
    case Operator::kMultiply:
    case Operator::kDivide:
      for (size_t i = 0; i < operands.size(); ++i) {
        if (!IsNumber(operands[i].type)) return refuse(i, "a number");
        if (node.op == Operator::kDivide) Convert(operands[i], DataType::kDouble);
      }
      if (operands.size() == 2) Widen(operands[0], operands[1]);
      break;
    case Operator::kRemainder:
      for (size_t i = 0; i < operands.size(); ++i) {
        if (operands[i].type != DataType::kInt64) return refuse(i, "int64");
      }
      break;
    case Operator::kCast:
      if (operands[0].type == node.type) return operands[0];
      if (!CanCast(operands[0].type, node.type)) {
        return Error(absl::StrCat(ToText(node), ": ", Name(operands[0].type), " cannot become ",
                                  Name(node.type)));
      }
      break;
    case Operator::kLower:
    case Operator::kTrim:
    case Operator::kLength:
    case Operator::kSubstring:
      if (operands[0].type != DataType::kString) return refuse(0, "string");
      for (size_t i = 1; i < operands.size(); ++i) {
        if (operands[i].type != DataType::kInt64) return refuse(i, "int64");
      }
      break;
    case Operator::kSubstringBefore:
    case Operator::kSubstringAfter:
      for (size_t i = 0; i < operands.size(); ++i) {
        if (operands[i].type != DataType::kString) return refuse(i, "string");
      }
      break;
    default:
      break;
  }
  ExpressionPtr resolved = WithOperands(node, operands);
  const DataType type = TypeOf(*resolved, schema_);
  return Resolved{std::move(resolved), type};
}

absl::StatusOr<Resolved> Resolver::Aggregate(const ExpressionPtr& expression) const {
  if (expression->op == Operator::kAlias) {
    WT_ASSIGN_OR_RETURN(Resolved value, Aggregate(expression->operands[0]));
    value.node = Aliased(std::move(value.node), expression->name);
    return value;
  }
  const ExpressionNode& node = *expression;
  if (!IsAggregate(node.op)) {
    return Error(absl::StrCat(
        ToText(node), " is no aggregate: use Count, Sum, Min or Max, or add it to GroupBy"));
  }
  std::vector<Resolved> operands;
  for (const ExpressionPtr& operand : node.operands) {
    WT_ASSIGN_OR_RETURN(operands.emplace_back(), Row(operand));
    const DataType type = operands.back().type;
    const bool ordered = IsNumber(type) || type == DataType::kTimestamp;
    const bool fits = node.op == Operator::kCount ||
                      (node.op == Operator::kSum && IsNumber(type)) ||
                      (node.op != Operator::kSum && ordered);
    if (!fits) {
      return Error(absl::StrCat(ToText(node), ": ", ToText(*operand), " is ", Name(type), ", not ",
                                node.op == Operator::kSum ? "a number" : "a number or timestamp",
                                ": cast it"));
    }
  }
  ExpressionPtr resolved = WithOperands(node, operands);
  const DataType type = TypeOf(*resolved, schema_);
  return Resolved{std::move(resolved), type};
}

}  // namespace wavetank::runtime
