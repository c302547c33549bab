#include "runtime/structured/compile_query.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/connectors/connector_registry.h"
#include "runtime/plan/analyser.h"
#include "runtime/plan/join_shape.h"
#include "runtime/plan/mode_rules.h"
#include "runtime/plan/optimiser/optimiser.h"
#include "runtime/plan/physical.h"
#include "runtime/plan/physical.pb.h"

namespace wavetank::runtime {
namespace {

// What a sink takes that does not say it: values that have a text.
absl::Status CheckHasText(const Schema& shown) {
  for (const Field& field : shown.fields()) {
    if (field.type.is_storable() && field.type != DataType::kBinary) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", field.name, "\" is ", DataTypeName(field.type), ", which this sink does not write: ",
        field.type.is_nested() ? "select a part of it, explode an array, or cast it to string"
                               : "cast it to string"));
  }
  return absl::OkStatus();
}

absl::Status CheckShown(const LogicalPlan& analysed, const StreamingQueryDefinition& definition) {
  std::set<std::string> names;
  std::vector<Field> fields;
  for (const Attribute& attribute : analysed.output) {
    fields.push_back({attribute.name, attribute.type});
    if (names.insert(attribute.name).second) continue;
    return absl::InvalidArgumentError(absl::StrCat("WriteStream: two columns are called \"",
                                                   attribute.name,
                                                   "\": select one, or name it with As(...)"));
  }
  const Schema shown(std::move(fields));
  const absl::StatusOr<const SinkFormat*> sink = definition.Sink();
  const bool says = sink.ok() && (*sink)->check_rows != nullptr;
  const absl::Status status = says ? (*sink)->check_rows(shown) : CheckHasText(shown);
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat("WriteStream: ", status.message()));
}

// Whether a key may hold such text, which an older build wrote otherwise: "1" and
// "2026-01-31T00:00:00Z".
bool WritesNumbersOrTimes(const ExpressionNode& node) {
  const auto is_rewritten = [](const DataType& type) {
    return type == DataType::kDouble || type == DataType::kTimestamp;
  };
  if (node.kind == ExpressionKind::kCast && node.type == DataType::kString &&
      is_rewritten(node.operands[0]->type)) {
    return true;
  }
  return std::ranges::any_of(node.operands,
                             [](const auto& operand) { return WritesNumbersOrTimes(*operand); });
}

// In it, or below it.
bool WriteNumbersOrTimes(const LogicalPlanPtr& aggregate) {
  return std::ranges::any_of(InOrder(aggregate), [](const LogicalPlanPtr& node) {
    return std::ranges::any_of(node->expressions,
                               [](const auto& each) { return WritesNumbersOrTimes(*each); });
  });
}

std::string ColumnsText(const LogicalPlan& node) {
  std::string text;
  for (const Attribute& column : node.output) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", column.name, ": ", DataTypeName(column.type));
  }
  return text;
}

// What is kept of rows that wait for others, or for others like them. `optimised`: the same
// operator, of whose columns those that nobody reads are gone.
std::string RowsKept(const LogicalPlan& node, const LogicalPlan& optimised) {
  if (node.op != PlanOperator::kJoin) {
    std::string text =
        absl::StrCat(platform::ToAbsl(PlanOperatorName(node.op)), " ", node.operator_id, " by");
    for (const ExpressionPtr& column : node.expressions) {
      absl::StrAppend(&text, " ", ToText(*column), ": ", DataTypeName(column->type));
    }
    return text + "\n";
  }
  std::string text =
      absl::StrCat(platform::ToAbsl(JoinTypeName(node.join)), " join ", node.operator_id, " where");
  const JoinShape shape = ShapeOf(node);
  for (size_t i = 0; i < shape.sides[0].keys.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? " " : " and ", ToText(*shape.sides[0].keys[i]), " = ",
                    ToText(*shape.sides[1].keys[i]), ": ",
                    DataTypeName(shape.sides[0].keys[i]->type));
  }
  return absl::StrCat(text, "; left ", ColumnsText(*optimised.inputs[0]), "; right ",
                      ColumnsText(*optimised.inputs[1]), "\n");
}

