#include "runtime/plan/physical.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/text.h"
#include "runtime/plan/bind.h"
#include "runtime/plan/join_shape.h"
#include "runtime/plan/mode_rules.h"
#include "runtime/plan/physical.pb.h"
#include "runtime/plan/plan_codec.h"
#include "runtime/plan/watermark_out.h"

namespace wavetank::runtime {
namespace {

template <typename To>
void AddColumn(const Attribute& attribute, To& columns) {
  plan::Column& column = *columns.Add();
  column.set_name(attribute.name);
  EncodeType(attribute.type, *column.mutable_type());
}

template <typename To>
void AddColumns(const std::vector<Attribute>& attributes, To& columns) {
  for (const Attribute& attribute : attributes) AddColumn(attribute, columns);
}

plan::Operator& Append(plan::Fragment& fragment, const std::vector<Attribute>& output) {
  plan::Operator& op = *fragment.add_operators();
  AddColumns(output, *op.mutable_output());
  return op;
}

void BindTo(const ExpressionNode& expression, const std::vector<Attribute>& input,
            plan::Expression& out) {
  EncodeBound(Bind(expression, input), out);
}

// A column of a reference.
int PlaceOf(const std::vector<Attribute>& attributes, int id) {
  const Attribute* const found = FindAttribute(attributes, id);
  WT_CHECK(found != nullptr);
  return static_cast<int>(found - attributes.data());
}

// A node becomes the ends of fragments: one of what stands on one source or exchange, several of a
// union, whose rows meet only where the next exchange, or the sink, is written. So what stands on a
// union stands on each of its inputs, and needs no operator.
class Lowering {
 public:
  using Ends = std::vector<plan::Fragment>;

  Lowering(plan::PhysicalPlan& plan, int partitions, Input input)
      : plan_(plan), partitions_(partitions), input_(input) {}

  Ends Of(const LogicalPlan& node) {
    switch (node.op) {
      case PlanOperator::kSource:
        return Source(node);
      case PlanOperator::kUnion:
        return Union(node);
      case PlanOperator::kAggregate:
        return Aggregate(node);
      case PlanOperator::kJoin:
        return Join(node);
      case PlanOperator::kDropDuplicates:
      case PlanOperator::kDropDuplicatesWithin:
        return DropDuplicates(node);
      case PlanOperator::kSort:
        return Sort(node);
      case PlanOperator::kLimit:
        return Limit(node);
      default:
        break;
    }
    Ends ends = Of(*node.input());
    for (plan::Fragment& end : ends) RowOperator(node, Append(end, node.output));
    return ends;
  }

  void End(plan::Fragment fragment) { *plan_.add_fragments() = std::move(fragment); }

 private:
  static void RowOperator(const LogicalPlan& node, plan::Operator& out) {
    const std::vector<Attribute>& input = node.input()->output;
    switch (node.op) {
      case PlanOperator::kProject:
        out.mutable_project();
        for (const ExpressionPtr& column : node.expressions) {
          BindTo(*column, input, *out.mutable_project()->add_columns());
        }
        return;
      case PlanOperator::kExplode:
        BindTo(*node.expressions[0], input, *out.mutable_explode()->mutable_array());
        for (size_t i = 1; i < node.expressions.size(); ++i) {
          BindTo(*node.expressions[i], input, *out.mutable_explode()->add_kept());
        }
        return;
      case PlanOperator::kFilter:
        BindTo(*node.expressions[0], input, *out.mutable_filter()->mutable_condition());
        return;
      case PlanOperator::kWatermark:
        out.mutable_watermark()->set_operator_id(node.operator_id);
        BindTo(*node.expressions[0], input, *out.mutable_watermark()->mutable_event_time());
        out.mutable_watermark()->set_delay_micros(absl::ToInt64Microseconds(node.delay));
        return;
      default:
        WT_CHECK(false, "not runnable");
    }
  }

