// Columns that nobody reads are neither computed nor carried.
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "runtime/plan/optimiser/optimiser.h"
#include "runtime/plan/optimiser/rewrite.h"

namespace wavetank::runtime {
namespace {

// The columns of `node` that stay when those of `needed` do.
std::vector<ExpressionPtr> Kept(const LogicalPlan& node, const std::set<int>& needed) {
  std::vector<ExpressionPtr> columns = node.expressions;
  const auto unread = [&](const ExpressionPtr& column) {
    return !needed.contains(column->attribute);
  };
  if (node.op == PlanOperator::kProject) {
    std::erase_if(columns, unread);
  } else if (node.op == PlanOperator::kExplode) {
    columns.erase(std::remove_if(columns.begin() + 1, columns.end(), unread), columns.end());
  }
  return columns;
}

bool PassesItsInput(PlanOperator op) {
  return op == PlanOperator::kFilter || op == PlanOperator::kWatermark ||
         op == PlanOperator::kJoin || op == PlanOperator::kDropDuplicates ||
         op == PlanOperator::kDropDuplicatesWithin || op == PlanOperator::kSort ||
         op == PlanOperator::kLimit;
}

}  // namespace

LogicalPlanPtr PruneColumns(const LogicalPlanPtr& plan) {
  const std::vector<LogicalPlanPtr> order = InOrder(plan);
  absl::flat_hash_map<const LogicalPlan*, std::set<int>> needed;
  absl::flat_hash_map<const LogicalPlan*, std::vector<ExpressionPtr>> kept;
  for (const Attribute& attribute : plan->output) needed[plan.get()].insert(attribute.id);
  for (auto node = order.rbegin(); node != order.rend(); ++node) {
    const std::set<int> above = needed[node->get()];
    std::vector<ExpressionPtr>& expressions = kept[node->get()];
    expressions = Kept(**node, above);
    std::set<int> below;
    for (const ExpressionPtr& expression : expressions) AddAttributes(*expression, below);
    if (PassesItsInput((*node)->op)) below.insert(above.begin(), above.end());
    for (const LogicalPlanPtr& input : (*node)->inputs) {
      needed[input.get()].insert(below.begin(), below.end());
      if (IsStateful((*node)->op)) {
        // Whoever reads them above or not, rows are late by them.
        for (const EventTime& time : input->event_times) {
          needed[input.get()].insert(time.attribute);
        }
      }
      if ((*node)->op != PlanOperator::kUnion) continue;
      // Its columns go by their place.
      for (const Attribute& attribute : input->output) needed[input.get()].insert(attribute.id);
    }
  }
  absl::flat_hash_map<const LogicalPlan*, LogicalPlanPtr> done;
  for (const LogicalPlanPtr& node : order) {
    LogicalPlan changed = *node;
    for (LogicalPlanPtr& input : changed.inputs) input = done.at(input.get());
    changed.expressions = kept.at(node.get());
    const bool same = changed.inputs == node->inputs && changed.expressions == node->expressions;
    done[node.get()] = same ? node : Finished(std::move(changed));
  }
  return done.at(plan.get());
}

}  // namespace wavetank::runtime
