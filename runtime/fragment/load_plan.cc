// From a physical plan to the operators that run it.
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/fragment/query_plan.h"
#include "runtime/operators/aggregate.h"
#include "runtime/operators/row_operators.h"
#include "runtime/operators/writers.h"
#include "runtime/plan/physical.h"
#include "runtime/plan/physical.pb.h"
#include "runtime/plan/plan_codec.h"

namespace wavetank::runtime {
namespace {

// The store of an aggregate: durable.
constexpr char kGroupsStore[] = "groups";
// What an error shows of an operator.
constexpr size_t kMostText = 120;

// Of an exchange; far beyond any job's.
constexpr int kMostPartitions = 1 << 16;

absl::Status Damaged(std::string_view what) {
  return absl::DataLossError(absl::StrCat("a physical plan: ", platform::ToAbsl(what)));
}

std::vector<DataType> TypesOf(const std::vector<BoundExpression>& expressions) {
  std::vector<DataType> types;
  types.reserve(expressions.size());
  for (const BoundExpression& expression : expressions) types.push_back(expression.type);
  return types;
}

std::vector<DataType> TypesOf(const Schema& schema) {
  std::vector<DataType> types;
  for (const Field& field : schema.fields()) types.push_back(field.type);
  return types;
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
    plan_->state_fingerprint = from_.state_fingerprint();
    for (const plan::Fragment& fragment : from_.fragments()) {
      const absl::Status status = Fragment(fragment);
      if (!status.ok()) {
        return absl::Status(status.code(), absl::StrCat(status.message(), ", in fragment ",
                                                        plan_->fragments.size()));
      }
    }
    if (plan_->source_schema == nullptr) return Damaged("it reads nothing");
    if (plan_->output_schema == nullptr) return Damaged("it writes nothing");
    for (const Exchange& exchange : exchanges_) {
      if (exchange.partitions > 0 && !exchange.read)
        return Damaged("an exchange that nobody reads");
    }
    for (const int key : from_.output_keys().columns()) {
      if (key < 0 || key >= plan_->output_schema->size()) return Damaged("a key that is no column");
    }
    if (from_.has_output_keys()) {
      plan_->output_keys = {from_.output_keys().columns().begin(),
                            from_.output_keys().columns().end()};
    }
    return plan_;
  }

 private:
  using Make = std::function<std::unique_ptr<Operator>()>;

