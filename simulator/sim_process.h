// SimProcess: one incarnation of a program on a machine, and the nodes that live in it.
#ifndef WAVETANK_SIMULATOR_SIM_PROCESS_H_
#define WAVETANK_SIMULATOR_SIM_PROCESS_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/node.h"
#include "simulator/scheduler.h"
#include "simulator/sim_node.h"

namespace wavetank::simulator {

class SimMachine;

// Why a life ended, which decides what the kernel does with what the process leaves.
enum class Death {
  kCrash,      // its sockets are reset, its calls in flight are decided
  kExit,       // it left cleanly: its sockets are closed in order
  kPowerLoss,  // nobody is told anything
};

class SimProcess {
 public:
  SimProcess(SimMachine& machine, std::string machine_name, platform::ProcessSpec spec,
             platform::Incarnation incarnation, LifeId life)
      : machine_(machine),
        machine_name_(std::move(machine_name)),
        spec_(std::move(spec)),
        incarnation_(incarnation),
        life_(life),
        label_(absl::StrCat(spec_.name, "#", incarnation.value())) {}
  SimProcess(const SimProcess&) = delete;
  SimProcess& operator=(const SimProcess&) = delete;

  SimMachine& machine() { return machine_; }
  const std::string& machine_name() const { return machine_name_; }
  const std::string& name() const { return spec_.name; }
  platform::Incarnation incarnation() const { return incarnation_; }
  const platform::ProcessSpec& spec() const { return spec_; }
  LifeId life() const { return life_; }
  // "driver#2": unique in the world.
  const std::string& label() const { return label_; }

  bool alive() const { return alive_; }
  bool paused() const { return paused_; }
  // Of a dead process.
  Death death() const { return death_; }
  // Of a process that left by itself: what a node gave to Exit, or 0 when every main had returned.
  int exit_status() const { return exit_status_; }
  // Empty once the process is dead.
  const std::vector<std::unique_ptr<SimNode>>& nodes() const { return nodes_; }
  // The node of that name, or null.
  SimNode* node(std::string_view name) const {
    for (const auto& node : nodes_) {
      if (node->name() == name) return node.get();
    }
    return nullptr;
  }

 private:
  friend class SimWorld;

  SimMachine& machine_;
  const std::string machine_name_;
  const platform::ProcessSpec spec_;
  const platform::Incarnation incarnation_;
  const LifeId life_;
  const std::string label_;
  bool alive_ = true;
  bool paused_ = false;
  int exit_status_ = 0;
  size_t mains_returned_ = 0;
  Death death_ = Death::kCrash;
  std::vector<std::unique_ptr<SimNode>> nodes_;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_SIM_PROCESS_H_
