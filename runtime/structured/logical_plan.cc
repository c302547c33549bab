#include "runtime/structured/logical_plan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "platform/check.h"

namespace wavetank::runtime {
namespace {

std::string Texts(const LogicalPlan& plan, size_t begin, size_t end) {
  std::string text;
  for (size_t i = begin; i < end; ++i) {
    if (i != begin) text += ", ";
    text += ToText(*plan.expressions[i]);
  }
  return text;
}

std::string NodeText(const LogicalPlan& plan) {
  const size_t count = plan.expressions.size();
  switch (plan.op) {
    case LogicalOperator::kSource: {
      std::string text = absl::StrCat("source ", plan.source.format);
      for (const auto& [key, value] : plan.source.options) {
        absl::StrAppend(&text, " ", key, "=", value);
      }
      return text;
    }
    case LogicalOperator::kProject:
      return absl::StrCat("project ", Texts(plan, 0, count));
    case LogicalOperator::kWithColumn:
      return absl::StrCat("with column ", Texts(plan, 0, 1), " as ", plan.name);
    case LogicalOperator::kExplode:
      return absl::StrCat("explode split(", Texts(plan, 0, 1), ", '", absl::CEscape(plan.separator),
                          "') as ", plan.name, " keep ", Texts(plan, 1, count));
    case LogicalOperator::kFilter:
      return absl::StrCat("filter ", Texts(plan, 0, 1));
    case LogicalOperator::kWatermark:
      return absl::StrCat("watermark ", plan.operator_id, " ", plan.name, " delay ",
                          absl::FormatDuration(plan.delay));
    case LogicalOperator::kAggregate: {
      const auto keys = static_cast<size_t>(plan.keys);
      return absl::StrCat("aggregate ", plan.operator_id, " by ", Texts(plan, 0, keys), " give ",
                          Texts(plan, keys, count));
    }
  }
  WT_CHECK(false, "no such operator");
}

// What an expression's column is called without its alias, if it is a column as it stands.
const std::string* ColumnName(const ExpressionNode& node) {
  if (node.op == Operator::kAlias) return ColumnName(*node.operands[0]);
  return node.op == Operator::kColumn ? &node.name : nullptr;
}

// Event times that a list of columns passes on, under their new names.
void PassEventTimes(const LogicalPlan& input, const std::vector<ExpressionPtr>& columns,
                    std::vector<EventTime>& event_times) {
  for (const ExpressionPtr& column : columns) {
    const std::string* const from = ColumnName(*column);
    if (from == nullptr) continue;
    for (const EventTime& event_time : input.event_times) {
      if (event_time.column == *from) event_times.push_back({OutputName(*column), event_time.span});
    }
  }
}

// A window over an event time is one itself.
void AddWindowTimes(const LogicalPlan& input, const std::vector<ExpressionPtr>& keys,
                    std::vector<EventTime>& event_times) {
  for (const ExpressionPtr& key : keys) {
    const ExpressionNode& value = key->op == Operator::kAlias ? *key->operands[0] : *key;
    if (value.op != Operator::kWindowStart) continue;
    const std::string* const from = ColumnName(*value.operands[0]);
    if (from == nullptr) continue;
    for (const EventTime& event_time : input.event_times) {
      if (event_time.column == *from && event_time.span == absl::ZeroDuration()) {
        event_times.push_back({OutputName(*key), value.window_size});
      }
    }
  }
}

Field FieldOf(const ExpressionNode& expression, const Schema& input) {
  return {OutputName(expression), TypeOf(expression, input)};
}

}  // namespace

std::string ToText(const LogicalPlan& plan) {
  std::string text;
  for (const LogicalPlan* node = &plan; node != nullptr; node = node->input.get()) {
    absl::StrAppend(&text, NodeText(*node), "\n");
  }
  return text;
}

DataType TypeOf(const ExpressionNode& node, const Schema& schema) {
  const auto operand = [&] { return TypeOf(*node.operands[0], schema); };
  switch (node.op) {
    case Operator::kColumn: {
      const int index = schema.IndexOf(node.name);
      WT_CHECK(index >= 0, node.name);
      return schema.field(index).type;
    }
    case Operator::kLiteral:
    case Operator::kCast:
      return node.type;
    case Operator::kNot:
    case Operator::kIsNull:
    case Operator::kAnd:
    case Operator::kOr:
    case Operator::kEqual:
    case Operator::kNotEqual:
    case Operator::kLess:
    case Operator::kLessOrEqual:
    case Operator::kGreater:
    case Operator::kGreaterOrEqual:
      return DataType::kBool;
    case Operator::kDivide:
      return DataType::kDouble;
    case Operator::kLength:
    case Operator::kCount:
      return DataType::kInt64;
    case Operator::kLower:
    case Operator::kTrim:
    case Operator::kSubstring:
    case Operator::kSubstringBefore:
    case Operator::kSubstringAfter:
      return DataType::kString;
    case Operator::kCurrentTimestamp:
    case Operator::kWindowStart:
    case Operator::kWindowEnd:
      return DataType::kTimestamp;
    case Operator::kAlias:
    case Operator::kNegate:
    case Operator::kAdd:
    case Operator::kSubtract:
    case Operator::kMultiply:
    case Operator::kRemainder:
    case Operator::kSum:
    case Operator::kMin:
    case Operator::kMax:
      return operand();
    case Operator::kSplit:
    case Operator::kExplode:
    case Operator::kWindow:
      break;
  }
  WT_CHECK(false, "not resolved: " + ToText(node));
}

LogicalPlanPtr Finished(LogicalPlan node) {
  std::vector<Field> fields;
  node.event_times.clear();
  switch (node.op) {
    case LogicalOperator::kSource:
      WT_CHECK(node.schema != nullptr);
      return std::make_shared<const LogicalPlan>(std::move(node));
    case LogicalOperator::kFilter:
      node.schema = node.input->schema;
      node.event_times = node.input->event_times;
      return std::make_shared<const LogicalPlan>(std::move(node));
    case LogicalOperator::kWatermark:
      node.schema = node.input->schema;
      node.event_times = {{node.name, absl::ZeroDuration()}};
      return std::make_shared<const LogicalPlan>(std::move(node));
    case LogicalOperator::kProject:
      for (const ExpressionPtr& column : node.expressions) {
        fields.push_back(FieldOf(*column, *node.input->schema));
      }
      PassEventTimes(*node.input, node.expressions, node.event_times);
      break;
    case LogicalOperator::kExplode: {
      const std::vector<ExpressionPtr> kept(node.expressions.begin() + 1, node.expressions.end());
      for (const ExpressionPtr& column : kept) {
        fields.push_back(FieldOf(*column, *node.input->schema));
      }
      fields.push_back({node.name, DataType::kString});
      PassEventTimes(*node.input, kept, node.event_times);
      break;
    }
    case LogicalOperator::kAggregate: {
      for (const ExpressionPtr& column : node.expressions) {
        fields.push_back(FieldOf(*column, *node.input->schema));
      }
      const std::vector<ExpressionPtr> keys(node.expressions.begin(),
                                            node.expressions.begin() + node.keys);
      PassEventTimes(*node.input, keys, node.event_times);
      AddWindowTimes(*node.input, keys, node.event_times);
      break;
    }
    case LogicalOperator::kWithColumn:
      WT_CHECK(false, "not resolved: " + NodeText(node));
  }
  node.schema = std::make_shared<const Schema>(std::move(fields));
  return std::make_shared<const LogicalPlan>(std::move(node));
}

LogicalPlanPtr MakeProject(LogicalPlanPtr input, std::vector<ExpressionPtr> columns) {
  LogicalPlan node;
  node.op = LogicalOperator::kProject;
  node.input = std::move(input);
  node.expressions = std::move(columns);
  return Finished(std::move(node));
}

LogicalPlanPtr WithInput(const LogicalPlan& node, LogicalPlanPtr input) {
  LogicalPlan changed = node;
  changed.input = std::move(input);
  return Finished(std::move(changed));
}

}  // namespace wavetank::runtime
