// AtCall: something happens to a process of machine "m" at its n-th call of the disk.
#ifndef WAVETANK_TESTS_RUNTIME_CONNECTORS_AT_CALL_H_
#define WAVETANK_TESTS_RUNTIME_CONNECTORS_AT_CALL_H_

#include <cstdint>

#include "simulator/sim_world.h"

namespace wavetank::runtime {

enum class Happens { kCrash, kPowerLoss, kWakesLate };

class AtCall final : public simulator::FaultHook {
 public:
  AtCall(simulator::SimWorld& world, uint64_t call, Happens happens)
      : world_(world), call_(call), happens_(happens) {}
  bool fired() const { return fired_; }

  void OnStep(simulator::SimNode&, const platform::StepEvent&) override {}
  const simulator::Fault* OnSeamCall(simulator::SimNode& node,
                                     const simulator::SeamCall& call) override {
    if (fired_ || call.number != call_) return nullptr;
    fired_ = true;
    if (happens_ == Happens::kPowerLoss) world_.LosePower("m");
    if (happens_ == Happens::kCrash) world_.Crash(node.process());
    if (happens_ == Happens::kWakesLate) world_.Pause(node.process());
    return nullptr;
  }
  void OnStarted(simulator::SimProcess&) override {}
  void Freeze() override {}

 private:
  simulator::SimWorld& world_;
  const uint64_t call_;
  const Happens happens_;
  bool fired_ = false;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_CONNECTORS_AT_CALL_H_