const LogicalPlan& Counterpart(const LogicalPlan& node, const LogicalPlanPtr& optimised) {
  for (const LogicalPlanPtr& other : InOrder(optimised)) {
    if (other->op == node.op && other->operator_id == node.operator_id) return *other;
  }
  WT_CHECK(false, "no rule drops an operator that keeps state");
}

// Of several watermarks the checkpoint keeps one each, by its number: which is which.
std::string WatermarksText(const LogicalPlanPtr& analysed) {
  const std::vector<LogicalPlanPtr> nodes = InOrder(analysed);
  if (std::ranges::count(nodes, PlanOperator::kWatermark, &LogicalPlan::op) < 2) return "";
  std::vector<const LogicalPlan*> sources;
  for (const LogicalPlanPtr& node : nodes) {
    if (node->op == PlanOperator::kSource) sources.push_back(node.get());
  }
  std::string text;
  for (const LogicalPlanPtr& node : nodes) {
    if (node->op != PlanOperator::kWatermark) continue;
    absl::StrAppend(&text, "watermark ", node->operator_id, " of ", ToText(*node->expressions[0]),
                    " over");
    const std::vector<LogicalPlanPtr> below = InOrder(node);
    for (size_t i = 0; i < sources.size(); ++i) {
      const bool reads = std::ranges::any_of(
          below, [&](const LogicalPlanPtr& each) { return each.get() == sources[i]; });
      if (reads) absl::StrAppend(&text, " source ", i);
    }
    text += "\n";
  }
  return text;
}

// What state depends on, of the plan as it was written.
std::string StateFingerprint(const LogicalPlanPtr& analysed, const LogicalPlanPtr& optimised,
                             QueryOutputMode mode) {
  std::string text = absl::StrCat("output mode ", platform::ToAbsl(OutputModeName(mode)), "\n");
  std::vector<LogicalPlanPtr> order = InOrder(analysed);
  std::ranges::reverse(order);
  const bool text_as_in_spark = std::ranges::any_of(order, [](const LogicalPlanPtr& node) {
    return node->op == PlanOperator::kAggregate && WriteNumbersOrTimes(node);
  });
  if (text_as_in_spark) absl::StrAppend(&text, "numbers and times as text: as in Spark\n");
  for (const LogicalPlanPtr& node : order) {
    if (node->op == PlanOperator::kSource) {
      absl::StrAppend(&text, "source ", node->source.format, "\n");
    }
    if (IsStateful(node->op) && node->op != PlanOperator::kAggregate) {
      text += RowsKept(*node, Counterpart(*node, optimised));
    }
    if (node->op != PlanOperator::kAggregate) continue;
    absl::StrAppend(&text, "aggregate ", node->operator_id, " by ", node->keys, " of");
    for (size_t i = 0; i < node->expressions.size(); ++i) {
      absl::StrAppend(&text, i == 0 ? " " : ", ", ToText(*node->expressions[i]), ": ",
                      DataTypeName(node->output[i].type));
    }
    for (const EventTime& event_time : node->event_times) {
      absl::StrAppend(&text, "; final by ", FindAttribute(node->output, event_time.attribute)->name,
                      " + ", absl::FormatDuration(event_time.span));
    }
    text += "\n";
  }
  text += WatermarksText(analysed);
  return text;
}

const FunctionRegistry& FunctionsOf(const StreamingQueryDefinition& definition) {
  return definition.functions == nullptr ? FunctionRegistry::BuiltIn() : *definition.functions;
}

SourceColumns ColumnsOfSources(const StreamingQueryDefinition& definition) {
  const ConnectorRegistry* const connectors = &definition.Connectors();
  return [connectors](const SourceDescription& source) -> absl::StatusOr<std::vector<Attribute>> {
    if (source.format == kOneRowFormat) return std::vector<Attribute>();
    WT_ASSIGN_OR_RETURN(const SchemaPtr schema, CheckSource(source, *connectors));
    WT_ASSIGN_OR_RETURN(const SourceFormat* const format, connectors->Source(source.format));
    std::vector<Attribute> columns;
    for (const Field& field : schema->fields()) {
      columns.push_back({.name = field.name, .type = field.type, .nullable = format->nullable});
    }
    return columns;
  };
}

