#include "runtime/plan/analyser.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/columnar/text_lines.h"
#include "runtime/plan/analysis.h"
#include "runtime/plan/operator_ids.h"

namespace wavetank::runtime {
namespace {

absl::Status CheckSize(const LogicalPlan& plan) {
  for (const ExpressionPtr& expression : plan.expressions) {
    const ExpressionSize size = SizeOf(*expression);
    if (size.depth <= kMaxExpressionDepth && size.nodes <= kMaxExpressionNodes) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(platform::ToAbsl(PlanOperatorName(plan.op)), ": an expression of more than ",
                     size.depth > kMaxExpressionDepth ? kMaxExpressionDepth : kMaxExpressionNodes,
                     size.depth > kMaxExpressionDepth ? " levels" : " parts",
                     ": compute a part of it in a column of its own"));
  }
  return absl::OkStatus();
}

}  // namespace

std::string NameOf(const ExpressionNode& written, const ExpressionNode& value) {
  if (written.kind != ExpressionKind::kName) return OutputName(written);
  if (value.kind == ExpressionKind::kAttribute) return value.name;
  return written.name.substr(written.name.rfind('.') + 1);
}

absl::StatusOr<Analysed> Analyser::Node(const LogicalPlanPtr& plan) {
  if (const auto done = done_.find(plan.get()); done != done_.end()) return done->second;
  std::vector<Analysed> inputs;
  for (const LogicalPlanPtr& input : plan->inputs) {
    WT_ASSIGN_OR_RETURN(inputs.emplace_back(), Node(input));
  }
  place_ = {.node = plan.get()};
  WT_RETURN_IF_ERROR(CheckSize(*plan));
  WT_ASSIGN_OR_RETURN(Analysed analysed, Operator(*plan, std::move(inputs)));
  done_.emplace(plan.get(), analysed);
  return analysed;
}

absl::StatusOr<Analysed> Analyser::Operator(const LogicalPlan& plan, std::vector<Analysed> inputs) {
  switch (plan.op) {
    case PlanOperator::kSource:
      return Source(plan);
    case PlanOperator::kProject:
      return Project("Select", std::move(inputs[0]), plan.expressions, Names::kDiffer);
    case PlanOperator::kWithColumn:
      return WithColumn(plan, std::move(inputs[0]));
    case PlanOperator::kFilter:
      return Filter(plan, std::move(inputs[0]));
    case PlanOperator::kWatermark:
      return Watermark(plan, std::move(inputs[0]));
    case PlanOperator::kAggregate:
      return Aggregate(plan, std::move(inputs[0]));
    case PlanOperator::kNamed:
      for (Attribute& attribute : inputs[0].scope) attribute.qualifier = plan.name;
      return std::move(inputs[0]);
    case PlanOperator::kJoin:
      return Join(plan, std::move(inputs[0]), std::move(inputs[1]));
    case PlanOperator::kUnion:
      return Union(inputs);
    case PlanOperator::kDropDuplicates:
    case PlanOperator::kDropDuplicatesWithin:
      return DropDuplicates(plan, std::move(inputs[0]));
    case PlanOperator::kSort:
      return Sort(plan, std::move(inputs[0]));
    case PlanOperator::kLimit:
      return Limit(plan, std::move(inputs[0]));
    case PlanOperator::kExplode:
      break;
  }
  return absl::InternalError("an analysed plan was analysed again");
}

Resolver Analyser::In(std::string call, const Analysed& input) const {
  return Resolver(std::move(call), input.scope, functions_, &place_.expression);
}

Attribute Analyser::Made(std::string name, DataType type, bool nullable) {
  return {next_id_++, std::move(name), std::move(type), nullable};
}

ExpressionPtr Analyser::Named(const ExpressionPtr& value, std::string name) {
  const ExpressionPtr column = Aliased(value, std::move(name), next_id_);
  if (column->attribute == next_id_) ++next_id_;
  return column;
}

absl::StatusOr<Analysed> Analyser::Source(const LogicalPlan& plan) {
  WT_ASSIGN_OR_RETURN(const std::vector<Attribute> columns, columns_(plan.source));
  // One that is read twice is one source: what a batch reads of it is read in both places.
  const auto known = sources_.find(plan.source.Name());
  if (known != sources_.end()) {
    if (known->second.plan->source == plan.source) return known->second;
    return absl::InvalidArgumentError(
        absl::StrCat("ReadStream: two sources read ", plan.source.Name(),
                     " with other formats or options: read it once, and use that in both places"));
  }
  LogicalPlan node = plan;
  for (const Attribute& column : columns) {
    node.made.push_back(Made(column.name, column.type, column.nullable));
  }
  return sources_[plan.source.Name()] = OfOutput(Finished(std::move(node)));
}

absl::StatusOr<std::vector<Attribute>> LinesOfText(const SourceDescription&) {
  std::vector<Attribute> columns;
  const SchemaPtr schema = TextSchema();
  for (const Field& field : schema->fields()) {
    columns.push_back({.name = field.name, .type = field.type, .nullable = false});
  }
  return columns;
}

absl::StatusOr<LogicalPlanPtr> Analyse(const LogicalPlanPtr& plan,
                                       const FunctionRegistry& functions,
                                       const SourceColumns& columns, FailurePlace* place) {
  FailurePlace unused;
  if (place == nullptr) place = &unused;
  WT_ASSIGN_OR_RETURN(const Analysed analysed, Analyser(functions, columns, *place).Node(plan));
  return WithOperatorIds(analysed.plan);
}

}  // namespace wavetank::runtime
