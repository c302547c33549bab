// MachineClock: what one machine takes the time to be.
//
// Its monotonic time runs at its own rate (drift) and never goes back; its wall time starts wrong
// by `skew`, drifts along, and jumps when told to. Timers that it runs may fire late by up to
// `timer_jitter_max`, never early.
#ifndef WAVETANK_SIMULATOR_MACHINE_CLOCK_H_
#define WAVETANK_SIMULATOR_MACHINE_CLOCK_H_

#include <cstdint>

#include "absl/time/time.h"

namespace wavetank::simulator {

struct ClockOptions {
  absl::Duration skew = absl::ZeroDuration();
  // Nanoseconds gained in a millisecond of true time; below 1,000,000 either way.
  int64_t drift_ppm = 0;
  absl::Duration timer_jitter_max = absl::Microseconds(50);
};

class MachineClock {
 public:
  explicit MachineClock(const ClockOptions& options);

  // Monotonic time, counted from the machine's making.
  int64_t LocalNs(int64_t true_ns) const;
  // The first true time at which LocalNs is at least `local_ns`, as long as the drift stays.
  int64_t TrueNs(int64_t local_ns) const;
  absl::Time Wall(int64_t true_ns) const;

  void JumpWall(absl::Duration by) { wall_offset_ += by; }
  void SetDrift(int64_t true_now_ns, int64_t drift_ppm);
  void SetTimerJitterMax(absl::Duration max) {
    timer_jitter_max_ns_ = absl::ToInt64Nanoseconds(max);
  }
  int64_t timer_jitter_max_ns() const { return timer_jitter_max_ns_; }
  // Back to what the options say; the wall stays where it is.
  void ResetDrift(int64_t true_now_ns) { SetDrift(true_now_ns, options_.drift_ppm); }
  void ResetTimerJitterMax() { SetTimerJitterMax(options_.timer_jitter_max); }

 private:
  const ClockOptions options_;
  int64_t base_true_ns_ = 0;
  int64_t base_local_ns_ = 0;
  int64_t drift_ppm_ = 0;
  int64_t timer_jitter_max_ns_;
  absl::Duration wall_offset_;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_MACHINE_CLOCK_H_
