#include "runtime/plan/operator_ids.h"

#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace wavetank::runtime {
namespace {

void Number(const LogicalPlanPtr& node, absl::flat_hash_map<const LogicalPlan*, int>& ids,
            int& stateful, int& watermarks) {
  if (ids.contains(node.get())) return;
  ids[node.get()] = IsStateful(node->op)                   ? stateful++
                    : node->op == PlanOperator::kWatermark ? watermarks++
                                                           : 0;
  for (const LogicalPlanPtr& input : node->inputs) Number(input, ids, stateful, watermarks);
}

}  // namespace

LogicalPlanPtr WithOperatorIds(const LogicalPlanPtr& root) {
  absl::flat_hash_map<const LogicalPlan*, int> ids;
  int stateful = 0;
  int watermarks = 0;
  Number(root, ids, stateful, watermarks);
  std::vector<LogicalPlanPtr> order = InOrder(root);
  absl::flat_hash_map<const LogicalPlan*, LogicalPlanPtr> done;
  for (const LogicalPlanPtr& node : order) {
    LogicalPlan changed = *node;
    changed.operator_id = ids.at(node.get());
    for (LogicalPlanPtr& input : changed.inputs) input = done.at(input.get());
    done[node.get()] = Finished(std::move(changed));
  }
  return done.at(root.get());
}

}  // namespace wavetank::runtime
