#include "runtime/plan/physical.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "runtime/plan/bind.h"
#include "runtime/plan/mode_rules.h"
#include "runtime/plan/physical.pb.h"
#include "runtime/plan/plan_codec.h"

namespace wavetank::runtime {
namespace {

void AddColumns(const std::vector<Attribute>& attributes, plan::Operator& out) {
  for (const Attribute& attribute : attributes) {
    plan::Column& column = *out.add_output();
    column.set_name(attribute.name);
    EncodeType(attribute.type, *column.mutable_type());
  }
}

class Lowering {
 public:
  Lowering(plan::PhysicalPlan& plan, int partitions) : plan_(plan), partitions_(partitions) {}

  void Node(const LogicalPlan& node) {
    for (const LogicalPlanPtr& input : node.inputs) Node(*input);
    if (node.op == PlanOperator::kAggregate) return Aggregate(node);
    plan::Operator& out = Next();
    switch (node.op) {
      case PlanOperator::kSource:
        Source(node, *out.mutable_read_source());
        break;
      case PlanOperator::kProject:
        out.mutable_project();
        for (const ExpressionPtr& column : node.expressions) {
          BindTo(*column, node, *out.mutable_project()->add_columns());
        }
        break;
      case PlanOperator::kExplode:
        BindTo(*node.expressions[0], node, *out.mutable_explode()->mutable_array());
        for (size_t i = 1; i < node.expressions.size(); ++i) {
          BindTo(*node.expressions[i], node, *out.mutable_explode()->add_kept());
        }
        break;
      case PlanOperator::kFilter:
        BindTo(*node.expressions[0], node, *out.mutable_filter()->mutable_condition());
        break;
      case PlanOperator::kWatermark:
        out.mutable_watermark()->set_operator_id(node.operator_id);
        BindTo(*node.expressions[0], node, *out.mutable_watermark()->mutable_event_time());
        out.mutable_watermark()->set_delay_micros(absl::ToInt64Microseconds(node.delay));
        break;
      default:
        WT_CHECK(false, "not runnable");
    }
    AddColumns(node.output, out);
  }

  plan::Operator& Next() {
    if (plan_.fragments().empty()) plan_.add_fragments();
    return *plan_.mutable_fragments()->rbegin()->add_operators();
  }

 private:
  static void BindTo(const ExpressionNode& expression, const LogicalPlan& node,
                     plan::Expression& out) {
    EncodeBound(Bind(expression, node.input()->output), out);
  }

  static void Source(const LogicalPlan& node, plan::Source& out) {
    out.set_format(node.source.format);
    out.set_path(node.source.path);
    for (const auto& [name, value] : node.source.options) {
      plan::Option& option = *out.add_options();
      option.set_name(name);
      option.set_value(value);
    }
  }

  // Partial aggregates, by key to where their groups are; there the groups of all, and of state.
  void Aggregate(const LogicalPlan& node) {
    plan::Operator& partial = Next();
    plan::Aggregate& aggregate = *partial.mutable_partial_aggregate();
    aggregate.set_operator_id(node.operator_id);
    aggregate.set_event_time_key(-1);
    aggregate.set_window_key(-1);
    std::vector<Attribute> partials;
    for (int i = 0; i < static_cast<int>(node.expressions.size()); ++i) {
      const ExpressionNode& column = *node.expressions[static_cast<size_t>(i)];
      const ExpressionNode& value = *WithoutAlias(node.expressions[static_cast<size_t>(i)]);
      if (i < node.keys) {
        BindTo(value, node, *aggregate.add_keys());
        if (IsCall(value, "window_start")) aggregate.set_window_key(i);
        partials.push_back(AttributeOf(column));
        continue;
      }
      plan::AggregateCall& call = *aggregate.add_calls();
      call.set_function(value.name);
      call.set_version(value.function->version);
      std::vector<DataType> types;
      for (const ExpressionPtr& argument : value.operands) {
        BindTo(*argument, node, *call.add_arguments());
        types.push_back(argument->type);
      }
      for (DataType& type : value.function->parts->intermediate(types)) {
        partials.push_back({-1, column.name, std::move(type), true});
      }
    }
    if (!node.event_times.empty()) {
      const EventTime& event_time = node.event_times.front();
      const Attribute* const key = FindAttribute(node.output, event_time.attribute);
      aggregate.set_event_time_key(static_cast<int>(key - node.output.data()));
      aggregate.set_span_micros(absl::ToInt64Microseconds(event_time.span));
    }
    AddColumns(partials, partial);
    const plan::Aggregate shape = aggregate;

    plan::Operator& write = Next();
    write.mutable_write_exchange()->set_keys(node.keys);
    write.mutable_write_exchange()->set_partitions(partitions_);
    AddColumns(partials, write);

    const int written = plan_.fragments_size() - 1;
    plan_.add_fragments();
    plan::Operator& read = Next();
    read.set_read_exchange(written);
    AddColumns(partials, read);
    plan::Operator& merged = Next();
    *merged.mutable_final_aggregate() = shape;
    AddColumns(node.output, merged);
  }

