#include "scenarios/failure_count.h"

#include "simulator/fault_table.h"

namespace wavetank::scenarios {
namespace {

using simulator::FaultKind;

bool EndsProcesses(FaultKind kind) {
  switch (kind) {
    case FaultKind::kCrash:
    case FaultKind::kCrashWhileRecovering:
    case FaultKind::kCleanStop:
    case FaultKind::kTornWrite:
      return true;
    default:
      return simulator::InfoOf(kind).family == simulator::FaultFamily::kMachine;
  }
}

}  // namespace

void FailureCount::OnFault(const simulator::Fault& fault) {
  if (!EndsProcesses(fault.kind)) ++count_;
}

void FailureCount::OnDied(const std::string& process) {
  if (drivers_.contains(process)) {
    driver_died_ = true;
  } else {
    ++count_;
  }
}

void FailureCount::OnTakeOver(const std::string& process) {
  drivers_.insert(process);
  if (driver_died_ || !ended_as_asked_.contains(process)) ++count_;
  ended_as_asked_.clear();
  driver_died_ = false;
}

}  // namespace wavetank::scenarios