  // One that is read in several places is one source, with one range a batch.
  Ends Source(const LogicalPlan& node) {
    const auto [known, is_new] = sources_.try_emplace(&node, plan_.sources_size());
    if (is_new) {
      plan::SourceRead& read = *plan_.add_sources();
      read.mutable_source()->set_format(node.source.format);
      read.mutable_source()->set_path(node.source.path);
      for (const auto& [name, value] : node.source.options) {
        plan::Option& option = *read.mutable_source()->add_options();
        option.set_name(name);
        option.set_value(value);
      }
      AddColumns(node.output, *read.mutable_columns());
    }
    Ends ends(1);
    Append(ends[0], node.output).set_read_source(known->second);
    return ends;
  }

  Ends Union(const LogicalPlan& node) {
    Ends ends;
    for (const LogicalPlanPtr& input : node.inputs) {
      const bool renamed = !std::ranges::equal(
          input->output, node.output,
          [](const Attribute& a, const Attribute& b) { return a.name == b.name; });
      for (plan::Fragment& end : Of(*input)) {
        if (renamed) {
          plan::Project& project = *Append(end, node.output).mutable_project();
          for (const Attribute& column : input->output) {
            BindTo(*Reference(column), input->output, *project.add_columns());
          }
        }
        ends.push_back(std::move(end));
      }
    }
    return ends;
  }

  // Ends them at a new exchange of these columns, and gives its number.
  int Meet(Ends ends, int keys, const std::vector<Attribute>& columns) {
    return MeetIn(partitions_, std::move(ends), keys, columns);
  }
  int MeetIn(int partitions, Ends ends, int keys, const std::vector<Attribute>& columns) {
    const int number = plan_.exchanges_size();
    plan::Exchange& exchange = *plan_.add_exchanges();
    exchange.set_keys(keys);
    exchange.set_partitions(partitions);
    AddColumns(columns, *exchange.mutable_columns());
    for (plan::Fragment& end : ends) {
      Append(end, columns).set_write_exchange(number);
      End(std::move(end));
    }
    return number;
  }

  void SetWatermark(const LogicalPlan& node, plan::Operator& out) {
    std::vector<WatermarkLag> inputs;
    for (const LogicalPlanPtr& input : node.inputs) inputs.push_back(LagOf(*input));
    if (const WatermarkLag lag = WatermarkIn(inputs)) {
      out.set_watermark_lag_micros(absl::ToInt64Microseconds(*lag));
    }
  }

  WatermarkLag LagOf(const LogicalPlan& node) {
    if (const auto known = lags_.find(&node); known != lags_.end()) return known->second;
    std::vector<WatermarkLag> inputs;
    for (const LogicalPlanPtr& input : node.inputs) inputs.push_back(LagOf(*input));
    return lags_[&node] = WatermarkOut(node, inputs);
  }

  // Sessions by their end, whatever else they are grouped by.
  static const EventTime& FinalBy(const LogicalPlan& aggregate) {
    const int session = SessionKey(aggregate);
    for (const EventTime& event_time : aggregate.event_times) {
      if (session < 0) break;
      const int end = aggregate.output[static_cast<size_t>(session) + 1].id;
      if (event_time.attribute == end) return event_time;
    }
    return aggregate.event_times.front();
  }

