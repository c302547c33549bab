// Which operators a streaming query may have under which output mode, and why not: a table.
#ifndef WAVETANK_RUNTIME_PLAN_MODE_RULES_H_
#define WAVETANK_RUNTIME_PLAN_MODE_RULES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "runtime/plan/logical_plan.h"
#include "runtime/plan/output_mode.h"

namespace wavetank::runtime {

// One operator under one mode, in the query of `root`.
struct ModeRule {
  PlanOperator op;
  QueryOutputMode mode;
  // What is wrong and what to do; "" permits it. No function: it is always permitted.
  std::string (*refuses)(const LogicalPlan& node, const LogicalPlanPtr& root);
};
// Every operator under every mode.
const std::vector<ModeRule>& ModeRules();

// kInvalidArgument: the words of the first rule, from the sink on, that refuses.
absl::Status CheckMode(const LogicalPlanPtr& analysed, QueryOutputMode mode);

// The columns of the output that are the keys of the only aggregate on the way, in their order; a
// window's end stands for its start. nullopt: the output has not all of them, or rows have no key
// of their own any more.
std::optional<std::vector<int>> OutputKeys(const LogicalPlan& root);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_MODE_RULES_H_
