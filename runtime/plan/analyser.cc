#include "runtime/plan/analyser.h"

#include <algorithm>
#include <optional>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/columnar/text_lines.h"
#include "runtime/plan/operator_ids.h"
#include "runtime/plan/plan_codec.h"
#include "runtime/plan/resolve.h"
#include "runtime/plan/star.h"

namespace wavetank::runtime {
namespace {

// Rows that are later than this are a mistake in a unit.
constexpr absl::Duration kLongestDelay = absl::Hours(24 * 366 * 100);

// A node, and its columns as those above may name them.
struct Analysed {
  LogicalPlanPtr plan;
  std::vector<Attribute> scope;
};

Analysed OfOutput(LogicalPlanPtr plan) {
  std::vector<Attribute> scope = plan->output;
  return {std::move(plan), std::move(scope)};
}

LogicalPlan Over(LogicalPlanPtr input, PlanOperator op) {
  LogicalPlan node;
  node.op = op;
  node.inputs = {std::move(input)};
  return node;
}

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

// Of the column that `written` gives: "a.id" is the column id, or the field of a struct.
std::string NameOf(const ExpressionNode& written, const ExpressionNode& value) {
  if (written.kind != ExpressionKind::kName) return OutputName(written);
  if (value.kind == ExpressionKind::kAttribute) return value.name;
  return written.name.substr(written.name.rfind('.') + 1);
}

bool Share(const LogicalPlan& a, const LogicalPlan& b) {
  for (const Attribute& attribute : a.output) {
    if (FindAttribute(b.output, attribute.id) != nullptr) return true;
  }
  return false;
}

class Analyser {
 public:
  Analyser(const FunctionRegistry& functions, const SourceColumns& columns, FailurePlace& place)
      : functions_(functions), columns_(columns), place_(place) {}

  absl::StatusOr<Analysed> Node(const LogicalPlanPtr& plan) {
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

 private:
  absl::StatusOr<Analysed> Operator(const LogicalPlan& plan, std::vector<Analysed> inputs) {
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
      case PlanOperator::kExplode:
        break;
    }
    return absl::InternalError("an analysed plan was analysed again");
  }

  Resolver In(std::string call, const Analysed& input) const {
    return Resolver(std::move(call), input.scope, functions_, &place_.expression);
  }
  Attribute Made(std::string name, DataType type, bool nullable) {
    return {next_id_++, std::move(name), std::move(type), nullable};
  }
  // As a column of its own under its name.
  ExpressionPtr Named(const ExpressionPtr& value, std::string name) {
    const ExpressionPtr column = Aliased(value, std::move(name), next_id_);
    if (column->attribute == next_id_) ++next_id_;
    return column;
  }

  absl::StatusOr<Analysed> Source(const LogicalPlan& plan) {
    WT_ASSIGN_OR_RETURN(const std::vector<Attribute> columns, columns_(plan.source));
    // One that is read twice is one source: what a batch reads of it is read in both places.
    const auto known = sources_.find(plan.source.Name());
    if (known != sources_.end()) {
      if (known->second.plan->source == plan.source) return known->second;
      return absl::InvalidArgumentError(absl::StrCat(
          "ReadStream: two sources read ", plan.source.Name(),
          " with other formats or options: read it once, and use that in both places"));
    }
    LogicalPlan node = plan;
    for (const Attribute& column : columns) {
      node.made.push_back(Made(column.name, column.type, column.nullable));
    }
    return sources_[plan.source.Name()] = OfOutput(Finished(std::move(node)));
  }

  // An Explode node over `input` for the only Explode among the columns, if there is one, and the
  // column that it makes.
  absl::StatusOr<LogicalPlanPtr> Explode(const Resolver& resolver, const Analysed& input,
                                         const std::vector<ExpressionPtr>& columns,
                                         ExpressionPtr* element) {
    const ExpressionNode* explode = nullptr;
    std::string name;
    for (const ExpressionPtr& column : columns) {
      const ExpressionNode& node = *WithoutAlias(column);
      if (!IsCall(node, kExplodeCall)) continue;
      if (explode != nullptr) {
        return resolver.Error("two Explode(...) at once: use one Select for each");
      }
      explode = &node;
      name = OutputName(*column);
    }
    if (explode == nullptr) return input.plan;
    if (explode->operands.size() != 1) {
      return resolver.Error(absl::StrCat(ToText(*explode), ": Explode takes one array"));
    }
    WT_ASSIGN_OR_RETURN(const ExpressionPtr resolved, resolver.Row(explode->operands[0]));
    const ExpressionPtr& array = WithoutAlias(resolved);
    if (array->type.kind() != DataType::kArray) {
      return resolver.Error(absl::StrCat(ToText(*explode), ": ", ToText(*array), " is ",
                                         DataTypeName(array->type),
                                         ", not an array: Explode takes one, as of "
                                         "Split(text, separator)"));
    }
    LogicalPlan node = Over(input.plan, PlanOperator::kExplode);
    node.expressions = {array};
    for (const Attribute& attribute : input.plan->output) {
      node.expressions.push_back(Reference(attribute));
    }
    node.made = {Made(std::move(name), array->type.element(), true)};
    *element = Reference(node.made[0]);
    return Finished(std::move(node));
  }