  // Partial aggregates, by key to where their groups are; there the groups of all, and of state.
  Ends Aggregate(const LogicalPlan& node) {
    const std::vector<Attribute>& input = node.input()->output;
    plan::Aggregate aggregate;
    aggregate.set_operator_id(node.operator_id);
    aggregate.set_event_time_key(-1);
    aggregate.set_window_key(-1);
    std::vector<Attribute> partials;
    for (int i = 0; i < static_cast<int>(node.expressions.size()); ++i) {
      const ExpressionNode& column = *node.expressions[static_cast<size_t>(i)];
      const ExpressionNode& value = *WithoutAlias(node.expressions[static_cast<size_t>(i)]);
      if (i < node.keys) {
        BindTo(value, input, *aggregate.add_keys());
        for (const char* window : {"window_start", "window_of", "session_start"}) {
          if (IsCall(value, window)) aggregate.set_window_key(i);
        }
        partials.push_back(AttributeOf(column));
        continue;
      }
      plan::AggregateCall& call = *aggregate.add_calls();
      call.set_function(value.name);
      call.set_version(value.function->version);
      std::vector<DataType> types;
      for (const ExpressionPtr& argument : value.operands) {
        BindTo(*argument, input, *call.add_arguments());
        types.push_back(argument->type);
      }
      for (DataType& type : value.function->parts->intermediate(types)) {
        partials.push_back({-1, column.name, std::move(type), true});
      }
    }
    if (!node.event_times.empty()) {
      const EventTime& event_time = FinalBy(node);
      aggregate.set_event_time_key(PlaceOf(node.output, event_time.attribute));
      aggregate.set_span_micros(absl::ToInt64Microseconds(event_time.span));
    }
    Ends ends = Of(*node.input());
    for (plan::Fragment& end : ends) {
      plan::Operator& partial = Append(end, partials);
      *partial.mutable_partial_aggregate() = aggregate;
      SetWatermark(node, partial);
    }
    const int session = SessionKey(node);
    const int exchange = Meet(std::move(ends), session < 0 ? node.keys : session, partials);
    Ends merged(1);
    Append(merged[0], partials).set_read_exchange(exchange);
    plan::Operator& final_aggregate = Append(merged[0], node.output);
    *(session < 0 ? final_aggregate.mutable_final_aggregate()
                  : final_aggregate.mutable_session_aggregate()) = std::move(aggregate);
    SetWatermark(node, final_aggregate);
    return merged;
  }

  // All rows in one place, in the order of their tasks.
  Ends InOnePlace(const LogicalPlan& input) {
    const int exchange = MeetIn(1, Of(input), 0, input.output);
    Ends ends(1);
    Append(ends[0], input.output).set_read_exchange(exchange);
    return ends;
  }

  Ends Sort(const LogicalPlan& node) {
    const LogicalPlan& input = *node.input();
    Ends ends = InOnePlace(input);
    plan::Sort& sort = *Append(ends[0], node.output).mutable_sort();
    for (size_t i = 0; i < node.expressions.size(); ++i) {
      BindTo(*node.expressions[i], input.output, *sort.add_keys());
      plan::SortOrder& order = *sort.add_orders();
      order.set_descending(node.orders[i].descending);
      order.set_nulls_last(node.orders[i].nulls_last);
    }
    return ends;
  }

  Ends Limit(const LogicalPlan& node) {
    const LogicalPlan& input = *node.input();
    const bool in_one_place = input.op == PlanOperator::kSort || input.op == PlanOperator::kLimit;
    Ends ends = in_one_place ? Of(input) : InOnePlace(input);
    Append(ends[0], node.output).set_limit(node.limit);
    return ends;
  }

  // The input's rows, brought together by keys: the exchange, and its columns.
  struct Keyed {
    int exchange = 0;
    std::vector<Attribute> columns;
  };
  Keyed MeetByKeys(const LogicalPlan& input, const std::vector<ExpressionPtr>& keys) {
    Keyed keyed;
    plan::Key key;
    for (const ExpressionPtr& expression : keys) {
      BindTo(*expression, input.output, *key.add_keys());
      keyed.columns.push_back({-1, absl::StrCat("key ", keyed.columns.size()), expression->type});
    }
    keyed.columns.insert(keyed.columns.end(), input.output.begin(), input.output.end());
    Ends ends = Of(input);
    for (plan::Fragment& end : ends) *Append(end, keyed.columns).mutable_key() = key;
    keyed.exchange = Meet(std::move(ends), static_cast<int>(keys.size()), keyed.columns);
    return keyed;
  }

