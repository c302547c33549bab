// FaultInjector: carries out a fault plan in a world.
//
// Every fault that fires is recorded with a trigger of its own (the time, the step or the call), so
// that a plan of fired() alone, with the same seed, replays the run event for event.
#ifndef WAVETANK_SIMULATOR_FAULT_INJECTOR_H_
#define WAVETANK_SIMULATOR_FAULT_INJECTOR_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "simulator/fault_effects.h"
#include "simulator/fault_plan.h"
#include "simulator/sim_world.h"

namespace wavetank::simulator {

class FaultInjector final : public FaultHook {
 public:
  // Goes to work at once. `world` must outlive it; without it, nothing more befalls the world.
  FaultInjector(SimWorld& world, FaultPlan plan);
  ~FaultInjector() override;

  // What fired, in order, as a list that replays it.
  const std::vector<ListedFault>& fired() const { return fired_; }
  // Of the plan's list: what has not fired.
  std::vector<ListedFault> Unfired() const;

 private:
  struct Listed {
    ListedFault fault;
    bool triggered = false;
    bool fired = false;
    uint64_t seen = 0;        // occurrences of its step
    uint64_t calls_seen = 0;  // and of its call
  };

  void OnStep(SimNode& node, const platform::StepEvent& event) override;
  const Fault* OnSeamCall(SimNode& node, const SeamCall& call) override;
  void OnStarted(SimProcess& process) override;
  void Freeze() override;

  void StartListed(size_t index);
  void StartRandom(size_t index, uint64_t nth, int64_t from_ns);
  void FireRandom(size_t index, uint64_t nth);
  // Draws all that the kind leaves open; false if there is nothing that it could befall.
  bool DrawFault(const RandomFault& random, platform::Random draw, Fault& fault);
  std::optional<std::string> DrawFile(platform::Random& draw, const std::string& machine);
  std::vector<std::string> Candidates(const RandomFault& random);
  void FireListed(size_t index, SimNode* who);
  const Fault* BefallsCall(SimNode& node, const SeamCall& call);
  const Fault* FindFault(SimNode& node, const SeamCall& call);
  bool BefallsByChance(const RandomFault& random, SimNode& node, const SeamCall& call);
  // `as_listed` goes into the list that replays the run, `fault` names its target.
  void Record(const FaultTrigger& trigger, const Fault& as_listed, const Fault& fault);

  SimWorld& world_;
  FaultEffects effects_;
  std::vector<Listed> listed_;
  const std::vector<RandomFault> random_;
  struct Waiting {  // for the next call that it can befall
    size_t listed;
    Fault fault;
  };
  std::vector<Waiting> waiting_;
  std::vector<ListedFault> fired_;
  Fault befalling_;  // the last call
  bool frozen_ = false;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_FAULT_INJECTOR_H_
