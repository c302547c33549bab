#include "runtime/fragment/load_operators.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/functions/bound_expression.h"
#include "runtime/operators/aggregate.h"
#include "runtime/operators/drop_duplicates.h"
#include "runtime/operators/join.h"
#include "runtime/operators/outer_join.h"
#include "runtime/operators/row_operators.h"
#include "runtime/operators/session_aggregate.h"
#include "runtime/operators/sort.h"
#include "runtime/plan/physical.pb.h"
#include "runtime/plan/plan_codec.h"

namespace wavetank::runtime {
namespace {

// The stores of operators: durable. Of an aggregate.
constexpr char kGroupsStore[] = "groups";
// Of sessions.
constexpr char kSessionsStore[] = "sessions";
// Of a join.
constexpr const char* kSideStores[] = {"left", "right"};
// Of what drops duplicates.
constexpr char kSeenStore[] = "seen";

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

std::string TypesText(const std::vector<DataType>& types) {
  std::string text;
  for (const DataType& type : types) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", DataTypeName(type));
  }
  return text;
}

class OperatorLoader {
 public:
  OperatorLoader(const OperatorPlace& place, const FunctionRegistry& functions)
      : place_(place), functions_(functions) {}

  absl::StatusOr<LoadedOperator> Load(const plan::Operator& op) const {
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
      case plan::Operator::kSessionAggregate:
        return Sessions(op.session_aggregate());
      case plan::Operator::kSort:
        return Sort(op.sort());
      case plan::Operator::kLimit:
        return Limit(op.limit());
      case plan::Operator::kKey:
        return Key(op.key());
      case plan::Operator::kJoin:
        return Join(op.join());
      case plan::Operator::kOuterJoin:
        return OuterJoin(op.outer_join());
      case plan::Operator::kDropDuplicates:
        return DropDuplicates(op.drop_duplicates());
      default:
        return DamagedPlan("an operator that this build has not");
    }
  }

 private:
  static LoadedOperator Made(std::function<std::unique_ptr<Operator>()> make) {
    LoadedOperator loaded;
    loaded.make = std::move(make);
    return loaded;
  }