  Ends Join(const LogicalPlan& node) {
    JoinShape shape = ShapeOf(node);
    if (shape.sides[0].keys.empty()) {  // of finished inputs: every row meets every other
      for (JoinShape::Side& side : shape.sides) side.keys = {Expression(true).node()};
    }
    Ends joined(1);
    plan::OuterJoin outer;
    plan::Join& join = *outer.mutable_join();
    join.set_operator_id(node.operator_id);
    join.set_keys(static_cast<int>(shape.sides[0].keys.size()));
    std::vector<Attribute> both;
    for (const size_t i : {0, 1}) {
      const JoinShape::Side& side = shape.sides[i];
      const std::vector<Attribute>& columns = node.inputs[i]->output;
      both.insert(both.end(), columns.begin(), columns.end());
      const Keyed keyed = MeetByKeys(*node.inputs[i], side.keys);
      Append(joined[0], keyed.columns).set_read_exchange(keyed.exchange);
      plan::JoinSide& out = i == 0 ? *join.mutable_left() : *join.mutable_right();
      out.set_event_time(side.late ? PlaceOf(columns, side.late->attribute) : -1);
      if (side.late) out.set_span_micros(absl::ToInt64Microseconds(side.late->span));
      out.set_evict_time(side.eviction ? PlaceOf(columns, side.eviction->attribute) : -1);
      if (side.eviction) {
        out.set_evict_offset_micros(absl::ToInt64Microseconds(side.eviction->offset));
      }
      if (side.filter == nullptr) continue;
      BindTo(*side.filter, keyed.columns,
             i == 0 ? *outer.mutable_left_filter() : *outer.mutable_right_filter());
    }
    if (shape.rest != nullptr) BindTo(*shape.rest, both, *join.mutable_condition());
    plan::Operator& op = Append(joined[0], node.output);
    if (node.join == JoinType::kInner) {
      *op.mutable_join() = std::move(join);
    } else {
      outer.set_type(static_cast<int>(node.join));
      outer.set_finished(input_ == Input::kFinished);
      *op.mutable_outer_join() = std::move(outer);
    }
    op.add_inputs(0);
    op.add_inputs(1);
    SetWatermark(node, op);
    return joined;
  }

  // One that is a key, if there is one: it says when its key may be forgotten.
  static void SetEventTime(const LogicalPlan& node, plan::DropDuplicates& drop) {
    const std::vector<EventTime>& event_times = node.input()->event_times;
    if (event_times.empty()) return;
    const auto set = [&drop](const EventTime& event_time, int column) {
      drop.set_event_time(column);
      drop.set_span_micros(absl::ToInt64Microseconds(event_time.span));
    };
    for (const EventTime& event_time : event_times) {
      const auto key = std::ranges::find(node.expressions, event_time.attribute,
                                         [](const ExpressionPtr& e) { return e->attribute; });
      if (key == node.expressions.end()) continue;
      return set(event_time, static_cast<int>(key - node.expressions.begin()));
    }
    set(event_times.front(),
        drop.keys() + PlaceOf(node.input()->output, event_times.front().attribute));
  }

  Ends DropDuplicates(const LogicalPlan& node) {
    const LogicalPlan& input = *node.input();
    plan::DropDuplicates drop;
    drop.set_operator_id(node.operator_id);
    drop.set_keys(static_cast<int>(node.expressions.size()));
    drop.set_event_time(-1);
    SetEventTime(node, drop);
    if (node.op == PlanOperator::kDropDuplicatesWithin) {
      drop.set_within_micros(absl::ToInt64Microseconds(node.delay));
    }
    const Keyed keyed = MeetByKeys(input, node.expressions);
    Ends dropped(1);
    Append(dropped[0], keyed.columns).set_read_exchange(keyed.exchange);
    plan::Operator& op = Append(dropped[0], node.output);
    *op.mutable_drop_duplicates() = std::move(drop);
    SetWatermark(node, op);
    return dropped;
  }

