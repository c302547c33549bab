// WorldObserver: what layers above see of a world while it runs: checkers, coverage, timelines.
//
// Callbacks come within the event that they tell of. They must not change the world.
#ifndef WAVETANK_SIMULATOR_OBSERVER_H_
#define WAVETANK_SIMULATOR_OBSERVER_H_

#include <string>

#include "absl/time/time.h"

#include "platform/node.h"
#include "simulator/fault.h"

namespace wavetank::simulator {

class SimProcess;
class SimMachine;

enum class ProcessChange { kStarted, kPaused, kResumed, kCrashed, kExited, kLostPower };

class WorldObserver {
 public:
  virtual ~WorldObserver() = default;
  // `at` is virtual time since the world's beginning.
  virtual void OnStep(absl::Duration /*at*/, const platform::StepEvent& /*event*/) {}
  virtual void OnLog(absl::Duration /*at*/, const platform::Node& /*node*/,
                     platform::LogLevel /*level*/, const std::string& /*text*/) {}
  virtual void OnProcess(absl::Duration /*at*/, SimProcess& /*process*/, ProcessChange /*change*/) {
  }
  virtual void OnFault(absl::Duration /*at*/, const Fault& /*fault*/) {}
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_OBSERVER_H_
