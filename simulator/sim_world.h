// SimWorld: machines, the processes on them, the network between them, and virtual time.
//
//   SimWorld world({.seed = 1});
//   world.AddMachine("m1");
//   world.Start("m1", ProcessSpec{"driver", {{"driver", DriverMain}}});
//   world.RunFor(absl::Seconds(10));
//   world.Crash("driver");
//   world.Restart("driver");
//   EXPECT_EQ(world.RunUntil([&] { return done; }), RunEnd::kDone);
//
// A run is a pure function of the options and of what is called: no clock, thread or chance of the
// host comes in, and worlds share nothing. One thread.
//
// A process ends when all of its nodes' mains have returned, when one calls Exit, or when it is
// ended from outside. What is done to a process within an event takes effect at once (its calls are
// void from then on), and its tasks are destroyed before the next event.
#ifndef WAVETANK_SIMULATOR_SIM_WORLD_H_
#define WAVETANK_SIMULATOR_SIM_WORLD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "platform/node.h"
#include "simulator/external_system.h"
#include "simulator/observer.h"
#include "simulator/policy.h"
#include "simulator/scheduler.h"
#include "simulator/sim_machine.h"
#include "simulator/sim_network.h"
#include "simulator/sim_node.h"
#include "simulator/sim_process.h"
#include "simulator/step_coverage.h"
#include "simulator/trace.h"

namespace wavetank::simulator {

struct WorldOptions {
  uint64_t seed = 0;
  PolicyOptions policy = {};
  Retain retain = Retain::kNothing;
  CpuOptions cpu = {};
  SimNetworkOptions network = {};
  // For machines that are added without their own.
  DiskOptions disk = {};
  ClockOptions clock = {};
  // The bug that shows, in a build that has bugs planted (platform/planted.h).
  std::string planted = {};
};

struct MachineOptions {
  DiskOptions disk = {};
  ClockOptions clock = {};
};

// What befalls calls and steps; null in a world without faults.
class FaultHook {
 public:
  virtual ~FaultHook() = default;
  // May end or pause the process.
  virtual void OnStep(SimNode& node, const platform::StepEvent& event) = 0;
  // May end or pause the process, or give a fault of the call; valid until the next call.
  virtual const Fault* OnSeamCall(SimNode& node, const SeamCall& call) = 0;
  virtual void OnStarted(SimProcess& process) = 0;
  // From now on nothing more befalls the world.
  virtual void Freeze() = 0;
};

enum class RunEnd {
  kDone,         // the predicate holds
  kIdle,         // nothing is left that could happen
  kBudgetSpent,  // no progress for as long as the budget allows
};

// Virtual time for reaching a goal; it starts anew whenever `progress`, if given, has another
// value.
struct Budget {
  absl::Duration quiet = absl::Minutes(10);
  std::function<uint64_t()> progress = {};
};

class SimWorld final : private NodeHooks {
 public:
  explicit SimWorld(WorldOptions options);
  ~SimWorld() override;
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;

  SimMachine& AddMachine(const std::string& name);
  SimMachine& AddMachine(const std::string& name, const MachineOptions& options);
  SimMachine& machine(const std::string& name);
  bool HasMachine(const std::string& name) const { return machines_.contains(name); }
  // In the order of their names.
  std::vector<SimMachine*> machines();
  // The names of the processes that live there.
  std::vector<std::string> AliveOn(const std::string& machine) const;
  SimNetwork& network() { return network_; }

  // A new incarnation of the program. Another one may be alive: a zombie, say.
  SimProcess& Start(const std::string& machine, platform::ProcessSpec spec);
  // The newest incarnation of that name. REQUIRES: it was started.
  SimProcess& process(const std::string& name);
  bool HasProcess(const std::string& name) const { return newest_.contains(name); }
  // What its processes of that name serve. `system` must outlive the world or its last event.
  void SetExternal(const std::string& process, ExternalSystem& system) {
    externals_[process] = &system;
  }
  // Null: none that anything could befall.
  ExternalSystem* FindExternal(const std::string& process) const {
    const auto found = externals_.find(process);
    return found == externals_.end() ? nullptr : found->second;
  }
  // Every incarnation, oldest first.
  const std::vector<std::unique_ptr<SimProcess>>& processes() const { return processes_; }

