#include "scenarios/interpret_query.h"

#include <utility>
#include <vector>

#include "platform/check.h"
#include "platform/status_macros.h"
#include "properties/interpreter/interpreter.h"
#include "runtime/functions/bound_expression.h"
#include "runtime/plan/expression.pb.h"
#include "runtime/plan/plan_codec.h"
#include "runtime/structured/compile_query.h"
#include "runtime/structured/query_check.h"

namespace wavetank::scenarios {
namespace {

namespace plan = runtime::plan;

using properties::PlainCall;
using properties::PlainValue;
using runtime::BoundExpression;
using runtime::Column;
using runtime::DataType;
using runtime::Value;

Value EngineValue(const PlainValue& value, const DataType& type) {
  if (value.is_null()) return std::monostate();
  switch (type.kind()) {
    case DataType::kBool:
      return value.truth();
    case DataType::kInt8:
      return static_cast<int8_t>(value.number());
    case DataType::kInt16:
      return static_cast<int16_t>(value.number());
    case DataType::kInt32:
      return static_cast<int32_t>(value.number());
    case DataType::kInt64:
      return value.number();
    case DataType::kFloat:
      return static_cast<float>(value.real());
    case DataType::kDouble:
      return value.real();
    case DataType::kBinary:
      return runtime::Binary{value.text()};
    case DataType::kDate:
      return runtime::Date{static_cast<int32_t>(value.number())};
    case DataType::kTimestamp:
      return runtime::Timestamp{value.number()};
    case DataType::kInterval:
      return runtime::Interval{value.number()};
    default:
      return value.text();
  }
}

struct ToPlain {
  PlainValue operator()(std::monostate) const { return {}; }
  PlainValue operator()(bool v) const { return v; }
  PlainValue operator()(int64_t v) const { return v; }
  PlainValue operator()(double v) const { return v; }
  PlainValue operator()(const std::string& v) const { return v; }
  PlainValue operator()(runtime::Timestamp v) const { return v.micros; }
  PlainValue operator()(runtime::Interval v) const { return v.micros; }
  PlainValue operator()(int8_t v) const { return int64_t{v}; }
  PlainValue operator()(int16_t v) const { return int64_t{v}; }
  PlainValue operator()(int32_t v) const { return int64_t{v}; }
  PlainValue operator()(float v) const { return static_cast<double>(v); }
  PlainValue operator()(const runtime::Binary& v) const { return v.bytes; }
  PlainValue operator()(runtime::Date v) const { return int64_t{v.days}; }
};

// A call of what stands in the columns of a batch, in the place of its operands; literals stay.
PlainCall EngineCall(const plan::Expression& call, const runtime::FunctionRegistry& functions) {
  plan::Expression of_columns = call;
  std::vector<DataType> types;
  for (int i = 0; i < call.operands_size(); ++i) {
    const plan::Expression& operand = call.operands(i);
    const absl::StatusOr<DataType> type =
        runtime::DecodeType(operand.has_literal() ? operand.literal().type() : operand.type());
    if (!type.ok() || type->is_nested() || *type == DataType::kNull) return nullptr;
    types.push_back(*type);
    if (operand.has_literal()) continue;
    plan::Expression& column = *of_columns.mutable_operands(i);
    column.Clear();
    column.set_column(i);
    *column.mutable_type() = operand.type();
  }
  absl::StatusOr<BoundExpression> bound = runtime::DecodeBound(of_columns, functions);
  if (!bound.ok() || bound->type.is_nested()) return nullptr;
  // Called again, it may give something else.
  if (bound->function != nullptr && !bound->function->deterministic) return nullptr;
  std::vector<runtime::Field> fields;
  for (size_t i = 0; i < types.size(); ++i) fields.push_back({std::to_string(i), types[i]});
  return [expression = std::move(*bound), types,
          schema = std::make_shared<const runtime::Schema>(std::move(fields))](
             std::span<const PlainValue> arguments, int64_t timestamp_ms) {
    std::vector<Column> columns;
    for (size_t i = 0; i < arguments.size(); ++i) {
      columns.push_back(runtime::LiteralColumn(EngineValue(arguments[i], types[i]), types[i]));
    }
    const runtime::RecordBatch row(schema, std::move(columns), 1);
    const Column result = runtime::Evaluate(expression, row, absl::FromUnixMillis(timestamp_ms));
    return std::visit(ToPlain(), runtime::ValueAt(result, 0));
  };
}

properties::NaiveMode ModeOf(runtime::QueryOutputMode mode) {
  switch (mode) {
    case runtime::QueryOutputMode::kAppend:
      return properties::NaiveMode::kAppend;
    case runtime::QueryOutputMode::kUpdate:
      return properties::NaiveMode::kUpdate;
    case runtime::QueryOutputMode::kComplete:
      break;
  }
  return properties::NaiveMode::kComplete;
}

// Of a query whose plan may change between batches.
class Interpreted final : public properties::NaiveQuery {
 public:
  explicit Interpreted(std::vector<KnownPlan> plans) : plans_(std::move(plans)) {
    now_ = Make(plans_.front());
  }

