// Event: wakes those who wait for something that has happened, once Set. Latch(): Reset makes it
// wait again. Single-threaded; waiters resume through the ready queue.
#ifndef WAVETANK_PLATFORM_EVENT_H_
#define WAVETANK_PLATFORM_EVENT_H_

#include <coroutine>

#include "platform/clock.h"
#include "platform/waiter.h"

namespace wavetank::platform {

class Event {
 public:
  bool is_set() const { return set_; }
  void Set() {
    set_ = true;
    waiters_.WakeAll();
  }
  void Reset() { set_ = false; }

  // `co_await event.Wait()`.
  struct Awaiter {
    Event& event;
    Waiter waiter;
    bool await_ready() const { return event.set_; }
    template <typename Promise>
    void await_suspend(std::coroutine_handle<Promise> handle) {
      waiter.Arm(handle.promise().executor(), handle);
      event.waiters_.PushBack(waiter);
    }
    void await_resume() const {}
  };
  Awaiter Wait() { return {*this, {}}; }

  // `bool set = co_await event.WaitFor(clock, timeout)`: false when the time ran out first.
  struct TimedAwaiter {
    Event& event;
    Clock& clock;
    absl::Duration timeout;
    Waiter waiter;
    Timer timer;
    bool await_ready() const { return event.set_; }
    template <typename Promise>
    void await_suspend(std::coroutine_handle<Promise> handle) {
      waiter.Arm(handle.promise().executor(), handle);
      event.waiters_.PushBack(waiter);
      timer.Start(clock, clock.Now() + timeout, waiter);
    }
    bool await_resume() {
      timer.Cancel();
      return event.set_;
    }
  };
  TimedAwaiter WaitFor(Clock& clock, absl::Duration timeout) {
    return {*this, clock, timeout, {}, {}};
  }

 private:
  bool set_ = false;
  WaitList waiters_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_EVENT_H_