  plan::PhysicalPlan& plan_;
  const int partitions_;
  const Input input_;
  absl::flat_hash_map<const LogicalPlan*, int> sources_;
  absl::flat_hash_map<const LogicalPlan*, WatermarkLag> lags_;
};

std::string NameOf(const LogicalPlan& node) {
  switch (node.op) {
    case PlanOperator::kAggregate:
      return "GroupBy";
    case PlanOperator::kJoin:
      return "Join";
    case PlanOperator::kDropDuplicates:
      return "DropDuplicates";
    case PlanOperator::kDropDuplicatesWithin:
      return "DropDuplicatesWithinWatermark";
    default:
      return std::string(PlanOperatorName(node.op));
  }
}

// How often what the node gives is read on the ways to the sink.
absl::flat_hash_map<const LogicalPlan*, int> TimesRead(const LogicalPlanPtr& root) {
  absl::flat_hash_map<const LogicalPlan*, int> times = {{root.get(), 1}};
  std::vector<LogicalPlanPtr> order = InOrder(root);
  std::ranges::reverse(order);
  for (const LogicalPlanPtr& node : order) {
    for (const LogicalPlanPtr& input : node->inputs) {
      int& of_input = times[input.get()];
      of_input = std::min(of_input + times[node.get()], 2);
    }
  }
  return times;
}

absl::Status CheckJoin(const LogicalPlan& join, Input input) {
  const std::vector<ExpressionPtr> keys = ShapeOf(join).sides[0].keys;
  if (keys.empty() && input == Input::kStreams) {
    return absl::InvalidArgumentError(
        "Join: streams are joined by equal columns, and its condition compares none of one input "
        "with one of the other: add such as Col(\"a.id\") == Col(\"b.id\")");
  }
  for (const ExpressionPtr& key : keys) {
    if (key->type.is_storable()) continue;
    return absl::InvalidArgumentError(absl::StrCat("Join: ", ToText(*key), " is ",
                                                   DataTypeName(key->type),
                                                   ", which is no key: compare a part of it"));
  }
  for (const LogicalPlanPtr& side : join.inputs) {
    for (const Attribute& column : side->output) {
      if (column.type.is_storable()) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("Join: \"", column.name, "\" is ", DataTypeName(column.type),
                       ", which no join keeps: select without it, or a part of it"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRunnable(const LogicalPlanPtr& analysed, Input input) {
  const absl::flat_hash_map<const LogicalPlan*, int> times_read = TimesRead(analysed);
  for (const LogicalPlanPtr& node : InOrder(analysed)) {
    if (node->op == PlanOperator::kJoin) {
      const absl::Status status = CheckJoin(*node, input);
      if (!status.ok()) return status;
    }
    if (IsStateful(node->op) && times_read.at(node.get()) > 1) {
      return absl::UnimplementedError(
          absl::StrCat("what ", NameOf(*node),
                       " gives is read in two places, which cannot be run yet: write it "
                       "to a sink, and read that in two places of a second query"));
    }
  }
  return absl::OkStatus();
}

plan::PhysicalPlan MakePhysicalPlan(const LogicalPlanPtr& optimised, QueryOutputMode mode,
                                    int shuffle_partitions, Input input) {
  plan::PhysicalPlan plan;
  plan.set_version(kPhysicalPlanVersion);
  const bool aggregates = std::ranges::any_of(InOrder(optimised), [](const LogicalPlanPtr& node) {
    return node->op == PlanOperator::kAggregate;
  });
  // Without an aggregate each row is of its own, and none ever replaces another.
  plan.set_output_mode(static_cast<int>(aggregates ? mode : QueryOutputMode::kAppend));
  Lowering lowering(plan, shuffle_partitions, input);
  for (plan::Fragment& end : lowering.Of(*optimised)) {
    Append(end, optimised->output).set_write_sink(true);
    lowering.End(std::move(end));
  }
  if (const auto keys = OutputKeys(*optimised)) {
    plan.mutable_output_keys();
    for (const int key : *keys) plan.mutable_output_keys()->add_columns(key);
  }
  return plan;
}

}  // namespace wavetank::runtime