  properties::NaiveAnswer Run(const properties::NaiveBatch& batch) override {
    if (batch.plan_hash != plan_hash_) {
      plan_hash_ = batch.plan_hash;
      const absl::Status changed = Change();
      if (!changed.ok()) {
        properties::NaiveAnswer answer;
        answer.unknown = std::string(changed.message());
        return answer;
      }
    }
    return now_->Run(batch);
  }

 private:
  static std::unique_ptr<properties::NaiveQuery> Make(const KnownPlan& plan) {
    auto made = InterpretPlan(plan.compiled->query, plan.definition);
    WT_CHECK(made.ok(), "the interpreter knows each of the plans");
    return *std::move(made);
  }

  absl::Status Change() {
    for (const KnownPlan& plan : plans_) {
      if (plan.compiled->record.hash() != plan_hash_) continue;
      std::unique_ptr<properties::NaiveQuery> next = Make(plan);
      WT_RETURN_IF_ERROR(properties::GoOnFrom(*now_, *next));
      now_ = std::move(next);
      return absl::OkStatus();
    }
    return absl::OkStatus();  // as replay: one that no start has is judged by what is known
  }

  const std::vector<KnownPlan> plans_;
  std::string plan_hash_;
  std::unique_ptr<properties::NaiveQuery> now_;
};

}  // namespace

properties::OtherFunctions EngineFunctions(
    std::shared_ptr<const runtime::FunctionRegistry> functions) {
  return [functions = std::move(functions)](const plan::Expression& call) {
    return EngineCall(call,
                      functions == nullptr ? runtime::FunctionRegistry::BuiltIn() : *functions);
  };
}

absl::StatusOr<properties::WatermarkPolicy> PolicyOf(
    const runtime::StreamingQueryDefinition& definition) {
  WT_ASSIGN_OR_RETURN(const runtime::WatermarkPolicy policy,
                      runtime::WatermarkPolicyOf(definition));
  return policy == runtime::WatermarkPolicy::kMin ? properties::WatermarkPolicy::kMin
                                                  : properties::WatermarkPolicy::kMax;
}

absl::StatusOr<std::unique_ptr<properties::NaiveQuery>> InterpretPlan(
    const runtime::CompiledQuery& query, const runtime::StreamingQueryDefinition& definition,
    DoubleSums sums) {
  WT_ASSIGN_OR_RETURN(const properties::WatermarkPolicy policy, PolicyOf(definition));
  return properties::MakeInterpreter(runtime::EncodePlan(query.analysed),
                                     {.mode = ModeOf(query.mode),
                                      .policy = policy,
                                      .other = EngineFunctions(definition.functions),
                                      .sums_are_exact = sums == DoubleSums::kAreExact});
}

std::unique_ptr<properties::NaiveQuery> InterpretPlans(std::vector<KnownPlan> plans) {
  return std::make_unique<Interpreted>(std::move(plans));
}

absl::StatusOr<std::unique_ptr<properties::NaiveQuery>> InterpretQuery(
    const runtime::StreamingQueryDefinition& definition, DoubleSums sums) {
  WT_ASSIGN_OR_RETURN(const runtime::CompiledQuery query, runtime::AnalyseQuery(definition, {}));
  return InterpretPlan(query, definition, sums);
}

}  // namespace wavetank::scenarios
