#include "properties/interpreter/plain_plan.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"

#include "platform/status_macros.h"
#include "properties/interpreter/join_bounds.h"
#include "properties/interpreter/known_aggregates.h"
#include "runtime/plan/expression.pb.h"
#include "runtime/plan/plan.pb.h"

namespace wavetank::properties {
namespace {

namespace plan = runtime::plan;

absl::Status NoPlan(std::string_view what) {
  return absl::DataLossError(absl::StrCat("an analysed plan: ", std::string(what)));
}

const plan::Expression& UnderAlias(const plan::Expression& expression) {
  return expression.has_alias() && expression.operands_size() == 1 ? expression.operands(0)
                                                                   : expression;
}

const std::string& Name(const plan::Expression& call) { return call.call().function(); }

class Reader {
 public:
  Reader(const OtherFunctions& other, PlainPlan& out) : other_(other), out_(out) {}

  absl::Status Add(const plan::Node& in) {
    PlainNode node;
    node.op = static_cast<PlainOperator>(in.operator_());
    node.operator_id = in.operator_id();
    for (const int input : in.inputs()) {
      if (input < 0 || static_cast<size_t>(input) >= out_.nodes.size()) {
        return NoPlan("a node that stands before its input");
      }
      node.inputs.push_back(static_cast<size_t>(input));
    }
    WT_RETURN_IF_ERROR(CheckShape(in, node));
    WT_RETURN_IF_ERROR(Read(in, node));
    out_.nodes.push_back(std::move(node));
    return absl::OkStatus();
  }

 private:
  static absl::Status CheckShape(const plan::Node& in, const PlainNode& node) {
    const size_t inputs = node.inputs.size();
    size_t due = 1;
    int expressions = 0;
    switch (node.op) {
      case PlainOperator::kSource:
        due = 0;
        break;
      case PlainOperator::kJoin:
        due = 2;
        break;
      case PlainOperator::kUnion:
        due = std::max<size_t>(inputs, 1);
        break;
      case PlainOperator::kExplode:
      case PlainOperator::kFilter:
      case PlainOperator::kWatermark:
        expressions = 1;
        break;
      case PlainOperator::kProject:
      case PlainOperator::kAggregate:
      case PlainOperator::kDropDuplicates:
      case PlainOperator::kDropDuplicatesWithin:
      case PlainOperator::kSort:
        break;
      default:
        return absl::UnimplementedError(
            absl::StrCat("the interpreter does not know operator ", in.operator_()));
    }
    if (inputs != due) return NoPlan("a node of other inputs than its operator has");
    if (in.expressions_size() < expressions) return NoPlan("a node without its expression");
    if (node.op == PlainOperator::kExplode && in.made_size() != 1) return NoPlan("an explode");
    return absl::OkStatus();
  }

  const PlainNode& InputOf(const PlainNode& node, size_t number = 0) const {
    return out_.nodes[node.inputs[number]];
  }

  absl::Status Read(const plan::Node& in, PlainNode& node) {
    switch (node.op) {
      case PlainOperator::kSource:
        ++out_.sources;
        AddMade(in, node);
        return Source(in, node);
      case PlainOperator::kUnion:
        AddMade(in, node);
        AddCommonEventTimes(node);
        return absl::OkStatus();
      case PlainOperator::kProject:
        return Columns(in, 0, in.expressions_size(), node);
      case PlainOperator::kExplode:
        WT_RETURN_IF_ERROR(Expressions(in, 0, 1, node));
        WT_RETURN_IF_ERROR(Columns(in, 1, in.expressions_size(), node));
        AddWindows(node);
        AddMade(in, node);
        return absl::OkStatus();
      case PlainOperator::kFilter:
        Pass(node);
        return Expressions(in, 0, 1, node);
      case PlainOperator::kWatermark:
        Pass(node);
        WT_RETURN_IF_ERROR(Expressions(in, 0, 1, node));
        node.delay_micros = in.delay_micros();
        if (node.expressions[0].what != PlainExpression::What::kColumn) {
          return NoPlan("an event time that is no column");
        }
        node.event_times = {{node.expressions[0].column, 0}};
        return absl::OkStatus();
      case PlainOperator::kDropDuplicates:
      case PlainOperator::kDropDuplicatesWithin:
        node.delay_micros = in.delay_micros();
        Pass(node);
        return Expressions(in, 0, in.expressions_size(), node);
      case PlainOperator::kSort:  // rows are in no order here
        Pass(node);
        return absl::OkStatus();
      case PlainOperator::kAggregate:
        return Aggregate(in, node);
      case PlainOperator::kJoin:
        return Join(in, node);
    }
    return absl::OkStatus();
  }

