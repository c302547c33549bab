// Chaos: processes of a simulated world that crash, pause, wake as zombies and lose power at any
// seam call or step, and come back.
#ifndef WAVETANK_TESTS_CHECKPOINT_SIM_CHAOS_H_
#define WAVETANK_TESTS_CHECKPOINT_SIM_CHAOS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"

#include "platform/random.h"
#include "simulator/fault_effects.h"
#include "simulator/sim_world.h"

namespace wavetank::checkpoint {

// Chances in a million, at each seam call and step.
struct ChaosOptions {
  uint32_t crash = 3'000;
  uint32_t pause = 3'000;
  uint32_t power_loss = 1'000;
  // At each sync: it fails, and the pages that it should have written are lost.
  uint32_t sync_loss = 0;
};

class Chaos final : public simulator::FaultHook {
 public:
  Chaos(simulator::SimWorld& world, uint64_t seed, ChaosOptions options)
      : world_(world), random_(platform::Random(seed).Fork("chaos")), options_(options) {
    world_.SetFaultHook(this);
  }
  ~Chaos() override { world_.SetFaultHook(nullptr); }

  // Chaos for that long, with what fell brought back, then none: everything runs again.
  void Run(absl::Duration duration) {
    const absl::Duration end = world_.now() + duration;
    while (world_.now() < end) {
      world_.RunFor(absl::Microseconds(random_.Between(200, 8'000)));
      Revive();
    }
    frozen_ = true;
    world_.Heal();
  }

  void OnStep(simulator::SimNode& node, const platform::StepEvent&) override { Strike(node); }
  const simulator::Fault* OnSeamCall(simulator::SimNode& node,
                                     const simulator::SeamCall& call) override {
    Strike(node);
    const bool sync = call.kind == simulator::SeamCallKind::kSync;
    if (frozen_ || !sync || !random_.PartsPerMillion(options_.sync_loss)) return nullptr;
    fault_.kind = simulator::FaultKind::kSyncLoss;
    return &fault_;
  }
  void OnStarted(simulator::SimProcess&) override {}
  void Freeze() override { frozen_ = true; }

 private:
  void Strike(simulator::SimNode& node) {
    if (frozen_) return;
    const uint64_t draw = random_.Below(1'000'000);
    simulator::SimProcess& process = node.process();
    if (draw < options_.crash) {
      world_.Crash(process);
    } else if (draw < options_.crash + options_.pause) {
      world_.Pause(process);
    } else if (draw < options_.crash + options_.pause + options_.power_loss) {
      world_.LosePower(process.machine_name());
    }
  }

  // Each that is down comes back at some time; a paused one may be replaced first, and wake then.
  void Revive() {
    const size_t count = world_.processes().size();
    for (size_t i = 0; i < count; ++i) {
      simulator::SimProcess& process = *world_.processes()[i];
      const bool newest = &world_.process(process.name()) == &process;
      if (!random_.OneIn(3)) continue;
      if (process.paused() && process.alive()) {
        if (newest && random_.OneIn(2)) {
          world_.Start(process.machine_name(), process.spec());
        } else {
          world_.Resume(process);
        }
      } else if (!process.alive() && newest) {
        world_.Restart(process.name());
      }
    }
  }

  simulator::SimWorld& world_;
  platform::Random random_;
  const ChaosOptions options_;
  simulator::Fault fault_;
  bool frozen_ = false;
};

// Acts once, at the `at`-th seam call or step of a process, counted from 0; then lets the run go
// on. With more calls than that it never acts.
class StrikeOnce final : public simulator::FaultHook {
 public:
  StrikeOnce(simulator::SimWorld& world, int64_t at,
             std::function<void(simulator::SimProcess&)> act)
      : world_(world), left_(at), act_(std::move(act)) {
    world_.SetFaultHook(this);
  }
  ~StrikeOnce() override { world_.SetFaultHook(nullptr); }
  bool struck() const { return left_ < 0; }

  void OnStep(simulator::SimNode& node, const platform::StepEvent&) override { Count(node); }
  const simulator::Fault* OnSeamCall(simulator::SimNode& node,
                                     const simulator::SeamCall&) override {
    Count(node);
    return nullptr;
  }
  void OnStarted(simulator::SimProcess&) override {}
  void Freeze() override {}

 private:
  void Count(simulator::SimNode& node) {
    if (left_ >= 0 && left_-- == 0) act_(node.process());
  }

  simulator::SimWorld& world_;
  int64_t left_;
  const std::function<void(simulator::SimProcess&)> act_;
};

// Befalls once, with a fault, the `nth` call that the fault can befall, counted from 0.
class FailOnce final : public simulator::FaultHook {
 public:
  FailOnce(simulator::SimWorld& world, int64_t nth, simulator::Fault fault)
      : world_(world), left_(nth), fault_(std::move(fault)) {
    world_.SetFaultHook(this);
  }
  ~FailOnce() override { world_.SetFaultHook(nullptr); }
  bool struck() const { return left_ < 0; }

  void OnStep(simulator::SimNode&, const platform::StepEvent&) override {}
  const simulator::Fault* OnSeamCall(simulator::SimNode&,
                                     const simulator::SeamCall& call) override {
    if (left_ < 0 || !simulator::CanBefall(fault_, call)) return nullptr;
    return left_-- == 0 ? &fault_ : nullptr;
  }
  void OnStarted(simulator::SimProcess&) override {}
  void Freeze() override {}

 private:
  simulator::SimWorld& world_;
  int64_t left_;
  const simulator::Fault fault_;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_TESTS_CHECKPOINT_SIM_CHAOS_H_
