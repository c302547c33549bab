#include "properties/interpreter/propagation.h"

#include <algorithm>
#include <limits>

namespace wavetank::properties {
namespace {

// At the ends of int64, those.
int64_t Sum(int64_t a, int64_t b) {
  const __int128 sum = __int128{a} + b;
  if (sum > std::numeric_limits<int64_t>::max()) return std::numeric_limits<int64_t>::max();
  if (sum < std::numeric_limits<int64_t>::min()) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(sum);
}

}  // namespace

std::vector<NodeWatermark> Propagate(const PlainPlan& plan, std::optional<int64_t> watermark_ms) {
  std::vector<NodeWatermark> watermarks;
  for (const PlainNode& node : plan.nodes) {
    NodeWatermark& own = watermarks.emplace_back();
    for (const size_t input : node.inputs) {
      const std::optional<int64_t> given = watermarks[input].out;
      if (given) own.in = std::min(own.in.value_or(*given), *given);
    }
    own.out = own.in;
    if (node.op == PlainOperator::kWatermark) {
      own.out = watermark_ms ? std::optional(*watermark_ms * 1000) : std::nullopt;
    }
    if (node.op != PlainOperator::kJoin || !own.in) continue;
    if (node.event_times.empty()) own.out = std::nullopt;
    for (const std::optional<int64_t>& until : node.bounds.kept_until_micros) {
      if (until) own.out = std::min(*own.out, Sum(*own.in, *until));
    }
  }
  return watermarks;
}

}  // namespace wavetank::properties