  static absl::Status Source(const plan::Node& in, PlainNode& node) {
    std::map<std::string, std::string> options;
    for (const plan::Option& option : in.source().options()) {
      options[option.name()] = option.value();
    }
    std::vector<PlainColumn> columns;
    for (const plan::Attribute& made : in.made()) {
      columns.push_back({.name = made.name(), .kind = KindOf(made.type())});
    }
    WT_ASSIGN_OR_RETURN(node.files,
                        MakePlainFiles(in.source().format(), options, std::move(columns)));
    return absl::OkStatus();
  }

  static void AddMade(const plan::Node& in, PlainNode& node) {
    for (const plan::Attribute& made : in.made()) {
      node.columns.push_back(made.id());
      node.kinds.push_back(KindOf(made.type()));
    }
  }

  // The input's columns.
  void Pass(PlainNode& node) const {
    node.columns = InputOf(node).columns;
    node.kinds = InputOf(node).kinds;
    node.event_times = InputOf(node).event_times;
  }

  absl::StatusOr<PlainExpression> Read(const plan::Expression& in, const PlainNode& node) const {
    std::vector<int> columns;
    for (const size_t input : node.inputs) {
      const std::vector<int>& more = out_.nodes[input].columns;
      columns.insert(columns.end(), more.begin(), more.end());
    }
    return ReadExpression(in, columns, other_);
  }

  absl::Status Expressions(const plan::Node& in, int begin, int end, PlainNode& node) const {
    for (int i = begin; i < end; ++i) {
      WT_ASSIGN_OR_RETURN(node.expressions.emplace_back(), Read(in.expressions(i), node));
    }
    return absl::OkStatus();
  }

  // Expressions that are columns of the output, and which of them are event times still: those of
  // the input as they are, and the starts of windows over one.
  absl::Status Columns(const plan::Node& in, int begin, int end, PlainNode& node) const {
    for (int i = begin; i < end; ++i) {
      const plan::Expression& column = in.expressions(i);
      WT_ASSIGN_OR_RETURN(const PlainExpression value, Read(column, node));
      AddEventTime(column, value, node);
      node.columns.push_back(column.has_alias() ? column.alias().attribute() : column.attribute());
      node.kinds.push_back(value.kind);
      node.expressions.push_back(value);
    }
    return absl::OkStatus();
  }

  void AddEventTime(const plan::Expression& column, const PlainExpression& value,
                    PlainNode& node) const {
    const bool window = Name(UnderAlias(column)) == "window_start";
    const bool ends = Name(UnderAlias(column)) == "session_end";
    const bool of_window = window || ends || Name(UnderAlias(column)) == "window_of";
    const PlainExpression& from = of_window ? value.operands[0] : value;
    if (from.what != PlainExpression::What::kColumn) return;
    for (const PlainEventTime& time : InputOf(node).event_times) {
      if (time.column != from.column || ((window || ends) && time.span_micros != 0)) continue;
      node.event_times.push_back(
          {node.columns.size(), window ? value.operands[1].literal.number() : time.span_micros});
    }
  }

  // Of an explode, before its column: the starts of windows over an event time are some, too.
  void AddWindows(PlainNode& node) const {
    const PlainExpression& array = node.expressions[0];
    if (array.name != "window_starts") return;
    for (const PlainEventTime& time : InputOf(node).event_times) {
      const PlainExpression& from = array.operands[0];
      if (from.what != PlainExpression::What::kColumn || from.column != time.column) continue;
      if (time.span_micros != 0) continue;
      node.event_times.push_back({node.columns.size(), array.operands[1].literal.number()});
    }
  }

