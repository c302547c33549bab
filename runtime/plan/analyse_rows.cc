// Operators of single rows: projections, explodes, filters, watermarks.
#include <ranges>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/plan/analysis.h"
#include "runtime/plan/star.h"

namespace wavetank::runtime {
namespace {

// Rows that are later than this are a mistake in a unit.
constexpr absl::Duration kLongestDelay = absl::Hours(24 * 366 * 100);

}  // namespace

absl::StatusOr<LogicalPlanPtr> Analyser::Explode(const Resolver& resolver, const Analysed& input,
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

absl::StatusOr<Analysed> Analyser::Project(std::string call, Analysed input,
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

absl::StatusOr<Analysed> Analyser::WithColumn(const LogicalPlan& plan, Analysed input) {
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

absl::StatusOr<Analysed> Analyser::Filter(const LogicalPlan& plan, Analysed input) {
  WT_ASSIGN_OR_RETURN(
      const ExpressionPtr condition,
      In("Where", input).RowOf(plan.expressions[0], DataType::kBool, "compare it with something"));
  input.plan = MakeFilter(std::move(input.plan), WithoutAlias(condition));
  return input;
}

absl::StatusOr<Analysed> Analyser::Watermark(const LogicalPlan& plan, Analysed input) {
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
    return resolver.Error(
        absl::StrCat("\"", name, "\" is ", DataTypeName(column->type), ", not timestamp: cast it"));
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

}  // namespace wavetank::runtime
