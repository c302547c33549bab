// The analyser: from the plan that a front end wrote to one whose names exist and whose types fit.
// With* calls, windows and "*" (every column; "name.*": of what is called so) become plain
// projections; every column gets an id, numbered from 0 in the
// order in which the nodes are passed, inputs first; one that is read by several stays one.
#ifndef WAVETANK_RUNTIME_PLAN_ANALYSER_H_
#define WAVETANK_RUNTIME_PLAN_ANALYSER_H_

#include <functional>
#include <vector>

#include "absl/status/statusor.h"

#include "runtime/functions/registry.h"
#include "runtime/plan/logical_plan.h"

namespace wavetank::runtime {

// The columns of a source's rows, without ids: what the source is told stands in its description.
// kInvalidArgument says what of it is wrong.
using SourceColumns =
    std::function<absl::StatusOr<std::vector<Attribute>>(const SourceDescription&)>;
// Lines, whatever the format.
absl::StatusOr<std::vector<Attribute>> LinesOfText(const SourceDescription& source);

// Where an error lies, in the plan that was given: the innermost node, and what of its expressions
// (null: no single one). A front end that knows where it has these from can show the place.
struct FailurePlace {
  const LogicalPlan* node = nullptr;
  const ExpressionNode* expression = nullptr;
};

// kInvalidArgument: one line that says in which call, what is wrong with which column, what there
// is, and what to do. What a streaming query can show of it is another question (mode_rules.h).
absl::StatusOr<LogicalPlanPtr> Analyse(
    const LogicalPlanPtr& plan, const FunctionRegistry& functions = FunctionRegistry::BuiltIn(),
    const SourceColumns& columns = LinesOfText, FailurePlace* place = nullptr);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_ANALYSER_H_
