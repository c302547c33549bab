// SimClock: a node's view of its machine's clock. Timers become events of the node's life.
#ifndef WAVETANK_SIMULATOR_SIM_CLOCK_H_
#define WAVETANK_SIMULATOR_SIM_CLOCK_H_

#include <cstdint>

#include "platform/clock.h"
#include "simulator/machine_clock.h"
#include "simulator/scheduler.h"

namespace wavetank::simulator {

class SimClock final : public platform::Clock {
 public:
  // `origin_ns` is what the process's monotonic clock adds to the machine's.
  SimClock(Scheduler& scheduler, const MachineClock& machine, int64_t origin_ns, ActorId actor,
           LifeId life)
      : scheduler_(scheduler),
        machine_(machine),
        origin_ns_(origin_ns),
        actor_(actor),
        life_(life) {}

  platform::MonotonicTime Now() const override {
    return {machine_.LocalNs(scheduler_.now_ns()) + origin_ns_};
  }
  absl::Time WallNow() const override { return machine_.Wall(scheduler_.now_ns()); }

 private:
  void Add(platform::Timer& timer) override;
  void Remove(platform::Timer& timer) override;
  void Due(platform::Timer& timer);

  Scheduler& scheduler_;
  const MachineClock& machine_;
  const int64_t origin_ns_;
  const ActorId actor_;
  const LifeId life_;
  uint64_t timers_ = 0;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_SIM_CLOCK_H_