  plan::PhysicalPlan& plan_;
  const int partitions_;
};

std::string ColumnsText(const plan::Operator& op) {
  std::string text;
  for (const plan::Column& column : op.output()) {
    const absl::StatusOr<DataType> type = DecodeType(column.type());
    absl::StrAppend(&text, text.empty() ? "" : ", ", column.name(), ": ",
                    type.ok() ? DataTypeName(*type) : "?");
  }
  return text;
}

std::string BoundText(const plan::Expression& expression, const plan::Operator& below);

template <typename List>
std::string ListText(const List& expressions, const plan::Operator& below) {
  std::string text;
  for (const plan::Expression& expression : expressions) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", BoundText(expression, below));
  }
  return text;
}

// By the columns of the operator that is read.
std::string BoundText(const plan::Expression& expression, const plan::Operator& below) {
  const auto operands = [&] { return ListText(expression.operands(), below); };
  switch (expression.what_case()) {
    case plan::Expression::kColumn:
      return below.output(expression.column()).name();
    case plan::Expression::kLiteral: {
      const absl::StatusOr<BoundExpression> literal =
          DecodeBound(expression, FunctionRegistry::BuiltIn());
      return literal.ok() ? ToText(literal->value, literal->type) : "?";
    }
    case plan::Expression::kCast: {
      const absl::StatusOr<DataType> type = DecodeType(expression.type());
      return absl::StrCat("cast(", operands(), " as ", type.ok() ? DataTypeName(*type) : "?", ")");
    }
    case plan::Expression::kCall: {
      const FunctionPtr function = FunctionRegistry::BuiltIn().Find(expression.call().function());
      if (function != nullptr && !function->sign.empty() && expression.operands_size() == 2) {
        return absl::StrCat("(", BoundText(expression.operands(0), below), " ", function->sign, " ",
                            BoundText(expression.operands(1), below), ")");
      }
      return absl::StrCat(expression.call().function(), "(", operands(), ")");
    }
    default:
      return "?";
  }
}

std::string AggregateText(const plan::Aggregate& aggregate, const plan::Operator& below,
                          bool partial) {
  std::string text = absl::StrCat(partial ? "partial" : "final", " aggregate");
  if (!partial) absl::StrAppend(&text, ", state of operator ", aggregate.operator_id());
  absl::StrAppend(&text, " by ", aggregate.keys().empty() ? "nothing" : "");
  for (int i = 0; i < aggregate.keys_size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ",
                    partial ? BoundText(aggregate.keys(i), below) : below.output(i).name());
  }
  text += " of ";
  for (const plan::AggregateCall& call : aggregate.calls()) {
    absl::StrAppend(&text, &call == &aggregate.calls(0) ? "" : ", ", call.function(), "(",
                    partial ? ListText(call.arguments(), below) : "", ")");
  }
  if (aggregate.event_time_key() >= 0) {
    absl::StrAppend(&text, "; final by ", below.output_size() == 0 ? "" : "key ",
                    aggregate.event_time_key(), " + ",
                    absl::FormatDuration(absl::Microseconds(aggregate.span_micros())));
  }
  return text;
}

}  // namespace

