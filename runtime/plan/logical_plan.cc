#include "runtime/plan/logical_plan.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/text.h"
#include "runtime/plan/join_shape.h"

namespace wavetank::runtime {
namespace {

// Event times of the input that stand under another name or id now, and windows over them.
void AddEventTimes(const std::vector<EventTime>& before, const ExpressionNode& column,
                   std::vector<EventTime>& event_times) {
  const ExpressionNode* value = &column;
  if (value->kind == ExpressionKind::kAlias) value = value->operands[0].get();
  const bool window = IsCall(*value, "window_start");
  const bool of_window = window || IsCall(*value, "window_of") || IsCall(*value, "session_end");
  const ExpressionNode* from = of_window ? value->operands[0].get() : value;
  if (from->kind != ExpressionKind::kAttribute) return;
  for (const EventTime& event_time : before) {
    if (event_time.attribute != from->attribute) continue;
    const bool of_rows = window || IsCall(*value, "session_end");
    if (of_rows && event_time.span != absl::ZeroDuration()) continue;
    EventTime passed{AttributeOf(column).id, event_time.span};
    if (window) {
      passed.span = absl::Microseconds(std::get<Interval>(value->operands[1]->value).micros);
    }
    event_times.push_back(passed);
  }
}

// The windows that a row is in begin at event times if it has one.
void AddWindowStarts(LogicalPlan& explode) {
  const ExpressionNode& starts = *explode.expressions[0];
  if (!IsCall(starts, "window_starts")) return;
  const absl::Duration size =
      absl::Microseconds(std::get<Interval>(starts.operands[1]->value).micros);
  for (const EventTime& event_time : explode.input()->event_times) {
    const bool of_rows = starts.operands[0]->kind == ExpressionKind::kAttribute &&
                         event_time.span == absl::ZeroDuration() &&
                         event_time.attribute == starts.operands[0]->attribute;
    if (of_rows) explode.event_times.push_back({explode.made[0].id, size});
  }
}

void Visit(const LogicalPlanPtr& node, absl::flat_hash_set<const LogicalPlan*>& seen,
           std::vector<LogicalPlanPtr>& order) {
  if (!seen.insert(node.get()).second) return;
  for (const LogicalPlanPtr& input : node->inputs) Visit(input, seen, order);
  order.push_back(node);
}

const EventTime* EventTimeOf(const LogicalPlan& plan, size_t column) {
  for (const EventTime& event_time : plan.event_times) {
    if (event_time.attribute == plan.output[column].id) return &event_time;
  }
  return nullptr;
}

// A column of a union is an event time if it is one, with one span, in every input.
void AddCommonEventTimes(LogicalPlan& node) {
  for (size_t i = 0; i < node.made.size(); ++i) {
    const EventTime* const first = EventTimeOf(*node.input(), i);
    if (first == nullptr) continue;
    const bool all = std::ranges::all_of(node.inputs, [&](const LogicalPlanPtr& input) {
      const EventTime* const other = EventTimeOf(*input, i);
      return other != nullptr && other->span == first->span;
    });
    if (all) node.event_times.push_back({node.made[i].id, first->span});
  }
}

bool Keeps(JoinType join, bool left) {
  return join == JoinType::kFull || join == (left ? JoinType::kLeft : JoinType::kRight);
}

void AppendJoined(const std::vector<Attribute>& side, bool nullable,
                  std::vector<Attribute>& output) {
  for (Attribute attribute : side) {
    attribute.nullable |= nullable;
    output.push_back(std::move(attribute));
  }
}

void FinishJoin(LogicalPlan& node) {
  const LogicalPlan& left = *node.inputs[0];
  const LogicalPlan& right = *node.inputs[1];
  AppendJoined(left.output, Keeps(node.join, false), node.output);
  node.event_times = EventTimesOfJoin(node);
  if (node.join == JoinType::kLeftSemi || node.join == JoinType::kLeftAnti) {
    std::erase_if(node.event_times, [&](const EventTime& event_time) {
      return FindAttribute(left.output, event_time.attribute) == nullptr;
    });
    return;
  }
  AppendJoined(right.output, Keeps(node.join, true), node.output);
}

}  // namespace

std::string_view JoinTypeName(JoinType type) {
  switch (type) {
    case JoinType::kInner:
      return "inner";
    case JoinType::kLeft:
      return "left";
    case JoinType::kRight:
      return "right";
    case JoinType::kFull:
      return "full";
    case JoinType::kLeftSemi:
      return "left semi";
    case JoinType::kLeftAnti:
      return "left anti";
  }
  WT_CHECK(false, "no such join");
}

std::string_view PlanOperatorName(PlanOperator op) {
  switch (op) {
    case PlanOperator::kSource:
      return "source";
    case PlanOperator::kProject:
      return "project";
    case PlanOperator::kWithColumn:
      return "with column";
    case PlanOperator::kExplode:
      return "explode";
    case PlanOperator::kFilter:
      return "filter";
    case PlanOperator::kWatermark:
      return "watermark";
    case PlanOperator::kAggregate:
      return "aggregate";
    case PlanOperator::kNamed:
      return "named";
    case PlanOperator::kJoin:
      return "join";
    case PlanOperator::kUnion:
      return "union";
    case PlanOperator::kDropDuplicates:
      return "drop duplicates";
    case PlanOperator::kDropDuplicatesWithin:
      return "drop duplicates within watermark";
    case PlanOperator::kSort:
      return "sort";
    case PlanOperator::kLimit:
      return "limit";
  }
  WT_CHECK(false, "no such operator");
}

int SessionKey(const LogicalPlan& aggregate) {
  const int start = aggregate.keys - 2;
  if (aggregate.op != PlanOperator::kAggregate || start < 0) return -1;
  const auto at = static_cast<size_t>(start);
  return IsCall(*WithoutAlias(aggregate.expressions[at]), "session_start") ? start : -1;
}

bool IsStateful(PlanOperator op) {
  return op == PlanOperator::kAggregate || op == PlanOperator::kJoin ||
         op == PlanOperator::kDropDuplicates || op == PlanOperator::kDropDuplicatesWithin;
}

const Attribute* FindAttribute(const std::vector<Attribute>& attributes, int id) {
  const auto found =
      std::ranges::find_if(attributes, [id](const Attribute& a) { return a.id == id; });
  return found == attributes.end() ? nullptr : &*found;
}

ExpressionPtr Reference(const Attribute& attribute) {
  ExpressionNode node;
  node.kind = ExpressionKind::kAttribute;
  node.name = attribute.name;
  node.type = attribute.type;
  node.nullable = attribute.nullable;
  node.attribute = attribute.id;
  return std::make_shared<const ExpressionNode>(std::move(node));
}

Attribute AttributeOf(const ExpressionNode& column) {
  WT_CHECK(column.attribute >= 0, "not a column of its own: " + ToText(column));
  return {column.attribute, column.name, column.type, column.nullable};
}

SchemaPtr SchemaOf(const LogicalPlan& plan) {
  std::vector<Field> fields;
  for (const Attribute& attribute : plan.output) fields.push_back({attribute.name, attribute.type});
  return std::make_shared<const Schema>(std::move(fields));
}

std::vector<LogicalPlanPtr> InOrder(const LogicalPlanPtr& root) {
  absl::flat_hash_set<const LogicalPlan*> seen;
  std::vector<LogicalPlanPtr> order;
  Visit(root, seen, order);
  return order;
}

const LogicalPlan* FindOnWay(const LogicalPlan& root, PlanOperator op) {
  const LogicalPlan* node = &root;
  while (node->op != op) {
    if (node->inputs.empty()) return nullptr;
    node = node->input().get();
  }
  return node;
}

LogicalPlanPtr Finished(LogicalPlan node) {
  node.output.clear();
  node.event_times.clear();
  switch (node.op) {
    case PlanOperator::kSource:
      node.output = node.made;
      break;
    case PlanOperator::kUnion:
      node.output = node.made;
      AddCommonEventTimes(node);
      break;
    case PlanOperator::kFilter:
    case PlanOperator::kDropDuplicates:
    case PlanOperator::kDropDuplicatesWithin:
    case PlanOperator::kSort:
    case PlanOperator::kLimit:
      node.output = node.input()->output;
      node.event_times = node.input()->event_times;
      break;
    case PlanOperator::kWatermark:
      node.output = node.input()->output;
      node.event_times = {{node.expressions[0]->attribute, absl::ZeroDuration()}};
      break;
    case PlanOperator::kProject:
    case PlanOperator::kAggregate: {
      for (const ExpressionPtr& column : node.expressions) {
        node.output.push_back(AttributeOf(*column));
      }
      const size_t passed = node.op == PlanOperator::kAggregate ? static_cast<size_t>(node.keys)
                                                                : node.expressions.size();
      for (size_t i = 0; i < passed; ++i) {
        AddEventTimes(node.input()->event_times, *node.expressions[i], node.event_times);
      }
      break;
    }
    case PlanOperator::kExplode:
      for (size_t i = 1; i < node.expressions.size(); ++i) {
        node.output.push_back(AttributeOf(*node.expressions[i]));
        AddEventTimes(node.input()->event_times, *node.expressions[i], node.event_times);
      }
      node.output.push_back(node.made[0]);
      AddWindowStarts(node);
      break;
    case PlanOperator::kJoin:
      FinishJoin(node);
      break;
    case PlanOperator::kWithColumn:
    case PlanOperator::kNamed:
      WT_CHECK(false, absl::StrCat("not resolved: ", platform::ToAbsl(PlanOperatorName(node.op))));
  }
  return std::make_shared<const LogicalPlan>(std::move(node));
}

LogicalPlanPtr MakeProject(LogicalPlanPtr input, std::vector<ExpressionPtr> columns) {
  LogicalPlan node;
  node.op = PlanOperator::kProject;
  node.inputs = {std::move(input)};
  node.expressions = std::move(columns);
  return Finished(std::move(node));
}

LogicalPlanPtr MakeFilter(LogicalPlanPtr input, ExpressionPtr condition) {
  LogicalPlan node;
  node.op = PlanOperator::kFilter;
  node.inputs = {std::move(input)};
  node.expressions = {std::move(condition)};
  return Finished(std::move(node));
}

LogicalPlanPtr WithInputs(const LogicalPlan& node, std::vector<LogicalPlanPtr> inputs) {
  LogicalPlan changed = node;
  changed.inputs = std::move(inputs);
  return Finished(std::move(changed));
}

}  // namespace wavetank::runtime
