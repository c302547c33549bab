#include "platform/real/step_killer.h"

#include <algorithm>
#include <csignal>

namespace wavetank::platform {
namespace {

bool Matches(const StepFault& fault, const StepEvent& event) {
  const bool is_alias = !event.step.alias.empty() && event.step.alias == fault.step;
  if (event.step.name != fault.step && !is_alias) return false;
  return std::all_of(fault.attributes.begin(), fault.attributes.end(), [&](const auto& wanted) {
    return std::any_of(event.attributes.begin(), event.attributes.end(),
                       [&](const StepAttribute& attribute) {
                         return attribute.key == wanted.first && Is(attribute, wanted.second);
                       });
  });
}

}  // namespace

StepKiller::StepKiller(std::vector<StepFault> faults) {
  for (StepFault& fault : faults) faults_.emplace_back(std::move(fault));
}

bool StepKiller::Reached(const StepEvent& event) {
  for (Armed& armed : faults_) {
    if (!Matches(armed.fault, event)) continue;
    if (armed.reached.fetch_add(1) + 1 != armed.fault.occurrence) continue;
    // To this thread, so that it is here that the process ends or stops.
    std::raise(armed.fault.action == StepFault::Action::kKill ? SIGKILL : SIGSTOP);
  }
  return true;
}

void StepKiller::Hold(Waiter& waiter) { waiter.MakeReady(); }

}  // namespace wavetank::platform
