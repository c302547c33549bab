#include "tests/conformance/sim_world.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

#include "simulator/sim_world.h"

namespace wavetank::conformance {
namespace {

using simulator::PolicyKind;
using simulator::RunEnd;
using simulator::SimNode;
using simulator::SimProcess;

class SimulatedWorld final : public World, private simulator::FaultHook {
 public:
  SimulatedWorld(const WorldOptions& options, PolicyKind policy, uint64_t seed)
      : world_(
            {.seed = seed, .policy = {.kind = policy}, .network = {.transport = options.network}}) {
    world_.SetFaultHook(this);
  }

  std::vector<Ending> Run(std::vector<PlacedProcess> processes) override {
    std::vector<SimProcess*> started;
    for (const PlacedProcess& placed : processes) {
      Machine(placed.machine);
      world_.PowerOn(placed.machine);
    }
    for (PlacedProcess& placed : processes) {
      started.push_back(&world_.Start(placed.machine, std::move(placed.process)));
    }
    const auto over = [&] {
      return std::ranges::all_of(
          started, [](SimProcess* process) { return !process->alive() || process->paused(); });
    };
    const RunEnd end = world_.RunUntil(over, {.quiet = absl::Hours(3)});
    EXPECT_EQ(end, RunEnd::kDone) << "the run exceeded its bound";
    std::vector<Ending> endings;
    for (SimProcess* process : started) {
      endings.push_back(EndingOf(*process));
      world_.Crash(*process);
    }
    return endings;
  }

  std::string FreshAddress(const std::string& machine) override {
    return absl::StrCat(Host(machine), ":", next_port_++);
  }
  std::string Host(const std::string& machine) override {
    Machine(machine);
    return machine;
  }
  platform::Task<void> KeepBusy(platform::Node& node, absl::Duration duration) override {
    // What is drawn is at least half of what is stated, at 100 ns a unit.
    return node.Work(2 * (duration / absl::Nanoseconds(100)));
  }

 private:
  void Machine(const std::string& name) {
    if (machines_.insert(name).second) world_.AddMachine(name);
  }
  static Ending EndingOf(const SimProcess& process) {
    if (process.alive()) return {Ending::kPaused, 0};
    if (process.death() != simulator::Death::kExit) return {Ending::kDied, 0};
    return {Ending::kFinished, process.exit_status()};
  }

  void OnStep(SimNode& node, const platform::StepEvent& event) override {
    if (event.step.name == kDie.name) world_.Crash(node.process());
    if (event.step.name == kPause.name) world_.Pause(node.process());
    if (event.step.name == kLosePower.name) world_.LosePower(event.node.machine());
  }
  const simulator::Fault* OnSeamCall(SimNode&, const simulator::SeamCall&) override {
    return nullptr;
  }
  void OnStarted(SimProcess&) override {}
  void Freeze() override {}

  std::set<std::string> machines_;
  int next_port_ = 7000;
  simulator::SimWorld world_;
};

Arm SimArm(std::string name, PolicyKind policy, uint64_t seed) {
  return {.name = std::move(name),
          .loses_power = true,
          .make = [policy, seed](const WorldOptions& options) {
            return std::make_unique<SimulatedWorld>(options, policy, seed);
          }};
}

}  // namespace

std::vector<Arm> SimArms() {
  return {SimArm("SimFifo", PolicyKind::kFifo, 1), SimArm("SimShuffle1", PolicyKind::kShuffle, 1),
          SimArm("SimShuffle2", PolicyKind::kShuffle, 2),
          SimArm("SimPriorities", PolicyKind::kPriorities, 1)};
}

}  // namespace wavetank::conformance
