// Operators that bring rows together: aggregates, what drops duplicates, sorts and limits.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/plan/analysis.h"

namespace wavetank::runtime {

// Windows slide, or begin elsewhere than at 1970: a row is in several of them, or in none.
absl::StatusOr<ExpressionPtr> Analyser::SlidingWindow(const Resolver& resolver,
                                                      const ExpressionNode& window,
                                                      const std::string& name,
                                                      LogicalPlanPtr& below) {
  ExpressionNode starts = window;
  starts.name = "window_starts";
  if (starts.operands.size() == 3)
    starts.operands.push_back(Expression(absl::ZeroDuration()).node());
  WT_ASSIGN_OR_RETURN(const ExpressionPtr value,
                      resolver.Row(std::make_shared<const ExpressionNode>(std::move(starts))));
  LogicalPlan explode = Over(below, PlanOperator::kExplode);
  explode.expressions = {value};
  for (const Attribute& attribute : below->output) {
    explode.expressions.push_back(Reference(attribute));
  }
  explode.made = {Made(name, DataType::kTimestamp, true)};
  std::vector<ExpressionPtr> operands = {Reference(explode.made[0])};
  operands.insert(operands.end(), value->operands.begin() + 1, value->operands.end());
  below = Finished(std::move(explode));
  return BuiltInCall("window_of", std::move(operands));
}

// A key as columns; a window as its start, whose end is added above the aggregate; a session as its
// start and end.
absl::StatusOr<std::vector<ExpressionPtr>> Analyser::Key(const Resolver& resolver,
                                                         const ExpressionPtr& key,
                                                         LogicalPlanPtr& below) {
  const ExpressionNode& node = *WithoutAlias(key);
  if (node.kind == ExpressionKind::kLiteral) {
    return resolver.Error(absl::StrCat(ToText(node),
                                       " is the same for all rows: for a column, "
                                       "write Col(\"...\")"));
  }
  for (const char* bound : {"window_start", "window_end", "window_of"}) {
    if (!IsCall(node, bound)) continue;
    return resolver.Error(absl::StrCat(ToText(node), ": group by Window(time, size)"));
  }
  for (const char* bound : {"session_start", "session_end"}) {
    if (!IsCall(node, bound)) continue;
    return resolver.Error(absl::StrCat(ToText(node), ": group by SessionWindow(time, gap)"));
  }
  const auto called = [&](const char* function) {
    ExpressionNode call = node;
    call.name = function;
    return resolver.Row(std::make_shared<const ExpressionNode>(std::move(call)));
  };
  if (IsCall(node, kSessionWindowCall)) {
    std::vector<ExpressionPtr> session;
    WT_ASSIGN_OR_RETURN(const ExpressionPtr start, called("session_start"));
    WT_ASSIGN_OR_RETURN(const ExpressionPtr end, called("session_end"));
    session.push_back(Named(start, absl::StrCat(OutputName(*key), ".start")));
    session.push_back(Named(end, absl::StrCat(OutputName(*key), ".end")));
    return session;
  }
  if (!IsCall(node, kWindowCall)) {
    WT_ASSIGN_OR_RETURN(const ExpressionPtr value, resolver.Row(key));
    if (!value->type.is_storable()) {
      return resolver.Error(absl::StrCat(ToText(*value), " is ", DataTypeName(value->type),
                                         ", which is no key: take a part of it, or cast it"));
    }
    return std::vector<ExpressionPtr>{Named(value, NameOf(*key, *value))};
  }
  const std::string name = absl::StrCat(OutputName(*key), ".start");
  if (node.operands.size() > 2) {
    WT_ASSIGN_OR_RETURN(const ExpressionPtr value, SlidingWindow(resolver, node, name, below));
    return std::vector<ExpressionPtr>{Named(value, name)};
  }
  WT_ASSIGN_OR_RETURN(const ExpressionPtr value, called("window_start"));
  return std::vector<ExpressionPtr>{Named(value, name)};
}

absl::StatusOr<Analysed> Analyser::Aggregate(const LogicalPlan& plan, Analysed input) {
  const Resolver group_by = In("GroupBy", input);
  const Resolver agg = In("Agg", input);
  LogicalPlanPtr below = input.plan;
  std::vector<ExpressionPtr> keys;
  std::vector<ExpressionPtr> session;
  std::vector<ExpressionPtr> as_written;
  bool windowed = false;
  for (int i = 0; i < plan.keys; ++i) {
    const ExpressionPtr& key = plan.expressions[static_cast<size_t>(i)];
    WT_ASSIGN_OR_RETURN(const std::vector<ExpressionPtr> made, Key(group_by, key, below));
    const bool is_session = IsCall(*WithoutAlias(key), kSessionWindowCall);
    if (is_session || IsCall(*WithoutAlias(key), kWindowCall)) {
      if (windowed) return group_by.Error("two windows: group by one");
      windowed = true;
    }
    std::vector<ExpressionPtr>& to = is_session ? session : keys;
    to.insert(to.end(), made.begin(), made.end());
    as_written.insert(as_written.end(), made.begin(), made.end());
  }
  LogicalPlan node = Over(std::move(below), PlanOperator::kAggregate);
  // A session stands behind the keys by which rows are brought together.
  node.expressions = std::move(keys);
  node.expressions.insert(node.expressions.end(), session.begin(), session.end());
  node.keys = static_cast<int>(node.expressions.size());
  if (plan.expressions.size() == static_cast<size_t>(plan.keys)) {
    return agg.Error("no aggregates: name at least one, as in Agg({Count()})");
  }
  for (size_t i = static_cast<size_t>(plan.keys); i < plan.expressions.size(); ++i) {
    WT_ASSIGN_OR_RETURN(const ExpressionPtr aggregate, agg.Aggregate(plan.expressions[i]));
    as_written.push_back(Named(aggregate, OutputName(*plan.expressions[i])));
    node.expressions.push_back(as_written.back());
  }

  std::vector<ExpressionPtr> columns;
  for (const ExpressionPtr& column : as_written) {
    const ExpressionPtr reference = Reference(AttributeOf(*column));
    columns.push_back(reference);
    const ExpressionNode& value = *WithoutAlias(column);
    if (!IsCall(value, "window_start") && !IsCall(value, "window_of")) continue;
    columns.push_back(Named(BuiltInCall("window_end", {reference, value.operands[1]}),
                            column->name.substr(0, column->name.size() - 5) + "end"));
  }
  WT_RETURN_IF_ERROR(group_by.CheckNamesDiffer(columns));
  LogicalPlanPtr aggregate = Finished(std::move(node));
  if (!windowed) return OfOutput(std::move(aggregate));
  return OfOutput(MakeProject(std::move(aggregate), std::move(columns)));
}

absl::Duration Analyser::DelayBelow(const LogicalPlanPtr& plan) {
  absl::Duration delay;
  for (const LogicalPlanPtr& node : InOrder(plan)) {
    if (node->op == PlanOperator::kWatermark) delay = std::max(delay, node->delay);
  }
  return delay;
}

absl::StatusOr<Analysed> Analyser::DropDuplicates(const LogicalPlan& plan, Analysed input) {
  const bool within = plan.op == PlanOperator::kDropDuplicatesWithin;
  const Resolver resolver = In(within ? "DropDuplicatesWithinWatermark" : "DropDuplicates", input);
  LogicalPlan node = Over(input.plan, plan.op);
  if (within) {
    if (input.plan->event_times.empty()) {
      return resolver.Error("its rows have no event time: call WithWatermark before it");
    }
    node.delay = DelayBelow(input.plan);
  }
  for (const ExpressionPtr& column : plan.expressions) {
    WT_ASSIGN_OR_RETURN(node.expressions.emplace_back(), resolver.Column(OutputName(*column)));
  }
  if (plan.expressions.empty()) {
    for (const Attribute& attribute : input.plan->output) {
      node.expressions.push_back(Reference(attribute));
    }
  }
  for (const ExpressionPtr& column : node.expressions) {
    if (column->type.is_storable()) continue;
    return resolver.Error(absl::StrCat(ToText(*column), " is ", DataTypeName(column->type),
                                       ", which is no key: select without it"));
  }
  input.plan = Finished(std::move(node));
  return input;
}

absl::StatusOr<Analysed> Analyser::Sort(const LogicalPlan& plan, Analysed input) {
  const Resolver resolver = In("OrderBy", input);
  if (plan.expressions.empty() || plan.expressions.size() != plan.orders.size()) {
    return resolver.Error("no columns: name at least one");
  }
  LogicalPlan node = Over(input.plan, PlanOperator::kSort);
  node.orders = plan.orders;
  for (const ExpressionPtr& key : plan.expressions) {
    WT_ASSIGN_OR_RETURN(const ExpressionPtr resolved, resolver.Row(key));
    const ExpressionPtr& value = WithoutAlias(resolved);
    if (!value->type.is_storable()) {
      return resolver.ErrorIn(*key, absl::StrCat(ToText(*value), " is ", DataTypeName(value->type),
                                                 ", which has no order: sort by a part of it"));
    }
    node.expressions.push_back(value);
  }
  input.plan = Finished(std::move(node));
  return input;
}

absl::StatusOr<Analysed> Analyser::Limit(const LogicalPlan& plan, Analysed input) {
  const Resolver resolver = In("Limit", input);
  if (plan.limit < 0) return resolver.Error(absl::StrCat(plan.limit, " rows: use 0 or more"));
  LogicalPlan node = Over(std::move(input.plan), PlanOperator::kLimit);
  node.limit = plan.limit;
  input.plan = Finished(std::move(node));
  return input;
}

}  // namespace wavetank::runtime