  // An expression over what the operator before gave.
  absl::StatusOr<BoundExpression> Bound(const plan::Expression& expression) const {
    WT_ASSIGN_OR_RETURN(BoundExpression bound, DecodeBound(expression, functions_));
    WT_RETURN_IF_ERROR(CheckColumns(bound, *place_.inputs[0]));
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

  static absl::Status CheckColumns(const BoundExpression& bound, const Schema& input) {
    if (bound.kind == BoundExpression::Kind::kColumn &&
        (bound.column < 0 || bound.column >= input.size() ||
         input.field(bound.column).type != bound.type)) {
      return DamagedPlan("an expression of columns that are not there");
    }
    for (const BoundExpression& operand : bound.operands) {
      WT_RETURN_IF_ERROR(CheckColumns(operand, input));
    }
    return absl::OkStatus();
  }

  absl::Status CheckGives(const std::vector<DataType>& types) const {
    if (TypesOf(*place_.output) == types) return absl::OkStatus();
    return DamagedPlan("an operator of other columns than it gives");
  }
  absl::Status CheckGivesWhatItReads() const {
    if (*place_.output == *place_.inputs[0]) return absl::OkStatus();
    return DamagedPlan("an operator that gives other columns than it reads");
  }

  absl::StatusOr<LoadedOperator> Project(const plan::Project& from) const {
    WT_ASSIGN_OR_RETURN(std::vector<BoundExpression> columns, AllBound(from.columns()));
    WT_RETURN_IF_ERROR(CheckGives(TypesOf(columns)));
    return Made([columns = std::move(columns), schema = place_.output] {
      return MakeProject(columns, schema);
    });
  }

  absl::StatusOr<LoadedOperator> Explode(const plan::Explode& from) const {
    WT_ASSIGN_OR_RETURN(BoundExpression array, Bound(from.array()));
    if (array.type.kind() != DataType::kArray) return DamagedPlan("an explode of what is no array");
    WT_ASSIGN_OR_RETURN(std::vector<BoundExpression> kept, AllBound(from.kept()));
    std::vector<DataType> types = TypesOf(kept);
    types.push_back(array.type.element());
    WT_RETURN_IF_ERROR(CheckGives(types));
    return Made([array = std::move(array), kept = std::move(kept), schema = place_.output] {
      return MakeExplode(array, kept, schema);
    });
  }

  absl::StatusOr<LoadedOperator> Filter(const plan::Filter& from) const {
    WT_ASSIGN_OR_RETURN(BoundExpression condition, Bound(from.condition()));
    if (condition.type != DataType::kBool) return DamagedPlan("a filter by what is no condition");
    WT_RETURN_IF_ERROR(CheckGivesWhatItReads());
    return Made([condition = std::move(condition)] { return MakeFilter(condition); });
  }

  absl::StatusOr<LoadedOperator> Watermark(const plan::Watermark& from) const {
    WT_ASSIGN_OR_RETURN(BoundExpression event_time, Bound(from.event_time()));
    if (event_time.type != DataType::kTimestamp) return DamagedPlan("event times that are none");
    WT_RETURN_IF_ERROR(CheckGivesWhatItReads());
    return Made([event_time = std::move(event_time)] { return MakeWatermark(event_time); });
  }

  absl::StatusOr<LoadedOperator> Key(const plan::Key& from) const {
    WT_ASSIGN_OR_RETURN(std::vector<BoundExpression> keys, AllBound(from.keys()));
    std::vector<DataType> types = TypesOf(keys);
    const std::vector<DataType> passed = TypesOf(*place_.inputs[0]);
    types.insert(types.end(), passed.begin(), passed.end());
    WT_RETURN_IF_ERROR(CheckGives(types));
    return Made([keys = std::move(keys), schema = place_.output] { return MakeKey(keys, schema); });
  }

  // What both halves of an aggregate have.
  absl::StatusOr<std::shared_ptr<AggregateSpec>> Spec(const plan::Aggregate& from) const {
    auto spec = std::make_shared<AggregateSpec>();
    spec->mode = place_.mode;
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
      if (!call.function->is_aggregate()) return DamagedPlan("an aggregate that is none");
      for (const plan::Expression& argument : from_call.arguments()) {
        WT_ASSIGN_OR_RETURN(const BoundExpression bound, DecodeBound(argument, functions_));
        call.arguments.push_back(bound.type);
      }
      if (!call.function->TakesTypes(call.arguments))
        return DamagedPlan("an aggregate of arguments that it does not take");
      for (DataType& type : call.intermediate()) spec->intermediate.push_back(std::move(type));
      spec->calls.push_back(std::move(call));
    }
    for (const DataType& type : PartialTypes(*spec)) {
      if (!type.is_storable()) return DamagedPlan("an aggregate of what state does not hold");
    }
    for (const int key : {from.event_time_key(), from.window_key()}) {
      if (key < -1 || key >= from.keys_size()) return DamagedPlan("a time that is no key");
      if (key >= 0 && spec->key_types[static_cast<size_t>(key)] != DataType::kTimestamp) {
        return DamagedPlan("a key that is no time");
      }
    }
    return spec;
  }

  static std::vector<DataType> PartialTypes(const AggregateSpec& spec) {
    std::vector<DataType> types = spec.key_types;
    types.insert(types.end(), spec.intermediate.begin(), spec.intermediate.end());
    return types;
  }

  absl::StatusOr<LoadedOperator> Partial(const plan::Aggregate& from) const {
    WT_ASSIGN_OR_RETURN(const std::shared_ptr<AggregateSpec> spec, Spec(from));
    WT_ASSIGN_OR_RETURN(spec->keys, AllBound(from.keys()));
    for (const plan::AggregateCall& call : from.calls()) {
      WT_ASSIGN_OR_RETURN(const std::vector<BoundExpression> bound, AllBound(call.arguments()));
      spec->arguments.insert(spec->arguments.end(), bound.begin(), bound.end());
    }
    WT_RETURN_IF_ERROR(CheckGives(PartialTypes(*spec)));
    spec->partial_schema = place_.output;
    return Made([spec] { return MakePartialAggregate(spec); });
  }

