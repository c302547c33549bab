#include "platform/real/real_clock.h"

#include <chrono>

#include "absl/time/clock.h"

namespace wavetank::platform {

MonotonicTime RealClock::Now() const {
  const auto since_origin = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(since_origin).count()};
}

absl::Time RealClock::WallNow() const { return absl::Now(); }

std::optional<MonotonicTime> RealClock::next_deadline() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first.first;
}

void RealClock::FireDue() {
  if (timers_.empty()) return;
  const MonotonicTime now = Now();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    Timer* timer = timers_.begin()->second;
    timers_.erase(timers_.begin());
    timer->Fire();
  }
}

void RealClock::Add(Timer& timer) {
  timer.clock_slot = next_slot_++;
  timers_.emplace(std::pair(timer.deadline(), timer.clock_slot), &timer);
}

void RealClock::Remove(Timer& timer) {
  timers_.erase(std::pair(timer.deadline(), timer.clock_slot));
}

}  // namespace wavetank::platform
