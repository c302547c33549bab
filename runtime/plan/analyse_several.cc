// Operators of several inputs: joins and unions.
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/plan/analysis.h"

namespace wavetank::runtime {
namespace {

bool Share(const LogicalPlan& a, const LogicalPlan& b) {
  for (const Attribute& attribute : a.output) {
    if (FindAttribute(b.output, attribute.id) != nullptr) return true;
  }
  return false;
}

}  // namespace

Analysed Analyser::Renumbered(Analysed input) {
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

absl::StatusOr<Analysed> Analyser::Join(const LogicalPlan& plan, Analysed left, Analysed right) {
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

absl::StatusOr<Analysed> Analyser::Union(const std::vector<Analysed>& inputs) {
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

}  // namespace wavetank::runtime
