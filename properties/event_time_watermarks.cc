#include "properties/event_time_watermarks.h"

#include <algorithm>

namespace wavetank::properties {
namespace {

int64_t MillisBelow(int64_t max_micros, int64_t delay_micros) {
  const __int128 micros = __int128{max_micros} - delay_micros;
  const __int128 millis = micros / 1000;
  return static_cast<int64_t>(millis * 1000 > micros ? millis - 1 : millis);
}

}  // namespace

void EventTimeWatermarks::Add(const std::vector<NaiveSeenTimes>& seen) {
  for (const NaiveSeenTimes& times : seen) {
    std::optional<int64_t>& watermark = operators_ms_[times.operator_id];
    if (!times.max_micros) continue;
    const int64_t demanded = MillisBelow(*times.max_micros, times.delay_micros);
    watermark = std::max(watermark.value_or(demanded), demanded);
  }
}

std::optional<int64_t> EventTimeWatermarks::operator_ms(int operator_id) const {
  const auto found = operators_ms_.find(operator_id);
  return found == operators_ms_.end() ? std::nullopt : found->second;
}

std::optional<int64_t> EventTimeWatermarks::global_ms() const {
  std::optional<int64_t> global;
  for (const auto& [id, watermark] : operators_ms_) {
    if (!watermark) {
      if (policy_ == WatermarkPolicy::kMin) return std::nullopt;
      continue;
    }
    if (!global) {
      global = watermark;
    } else {
      global = policy_ == WatermarkPolicy::kMin ? std::min(*global, *watermark)
                                                : std::max(*global, *watermark);
    }
  }
  return global;
}

}  // namespace wavetank::properties
