#include "simulator/sim_clock.h"

#include <algorithm>

#include "platform/random.h"

namespace wavetank::simulator {

void SimClock::Add(platform::Timer& timer) {
  const uint64_t number = ++timers_;
  int64_t due_ns = std::max(scheduler_.now_ns(), machine_.TrueNs(timer.deadline().ns - origin_ns_));
  if (machine_.timer_jitter_max_ns() > 0) {
    platform::Random jitter = scheduler_.random().Fork("timer", {scheduler_.key(actor_), number});
    due_ns += jitter.Between(0, machine_.timer_jitter_max_ns());
  }
  timer.clock_slot = scheduler_.At(due_ns, {actor_, life_, EventKind::kDue, number},
                                   [this, &timer] { Due(timer); });
}

void SimClock::Remove(platform::Timer& timer) {
  scheduler_.Revoke(static_cast<uint32_t>(timer.clock_slot));
}

void SimClock::Due(platform::Timer& timer) {
  // The drift may have changed since the event was made: a timer never fires early.
  if (Now() < timer.deadline()) {
    Add(timer);
  } else {
    timer.Fire();
  }
}

}  // namespace wavetank::simulator
