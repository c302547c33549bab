// Latency: how long something takes: uniform between two bounds, now and then far longer.
#ifndef WAVETANK_SIMULATOR_LATENCY_H_
#define WAVETANK_SIMULATOR_LATENCY_H_

#include <cstdint>

#include "absl/time/time.h"

#include "platform/random.h"

namespace wavetank::simulator {

struct Latency {
  absl::Duration min;
  absl::Duration max;
  // So many in a million take anything up to `tail_max` instead.
  uint32_t tail_parts_per_million = 0;
  absl::Duration tail_max = absl::ZeroDuration();

  int64_t DrawNs(platform::Random random) const {
    const bool tail = tail_parts_per_million > 0 && random.PartsPerMillion(tail_parts_per_million);
    const absl::Duration longest = tail ? tail_max : max;
    return random.Between(absl::ToInt64Nanoseconds(min), absl::ToInt64Nanoseconds(longest));
  }
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_LATENCY_H_
