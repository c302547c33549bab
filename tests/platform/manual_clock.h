// ManualClock: time that a test moves by hand.
#ifndef WAVETANK_TESTS_PLATFORM_MANUAL_CLOCK_H_
#define WAVETANK_TESTS_PLATFORM_MANUAL_CLOCK_H_

#include <cstdint>
#include <map>
#include <utility>

#include "platform/clock.h"

namespace wavetank::platform {

class ManualClock final : public Clock {
 public:
  MonotonicTime Now() const override { return now_; }
  absl::Time WallNow() const override { return absl::UnixEpoch() + absl::Nanoseconds(now_.ns); }

  // Fires what is due, in the order of deadlines.
  void Advance(absl::Duration by) {
    now_ = now_ + by;
    while (!timers_.empty() && timers_.begin()->first.first <= now_) {
      Timer* timer = timers_.begin()->second;
      timers_.erase(timers_.begin());
      timer->Fire();
    }
  }
  size_t pending() const { return timers_.size(); }

 private:
  void Add(Timer& timer) override {
    timer.clock_slot = next_slot_++;
    timers_.emplace(std::pair(timer.deadline(), timer.clock_slot), &timer);
  }
  void Remove(Timer& timer) override {
    timers_.erase(std::pair(timer.deadline(), timer.clock_slot));
  }

  MonotonicTime now_;
  uint64_t next_slot_ = 0;
  std::map<std::pair<MonotonicTime, uint64_t>, Timer*> timers_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_TESTS_PLATFORM_MANUAL_CLOCK_H_
