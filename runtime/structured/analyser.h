// The analyser: from the plan that the user wrote to one whose names exist, whose types fit, and
// which a streaming query can run under its output mode. With* calls and windows become plain
// projections; every node knows its schema and event times.
#ifndef WAVETANK_RUNTIME_STRUCTURED_ANALYSER_H_
#define WAVETANK_RUNTIME_STRUCTURED_ANALYSER_H_

#include "absl/status/statusor.h"

#include "runtime/structured/logical_plan.h"
#include "runtime/structured/output_mode.h"

namespace wavetank::runtime {

// kInvalidArgument: one line that says in which call, what is wrong with which column, what there
// is, and what to do.
absl::StatusOr<LogicalPlanPtr> Analyse(const LogicalPlan& plan, QueryOutputMode mode);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_ANALYSER_H_
