// When the next batch of a ProcessingTime query may begin.
#ifndef WAVETANK_RUNTIME_STRUCTURED_TRIGGER_H_
#define WAVETANK_RUNTIME_STRUCTURED_TRIGGER_H_

#include "absl/time/time.h"

#include "platform/clock.h"

namespace wavetank::runtime {

// The first multiple of `interval` since the epoch after the batch's start on the wall clock, as a
// deadline on the monotonic clock: `start` and `wall_start` are the same instant. So ticks are
// aligned, ticks missed by a long batch are skipped, and a wall clock that jumps shifts at most one
// tick. A zero interval is due at once.
platform::MonotonicTime NextTrigger(platform::MonotonicTime start, absl::Time wall_start,
                                    absl::Duration interval);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_TRIGGER_H_
