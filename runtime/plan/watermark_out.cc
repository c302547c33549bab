#include "runtime/plan/watermark_out.h"

#include <algorithm>

#include "runtime/plan/join_shape.h"

namespace wavetank::runtime {
namespace {

// A row that was kept comes out again for as long as it is kept.
WatermarkLag OfJoin(const LogicalPlan& node, const WatermarkLag& in) {
  if (!in || node.event_times.empty()) return std::nullopt;
  absl::Duration lag = *in;
  for (const JoinShape::Side& side : ShapeOf(node).sides) {
    if (!side.late || !side.eviction || side.eviction->attribute != side.late->attribute) continue;
    // time > watermark + offset; so time + span > watermark + offset + span.
    lag = std::max(lag, *in - side.eviction->offset - side.late->span);
  }
  return lag;
}

}  // namespace

WatermarkLag WatermarkIn(std::span<const WatermarkLag> inputs) {
  WatermarkLag in;
  for (const WatermarkLag& input : inputs) {
    if (input && (!in || *input > *in)) in = input;
  }
  return in;
}

WatermarkLag WatermarkOut(const LogicalPlan& node, std::span<const WatermarkLag> inputs) {
  const WatermarkLag in = WatermarkIn(inputs);
  switch (node.op) {
    case PlanOperator::kSource:
      return std::nullopt;
    case PlanOperator::kWatermark:
      return absl::ZeroDuration();
    case PlanOperator::kJoin:
      return OfJoin(node, in);
    default:
      return in;
  }
}

}  // namespace wavetank::runtime
