// FailureCount: how many processes and tasks have failed in a run, or were taken for failed, so
// that a promise of "once for each failure" can be judged. Each counts once, however many of its
// consequences are seen: the fault, the death that it causes, the driver that takes over after it.
#ifndef WAVETANK_SCENARIOS_FAILURE_COUNT_H_
#define WAVETANK_SCENARIOS_FAILURE_COUNT_H_

#include <cstdint>
#include <set>
#include <string>

#include "simulator/fault.h"

namespace wavetank::scenarios {

class FailureCount {
 public:
  // What ends processes counts by their deaths. Anything else may make a worker be taken for failed
  // (a reset, a pause), or a task fail.
  void OnFault(const simulator::Fault& fault);
  // A driver's death counts when another takes over: until then nothing runs again.
  void OnDied(const std::string& process);
  void OnEndedAsAsked(const std::string& process) { ended_as_asked_.insert(process); }
  // A driver that is replaced, by itself or another, has failed or was taken for failed, unless it
  // had ended in good order and comes back.
  void OnTakeOver(const std::string& process);

  int64_t count() const { return count_; }

 private:
  int64_t count_ = 0;
  std::set<std::string> drivers_;  // who have taken over before
  // Since somebody took over:
  std::set<std::string> ended_as_asked_;
  bool driver_died_ = false;
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_FAILURE_COUNT_H_