  enum class Names : bool { kAreAsTheyAre, kDiffer };

  absl::StatusOr<Analysed> Project(std::string call, Analysed input,
                                   const std::vector<ExpressionPtr>& written, Names names) {
    const Resolver resolver = In(std::move(call), input);
    if (written.empty()) return resolver.Error("no columns: name at least one");
    WT_ASSIGN_OR_RETURN(const std::vector<ExpressionPtr> columns,
                        WithoutStars(resolver, input.scope, written));
    ExpressionPtr element;
    WT_ASSIGN_OR_RETURN(LogicalPlanPtr below, Explode(resolver, input, columns, &element));
    std::vector<ExpressionPtr> resolved;
    for (const ExpressionPtr& column : columns) {
      if (IsCall(*WithoutAlias(column), kExplodeCall)) {
        resolved.push_back(element);
        continue;
      }
      WT_ASSIGN_OR_RETURN(const ExpressionPtr value, resolver.Row(column));
      resolved.push_back(Named(value, NameOf(*column, *value)));
    }
    if (names == Names::kDiffer) WT_RETURN_IF_ERROR(resolver.CheckNamesDiffer(resolved));
    return OfOutput(MakeProject(std::move(below), std::move(resolved)));
  }

  absl::StatusOr<Analysed> WithColumn(const LogicalPlan& plan, Analysed input) {
    std::vector<ExpressionPtr> columns;
    const ExpressionPtr value = Expression(plan.expressions[0]).As(plan.name).node();
    bool replaced = false;
    for (const Attribute& attribute : input.plan->output) {
      const bool replace = attribute.name == plan.name;
      columns.push_back(replace ? value : Reference(attribute));
      replaced |= replace;
    }
    if (!replaced) columns.push_back(value);
    // The others may be of a join, and have one name.
    const std::vector<Attribute> before = input.scope;
    WT_ASSIGN_OR_RETURN(Analysed with, Project(absl::StrCat("WithColumn(\"", plan.name, "\")"),
                                               std::move(input), columns, Names::kAreAsTheyAre));
    for (Attribute& attribute : with.scope) {
      const Attribute* const known = FindAttribute(before, attribute.id);
      if (known != nullptr) attribute.qualifier = known->qualifier;
    }
    return with;
  }

  absl::StatusOr<Analysed> Filter(const LogicalPlan& plan, Analysed input) {
    WT_ASSIGN_OR_RETURN(
        const ExpressionPtr condition,
        In("Where", input)
            .RowOf(plan.expressions[0], DataType::kBool, "compare it with something"));
    input.plan = MakeFilter(std::move(input.plan), WithoutAlias(condition));
    return input;
  }

  absl::StatusOr<Analysed> Watermark(const LogicalPlan& plan, Analysed input) {
    const Resolver resolver = In("WithWatermark", input);
    const std::string name = OutputName(*plan.expressions[0]);
    // From the nearest on.
    const std::vector<LogicalPlanPtr> order = InOrder(input.plan);
    for (const LogicalPlanPtr& below : std::views::reverse(order)) {
      if (below->op == PlanOperator::kAggregate) {
        return resolver.Error(
            absl::StrCat("\"", name, "\" comes after GroupBy: call WithWatermark before it"));
      }
      if (below->op != PlanOperator::kWatermark) continue;
      return resolver.Error(absl::StrCat("the event time is already in \"",
                                         ToText(*below->expressions[0]),
                                         "\": a query has one watermark on its way, drop this one "
                                         "on \"",
                                         name, "\""));
    }
    WT_ASSIGN_OR_RETURN(const ExpressionPtr column, resolver.Column(name));
    if (column->type != DataType::kTimestamp) {
      return resolver.Error(absl::StrCat("\"", name, "\" is ", DataTypeName(column->type),
                                         ", not timestamp: cast it"));
    }
    if (plan.delay < absl::ZeroDuration() || plan.delay > kLongestDelay) {
      return resolver.Error(
          absl::StrCat("the delay ", absl::FormatDuration(plan.delay),
                       plan.delay < absl::ZeroDuration()
                           ? " is negative: use 0 or more"
                           : " is longer than 100 years: no row would ever be late"));
    }
    LogicalPlan node = Over(std::move(input.plan), PlanOperator::kWatermark);
    node.expressions = {column};
    node.delay = plan.delay;
    return Analysed{Finished(std::move(node)), std::move(input.scope)};
  }

