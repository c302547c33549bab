// FaultPlan: what is to go wrong in a run: an explicit list, faults at random, or both.
//
// A run with random faults leaves a list (FaultInjector::fired()) that replays it without chance.
#ifndef WAVETANK_SIMULATOR_FAULT_PLAN_H_
#define WAVETANK_SIMULATOR_FAULT_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"

#include "platform/step.h"
#include "simulator/fault.h"
#include "simulator/sim_node.h"

namespace wavetank::simulator {

// At a virtual time since the world began.
struct AtTime {
  absl::Duration time;

  friend bool operator==(const AtTime&, const AtTime&) = default;
};

// When a step is reached for the `occurrence`-th time with these attributes (others may have any
// value), by the process and node of these names, if they are given.
struct AtStep {
  std::string step;
  std::vector<std::pair<std::string, platform::StepValue>> attributes = {};
  std::string process = {};
  std::string node = {};
  uint64_t occurrence = 1;

  friend bool operator==(const AtStep&, const AtStep&) = default;
};

// At the `call`-th call of a node's incarnation on its disk or network, counted from 1. Incarnation
// 0 is whichever gets there first.
struct AtSeamCall {
  std::string process;
  std::string node;
  uint64_t call = 1;
  int64_t incarnation = 0;

  friend bool operator==(const AtSeamCall&, const AtSeamCall&) = default;
};

// At the `occurrence`-th call of this kind on files that match, by whatever process of any machine,
// counted from `after` on if it is given.
struct AtFileCall {
  SeamCallKind call = SeamCallKind::kWrite;  // appends count as writes
  std::string files;
  uint64_t occurrence = 1;
  std::optional<AtStep> after = {};

  friend bool operator==(const AtFileCall&, const AtFileCall&) = default;
};

using FaultTrigger = std::variant<AtTime, AtStep, AtSeamCall, AtFileCall>;

// A fault that can only befall a call (a read error, say) and is triggered otherwise befalls the
// next such call of its target.
struct ListedFault {
  FaultTrigger trigger;
  Fault fault;

  friend bool operator==(const ListedFault&, const ListedFault&) = default;
};
std::string Describe(const ListedFault& listed);

struct RandomFault {
  FaultKind kind = FaultKind::kCrash;
  int64_t rate = 0;  // in the unit that the fault table names
  // The window, in virtual time since the world began.
  absl::Duration from = absl::ZeroDuration();
  absl::Duration until = absl::InfiniteDuration();
  // Processes or machines that it may befall; none: all.
  std::vector<std::string> targets = {};

  friend bool operator==(const RandomFault&, const RandomFault&) = default;
};

struct FaultPlan {
  std::vector<ListedFault> listed = {};
  std::vector<RandomFault> random = {};
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_FAULT_PLAN_H_
