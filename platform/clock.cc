#include "platform/clock.h"

#include <utility>

#include "platform/check.h"

namespace wavetank::platform {

void Timer::Start(Clock& clock, MonotonicTime deadline, Waiter& waiter) {
  WT_CHECK(!pending(), "a timer waits for one deadline at a time");
  clock_ = &clock;
  deadline_ = deadline;
  waiter_ = &waiter;
  clock.Add(*this);
}

void Timer::Cancel() {
  if (clock_ != nullptr) std::exchange(clock_, nullptr)->Remove(*this);
}

void Timer::Fire() {
  clock_ = nullptr;
  waiter_->MakeReady();
}

}  // namespace wavetank::platform