  // Of groups whose rows were brought together by the first `keys` of them.
  absl::StatusOr<std::shared_ptr<AggregateSpec>> Merged(const plan::Aggregate& from,
                                                        int keys) const {
    WT_ASSIGN_OR_RETURN(const std::shared_ptr<AggregateSpec> spec, Spec(from));
    if (place_.keys_met[0] < 0) return DamagedPlan("groups that no exchange has brought together");
    if (place_.keys_met[0] != keys) return DamagedPlan("groups by other keys than partitions");
    if (TypesOf(*place_.inputs[0]) != PartialTypes(*spec)) {
      return DamagedPlan("partial aggregates of another");
    }
    std::vector<DataType> types = spec->key_types;
    for (const AggregateCall& call : spec->calls) {
      types.push_back(call.function->result({.types = call.arguments, .literals = {}}));
    }
    WT_RETURN_IF_ERROR(CheckGives(types));
    spec->partial_schema = place_.inputs[0];
    spec->schema = place_.output;
    return spec;
  }

  absl::StatusOr<LoadedOperator> Sessions(const plan::Aggregate& from) const {
    const int keys = from.keys_size() - 2;
    WT_ASSIGN_OR_RETURN(const std::shared_ptr<AggregateSpec> spec, Merged(from, keys));
    const auto is_time = [&](int key) {
      return spec->key_types[static_cast<size_t>(key)] == DataType::kTimestamp;
    };
    if (keys < 0 || !is_time(keys) || !is_time(keys + 1)) {
      return DamagedPlan("sessions without a start and an end");
    }
    LoadedOperator loaded = Made([spec] { return MakeSessionAggregate(spec); });
    loaded.state_id = from.operator_id();
    loaded.kind = "session aggregate";
    loaded.partition_types = spec->key_types;
    loaded.partition_types.erase(loaded.partition_types.begin() + keys,
                                 loaded.partition_types.end());
    loaded.stores = {
        {.name = kSessionsStore, .schema_fingerprint = TypesText(PartialTypes(*spec))}};
    loaded.acts_on_watermark = from.event_time_key() >= 0;
    return loaded;
  }

  absl::StatusOr<LoadedOperator> Sort(const plan::Sort& from) const {
    std::vector<SortKey> keys;
    WT_RETURN_IF_ERROR(CheckGivesWhatItReads());
    if (from.keys_size() != from.orders_size()) return DamagedPlan("a sort without its orders");
    for (int i = 0; i < from.keys_size(); ++i) {
      WT_ASSIGN_OR_RETURN(BoundExpression value, Bound(from.keys(i)));
      if (!value.type.is_storable()) return DamagedPlan("a sort by what has no order");
      keys.push_back({.value = std::move(value),
                      .descending = from.orders(i).descending(),
                      .nulls_last = from.orders(i).nulls_last()});
    }
    return Made([keys = std::move(keys)] { return MakeSort(keys); });
  }

  absl::StatusOr<LoadedOperator> Limit(int64_t rows) const {
    WT_RETURN_IF_ERROR(CheckGivesWhatItReads());
    if (rows < 0) return DamagedPlan("a limit below 0");
    return Made([rows] { return MakeLimit(rows); });
  }

  absl::StatusOr<LoadedOperator> Final(const plan::Aggregate& from) const {
    WT_ASSIGN_OR_RETURN(const std::shared_ptr<AggregateSpec> spec, Merged(from, from.keys_size()));
    LoadedOperator loaded = Made([spec] { return MakeFinalAggregate(spec); });
    loaded.state_id = from.operator_id();
    loaded.kind = "aggregate";
    loaded.partition_types = spec->key_types;
    loaded.stores = {{.name = kGroupsStore, .schema_fingerprint = TypesText(PartialTypes(*spec))}};
    loaded.acts_on_watermark = from.event_time_key() >= 0;
    return loaded;
  }