  // A key as a column; a window as its start. Its end is added above the aggregate.
  absl::StatusOr<ExpressionPtr> Key(const Resolver& resolver, const ExpressionPtr& key) {
    const ExpressionNode& node = *WithoutAlias(key);
    if (node.kind == ExpressionKind::kLiteral) {
      return resolver.Error(absl::StrCat(ToText(node),
                                         " is the same for all rows: for a column, "
                                         "write Col(\"...\")"));
    }
    if (IsCall(node, "window_start") || IsCall(node, "window_end")) {
      return resolver.Error(absl::StrCat(ToText(node), ": group by Window(time, size)"));
    }
    if (!IsCall(node, kWindowCall)) {
      WT_ASSIGN_OR_RETURN(const ExpressionPtr value, resolver.Row(key));
      if (!value->type.is_storable()) {
        return resolver.Error(absl::StrCat(ToText(*value), " is ", DataTypeName(value->type),
                                           ", which is no key: take a part of it, or cast it"));
      }
      return Named(value, NameOf(*key, *value));
    }
    ExpressionNode start = node;
    start.name = "window_start";
    WT_ASSIGN_OR_RETURN(const ExpressionPtr value,
                        resolver.Row(std::make_shared<const ExpressionNode>(std::move(start))));
    return Named(value, absl::StrCat(OutputName(*key), ".start"));
  }

  absl::StatusOr<Analysed> Aggregate(const LogicalPlan& plan, Analysed input) {
    const Resolver group_by = In("GroupBy", input);
    const Resolver agg = In("Agg", input);
    LogicalPlan node = Over(input.plan, PlanOperator::kAggregate);
    node.keys = plan.keys;
    bool windowed = false;
    for (int i = 0; i < plan.keys; ++i) {
      const ExpressionPtr& key = plan.expressions[static_cast<size_t>(i)];
      WT_ASSIGN_OR_RETURN(node.expressions.emplace_back(), Key(group_by, key));
      if (!IsCall(*WithoutAlias(node.expressions.back()), "window_start")) continue;
      if (windowed) return group_by.Error("two windows: group by one");
      windowed = true;
    }
    if (plan.expressions.size() == static_cast<size_t>(plan.keys)) {
      return agg.Error("no aggregates: name at least one, as in Agg({Count()})");
    }
    for (size_t i = static_cast<size_t>(plan.keys); i < plan.expressions.size(); ++i) {
      WT_ASSIGN_OR_RETURN(const ExpressionPtr aggregate, agg.Aggregate(plan.expressions[i]));
      node.expressions.push_back(Named(aggregate, OutputName(*plan.expressions[i])));
    }

    std::vector<ExpressionPtr> columns;
    for (const ExpressionPtr& column : node.expressions) {
      const ExpressionPtr reference = Reference(AttributeOf(*column));
      columns.push_back(reference);
      const ExpressionNode& value = *WithoutAlias(column);
      if (!IsCall(value, "window_start")) continue;
      columns.push_back(Named(BuiltInCall("window_end", {reference, value.operands[1]}),
                              column->name.substr(0, column->name.size() - 5) + "end"));
    }
    WT_RETURN_IF_ERROR(group_by.CheckNamesDiffer(columns));
    LogicalPlanPtr aggregate = Finished(std::move(node));
    if (!windowed) return OfOutput(std::move(aggregate));
    return OfOutput(MakeProject(std::move(aggregate), std::move(columns)));
  }

  // The same columns under ids of their own, so that a plan may be joined with itself.
  Analysed Renumbered(Analysed input) {
    std::vector<ExpressionPtr> columns;
    for (size_t i = 0; i < input.plan->output.size(); ++i) {
      const Attribute& attribute = input.plan->output[i];
      ExpressionNode alias;
      alias.kind = ExpressionKind::kAlias;
      alias.name = attribute.name;
      alias.type = attribute.type;
      alias.nullable = attribute.nullable;
      alias.attribute = next_id_++;
      alias.operands = {Reference(attribute)};
      columns.push_back(std::make_shared<const ExpressionNode>(std::move(alias)));
      input.scope[i].id = columns.back()->attribute;
    }
    input.plan = MakeProject(std::move(input.plan), std::move(columns));
    return input;
  }

