// Places: where in the text the nodes of a plan were written. They stand beside the plan, not in
// it: a plan is the same whoever wrote it.
#ifndef WAVETANK_RUNTIME_SQL_PLACES_H_
#define WAVETANK_RUNTIME_SQL_PLACES_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>

#include "absl/container/flat_hash_map.h"

#include "runtime/plan/expression.h"
#include "runtime/plan/logical_plan.h"

namespace wavetank::runtime::sql {

class Places {
 public:
  void Put(const ExpressionPtr& node, size_t offset) {
    const int depth = DepthOf(*node);
    places_.try_emplace(node.get(), Place{node, offset, depth});
  }
  void Put(const LogicalPlanPtr& node, size_t offset) {
    places_.try_emplace(node.get(), Place{node, offset, 0});
  }
  // Of an expression or of a node of the plan.
  std::optional<size_t> Find(const void* node) const {
    const auto found = places_.find(node);
    return found == places_.end() ? std::nullopt : std::optional(found->second.offset);
  }
  // How deep the expression is; those that were put are not gone through again.
  int DepthOf(const ExpressionNode& node) const {
    const auto found = places_.find(&node);
    if (found != places_.end()) return found->second.depth;
    int depth = 0;
    for (const ExpressionPtr& operand : node.operands) depth = std::max(depth, DepthOf(*operand));
    return depth + 1;
  }

 private:
  struct Place {
    std::shared_ptr<const void> node;  // kept, so that no other one ever has its address
    size_t offset = 0;
    int depth = 0;
  };
  absl::flat_hash_map<const void*, Place> places_;
};

}  // namespace wavetank::runtime::sql

#endif  // WAVETANK_RUNTIME_SQL_PLACES_H_
