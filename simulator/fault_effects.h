// FaultEffects: what each kind of fault does to a world, and how it ends.
#ifndef WAVETANK_SIMULATOR_FAULT_EFFECTS_H_
#define WAVETANK_SIMULATOR_FAULT_EFFECTS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "simulator/fault.h"
#include "simulator/sim_world.h"

namespace wavetank::simulator {

// Whether the fault befalls one call on the seam, and which.
bool BefallsCalls(FaultKind kind);
bool CanBefall(const Fault& fault, const SeamCall& call);
// Whether it acts at once: what befalls calls waits for one, but where it names the connections
// that it befalls.
bool NeedsNoCall(const Fault& fault);
// Whether `files` may say which it befalls.
bool TakesFiles(FaultKind kind);
// Whether it befalls files themselves, rather than calls on them.
bool IsAtRest(FaultKind kind);
// Whether its target names machines, with commas between them.
bool TakesSeveralMachines(FaultKind kind);
// Whether its target is a process; else it is a machine.
bool TargetsProcess(FaultKind kind);

class FaultEffects {
 public:
  explicit FaultEffects(SimWorld& world) : world_(world), life_(world.scheduler().NewLife()) {}
  FaultEffects(const FaultEffects&) = delete;
  FaultEffects& operator=(const FaultEffects&) = delete;
  // What was to end, restart or wake by itself no longer does.
  ~FaultEffects() { world_.scheduler().EndLife(life_); }

  LifeId life() const { return life_; }
  // Whether what it would befall is there, alive and on.
  bool CanApply(const Fault& fault) const;
  // REQUIRES: CanApply(fault) and NeedsNoCall(fault).
  void Apply(const Fault& fault);
  // The world heals: what lasts has ended, and nothing of it comes back.
  void Forget() { lasting_.clear(); }
  // For a fault at rest, the files that it befalls, ordered.
  std::vector<std::string> FilesOf(const Fault& fault) const;

 private:
  void ApplyToProcess(const Fault& fault);
  void PauseFor(absl::Duration duration, SimProcess& process);
  void ApplyToMachine(const Fault& fault);
  void ApplyToLinks(const Fault& fault);
  void ApplyToDisk(const Fault& fault);
  void ApplyToClock(const Fault& fault);
  void ApplyToExternal(const Fault& fault);

  // The machines that `names`, separated by commas, name.
  static std::vector<std::string> Split(const std::string& names);
  template <typename Action>
  void After(absl::Duration delay, Action action);
  // Sets something of the world, named by `what`, until the fault ends. Of several faults that set
  // the same thing the newest that has not ended counts; once all have, it is reset.
  using Change = std::function<void()>;
  void Lasting(std::string what, absl::Duration duration, Change set, Change reset);
  void End(uint64_t lasting);
  // Starts the program of a process anew unless it runs by then, once its machine is on.
  void RestartAfter(absl::Duration delay, const std::string& process);

  SimWorld& world_;
  const LifeId life_;
  struct Effect {
    uint64_t number = 0;
    std::string what;
    Change set;
    Change reset;
  };
  std::vector<Effect> lasting_;  // oldest first
  uint64_t next_lasting_ = 0;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_FAULT_EFFECTS_H_