  // Of what a port reads: the keys that its rows were brought together by.
  absl::StatusOr<std::vector<DataType>> KeysMet(size_t port, int keys) const {
    if (keys < 1 || place_.keys_met[port] != keys) {
      return DamagedPlan("rows that were brought together by other keys");
    }
    std::vector<DataType> types = TypesOf(*place_.inputs[port]);
    types.erase(types.begin() + keys, types.end());
    return types;
  }

  // A column of time of the port's rows, behind its keys, by its number among those behind them.
  absl::StatusOr<int> TimeColumn(size_t port, int keys, int column) const {
    if (column == -1) return -1;
    const Schema& rows = *place_.inputs[port];
    if (column < 0 || column >= rows.size() - keys ||
        rows.field(keys + column).type != DataType::kTimestamp) {
      return DamagedPlan("a time that is no column");
    }
    return keys + column;
  }

  // What joins of all types have; its output is of both sides' columns.
  absl::StatusOr<JoinSpec> Pairs(const plan::Join& from) const {
    if (place_.inputs.size() != 2) return DamagedPlan("a join of other than two inputs");
    JoinSpec spec;
    spec.keys = from.keys();
    std::vector<Field> fields;
    std::vector<DataType> keys;
    for (const size_t port : {0, 1}) {
      const plan::JoinSide& side = port == 0 ? from.left() : from.right();
      WT_ASSIGN_OR_RETURN(std::vector<DataType> met, KeysMet(port, from.keys()));
      if (port == 1 && met != keys) return DamagedPlan("keys of different types");
      keys = std::move(met);
      JoinSide& to = spec.sides[port];
      to.rows = place_.inputs[port];
      WT_ASSIGN_OR_RETURN(to.event_time_column, TimeColumn(port, from.keys(), side.event_time()));
      to.span_micros = side.span_micros();
      WT_ASSIGN_OR_RETURN(to.evict_column, TimeColumn(port, from.keys(), side.evict_time()));
      to.evict_offset_micros = side.evict_offset_micros();
      fields.insert(fields.end(), to.rows->fields().begin() + from.keys(), to.rows->fields().end());
    }
    spec.output = std::make_shared<const Schema>(std::move(fields));
    if (from.has_condition()) {
      WT_ASSIGN_OR_RETURN(spec.condition, Condition(from.condition(), *spec.output));
    }
    return spec;
  }

  absl::StatusOr<BoundExpression> Condition(const plan::Expression& from, const Schema& of) const {
    WT_ASSIGN_OR_RETURN(BoundExpression condition, DecodeBound(from, functions_));
    WT_RETURN_IF_ERROR(CheckColumns(condition, of));
    if (condition.type != DataType::kBool) return DamagedPlan("a join by what is no condition");
    return condition;
  }

  // `keeps_met`: of the sides, whether what they keep says whether it has met.
  static void SetJoinState(const plan::Join& from, const JoinSpec& spec,
                           std::array<bool, 2> keeps_met, LoadedOperator& loaded) {
    loaded.state_id = from.operator_id();
    loaded.partition_types = TypesOf(*spec.sides[0].rows);
    loaded.partition_types.erase(loaded.partition_types.begin() + spec.keys,
                                 loaded.partition_types.end());
    for (const size_t port : {0, 1}) {
      loaded.stores.push_back(
          {.name = kSideStores[port],
           .schema_fingerprint = absl::StrCat(TypesText(TypesOf(*spec.sides[port].rows)),
                                              keeps_met[port] ? "; met" : "")});
    }
    loaded.acts_on_watermark = spec.sides[0].evict_column >= 0 || spec.sides[1].evict_column >= 0;
  }