absl::Status CheckRunnable(const LogicalPlanPtr& analysed) {
  int aggregates = 0;
  for (const LogicalPlanPtr& node : InOrder(analysed)) {
    if (node->op == PlanOperator::kAggregate && ++aggregates > 1) {
      return absl::UnimplementedError(
          "GroupBy: the query has an aggregate before this one: only one is supported; write the "
          "first to a sink and read that in a second query");
    }
    const bool runs = node->op != PlanOperator::kJoin && node->op != PlanOperator::kUnion &&
                      node->op != PlanOperator::kDropDuplicates;
    if (runs) continue;
    return absl::UnimplementedError(
        absl::StrCat("a query with ",
                     node->op == PlanOperator::kUnion  ? "a Union"
                     : node->op == PlanOperator::kJoin ? "a Join"
                                                       : "DropDuplicates",
                     " is analysed and explained, and cannot be run yet"));
  }
  return absl::OkStatus();
}

plan::PhysicalPlan MakePhysicalPlan(const LogicalPlanPtr& optimised, QueryOutputMode mode,
                                    int shuffle_partitions) {
  plan::PhysicalPlan plan;
  plan.set_version(kPhysicalPlanVersion);
  const bool stateful = FindOnWay(*optimised, PlanOperator::kAggregate) != nullptr;
  // Without an aggregate each row is of its own, and none ever replaces another.
  plan.set_output_mode(static_cast<int>(stateful ? mode : QueryOutputMode::kAppend));
  Lowering lowering(plan, shuffle_partitions);
  lowering.Node(*optimised);
  plan::Operator& sink = lowering.Next();
  sink.set_write_sink(true);
  AddColumns(optimised->output, sink);
  if (const auto keys = OutputKeys(*optimised)) {
    plan.mutable_output_keys();
    for (const int key : *keys) plan.mutable_output_keys()->add_columns(key);
  }
  return plan;
}

std::string OperatorText(const plan::Operator& op, const plan::Operator& below) {
  switch (op.what_case()) {
    case plan::Operator::kReadSource:
      return absl::StrCat("read ", op.read_source().format(), " from ", op.read_source().path());
    case plan::Operator::kReadExchange:
      return absl::StrCat("read what fragment ", op.read_exchange(), " wrote");
    case plan::Operator::kProject:
      return absl::StrCat("project ", ListText(op.project().columns(), below));
    case plan::Operator::kExplode:
      return absl::StrCat("explode ", BoundText(op.explode().array(), below),
                          op.explode().kept().empty() ? "" : " beside ",
                          ListText(op.explode().kept(), below));
    case plan::Operator::kFilter:
      return absl::StrCat("filter ", BoundText(op.filter().condition(), below));
    case plan::Operator::kWatermark:
      return absl::StrCat("watch event time ", BoundText(op.watermark().event_time(), below),
                          ", watermark ", op.watermark().operator_id(), " is ",
                          absl::FormatDuration(absl::Microseconds(op.watermark().delay_micros())),
                          " behind");
    case plan::Operator::kPartialAggregate:
      return AggregateText(op.partial_aggregate(), below, true);
    case plan::Operator::kFinalAggregate:
      return AggregateText(op.final_aggregate(), below, false);
    case plan::Operator::kWriteExchange:
      return absl::StrCat("write to ", op.write_exchange().partitions(),
                          " partitions by the first ", op.write_exchange().keys(), " columns");
    case plan::Operator::kWriteSink:
      return "write to the sink";
    case plan::Operator::WHAT_NOT_SET:
      break;
  }
  return "?";
}

std::string PhysicalText(const plan::PhysicalPlan& plan) {
  std::string text;
  for (int i = 0; i < plan.fragments_size(); ++i) {
    absl::StrAppend(&text, "fragment ", i, "\n");
    plan::Operator below;
    for (const plan::Operator& op : plan.fragments(i).operators()) {
      absl::StrAppend(&text, "  ", OperatorText(op, below), "  [", ColumnsText(op), "]\n");
      below = op;
    }
  }
  return text;
}

}  // namespace wavetank::runtime
