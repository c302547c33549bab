// SimMachine: a disk, a clock, and a power switch.
#ifndef WAVETANK_SIMULATOR_SIM_MACHINE_H_
#define WAVETANK_SIMULATOR_SIM_MACHINE_H_

#include <cstdint>
#include <string>
#include <utility>

#include "simulator/machine_clock.h"
#include "simulator/scheduler.h"
#include "simulator/sim_disk.h"

namespace wavetank::simulator {

class SimMachine {
 public:
  SimMachine(Scheduler& scheduler, std::string name, const ClockOptions& clock,
             const DiskOptions& disk)
      : name_(std::move(name)),
        actor_(scheduler.NewActor(name_)),
        clock_(clock),
        disk_(scheduler, name_, clock_, disk) {}
  SimMachine(const SimMachine&) = delete;
  SimMachine& operator=(const SimMachine&) = delete;

  const std::string& name() const { return name_; }
  ActorId actor() const { return actor_; }
  bool on() const { return on_; }
  MachineClock& clock() { return clock_; }
  SimDisk& disk() { return disk_; }

 private:
  friend class SimWorld;

  const std::string name_;
  const ActorId actor_;
  bool on_ = true;
  uint64_t power_losses_ = 0;
  MachineClock clock_;
  SimDisk disk_;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_SIM_MACHINE_H_
