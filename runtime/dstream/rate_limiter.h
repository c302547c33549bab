// RateLimiter: when the next row may be taken, so that no more come in a second than a rate says.
// As Guava's, which Spark's receivers have: what was not used of the last second may come at once,
// and whoever takes many at a time waits afterwards, not before.
#ifndef WAVETANK_RUNTIME_DSTREAM_RATE_LIMITER_H_
#define WAVETANK_RUNTIME_DSTREAM_RATE_LIMITER_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

#include "platform/clock.h"

namespace wavetank::runtime {

class RateLimiter {
 public:
  // Rows a second; 0: no limit.
  void SetRate(int64_t rate, platform::MonotonicTime now) {
    if (rate_ == 0) next_ = now;  // nothing was saved up
    rate_ = rate;
  }
  bool has_rate() const { return rate_ != 0; }
  void Take(int64_t rows, platform::MonotonicTime now) {
    if (rate_ == 0) return;
    next_ = std::max(next_, now + -kSavedUp) + absl::Seconds(rows) / rate_;
  }
  // REQUIRES: time does not go back.
  platform::MonotonicTime ready_at(platform::MonotonicTime now) const {
    return rate_ == 0 ? now : std::max(next_, now);
  }

 private:
  static constexpr absl::Duration kSavedUp = absl::Seconds(1);
  int64_t rate_ = 0;
  platform::MonotonicTime next_ = {};
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_RATE_LIMITER_H_
