// From a physical plan to the steps that run it (physical_plan.h).
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/random.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/plan/physical.h"
#include "runtime/plan/physical.pb.h"
#include "runtime/plan/plan_codec.h"
#include "runtime/structured/compiled_plan.h"
#include "runtime/structured/physical_plan.h"

namespace wavetank::runtime {
namespace {

// Far beyond any job's.
constexpr int kMostPartitions = 1 << 16;

absl::Status Damaged(std::string_view what) {
  return absl::DataLossError(absl::StrCat("a physical plan: ", platform::ToAbsl(what)));
}

class Loader {
 public:
  Loader(const plan::PhysicalPlan& from, const FunctionRegistry& functions)
      : from_(from), functions_(functions) {}

  absl::StatusOr<std::shared_ptr<StreamingQueryPlan>> Load() {
    if (from_.output_mode() < 0 ||
        from_.output_mode() > static_cast<int>(QueryOutputMode::kComplete)) {
      return Damaged("no such output mode");
    }
    plan_->mode = static_cast<QueryOutputMode>(from_.output_mode());
    for (const plan::Fragment& fragment : from_.fragments()) {
      for (const plan::Operator& op : fragment.operators()) WT_RETURN_IF_ERROR(Operator(op));
    }
    if (plan_->source_schema == nullptr) return Damaged("it reads nothing");
    if (aggregate_ == nullptr) {
      map_->steps = std::move(steps_);
    } else {
      aggregate_->projection = std::move(steps_);
    }
    plan_->output_schema = schema_;
    plan_->stateful = aggregate_ != nullptr;
    if (from_.has_output_keys()) {
      plan_->output_keys = {from_.output_keys().columns().begin(),
                            from_.output_keys().columns().end()};
    }
    plan_->state_fingerprint = from_.state_fingerprint();
    plan_->map = std::move(map_);
    plan_->aggregate = std::move(aggregate_);
    return plan_;
  }

 private:
  // An expression over what the operator before gave.
  absl::StatusOr<BoundExpression> Bound(const plan::Expression& expression) const {
    WT_ASSIGN_OR_RETURN(BoundExpression bound, DecodeBound(expression, functions_));
    WT_RETURN_IF_ERROR(CheckColumns(bound));
    return bound;
  }

