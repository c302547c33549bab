// The layout of a query's state as its checkpoint pins it: what a plan would give, and whether that
// is what there is.
#ifndef WAVETANK_RUNTIME_STRUCTURED_STATE_LAYOUT_H_
#define WAVETANK_RUNTIME_STRUCTURED_STATE_LAYOUT_H_

#include <cstdint>

#include "absl/status/status.h"

#include "checkpoint/metadata.pb.h"
#include "runtime/fragment/query_plan.h"

namespace wavetank::runtime {

// Of state that is laid out after this batch. REQUIRES: the plan has state.
checkpoint::StateLayout LayoutOf(const StreamingQueryPlan& plan, int64_t after_batch);

// kFailedPrecondition names the operator, how it was laid out and how the plan would have it.
absl::Status CheckLayout(const checkpoint::StateLayout& pinned, const StreamingQueryPlan& plan);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_STATE_LAYOUT_H_