  absl::Status Fragment(const plan::Fragment& from) {
    fragment_ = std::make_shared<FragmentPlan>();
    ends_ = false;
    plan::Operator below;
    for (const plan::Operator& op : from.operators()) {
      if (ends_) return Damaged("an operator behind the one that ends its fragment");
      if (plan_->output_schema != nullptr) return Damaged("a fragment behind the sink");
      WT_ASSIGN_OR_RETURN(output_, OutputOf(op));
      const bool reads = op.has_read_source() || op.what_case() == plan::Operator::kReadExchange;
      if (reads != fragment_->inputs.empty()) {
        return Damaged("a fragment that does not begin, and only begin, with what it reads");
      }
      const absl::Status status = reads ? Read(op) : Node(op, below);
      if (!status.ok()) {
        return absl::Status(status.code(), absl::StrCat(status.message(), ", in operator ",
                                                        fragment_->nodes.size()));
      }
      input_ = output_;
      below = op;
    }
    if (!ends_) return Damaged("a fragment that writes nothing");
    plan_->fragments.push_back(std::move(fragment_));
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

  absl::Status Read(const plan::Operator& op) {
    if (op.has_read_source()) {
      if (plan_->source_schema != nullptr) return Damaged("two sources");
      plan_->source.format = op.read_source().format();
      plan_->source.path = op.read_source().path();
      for (const plan::Option& option : op.read_source().options()) {
        plan_->source.options[option.name()] = option.value();
      }
      plan_->source_schema = output_;
      fragment_->inputs.push_back({.from = FragmentPlan::kSource, .schema = output_});
      return absl::OkStatus();
    }
    const auto from = static_cast<size_t>(op.read_exchange());
    if (from >= exchanges_.size() || exchanges_[from].partitions == 0) {
      return Damaged("what is read is no exchange of an earlier fragment");
    }
    if (std::exchange(exchanges_[from].read, true))
      return Damaged("an exchange that is read twice");
    if (*exchanges_[from].schema != *output_) return Damaged("other columns than were written");
    fragment_->inputs.push_back({.from = op.read_exchange(), .schema = output_});
    fragment_->partitions = exchanges_[from].partitions;
    return absl::OkStatus();
  }

  // An expression over what the operator before gave.
  absl::StatusOr<BoundExpression> Bound(const plan::Expression& expression) const {
    WT_ASSIGN_OR_RETURN(BoundExpression bound, DecodeBound(expression, functions_));
    WT_RETURN_IF_ERROR(CheckColumns(bound));
    return bound;
  }
  template <typename List>
  absl::StatusOr<std::vector<BoundExpression>> AllBound(const List& expressions) const {
    std::vector<BoundExpression> all;
    for (const plan::Expression& expression : expressions) {
      WT_ASSIGN_OR_RETURN(all.emplace_back(), Bound(expression));
    }
    return all;
  }

  absl::Status CheckColumns(const BoundExpression& bound) const {
    if (bound.kind == BoundExpression::Kind::kColumn &&
        (bound.column < 0 || bound.column >= input_->size() ||
         input_->field(bound.column).type != bound.type)) {
      return Damaged("an expression of columns that are not there");
    }
    for (const BoundExpression& operand : bound.operands) {
      WT_RETURN_IF_ERROR(CheckColumns(operand));
    }
    return absl::OkStatus();
  }

  absl::Status CheckGives(const std::vector<DataType>& types) const {
    if (TypesOf(*output_) == types) return absl::OkStatus();
    return Damaged("an operator of other columns than it gives");
  }
  absl::Status CheckGivesWhatItReads() const {
    if (*output_ == *input_) return absl::OkStatus();
    return Damaged("an operator that gives other columns than it reads");
  }

  absl::Status Node(const plan::Operator& op, const plan::Operator& below) {
    FragmentPlan::Node node;
    const int before = static_cast<int>(fragment_->nodes.size()) - 1;
    node.ports.push_back(before < 0
                             ? FragmentPlan::Port{FragmentPlan::Port::Of::kInput, 0}
                             : FragmentPlan::Port{FragmentPlan::Port::Of::kOperator, before});
    WT_ASSIGN_OR_RETURN(node.make, MakerOf(op, below));
    node.text = OperatorText(op, below);  // which takes for granted that all is there
    if (node.text.size() > kMostText) {
      size_t end = kMostText;
      while (end > 0 && (static_cast<unsigned char>(node.text[end]) & 0xC0) == 0x80) --end;
      node.text = node.text.substr(0, end) + "...";
    }
    if (op.has_final_aggregate()) {
      node.state_id = op.final_aggregate().operator_id();
      node.stores = {kGroupsStore};
    }
    fragment_->nodes.push_back(std::move(node));
    return absl::OkStatus();
  }

  absl::StatusOr<Make> MakerOf(const plan::Operator& op, const plan::Operator& below) {
    switch (op.what_case()) {
      case plan::Operator::kProject:
        return Project(op.project());
      case plan::Operator::kExplode:
        return Explode(op.explode());
      case plan::Operator::kFilter:
        return Filter(op.filter());
      case plan::Operator::kWatermark:
        return Watermark(op.watermark());
      case plan::Operator::kPartialAggregate:
        return Partial(op.partial_aggregate());
      case plan::Operator::kFinalAggregate:
        return Final(op.final_aggregate());
      case plan::Operator::kWriteExchange:
        return WriteExchange(op.write_exchange(), below);
      case plan::Operator::kWriteSink:
        return WriteSink();
      case plan::Operator::kReadSource:
      case plan::Operator::kReadExchange:
      case plan::Operator::WHAT_NOT_SET:
        break;
    }
    return Damaged("an operator that this build has not");
  }

  absl::StatusOr<Make> Project(const plan::Project& from) const {
    WT_ASSIGN_OR_RETURN(std::vector<BoundExpression> columns, AllBound(from.columns()));
    WT_RETURN_IF_ERROR(CheckGives(TypesOf(columns)));
    return
        [columns = std::move(columns), schema = output_] { return MakeProject(columns, schema); };
  }

  absl::StatusOr<Make> Explode(const plan::Explode& from) const {
    WT_ASSIGN_OR_RETURN(BoundExpression array, Bound(from.array()));
    if (array.type.kind() != DataType::kArray) return Damaged("an explode of what is no array");
    WT_ASSIGN_OR_RETURN(std::vector<BoundExpression> kept, AllBound(from.kept()));
    std::vector<DataType> types = TypesOf(kept);
    types.push_back(array.type.element());
    WT_RETURN_IF_ERROR(CheckGives(types));
    return [array = std::move(array), kept = std::move(kept), schema = output_] {
      return MakeExplode(array, kept, schema);
    };
  }

  absl::StatusOr<Make> Filter(const plan::Filter& from) const {
    WT_ASSIGN_OR_RETURN(BoundExpression condition, Bound(from.condition()));
    if (condition.type != DataType::kBool) return Damaged("a filter by what is no condition");
    WT_RETURN_IF_ERROR(CheckGivesWhatItReads());
    return [condition = std::move(condition)] { return MakeFilter(condition); };
  }

  absl::StatusOr<Make> Watermark(const plan::Watermark& from) {
    WT_ASSIGN_OR_RETURN(BoundExpression event_time, Bound(from.event_time()));
    if (event_time.type != DataType::kTimestamp) return Damaged("event times that are none");
    WT_RETURN_IF_ERROR(CheckGivesWhatItReads());
    plan_->watermarks.push_back({.operator_id = from.operator_id(),
                                 .delay = absl::Microseconds(from.delay_micros()),
                                 .fragment = plan_->fragments.size(),
                                 .node = fragment_->nodes.size()});
    return [event_time = std::move(event_time)] { return MakeWatermark(event_time); };
  }

  // What both halves of an aggregate have.
  absl::StatusOr<std::shared_ptr<AggregateSpec>> Spec(const plan::Aggregate& from) const {
    auto spec = std::make_shared<AggregateSpec>();
    spec->mode = plan_->mode;
    spec->event_time_key = from.event_time_key();
    spec->span_micros = from.span_micros();
    spec->window_key = from.window_key();
    for (const plan::Expression& key : from.keys()) {
      WT_ASSIGN_OR_RETURN(const BoundExpression bound, DecodeBound(key, functions_));
      spec->key_types.push_back(bound.type);
    }
    for (const plan::AggregateCall& from_call : from.calls()) {
      AggregateCall call;
      WT_ASSIGN_OR_RETURN(call.function,
                          FindFunction(functions_, from_call.function(), from_call.version()));
      if (!call.function->is_aggregate()) return Damaged("an aggregate that is none");
      for (const plan::Expression& argument : from_call.arguments()) {
        WT_ASSIGN_OR_RETURN(const BoundExpression bound, DecodeBound(argument, functions_));
        call.arguments.push_back(bound.type);
      }
      if (!call.function->TakesTypes(call.arguments))
        return Damaged("an aggregate of arguments that it does not take");
      for (DataType& type : call.intermediate()) spec->intermediate.push_back(std::move(type));
      spec->calls.push_back(std::move(call));
    }
    for (const DataType& type : PartialTypes(*spec)) {
      if (!type.is_storable()) return Damaged("an aggregate of what state does not hold");
    }
    for (const int key : {from.event_time_key(), from.window_key()}) {
      if (key < -1 || key >= from.keys_size()) return Damaged("a time that is no key");
      if (key >= 0 && spec->key_types[static_cast<size_t>(key)] != DataType::kTimestamp) {
        return Damaged("a key that is no time");
      }
    }
    return spec;
  }

  static std::vector<DataType> PartialTypes(const AggregateSpec& spec) {
    std::vector<DataType> types = spec.key_types;
    types.insert(types.end(), spec.intermediate.begin(), spec.intermediate.end());
    return types;
  }

  absl::StatusOr<Make> Partial(const plan::Aggregate& from) const {
    WT_ASSIGN_OR_RETURN(const std::shared_ptr<AggregateSpec> spec, Spec(from));
    WT_ASSIGN_OR_RETURN(spec->keys, AllBound(from.keys()));
    for (const plan::AggregateCall& call : from.calls()) {
      WT_ASSIGN_OR_RETURN(const std::vector<BoundExpression> bound, AllBound(call.arguments()));
      spec->arguments.insert(spec->arguments.end(), bound.begin(), bound.end());
    }
    WT_RETURN_IF_ERROR(CheckGives(PartialTypes(*spec)));
    spec->partial_schema = output_;
    return [spec] { return MakePartialAggregate(spec); };
  }

  absl::StatusOr<Make> Final(const plan::Aggregate& from) {
    if (plan_->stateful) return Damaged("two operators with state");
    WT_ASSIGN_OR_RETURN(const std::shared_ptr<AggregateSpec> spec, Spec(from));
    if (fragment_->partitions == 0 || !fragment_->nodes.empty()) {
      return Damaged("groups that no exchange has brought together");
    }
    const Exchange& exchange = exchanges_[static_cast<size_t>(fragment_->inputs[0].from)];
    if (exchange.aggregate != from.SerializeAsString()) {
      return Damaged("partial aggregates of another");
    }
    if (exchange.keys != from.keys_size()) return Damaged("groups by other keys than partitions");
    std::vector<DataType> types = spec->key_types;
    for (const AggregateCall& call : spec->calls) {
      types.push_back(call.function->result({.types = call.arguments, .literals = {}}));
    }
    WT_RETURN_IF_ERROR(CheckGives(types));
    spec->partial_schema = input_;
    spec->schema = output_;
    plan_->stateful = true;
    plan_->stores = {kGroupsStore};
    plan_->state_operator_id = from.operator_id();
    plan_->shuffle_partitions = fragment_->partitions;
    for (const DataType& type : PartialTypes(*spec)) {
      absl::StrAppend(&plan_->state_schema, plan_->state_schema.empty() ? "" : ", ",
                      DataTypeName(type));
    }
    return [spec] { return MakeFinalAggregate(spec); };
  }

  absl::StatusOr<Make> WriteExchange(const plan::Exchange& from, const plan::Operator& below) {
    WT_RETURN_IF_ERROR(CheckGivesWhatItReads());
    WT_RETURN_IF_ERROR(CheckLeaves());
    if (from.partitions() < 1) return Damaged("no partitions");
    // Room is made for as many as a driver says.
    if (from.partitions() > kMostPartitions) {
      return Damaged(absl::StrCat(from.partitions(), " partitions, of at most ", kMostPartitions));
    }
    if (from.keys() < 0 || from.keys() > input_->size()) return Damaged("keys that are no columns");
    exchanges_.resize(plan_->fragments.size() + 1);
    exchanges_.back() = {.partitions = from.partitions(),
                         .keys = from.keys(),
                         .schema = output_,
                         .aggregate = below.has_partial_aggregate()
                                          ? below.partial_aggregate().SerializeAsString()
                                          : "",
                         .read = false};
    ends_ = true;
    return [keys = from.keys(), partitions = from.partitions()] {
      return MakeExchangeWriter(keys, partitions);
    };
  }

  // What leaves the fragment.
  absl::Status CheckLeaves() const {
    for (const Field& field : output_->fields()) {
      if (!field.type.is_storable()) return Damaged("a column that no row carries out of a task");
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Make> WriteSink() {
    WT_RETURN_IF_ERROR(CheckGivesWhatItReads());
    WT_RETURN_IF_ERROR(CheckLeaves());
    plan_->output_schema = output_;
    ends_ = true;
    return MakeSinkWriter;
  }

  const plan::PhysicalPlan& from_;
  const FunctionRegistry& functions_;
  std::shared_ptr<StreamingQueryPlan> plan_ = std::make_shared<StreamingQueryPlan>();
  struct Exchange {
    int partitions = 0;
    int keys = 0;
    SchemaPtr schema;
    std::string aggregate;  // the partial one that it carries, as bytes; "": none
    bool read = false;
  };
  std::vector<Exchange> exchanges_;  // by the fragment that writes it
  // Of the fragment at hand, and its operator: what it reads and what it gives.
  std::shared_ptr<FragmentPlan> fragment_;
  bool ends_ = false;
  SchemaPtr input_ = std::make_shared<const Schema>();
  SchemaPtr output_;
};

}  // namespace

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