  void AddCommonEventTimes(PlainNode& node) const {
    for (const PlainEventTime& time : InputOf(node).event_times) {
      const bool all = std::ranges::all_of(node.inputs, [&](size_t input) {
        return std::ranges::any_of(out_.nodes[input].event_times, [&](const PlainEventTime& other) {
          return other.column == time.column && other.span_micros == time.span_micros;
        });
      });
      if (all) node.event_times.push_back(time);
    }
  }

  absl::Status Aggregate(const plan::Node& in, PlainNode& node) const {
    if (in.keys() < 0 || in.keys() > in.expressions_size())
      return NoPlan("keys that are not there");
    WT_RETURN_IF_ERROR(Columns(in, 0, in.keys(), node));
    for (size_t key = 0; key < node.expressions.size(); ++key) {
      const std::string& name = node.expressions[key].name;
      if (name == "window_start" || name == "window_of") node.window_key = key;
      if (name == "session_start") node.window_key = key;
      if (name == "session_end") node.sessions = key + 1 == node.expressions.size();
    }
    for (int i = in.keys(); i < in.expressions_size(); ++i) {
      const plan::Expression& column = in.expressions(i);
      const plan::Expression& call = UnderAlias(column);
      const bool known =
          call.has_call() && call.call().version() == 0 && FindAggregate(Name(call)) != nullptr;
      if (!known) {
        return absl::UnimplementedError(
            absl::StrCat("the interpreter does not know the aggregate \"", Name(call), "\""));
      }
      PlainAggregateCall& made = node.calls.emplace_back();
      made.function = Name(call);
      for (const plan::Expression& argument : call.operands()) {
        WT_ASSIGN_OR_RETURN(made.arguments.emplace_back(), Read(argument, node));
      }
      node.columns.push_back(column.has_alias() ? column.alias().attribute() : -1);
      node.kinds.push_back(KindOf(call.type()));
    }
    return absl::OkStatus();
  }

  absl::Status Join(const plan::Node& in, PlainNode& node) const {
    if (in.join() < 1 || in.join() > static_cast<int>(PlainJoinType::kLeftSemi)) {
      return absl::UnimplementedError("the interpreter knows no anti join");
    }
    node.join = static_cast<PlainJoinType>(in.join());
    WT_RETURN_IF_ERROR(Expressions(in, 0, std::min(in.expressions_size(), 1), node));
    const PlainNode& left = InputOf(node, 0);
    const PlainNode& right = InputOf(node, 1);
    for (const PlainNode* side : {&left, &right}) {
      if (side == &right && node.join == PlainJoinType::kLeftSemi) break;
      node.columns.insert(node.columns.end(), side->columns.begin(), side->columns.end());
      node.kinds.insert(node.kinds.end(), side->kinds.begin(), side->kinds.end());
    }
    node.bounds = JoinBounds(node, left, right);
    // Rows of a side of which some are kept for ever may be of any time.
    for (const size_t side : {0u, 1u}) {
      if (!node.bounds.kept_until_micros[side]) continue;
      if (side == 1 && node.join == PlainJoinType::kLeftSemi) continue;
      const PlainEventTime& time = InputOf(node, side).event_times.front();
      node.event_times.push_back(
          {(side == 0 ? 0 : left.columns.size()) + time.column, time.span_micros});
    }
    return absl::OkStatus();
  }

  const OtherFunctions& other_;
  PlainPlan& out_;
};

}  // namespace

absl::StatusOr<PlainPlan> ReadPlan(std::string_view bytes, const OtherFunctions& other) {
  constexpr int kVersion = 1;
  // Expressions may be deeper than protobuf's default lets messages be.
  constexpr int kDepth = 1000;
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetRecursionLimit(kDepth);
  plan::Plan in;
  if (!in.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    return NoPlan("other bytes");
  }
  if (in.version() != kVersion) {
    return absl::UnimplementedError(
        absl::StrCat("the interpreter does not know version ", in.version(), " of plans"));
  }
  if (in.nodes().empty()) return NoPlan("no nodes");
  PlainPlan out;
  Reader reader(other, out);
  for (const plan::Node& node : in.nodes()) WT_RETURN_IF_ERROR(reader.Add(node));
  return out;
}

}  // namespace wavetank::properties
