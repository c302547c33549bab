// What a watermark has passed, in the event times of rows.
#ifndef WAVETANK_RUNTIME_OPERATORS_EVENT_TIME_H_
#define WAVETANK_RUNTIME_OPERATORS_EVENT_TIME_H_

#include <cstdint>
#include <limits>
#include <optional>

#include "absl/time/time.h"

#include "runtime/types/timestamp.h"

namespace wavetank::runtime {

// Times at or below the watermark + shift are those that are meant. Nothing: none is, as there is
// no watermark.
inline std::optional<int64_t> TimesUpTo(absl::Time watermark, int64_t shift_micros) {
  if (watermark == absl::InfinitePast()) return std::nullopt;
  int64_t bound;
  if (!__builtin_add_overflow(ToMicros(watermark), shift_micros, &bound)) return bound;
  if (shift_micros < 0) return std::nullopt;
  return std::numeric_limits<int64_t>::max();
}

// The earliest watermark at which TimesUpTo(watermark, shift) has the time; InfiniteFuture: none.
inline absl::Time WatermarkThatPasses(std::optional<int64_t> time, int64_t shift_micros) {
  if (!time) return absl::InfiniteFuture();
  int64_t watermark;
  if (!__builtin_sub_overflow(*time, shift_micros, &watermark)) return FromMicros(watermark);
  return shift_micros < 0 ? absl::InfiniteFuture() : absl::InfinitePast();
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_EVENT_TIME_H_
