// RealClock: the host's clocks, and the timers of one event loop.
//
// Not thread-safe: the loop's thread. Timers due together fire in the order of their deadlines,
// then of their start. Monotonic time stands still while the machine sleeps.
#ifndef WAVETANK_PLATFORM_REAL_REAL_CLOCK_H_
#define WAVETANK_PLATFORM_REAL_REAL_CLOCK_H_

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "platform/clock.h"

namespace wavetank::platform {

class RealClock final : public Clock {
 public:
  MonotonicTime Now() const override;
  absl::Time WallNow() const override;

  // For the loop: when to call FireDue next, if ever.
  std::optional<MonotonicTime> next_deadline() const;
  // Fires every timer whose deadline has come.
  void FireDue();

 private:
  void Add(Timer& timer) override;
  void Remove(Timer& timer) override;

  uint64_t next_slot_ = 0;
  std::map<std::pair<MonotonicTime, uint64_t>, Timer*> timers_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_REAL_CLOCK_H_
