// How watermarks pass through a query. Every watermark operator gives the query's, which the driver
// has worked out; what is said here is by how much those of other operators are behind it.
#ifndef WAVETANK_RUNTIME_PLAN_WATERMARK_OUT_H_
#define WAVETANK_RUNTIME_PLAN_WATERMARK_OUT_H_

#include <optional>
#include <span>

#include "absl/time/time.h"

#include "runtime/plan/logical_plan.h"

namespace wavetank::runtime {

// Behind the query's watermark, 0 or more; unset: there is none.
using WatermarkLag = std::optional<absl::Duration>;

// Of an operator that reads several: the earliest of those that have one.
WatermarkLag WatermarkIn(std::span<const WatermarkLag> inputs);

// Of what `node` gives: rows that it gives in a batch have event times above it, as it was in the
// batch before. REQUIRES: analysed, as many as it has inputs.
WatermarkLag WatermarkOut(const LogicalPlan& node, std::span<const WatermarkLag> inputs);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_WATERMARK_OUT_H_