absl::StatusOr<CompiledQuery> NamingTheQuery(const StreamingQueryDefinition& definition,
                                             absl::StatusOr<CompiledQuery> compiled) {
  if (compiled.ok() || definition.name.empty()) return compiled;
  return absl::Status(compiled.status().code(), absl::StrCat("query \"", definition.name,
                                                             "\": ", compiled.status().message()));
}

}  // namespace

absl::StatusOr<LogicalPlanPtr> AnalysePlan(const StreamingQueryDefinition& definition,
                                           FailurePlace* place) {
  return Analyse(definition.plan, FunctionsOf(definition), ColumnsOfSources(definition), place);
}

absl::StatusOr<std::shared_ptr<const StreamingQueryPlan>> CompileFinished(
    const StreamingQueryDefinition& definition) {
  WT_ASSIGN_OR_RETURN(const LogicalPlanPtr analysed, AnalysePlan(definition));
  const LogicalPlanPtr optimised = Optimise(analysed, OptimiserRules());
  WT_RETURN_IF_ERROR(CheckRunnable(optimised, Input::kFinished));
  const plan::PhysicalPlan physical = MakePhysicalPlan(optimised, QueryOutputMode::kUpdate,
                                                       /*shuffle_partitions=*/1, Input::kFinished);
  return LoadPlan(physical.SerializeAsString(), FunctionsOf(definition));
}

absl::StatusOr<CompiledQuery> AnalyseQuery(const StreamingQueryDefinition& definition,
                                           const CompileOptions& options) {
  const auto analyse = [&]() -> absl::StatusOr<CompiledQuery> {
    CompiledQuery compiled;
    for (const LogicalPlanPtr& node : InOrder(definition.plan)) {
      if (node->op != PlanOperator::kSource || node->source.format != kOneRowFormat) continue;
      return absl::InvalidArgumentError(
          "a SELECT without FROM is one row, and no stream: read a table");
    }
    WT_ASSIGN_OR_RETURN(compiled.mode, ParseOutputMode(definition.output_mode));
    WT_ASSIGN_OR_RETURN(compiled.analysed, AnalysePlan(definition, options.place));
    WT_RETURN_IF_ERROR(CheckShown(*compiled.analysed, definition));
    WT_RETURN_IF_ERROR(CheckMode(compiled.analysed, compiled.mode));
    compiled.optimised =
        Optimise(compiled.analysed, options.rules == nullptr ? OptimiserRules() : *options.rules);
    return compiled;
  };
  return NamingTheQuery(definition, analyse());
}

absl::StatusOr<CompiledQuery> CompileQuery(const StreamingQueryDefinition& definition,
                                           const CompileOptions& options) {
  WT_ASSIGN_OR_RETURN(CompiledQuery compiled, AnalyseQuery(definition, options));
  const auto lower = [&]() -> absl::StatusOr<CompiledQuery> {
    if (options.shuffle_partitions < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(options.shuffle_partitions, " shuffle partitions: use 1 or more"));
    }
    WT_RETURN_IF_ERROR(CheckRunnable(compiled.optimised));
    plan::PhysicalPlan physical =
        MakePhysicalPlan(compiled.optimised, compiled.mode, options.shuffle_partitions);
    physical.set_state_fingerprint(
        StateFingerprint(compiled.analysed, compiled.optimised, compiled.mode));
    compiled.physical = physical.SerializeAsString();
    WT_ASSIGN_OR_RETURN(compiled.plan, LoadPlan(compiled.physical, FunctionsOf(definition)));
    return compiled;
  };
  return NamingTheQuery(definition, lower());
}

}  // namespace wavetank::runtime
