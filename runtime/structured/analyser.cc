#include "runtime/structured/analyser.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/columnar/text_lines.h"
#include "runtime/structured/resolve.h"

namespace wavetank::runtime {
namespace {

const ExpressionNode& WithoutAlias(const ExpressionNode& node) {
  return node.op == Operator::kAlias ? WithoutAlias(*node.operands[0]) : node;
}

LogicalPlan Over(LogicalPlanPtr input, LogicalOperator op) {
  LogicalPlan node;
  node.op = op;
  node.input = std::move(input);
  return node;
}

absl::Status CheckNamesDiffer(const Resolver& resolver, const std::vector<ExpressionPtr>& columns) {
  std::set<std::string> names;
  for (const ExpressionPtr& column : columns) {
    const std::string name = OutputName(*column);
    if (!names.insert(name).second) {
      return resolver.Error(
          absl::StrCat("two columns are called \"", name, "\": name one with As(...)"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<LogicalPlanPtr> AnalyseSource(const LogicalPlan& plan) {
  if (plan.source.format != "text") {
    return absl::InvalidArgumentError(
        absl::StrCat("ReadStream: there is no source format \"", plan.source.format, "\"",
                     platform::Suggestion(plan.source.format, {"text"})));
  }
  if (plan.source.path.empty()) {
    return absl::InvalidArgumentError("ReadStream: Load(\"\") names no directory");
  }
  LogicalPlan node = plan;
  node.schema = TextSchema();
  return Finished(std::move(node));
}

// An Explode node over `input` for the only Explode among the columns, if there is one. `part` is
// the name it gives its column: one that the input does not have.
absl::StatusOr<LogicalPlanPtr> AnalyseExplode(const Resolver& resolver, LogicalPlanPtr input,
                                              const std::vector<ExpressionPtr>& columns,
                                              std::string* part) {
  const ExpressionNode* explode = nullptr;
  for (const ExpressionPtr& column : columns) {
    const ExpressionNode& node = WithoutAlias(*column);
    if (node.op != Operator::kExplode) continue;
    if (explode != nullptr) {
      return resolver.Error("two Explode(...) at once: use one Select for each");
    }
    explode = &node;
  }
  if (explode == nullptr) return input;
  const ExpressionNode& split = *explode->operands[0];
  if (split.op != Operator::kSplit) {
    return resolver.Error(absl::StrCat(ToText(*explode), ": Explode takes Split(text, separator)"));
  }
  WT_ASSIGN_OR_RETURN(const Resolved text, resolver.Row(split.operands[0]));
  if (text.type != DataType::kString) {
    return resolver.Error(absl::StrCat(ToText(split), ": ", ToText(*text.node), " is ",
                                       platform::ToAbsl(DataTypeName(text.type)),
                                       ", not string: cast it"));
  }
  LogicalPlan node = Over(input, LogicalOperator::kExplode);
  node.separator = std::get<std::string>(split.operands[1]->value);
  if (node.separator.empty()) {
    return resolver.Error(absl::StrCat(ToText(split), ": the separator is empty"));
  }
  node.expressions = {text.node};
  for (const Field& field : input->schema->fields()) {
    node.expressions.push_back(ColumnReference(field.name));
  }
  node.name = "part";
  while (input->schema->IndexOf(node.name) >= 0) node.name += "'";
  *part = node.name;
  return Finished(std::move(node));
}

absl::StatusOr<LogicalPlanPtr> AnalyseProject(std::string call, LogicalPlanPtr input,
                                              const std::vector<ExpressionPtr>& columns) {
  const Resolver resolver(std::move(call), *input->schema);
  if (columns.empty()) return resolver.Error("no columns: name at least one");
  std::string part;
  WT_ASSIGN_OR_RETURN(LogicalPlanPtr exploded, AnalyseExplode(resolver, input, columns, &part));
  std::vector<ExpressionPtr> resolved;
  for (const ExpressionPtr& column : columns) {
    if (WithoutAlias(*column).op == Operator::kExplode) {
      resolved.push_back(Aliased(ColumnReference(part), OutputName(*column)));
      continue;
    }
    WT_ASSIGN_OR_RETURN(const Resolved value, resolver.Row(column));
    resolved.push_back(Aliased(value.node, OutputName(*column)));
  }
  WT_RETURN_IF_ERROR(CheckNamesDiffer(resolver, resolved));
  return MakeProject(std::move(exploded), std::move(resolved));
}

absl::StatusOr<LogicalPlanPtr> AnalyseWithColumn(const LogicalPlan& plan, LogicalPlanPtr input) {
  std::vector<ExpressionPtr> columns;
  const ExpressionPtr value = Expression(plan.expressions[0]).As(plan.name).node();
  bool replaced = false;
  for (const Field& field : input->schema->fields()) {
    const bool replace = field.name == plan.name;
    columns.push_back(replace ? value : ColumnReference(field.name));
    replaced |= replace;
  }
  if (!replaced) columns.push_back(value);
  return AnalyseProject(absl::StrCat("WithColumn(\"", plan.name, "\")"), std::move(input), columns);
}

absl::StatusOr<LogicalPlanPtr> AnalyseFilter(const LogicalPlan& plan, LogicalPlanPtr input) {
  const Resolver resolver("Where", *input->schema);
  WT_ASSIGN_OR_RETURN(const Resolved condition, resolver.Row(plan.expressions[0]));
  if (condition.type != DataType::kBool) {
    return resolver.Error(absl::StrCat(ToText(*condition.node), " is ",
                                       platform::ToAbsl(DataTypeName(condition.type)),
                                       ", not bool: compare it with something"));
  }
  LogicalPlan node = Over(std::move(input), LogicalOperator::kFilter);
  node.expressions = {condition.node};
  return Finished(std::move(node));
}

const LogicalPlan* Find(const LogicalPlan* plan, LogicalOperator op) {
  while (plan != nullptr && plan->op != op) plan = plan->input.get();
  return plan;
}

absl::StatusOr<LogicalPlanPtr> AnalyseWatermark(const LogicalPlan& plan, LogicalPlanPtr input) {
  const Resolver resolver("WithWatermark", *input->schema);
  if (Find(input.get(), LogicalOperator::kAggregate) != nullptr) {
    return resolver.Error(
        absl::StrCat("\"", plan.name, "\" comes after GroupBy: call WithWatermark before it"));
  }
  const LogicalPlan* const other = Find(input.get(), LogicalOperator::kWatermark);
  if (other != nullptr) {
    return resolver.Error(absl::StrCat("the event time is already in \"", other->name,
                                       "\": a query has one watermark, drop this one on \"",
                                       plan.name, "\""));
  }
  WT_ASSIGN_OR_RETURN(const Resolved column, resolver.Column(plan.name));
  if (column.type != DataType::kTimestamp) {
    return resolver.Error(absl::StrCat("\"", plan.name, "\" is ",
                                       platform::ToAbsl(DataTypeName(column.type)),
                                       ", not timestamp: cast it"));
  }
  if (plan.delay < absl::ZeroDuration()) {
    return resolver.Error(absl::StrCat("the delay ", absl::FormatDuration(plan.delay),
                                       " is negative: use 0 or more"));
  }
  LogicalPlan node = plan;
  node.input = std::move(input);
  node.operator_id = 0;
  return Finished(std::move(node));
}

// A key as a column; a window as its start. Its end is added above the aggregate.
absl::StatusOr<ExpressionPtr> AnalyseKey(const Resolver& resolver, const ExpressionPtr& key) {
  const ExpressionNode& node = WithoutAlias(*key);
  if (node.op == Operator::kLiteral) {
    return resolver.Error(absl::StrCat(ToText(node),
                                       " is the same for all rows: for a column, "
                                       "write Col(\"...\")"));
  }
  if (node.op != Operator::kWindow) {
    WT_ASSIGN_OR_RETURN(const Resolved value, resolver.Row(key));
    return Aliased(value.node, OutputName(*key));
  }
  WT_ASSIGN_OR_RETURN(const Resolved time, resolver.Row(node.operands[0]));
  if (time.type != DataType::kTimestamp) {
    return resolver.Error(absl::StrCat(ToText(node), ": ", ToText(*time.node), " is ",
                                       platform::ToAbsl(DataTypeName(time.type)),
                                       ", not timestamp: cast it"));
  }
  if (node.window_size < absl::Microseconds(1) || node.window_size == absl::InfiniteDuration() ||
      node.window_size % absl::Microseconds(1) != absl::ZeroDuration()) {
    return resolver.Error(absl::StrCat("a window of ", absl::FormatDuration(node.window_size),
                                       ": use whole microseconds, at least one"));
  }
  ExpressionNode start = node;
  start.op = Operator::kWindowStart;
  start.operands = {time.node};
  return Aliased(std::make_shared<const ExpressionNode>(std::move(start)),
                 absl::StrCat(OutputName(*key), ".start"));
}

absl::StatusOr<LogicalPlanPtr> AnalyseAggregate(const LogicalPlan& plan, LogicalPlanPtr input) {
  const Resolver group_by("GroupBy", *input->schema);
  const Resolver agg("Agg", *input->schema);
  if (Find(input.get(), LogicalOperator::kAggregate) != nullptr) {
    return group_by.Error(
        "the query has an aggregate before this one: only one is supported; write the first to a "
        "sink and read that in a second query");
  }
  LogicalPlan node = Over(nullptr, LogicalOperator::kAggregate);
  node.keys = plan.keys;
  ExpressionPtr window_time;
  for (int i = 0; i < plan.keys; ++i) {
    const ExpressionPtr& key = plan.expressions[static_cast<size_t>(i)];
    WT_ASSIGN_OR_RETURN(node.expressions.emplace_back(), AnalyseKey(group_by, key));
    const ExpressionNode& value = WithoutAlias(*node.expressions.back());
    if (value.op != Operator::kWindowStart) continue;
    if (window_time != nullptr) return group_by.Error("two windows: group by one");
    window_time = value.operands[0];
  }
  if (plan.expressions.size() == static_cast<size_t>(plan.keys)) {
    return agg.Error("no aggregates: name at least one, as in Agg({Count()})");
  }
  for (size_t i = static_cast<size_t>(plan.keys); i < plan.expressions.size(); ++i) {
    WT_ASSIGN_OR_RETURN(const Resolved aggregate, agg.Aggregate(plan.expressions[i]));
    node.expressions.push_back(Aliased(aggregate.node, OutputName(*plan.expressions[i])));
  }

  node.input = std::move(input);

  std::vector<ExpressionPtr> columns;
  for (const ExpressionPtr& column : node.expressions) {
    const ExpressionNode& value = WithoutAlias(*column);
    const std::string name = OutputName(*column);
    columns.push_back(ColumnReference(name));
    if (value.op != Operator::kWindowStart) continue;
    ExpressionNode end = value;
    end.op = Operator::kWindowEnd;
    end.operands = {ColumnReference(name)};
    columns.push_back(Aliased(std::make_shared<const ExpressionNode>(std::move(end)),
                              name.substr(0, name.size() - 5) + "end"));
  }
  WT_RETURN_IF_ERROR(CheckNamesDiffer(group_by, columns));
  LogicalPlanPtr aggregate = Finished(std::move(node));
  if (window_time == nullptr) return aggregate;
  return MakeProject(std::move(aggregate), std::move(columns));
}

absl::StatusOr<LogicalPlanPtr> AnalyseNode(const LogicalPlan& plan) {
  if (plan.op == LogicalOperator::kSource) return AnalyseSource(plan);
  WT_ASSIGN_OR_RETURN(LogicalPlanPtr input, AnalyseNode(*plan.input));
  switch (plan.op) {
    case LogicalOperator::kProject:
      return AnalyseProject("Select", std::move(input), plan.expressions);
    case LogicalOperator::kWithColumn:
      return AnalyseWithColumn(plan, std::move(input));
    case LogicalOperator::kFilter:
      return AnalyseFilter(plan, std::move(input));
    case LogicalOperator::kWatermark:
      return AnalyseWatermark(plan, std::move(input));
    case LogicalOperator::kAggregate:
      return AnalyseAggregate(plan, std::move(input));
    case LogicalOperator::kSource:
    case LogicalOperator::kExplode:
      break;
  }
  return absl::InternalError("an analysed plan was analysed again");
}

absl::Status CheckMode(const LogicalPlan& plan, QueryOutputMode mode) {
  const LogicalPlan* const aggregate = Find(&plan, LogicalOperator::kAggregate);
  if (mode == QueryOutputMode::kComplete && aggregate == nullptr) {
    return absl::InvalidArgumentError(
        "OutputMode(\"complete\"): it shows a whole table, and the query has no aggregate: use "
        "\"append\"");
  }
  if (mode == QueryOutputMode::kAppend && aggregate != nullptr && aggregate->event_times.empty()) {
    std::string keys;
    for (int i = 0; i < aggregate->keys; ++i) {
      absl::StrAppend(&keys, i == 0 ? "" : ", ", aggregate->schema->field(i).name);
    }
    return absl::InvalidArgumentError(
        absl::StrCat("OutputMode(\"append\"): it shows a row once, when it is final, and no row of "
                     "GroupBy(",
                     keys,
                     ") ever is: group by a column with a watermark (WithWatermark) or a Window of "
                     "it, or use \"update\" or \"complete\""));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LogicalPlanPtr> Analyse(const LogicalPlan& plan, QueryOutputMode mode) {
  WT_ASSIGN_OR_RETURN(LogicalPlanPtr analysed, AnalyseNode(plan));
  WT_RETURN_IF_ERROR(CheckMode(*analysed, mode));
  return analysed;
}

}  // namespace wavetank::runtime
