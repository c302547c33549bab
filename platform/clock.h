// Clock: the time of one machine, and timers.
//
// Contract:
// - Now() is monotonic: it never goes back within a process, counts from an unstated origin, means
//   nothing in another process, and may drift from true time (by up to the drift the simulator is
//   told to apply). Use it for every timeout and interval.
// - WallNow() is the calendar: it may jump forwards and backwards at any moment, and two machines
//   disagree. Use it only for what people read and for event times; decide nothing durable on it
//   that would be wrong if it went back.
// - A timer never fires before its deadline on Now(); it may fire arbitrarily late (a paused
//   process, a busy loop). Its waiter then becomes ready like any other, in no stated order among
//   those ready together.
#ifndef WAVETANK_PLATFORM_CLOCK_H_
#define WAVETANK_PLATFORM_CLOCK_H_

#include <compare>
#include <coroutine>
#include <cstdint>

#include "absl/time/time.h"

#include "platform/waiter.h"

namespace wavetank::platform {

// A point on one process's monotonic clock, in nanoseconds.
struct MonotonicTime {
  int64_t ns = 0;

  friend auto operator<=>(MonotonicTime, MonotonicTime) = default;
  // Saturates, so that a wait of absl::InfiniteDuration() is one.
  friend MonotonicTime operator+(MonotonicTime time, absl::Duration by) {
    return {absl::ToInt64Nanoseconds(absl::Nanoseconds(time.ns) + by)};
  }
  friend absl::Duration operator-(MonotonicTime a, MonotonicTime b) {
    return absl::Nanoseconds(a.ns - b.ns);
  }
};

class Clock;

// A deadline that makes a waiter ready. Owned by an awaiter; leaves its clock when destroyed.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { Cancel(); }

  // REQUIRES: not pending; `waiter` is armed and outlives the timer's firing or cancellation.
  void Start(Clock& clock, MonotonicTime deadline, Waiter& waiter);
  void Cancel();
  bool pending() const { return clock_ != nullptr; }
  MonotonicTime deadline() const { return deadline_; }

  // For clocks: the deadline has come.
  void Fire();
  // For clocks: where this timer stands in the clock's own order.
  uint64_t clock_slot = 0;

 private:
  Clock* clock_ = nullptr;
  MonotonicTime deadline_;
  Waiter* waiter_ = nullptr;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonotonicTime Now() const = 0;
  virtual absl::Time WallNow() const = 0;

  // `co_await clock.Sleep(duration)`; never returns early, yields even when duration <= 0.
  struct SleepAwaiter {
    Clock& clock;
    MonotonicTime deadline;
    Waiter waiter;
    Timer timer;
    bool await_ready() const { return false; }
    template <typename Promise>
    void await_suspend(std::coroutine_handle<Promise> handle) {
      waiter.Arm(handle.promise().executor(), handle);
      timer.Start(clock, deadline, waiter);
    }
    void await_resume() const {}
  };
  SleepAwaiter Sleep(absl::Duration duration) { return {*this, Now() + duration, {}, {}}; }
  SleepAwaiter SleepUntil(MonotonicTime deadline) { return {*this, deadline, {}, {}}; }

 protected:
  friend class Timer;
  // Keeps a pointer to `timer` until it fires or is removed.
  virtual void Add(Timer& timer) = 0;
  virtual void Remove(Timer& timer) = 0;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_CLOCK_H_
