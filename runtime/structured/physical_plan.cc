#include "runtime/structured/physical_plan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/structured/analyser.h"
#include "runtime/structured/compiled_plan.h"
#include "runtime/structured/optimiser.h"

namespace wavetank::runtime {
namespace {

BatchStep CompileStep(const LogicalPlan& node) {
  const Schema& input = *node.input->schema;
  BatchStep step;
  step.schema = node.schema;
  step.separator = node.separator;
  step.operator_id = node.operator_id;
  for (const ExpressionPtr& expression : node.expressions) {
    step.expressions.push_back(Bind(*expression, input));
  }
  switch (node.op) {
    case LogicalOperator::kProject:
      step.kind = StepKind::kProject;
      return step;
    case LogicalOperator::kExplode:
      step.kind = StepKind::kExplode;
      return step;
    case LogicalOperator::kFilter:
      step.kind = StepKind::kFilter;
      return step;
    case LogicalOperator::kWatermark:
      step.kind = StepKind::kWatermark;
      step.expressions.push_back(Bind(*Col(node.name).node(), input));
      return step;
    default:
      WT_CHECK(false, "no step: " + ToText(node));
  }
}

AggregatePlan CompileAggregate(const LogicalPlan& node) {
  const Schema& input = *node.input->schema;
  AggregatePlan plan;
  plan.schema = node.schema;
  for (int i = 0; i < node.schema->size(); ++i) {
    const ExpressionPtr& column = node.expressions[static_cast<size_t>(i)];
    const DataType type = node.schema->field(i).type;
    if (i < node.keys) {
      plan.keys.push_back(Bind(*column, input));
      plan.key_types.push_back(type);
      if (plan.keys.back().op == Operator::kWindowStart) plan.window_key = i;
      continue;
    }
    const ExpressionNode& function =
        column->op == Operator::kAlias ? *column->operands[0] : *column;
    plan.functions.push_back({function.op, type});
    std::optional<BoundExpression>& value = plan.values.emplace_back();
    if (!function.operands.empty()) value = Bind(*function.operands[0], input);
  }
  if (!node.event_times.empty()) {
    const EventTime& event_time = node.event_times.front();
    plan.event_time_key = node.schema->IndexOf(event_time.column);
    plan.span_micros = absl::ToInt64Microseconds(event_time.span);
  }
  return plan;
}

// Which key of the aggregate each column of `node`'s output carries, -1 for none; a window's end
// carries its start. nullopt: rows have no key of their own any more.
std::optional<std::vector<int>> CarriedKeys(const LogicalPlan& node) {
  if (node.op == LogicalOperator::kAggregate) {
    std::vector<int> carried(static_cast<size_t>(node.schema->size()), -1);
    for (int i = 0; i < node.keys; ++i) carried[static_cast<size_t>(i)] = i;
    return carried;
  }
  if (node.input == nullptr || node.op == LogicalOperator::kExplode) return std::nullopt;
  const std::optional<std::vector<int>> below = CarriedKeys(*node.input);
  if (!below || node.op != LogicalOperator::kProject) return below;
  std::vector<int> carried;
  for (const ExpressionPtr& column : node.expressions) {
    const ExpressionNode* value = column.get();
    while (value->op == Operator::kAlias || value->op == Operator::kWindowEnd) {
      value = value->operands[0].get();
    }
    const int from = value->op == Operator::kColumn ? node.input->schema->IndexOf(value->name) : -1;
    carried.push_back(from < 0 ? -1 : (*below)[static_cast<size_t>(from)]);
  }
  return carried;
}

std::optional<std::vector<int>> OutputKeys(const LogicalPlan& root, size_t keys) {
  const std::optional<std::vector<int>> carried = CarriedKeys(root);
  if (!carried) return std::nullopt;
  std::vector<int> columns;
  for (int key = 0; key < static_cast<int>(keys); ++key) {
    const auto found = std::ranges::find(*carried, key);
    if (found == carried->end()) return std::nullopt;
    columns.push_back(static_cast<int>(found - carried->begin()));
  }
  return columns;
}

// A change set is folded by the keys of its rows: without them no reader could tell which row a
// later one replaces.
absl::Status CheckKeysAreShown(const LogicalPlan& analysed, QueryOutputMode mode) {
  const LogicalPlan* aggregate = &analysed;
  while (aggregate != nullptr && aggregate->op != LogicalOperator::kAggregate) {
    aggregate = aggregate->input.get();
  }
  if (mode != QueryOutputMode::kUpdate || aggregate == nullptr) return absl::OkStatus();
  if (OutputKeys(analysed, static_cast<size_t>(aggregate->keys))) return absl::OkStatus();
  const std::optional<std::vector<int>> carried = CarriedKeys(analysed);
  if (!carried) {
    return absl::InvalidArgumentError(
        "OutputMode(\"update\"): Explode after GroupBy makes several rows of one group, and a "
        "reader could not tell which of them a later row replaces: explode before GroupBy, or use "
        "another mode");
  }
  std::string lost;
  for (int key = 0; key < aggregate->keys; ++key) {
    if (std::ranges::find(*carried, key) != carried->end()) continue;
    absl::StrAppend(&lost, lost.empty() ? "" : ", ", aggregate->schema->field(key).name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("OutputMode(\"update\"): its output has not all keys of GroupBy, ", lost,
                   " is left out or changed, so a reader could not tell which row a later one "
                   "replaces: select the keys as they are, or use another mode"));
}

// What state depends on, of the plan as it was written.
std::string StateFingerprint(const LogicalPlan& analysed, QueryOutputMode mode) {
  std::string text = absl::StrCat("output mode ", platform::ToAbsl(OutputModeName(mode)), "\n");
  for (const LogicalPlan* node = &analysed; node != nullptr; node = node->input.get()) {
    if (node->op == LogicalOperator::kSource) {
      absl::StrAppend(&text, "source ", node->source.format, "\n");
    }
    if (node->op != LogicalOperator::kAggregate) continue;
    absl::StrAppend(&text, "aggregate ", node->operator_id, " by ", node->keys, " of");
    for (int i = 0; i < node->schema->size(); ++i) {
      absl::StrAppend(&text, i == 0 ? " " : ", ",
                      ToText(*node->expressions[static_cast<size_t>(i)]), ": ",
                      platform::ToAbsl(DataTypeName(node->schema->field(i).type)));
    }
    for (const EventTime& event_time : node->event_times) {
      absl::StrAppend(&text, "; final by ", event_time.column, " + ",
                      absl::FormatDuration(event_time.span));
    }
    text += "\n";
  }
  return text;
}

std::string StateSchema(const LogicalPlan& analysed) {
  std::string types;
  for (const LogicalPlan* node = &analysed; node != nullptr; node = node->input.get()) {
    if (node->op != LogicalOperator::kAggregate) continue;
    for (const Field& field : node->schema->fields()) {
      absl::StrAppend(&types, types.empty() ? "" : ", ",
                      platform::ToAbsl(DataTypeName(field.type)));
    }
  }
  return types;
}

std::shared_ptr<const StreamingQueryPlan> Compile(const LogicalPlanPtr& root, QueryOutputMode mode,
                                                  const CompileOptions& options) {
  auto plan = std::make_shared<StreamingQueryPlan>();
  auto map = std::make_shared<MapPipeline>();
  std::shared_ptr<AggregatePlan> aggregate;
  std::vector<BatchStep> steps;  // above the aggregate, then below it; the last one first
  for (const LogicalPlan* node = root.get(); node != nullptr; node = node->input.get()) {
    switch (node->op) {
      case LogicalOperator::kSource:
        plan->source = node->source;
        plan->source_schema = node->schema;
        break;
      case LogicalOperator::kAggregate:
        aggregate = std::make_shared<AggregatePlan>(CompileAggregate(*node));
        aggregate->projection.assign(steps.rbegin(), steps.rend());
        steps.clear();
        plan->state_operator_id = node->operator_id;
        break;
      case LogicalOperator::kWatermark:
        plan->watermark_delays[node->operator_id] = node->delay;
        steps.push_back(CompileStep(*node));
        break;
      default:
        steps.push_back(CompileStep(*node));
        break;
    }
  }
  map->steps.assign(steps.rbegin(), steps.rend());
  plan->output_schema = root->schema;
  plan->stateful = aggregate != nullptr;
  // Without an aggregate each row is of its own, and none ever replaces another.
  plan->mode = plan->stateful ? mode : QueryOutputMode::kAppend;
  if (aggregate != nullptr) {
    plan->shuffle_partitions = options.shuffle_partitions;
    plan->output_keys = OutputKeys(*root, aggregate->keys.size());
  }
  plan->map = std::move(map);
  plan->aggregate = std::move(aggregate);
  plan->fingerprint_text =
      absl::StrCat("output mode ", platform::ToAbsl(OutputModeName(mode)), "\n", ToText(*root));
  plan->fingerprint =
      absl::StrCat(absl::Hex(platform::StableHash(plan->fingerprint_text), absl::kZeroPad16));
  return plan;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const StreamingQueryPlan>> CompileQuery(
    const StreamingQueryDefinition& definition, const CompileOptions& options) {
  const auto compile = [&]() -> absl::StatusOr<std::shared_ptr<const StreamingQueryPlan>> {
    if (options.shuffle_partitions < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(options.shuffle_partitions, " shuffle partitions: use 1 or more"));
    }
    WT_ASSIGN_OR_RETURN(const QueryOutputMode mode, ParseOutputMode(definition.output_mode));
    WT_ASSIGN_OR_RETURN(const LogicalPlanPtr analysed, Analyse(*definition.plan, mode));
    WT_RETURN_IF_ERROR(CheckKeysAreShown(*analysed, mode));
    const std::vector<OptimiserRule>& rules =
        options.rules == nullptr ? OptimiserRules() : *options.rules;
    auto plan =
        std::make_shared<StreamingQueryPlan>(*Compile(Optimise(analysed, rules), mode, options));
    plan->state_fingerprint = StateFingerprint(*analysed, mode);
    plan->state_schema = StateSchema(*analysed);
    return plan;
  };
  auto plan = compile();
  if (plan.ok() || definition.name.empty()) return plan;
  return absl::Status(plan.status().code(),
                      absl::StrCat("query \"", definition.name, "\": ", plan.status().message()));
}

void EventTimeStats::Merge(const EventTimeStats& other) {
  rows += other.rows;
  min = std::min(min, other.min);
  max = std::max(max, other.max);
}

void MapStats::Merge(const MapStats& other) {
  rows_in += other.rows_in;
  rows_out += other.rows_out;
  rows_dropped_late += other.rows_dropped_late;
  rows_without_time += other.rows_without_time;
  for (const auto& [id, stats] : other.event_times) event_times[id].Merge(stats);
}

void ReduceStats::Merge(const ReduceStats& other) {
  rows_in += other.rows_in;
  rows_out += other.rows_out;
  state_rows += other.state_rows;
  rows_updated += other.rows_updated;
  rows_removed += other.rows_removed;
}

absl::Time NextWatermark(const StreamingQueryPlan& plan, absl::Time watermark,
                         const MapStats& stats) {
  absl::Time next = watermark;
  for (const auto& [id, delay] : plan.watermark_delays) {
    const auto seen = stats.event_times.find(id);
    if (seen == stats.event_times.end() || seen->second.rows == 0) continue;
    // In whole microseconds, as it is logged: the batch must see the same when it is run again.
    next = std::max(next, FromMicros(ToMicros(seen->second.max - delay)));
  }
  return next;
}

bool ShouldRunAnotherBatch(const StreamingQueryPlan& plan, absl::Time watermark,
                           absl::Time next_watermark) {
  return plan.stateful && plan.mode != QueryOutputMode::kComplete && next_watermark > watermark;
}

}  // namespace wavetank::runtime
