// StepKiller: ends or stops the own process, for real, at the n-th reaching of a step, so that the
// crash points of scenarios exist outside the simulator too.
#ifndef WAVETANK_PLATFORM_REAL_STEP_KILLER_H_
#define WAVETANK_PLATFORM_REAL_STEP_KILLER_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "platform/step.h"

namespace wavetank::platform {

struct StepFault {
  std::string step;  // its name or alias
  // Those that must be there, with these values; others do not matter.
  std::vector<std::pair<std::string, StepValue>> attributes = {};
  int64_t occurrence = 1;  // counted over all nodes of the process
  enum class Action {
    kKill,  // SIGKILL: nothing more runs
    kStop,  // SIGSTOP: all threads stand still until SIGCONT
  } action = Action::kKill;
};

// Thread-safe: the nodes of a process share it.
class StepKiller final : public StepGate {
 public:
  explicit StepKiller(std::vector<StepFault> faults);

  bool Reached(const StepEvent& event) override;
  void Hold(Waiter& waiter) override;

 private:
  struct Armed {
    explicit Armed(StepFault f) : fault(std::move(f)) {}
    const StepFault fault;
    std::atomic<int64_t> reached = 0;
  };

  std::deque<Armed> faults_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_STEP_KILLER_H_