  absl::Status CheckColumns(const BoundExpression& bound) const {
    if (bound.kind == BoundExpression::Kind::kColumn &&
        (bound.column < 0 || bound.column >= schema_->size() ||
         schema_->field(bound.column).type != bound.type)) {
      return Damaged("an expression of columns that are not there");
    }
    for (const BoundExpression& operand : bound.operands) {
      WT_RETURN_IF_ERROR(CheckColumns(operand));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<SchemaPtr> OutputOf(const plan::Operator& op) const {
    std::vector<Field> fields;
    for (const plan::Column& column : op.output()) {
      WT_ASSIGN_OR_RETURN(DataType type, DecodeType(column.type()));
      fields.push_back({column.name(), std::move(type)});
    }
    return std::make_shared<const Schema>(std::move(fields));
  }

  absl::Status Operator(const plan::Operator& op) {
    WT_ASSIGN_OR_RETURN(const SchemaPtr output, OutputOf(op));
    if (plan_->source_schema == nullptr && op.what_case() != plan::Operator::kReadSource) {
      return Damaged("it does not begin with a source");
    }
    BatchStep step;
    step.schema = output;
    const auto add = [&](const plan::Expression& expression) {
      absl::StatusOr<BoundExpression> bound = Bound(expression);
      if (bound.ok()) step.expressions.push_back(*std::move(bound));
      return bound.status();
    };
    switch (op.what_case()) {
      case plan::Operator::kReadSource:
        plan_->source.format = op.read_source().format();
        plan_->source.path = op.read_source().path();
        for (const plan::Option& option : op.read_source().options()) {
          plan_->source.options[option.name()] = option.value();
        }
        plan_->source_schema = output;
        break;
      case plan::Operator::kProject:
        step.kind = StepKind::kProject;
        for (const plan::Expression& column : op.project().columns()) {
          WT_RETURN_IF_ERROR(add(column));
        }
        steps_.push_back(std::move(step));
        break;
      case plan::Operator::kExplode:
        step.kind = StepKind::kExplode;
        WT_RETURN_IF_ERROR(add(op.explode().array()));
        for (const plan::Expression& kept : op.explode().kept()) WT_RETURN_IF_ERROR(add(kept));
        steps_.push_back(std::move(step));
        break;
      case plan::Operator::kFilter:
        step.kind = StepKind::kFilter;
        WT_RETURN_IF_ERROR(add(op.filter().condition()));
        steps_.push_back(std::move(step));
        break;
      case plan::Operator::kWatermark:
        step.kind = StepKind::kWatermark;
        step.operator_id = op.watermark().operator_id();
        plan_->watermark_delays[step.operator_id] =
            absl::Microseconds(op.watermark().delay_micros());
        WT_RETURN_IF_ERROR(add(op.watermark().event_time()));
        steps_.push_back(std::move(step));
        break;
      case plan::Operator::kPartialAggregate:
        WT_RETURN_IF_ERROR(Partial(op.partial_aggregate(), output));
        break;
      case plan::Operator::kFinalAggregate:
        if (aggregate_ == nullptr) return Damaged("groups without partial aggregates");
        aggregate_->schema = output;
        break;
      case plan::Operator::kWriteExchange:
        plan_->shuffle_partitions = op.write_exchange().partitions();
        // Room is made for as many as a driver says.
        if (plan_->shuffle_partitions < 1 || plan_->shuffle_partitions > kMostPartitions) {
          return Damaged(absl::StrCat(plan_->shuffle_partitions, " partitions, of at least 1 and ",
                                      "at most ", kMostPartitions));
        }
        break;
      case plan::Operator::kReadExchange:
      case plan::Operator::kWriteSink:
        break;
      case plan::Operator::WHAT_NOT_SET:
        return Damaged("an operator that this build has not");
    }
    schema_ = output;
    return absl::OkStatus();
  }

  absl::Status Partial(const plan::Aggregate& from, const SchemaPtr& output) {
    if (aggregate_ != nullptr) return Damaged("two aggregates");
    aggregate_ = std::make_shared<AggregatePlan>();
    for (const plan::Expression& key : from.keys()) {
      WT_ASSIGN_OR_RETURN(aggregate_->keys.emplace_back(), Bound(key));
      aggregate_->key_types.push_back(aggregate_->keys.back().type);
    }
    for (const plan::AggregateCall& from_call : from.calls()) {
      AggregateCall call;
      WT_ASSIGN_OR_RETURN(call.function,
                          FindFunction(functions_, from_call.function(), from_call.version()));
      if (!call.function->is_aggregate()) return Damaged("an aggregate that is none");
      for (const plan::Expression& argument : from_call.arguments()) {
        WT_ASSIGN_OR_RETURN(BoundExpression bound, Bound(argument));
        call.arguments.push_back(bound.type);
        aggregate_->arguments.push_back(std::move(bound));
      }
      for (DataType& type : call.intermediate()) {
        aggregate_->intermediate.push_back(std::move(type));
      }
      aggregate_->calls.push_back(std::move(call));
    }
    aggregate_->partial_schema = output;
    aggregate_->event_time_key = from.event_time_key();
    aggregate_->span_micros = from.span_micros();
    aggregate_->window_key = from.window_key();
    const size_t columns = aggregate_->keys.size() + aggregate_->intermediate.size();
    if (static_cast<size_t>(output->size()) != columns ||
        from.event_time_key() >= from.keys_size() || from.window_key() >= from.keys_size()) {
      return Damaged("an aggregate of other columns than its own");
    }
    for (const Field& field : output->fields()) {
      absl::StrAppend(&plan_->state_schema, plan_->state_schema.empty() ? "" : ", ",
                      DataTypeName(field.type));
    }
    map_->steps = std::move(steps_);
    steps_.clear();
    plan_->state_operator_id = from.operator_id();
    return absl::OkStatus();
  }

  const plan::PhysicalPlan& from_;
  const FunctionRegistry& functions_;
  std::shared_ptr<StreamingQueryPlan> plan_ = std::make_shared<StreamingQueryPlan>();
  std::shared_ptr<MapPipeline> map_ = std::make_shared<MapPipeline>();
  std::shared_ptr<AggregatePlan> aggregate_;
  std::vector<BatchStep> steps_;  // since the source, or the aggregate
  SchemaPtr schema_ = std::make_shared<const Schema>();
};

}  // namespace

std::string PlanHash(const std::string& physical) {
  return absl::StrCat(absl::Hex(platform::StableHash(physical), absl::kZeroPad16));
}

absl::StatusOr<std::shared_ptr<const StreamingQueryPlan>> LoadPlan(
    const std::string& physical, const FunctionRegistry& functions) {
  plan::PhysicalPlan from;
  if (!ParseDeep(physical, from)) return Damaged("it does not parse");
  if (from.version() != kPhysicalPlanVersion) {
    return absl::FailedPreconditionError(absl::StrCat("the physical plan has version ",
                                                      from.version(), ", this build runs version ",
                                                      kPhysicalPlanVersion));
  }
  WT_ASSIGN_OR_RETURN(const std::shared_ptr<StreamingQueryPlan> plan,
                      Loader(from, functions).Load());
  plan->hash = PlanHash(physical);
  return plan;
}

}  // namespace wavetank::runtime