  absl::StatusOr<LoadedOperator> Join(const plan::Join& from) const {
    WT_ASSIGN_OR_RETURN(JoinSpec pairs, Pairs(from));
    WT_RETURN_IF_ERROR(CheckGives(TypesOf(*pairs.output)));
    pairs.output = place_.output;
    const auto spec = std::make_shared<const JoinSpec>(std::move(pairs));
    LoadedOperator loaded = Made([spec] { return MakeJoin(spec); });
    loaded.kind = "join";
    SetJoinState(from, *spec, {false, false}, loaded);
    return loaded;
  }

  absl::StatusOr<LoadedOperator> OuterJoin(const plan::OuterJoin& from) const {
    auto spec = std::make_shared<OuterJoinSpec>();
    WT_ASSIGN_OR_RETURN(spec->join, Pairs(from.join()));
    if (from.type() <= static_cast<int>(JoinType::kInner) ||
        from.type() > static_cast<int>(JoinType::kLeftAnti)) {
      return DamagedPlan("a join of a type that this build has not");
    }
    spec->type = static_cast<JoinType>(from.type());
    spec->finished = from.finished();
    spec->output = place_.output;
    const bool left_alone = spec->type == JoinType::kLeftSemi || spec->type == JoinType::kLeftAnti;
    std::vector<DataType> gives = TypesOf(*spec->join.output);
    if (left_alone) {
      gives.erase(gives.begin() + spec->join.sides[0].rows->size() - from.join().keys(),
                  gives.end());
    }
    WT_RETURN_IF_ERROR(CheckGives(gives));
    if (from.has_left_filter()) {
      WT_ASSIGN_OR_RETURN(spec->filters[0], Condition(from.left_filter(), *place_.inputs[0]));
    }
    if (from.has_right_filter()) {
      WT_ASSIGN_OR_RETURN(spec->filters[1], Condition(from.right_filter(), *place_.inputs[1]));
    }
    LoadedOperator loaded = Made([spec] { return MakeOuterJoin(spec); });
    loaded.kind = absl::StrCat(platform::ToAbsl(JoinTypeName(spec->type)), " join");
    SetJoinState(from.join(), spec->join,
                 {ShowsEveryRow(spec->type, 0), ShowsEveryRow(spec->type, 1)}, loaded);
    return loaded;
  }

  absl::StatusOr<LoadedOperator> DropDuplicates(const plan::DropDuplicates& from) const {
    WT_ASSIGN_OR_RETURN(const std::vector<DataType> keys, KeysMet(0, from.keys()));
    auto spec = std::make_shared<DropDuplicatesSpec>();
    spec->keys = from.keys();
    spec->rows = place_.inputs[0];
    spec->output = place_.output;
    WT_ASSIGN_OR_RETURN(spec->event_time_column, TimeColumn(0, 0, from.event_time()));
    spec->span_micros = from.span_micros();
    if (from.has_within_micros()) {
      if (from.event_time() < 0 || from.within_micros() < 0) {
        return DamagedPlan("duplicates within a time that is none");
      }
      spec->within_micros = from.within_micros();
    }
    const std::vector<DataType> types = TypesOf(*spec->rows);
    WT_RETURN_IF_ERROR(CheckGives({types.begin() + from.keys(), types.end()}));
    LoadedOperator loaded = Made([spec] { return MakeDropDuplicates(spec); });
    loaded.state_id = from.operator_id();
    loaded.kind = "drop duplicates";
    loaded.partition_types = keys;
    loaded.stores = {{.name = kSeenStore, .schema_fingerprint = TypesText(keys)}};
    loaded.acts_on_watermark =
        from.has_within_micros() || (from.event_time() >= 0 && from.event_time() < from.keys());
    return loaded;
  }

  const OperatorPlace& place_;
  const FunctionRegistry& functions_;
};

}  // namespace

absl::Status DamagedPlan(std::string_view what) {
  return absl::DataLossError(absl::StrCat("a physical plan: ", platform::ToAbsl(what)));
}

absl::StatusOr<LoadedOperator> LoadOperator(const plan::Operator& op, const OperatorPlace& place,
                                            const FunctionRegistry& functions) {
  return OperatorLoader(place, functions).Load(op);
}

}  // namespace wavetank::runtime
