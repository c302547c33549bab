#include "runtime/structured/trigger.h"

namespace wavetank::runtime {

platform::MonotonicTime NextTrigger(platform::MonotonicTime start, absl::Time wall_start,
                                    absl::Duration interval) {
  if (interval <= absl::ZeroDuration()) return start;
  const absl::Duration since_tick = (wall_start - absl::UnixEpoch()) % interval;
  // Before 1970 the remainder is negative, and the next tick is nearer.
  const bool before_epoch = since_tick < absl::ZeroDuration();
  return start + (before_epoch ? -since_tick : interval - since_tick);
}

}  // namespace wavetank::runtime