  absl::StatusOr<Analysed> Join(const LogicalPlan& plan, Analysed left, Analysed right) {
    if (Share(*left.plan, *right.plan)) right = Renumbered(std::move(right));
    Analysed both{nullptr, left.scope};
    both.scope.insert(both.scope.end(), right.scope.begin(), right.scope.end());
    LogicalPlan node;
    node.op = PlanOperator::kJoin;
    node.join = plan.join;
    node.inputs = {left.plan, right.plan};
    if (!plan.expressions.empty()) {
      WT_ASSIGN_OR_RETURN(
          const ExpressionPtr condition,
          In("Join", both)
              .RowOf(plan.expressions[0], DataType::kBool, "compare columns of both inputs"));
      node.expressions = {WithoutAlias(condition)};
    } else if (plan.join != JoinType::kInner) {
      return In("Join", both)
          .Error(absl::StrCat("a ", platform::ToAbsl(JoinTypeName(plan.join)),
                              " join needs a condition"));
    }
    both.plan = Finished(std::move(node));
    // Semi and anti joins show the left columns alone; a side that may lack makes nulls.
    both.scope.resize(both.plan->output.size());
    for (size_t i = 0; i < both.scope.size(); ++i) {
      both.scope[i].nullable = both.plan->output[i].nullable;
    }
    return both;
  }

  absl::StatusOr<Analysed> Union(const std::vector<Analysed>& inputs) {
    const Resolver resolver = In("Union", inputs[0]);
    LogicalPlan node;
    node.op = PlanOperator::kUnion;
    std::vector<Attribute> first = inputs[0].plan->output;
    std::vector<bool> nullable(first.size());
    for (const Analysed& input : inputs) {
      const std::vector<Attribute>& columns = input.plan->output;
      if (columns.size() != first.size()) {
        return resolver.Error(absl::StrCat("one input has ", first.size(), " columns, another ",
                                           columns.size(), ": select the same ones"));
      }
      for (size_t i = 0; i < first.size(); ++i) {
        const std::optional<DataType> both = CommonType(first[i].type, columns[i].type);
        if (!both) {
          return resolver.Error(absl::StrCat("column ", i + 1, " is ", first[i].name, ": ",
                                             DataTypeName(first[i].type), " in one input and ",
                                             columns[i].name, ": ", DataTypeName(columns[i].type),
                                             " in another: cast one"));
        }
        first[i].type = *both;
      }
    }
    for (const Analysed& input : inputs) {
      std::vector<ExpressionPtr> columns;
      bool as_it_is = true;
      for (size_t i = 0; i < first.size(); ++i) {
        const Attribute& column = input.plan->output[i];
        as_it_is = as_it_is && column.type == first[i].type;
        columns.push_back(Named(CastTo(Reference(column), first[i].type), column.name));
        nullable[i] = nullable[i] || columns.back()->nullable;
      }
      node.inputs.push_back(as_it_is ? input.plan : MakeProject(input.plan, std::move(columns)));
    }
    for (size_t i = 0; i < first.size(); ++i) {
      node.made.push_back(Made(first[i].name, first[i].type, nullable[i]));
    }
    return OfOutput(Finished(std::move(node)));
  }

  // The longest of the watermarks below.
  static absl::Duration DelayBelow(const LogicalPlanPtr& plan) {
    absl::Duration delay;
    for (const LogicalPlanPtr& node : InOrder(plan)) {
      if (node->op == PlanOperator::kWatermark) delay = std::max(delay, node->delay);
    }
    return delay;
  }

  absl::StatusOr<Analysed> DropDuplicates(const LogicalPlan& plan, Analysed input) {
    const bool within = plan.op == PlanOperator::kDropDuplicatesWithin;
    const Resolver resolver =
        In(within ? "DropDuplicatesWithinWatermark" : "DropDuplicates", input);
    LogicalPlan node = Over(input.plan, plan.op);
    if (within) {
      if (input.plan->event_times.empty()) {
        return resolver.Error("its rows have no event time: call WithWatermark before it");
      }
      node.delay = DelayBelow(input.plan);
    }
    for (const ExpressionPtr& column : plan.expressions) {
      WT_ASSIGN_OR_RETURN(node.expressions.emplace_back(), resolver.Column(OutputName(*column)));
    }
    if (plan.expressions.empty()) {
      for (const Attribute& attribute : input.plan->output) {
        node.expressions.push_back(Reference(attribute));
      }
    }
    for (const ExpressionPtr& column : node.expressions) {
      if (column->type.is_storable()) continue;
      return resolver.Error(absl::StrCat(ToText(*column), " is ", DataTypeName(column->type),
                                         ", which is no key: select without it"));
    }
    input.plan = Finished(std::move(node));
    return input;
  }

  const FunctionRegistry& functions_;
  const SourceColumns& columns_;
  FailurePlace& place_;
  int next_id_ = 0;
  absl::flat_hash_map<const LogicalPlan*, Analysed> done_;
  absl::flat_hash_map<std::string, Analysed> sources_;  // by name
};

}  // namespace

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