  // By name: the newest incarnation. On what is dead already, these do nothing.
  void Crash(SimProcess& process) { End(process, Death::kCrash); }
  void Crash(const std::string& name) { Crash(process(name)); }
  void Stop(SimProcess& process, int status = 0);
  void Stop(const std::string& name) { Stop(process(name)); }
  void Pause(SimProcess& process);
  void Pause(const std::string& name) { Pause(process(name)); }
  void Resume(SimProcess& process);
  void Resume(const std::string& name) { Resume(process(name)); }
  // Starts the program again, on the same machine unless one is named; turns that on if it is off,
  // and ends the newest incarnation if it is alive.
  SimProcess& Restart(const std::string& name) {
    return Restart(name, process(name).machine_name());
  }
  SimProcess& Restart(const std::string& name, const std::string& machine);

  // Ends every process of the machine and decides what was not synced.
  void LosePower(const std::string& machine, SimDisk::Left left = SimDisk::Left::kDrawn);
  void PowerOn(const std::string& machine);
  // The disk comes back empty. REQUIRES: the machine is off.
  void LoseDisk(const std::string& machine);
  // Ends every process of the machine as a crash does, all at once.
  void CrashMachine(const std::string& machine);

  // Heal: links are released, machines on, disks, nodes and timers as they were, paused
  // processes awake, what was ended by a crash or power loss runs again, and nothing more befalls
  // it. Wall clocks stay wrong.
  void Heal();

  // Time since the world began.
  absl::Duration now() const { return absl::Nanoseconds(scheduler_.now_ns()); }
  // Nothing happens before.
  absl::Duration next_event() const {
    return scheduler_.empty() ? absl::InfiniteDuration()
                              : absl::Nanoseconds(scheduler_.next_time_ns());
  }
  // Lets one event happen, if there is one within the limit.
  bool RunOne(absl::Duration until = absl::InfiniteDuration());
  // Runs up to, and moves time to, `duration` from now.
  void RunFor(absl::Duration duration);
  RunEnd RunUntil(const std::function<bool()>& done, const Budget& budget = {});
  // True if nothing is left to happen within the limit.
  bool RunUntilIdle(absl::Duration limit = absl::Hours(24));

  Scheduler& scheduler() { return scheduler_; }
  const Trace& trace() { return scheduler_.trace(); }
  const std::string& name(ActorId actor) const { return scheduler_.name(actor); }
  const StepCoverage& steps() const { return steps_; }
  // `observer` and `hook` must outlive the world or its last event.
  void AddObserver(WorldObserver& observer) { observers_.push_back(&observer); }
  void SetFaultHook(FaultHook* hook) { fault_hook_ = hook; }
  // Every observer hears of it, and the trace holds it.
  void RecordFault(const Fault& fault);

 private:
  bool OnStep(SimNode& node, const platform::StepEvent& event) override;
  void OnHold(SimNode& node, platform::Waiter& waiter) override;
  const Fault* OnSeamCall(SimNode& node, const SeamCall& call) override;
  void OnLog(SimNode& node, platform::LogLevel level, const std::string& text) override;
  void OnExit(SimNode& node, int status) override;
  void OnMainReturned(SimNode& node) override;

  void End(SimProcess& process, Death death);
  void ScheduleExit(SimProcess& process, int status);
  void ReapUnlessRunning();
  void Reap();
  void Tell(SimProcess& process, ProcessChange change);

  Scheduler scheduler_;
  const WorldOptions options_;
  std::map<std::string, std::unique_ptr<SimMachine>> machines_;
  SimNetwork network_;
  StepCoverage steps_;
  std::vector<WorldObserver*> observers_;
  FaultHook* fault_hook_ = nullptr;
  bool in_event_ = false;
  std::vector<std::pair<SimMachine*, SimDisk::Left>> losing_power_;
  std::vector<SimMachine*> losing_disk_;
  std::vector<SimProcess*> ending_;
  std::map<std::string, ExternalSystem*> externals_;
  std::map<std::string, SimProcess*> newest_;
  std::map<std::string, int64_t> incarnations_;
  std::vector<std::unique_ptr<SimProcess>> processes_;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_SIM_WORLD_H_
