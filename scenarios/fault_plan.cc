#include "scenarios/fault_plan.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "simulator/fault_effects.h"
#include "simulator/fault_table.h"

namespace wavetank::scenarios {
namespace {

using simulator::FaultFamily;
using simulator::FaultInfo;
using simulator::FaultKind;

class FaultPlanner {
 public:
  FaultPlanner(const ParsedScenario& parsed, const ClusterPlan& cluster, const TextOfSteps& text)
      : parsed_(parsed), cluster_(cluster), text_(text) {}

  absl::StatusOr<simulator::FaultPlan> Plan() {
    simulator::FaultPlan plan;
    for (const Fault& fault : parsed_.scenario->fault()) {
      WT_ASSIGN_OR_RETURN(const FaultInfo* info, InfoOf(fault));
      if (fault.when_case() == Fault::kAtRandom) {
        WT_ASSIGN_OR_RETURN(simulator::RandomFault random, ToRandom(fault, *info));
        plan.random.push_back(std::move(random));
        continue;
      }
      simulator::ListedFault listed;
      WT_ASSIGN_OR_RETURN(listed.fault, ToFault(fault, *info));
      WT_ASSIGN_OR_RETURN(listed.trigger, ToTrigger(fault));
      plan.listed.push_back(std::move(listed));
    }
    return plan;
  }

 private:
  absl::StatusOr<const FaultInfo*> InfoOf(const Fault& fault) const {
    const FaultInfo* info = simulator::FindFault(fault.kind());
    if (info != nullptr) return info;
    std::vector<std::string> names;
    for (const FaultInfo& each : simulator::FaultTable()) names.emplace_back(each.name);
    return parsed_.ErrorAt(fault, "kind", 0,
                           absl::StrCat("there is no fault \"", fault.kind(), "\"",
                                        platform::Suggestion(fault.kind(), names)));
  }

  absl::Status CheckName(const Fault& fault, const char* field, const std::string& name,
                         const char* what, const std::vector<std::string>& names) const {
    if (std::find(names.begin(), names.end(), name) != names.end()) return absl::OkStatus();
    return parsed_.ErrorAt(
        fault, field, 0,
        absl::StrCat("there is no ", what, " \"", name, "\"", platform::Suggestion(name, names)));
  }

  static std::vector<std::string> MachinesOf(const Fault& fault, const FaultInfo& info) {
    if (!simulator::TakesSeveralMachines(info.kind)) return {fault.target()};
    return absl::StrSplit(fault.target(), ',');
  }

  absl::Status CheckTarget(const Fault& fault, const FaultInfo& info) const {
    if (info.family == FaultFamily::kProcess) {
      WT_RETURN_IF_ERROR(
          CheckName(fault, "target", fault.target(), "process", cluster_.process_names()));
      if (info.kind != FaultKind::kZombie || fault.peer().empty()) return absl::OkStatus();
      return CheckName(fault, "peer", fault.peer(), "machine", cluster_.machines);
    }
    if (info.family == FaultFamily::kExternal) {
      return CheckName(fault, "target", fault.target(), "external system", cluster_.external);
    }
    const std::vector<std::string> machines = MachinesOf(fault, info);
    for (const std::string& machine : machines) {
      WT_RETURN_IF_ERROR(CheckName(fault, "target", machine, "machine", cluster_.machines));
    }
    const std::set<std::string> different(machines.begin(), machines.end());
    if (different.size() < machines.size()) {
      return parsed_.ErrorAt(fault, "target", 0, "a machine is named twice");
    }
    if (info.family != FaultFamily::kNetwork) return absl::OkStatus();
    // Of the call that it befalls it need not be said to whom that is.
    const bool of_a_call = fault.has_at_call() && simulator::BefallsCalls(info.kind);
    if (of_a_call && fault.peer().empty()) return absl::OkStatus();
    return CheckName(fault, "peer", fault.peer(), "machine", cluster_.machines);
  }

  absl::Status CheckFiles(const Fault& fault, const FaultInfo& info) const {
    const bool takes_files = simulator::TakesFiles(info.kind);
    if (!takes_files && (!fault.files().empty() || fault.has_nth())) {
      return parsed_.ErrorAt(fault, fault.files().empty() ? "nth" : "files", 0,
                             absl::StrCat(fault.kind(), " does not choose among files"));
    }
    const bool last = fault.nth() < 0 && simulator::BefallsCalls(info.kind);
    if (fault.has_nth() && (fault.nth() == 0 || last)) {
      return parsed_.ErrorAt(fault, "nth", 0,
                             last ? "no call is known to be the last: calls are counted from 1"
                                  : "files and calls are counted from 1");
    }
    const bool at_rest = takes_files && !simulator::BefallsCalls(info.kind);
    if (at_rest && fault.files().empty()) {
      return parsed_.ErrorAt(fault, "kind", 0,
                             fault.kind() + " needs files: a path on the machine's disk");
    }
    return absl::OkStatus();
  }

  // What the program around a process does when that has ended.
  absl::Duration RestartAfter(const Fault& fault, const FaultInfo& info) const {
    absl::Duration after = absl::InfiniteDuration();
    if (info.restart_after_ms.high == 0) return after;
    if (fault.has_restart_after_ms()) return absl::Milliseconds(fault.restart_after_ms());
    const std::vector<std::string> machines = MachinesOf(fault, info);
    for (const PlannedProcess& process : cluster_.processes) {
      const bool struck =
          process.spec.name == fault.target() ||
          std::find(machines.begin(), machines.end(), process.machine) != machines.end();
      if (struck) after = std::min(after, process.restart_after);
    }
    return after;
  }

  absl::StatusOr<simulator::Fault> ToFault(const Fault& fault, const FaultInfo& info) const {
    WT_RETURN_IF_ERROR(CheckTarget(fault, info));
    WT_RETURN_IF_ERROR(CheckFiles(fault, info));
    WT_RETURN_IF_ERROR(CheckMeasures(fault, info));
    simulator::Fault made;
    made.kind = info.kind;
    made.target = fault.target();
    made.peer = fault.peer();
    made.files = fault.files();
    if (fault.has_nth()) made.nth = fault.nth();
    if (fault.has_duration_ms()) made.duration = absl::Milliseconds(fault.duration_ms());
    made.restart_after = RestartAfter(fault, info);
    made.amount = simulator::TakesSeveralMachines(info.kind)
                      ? static_cast<int64_t>(MachinesOf(fault, info).size())
                      : fault.amount();
    return made;
  }

  // What the kind takes, and how much of it.
  absl::Status CheckMeasures(const Fault& fault, const FaultInfo& info) const {
    if (fault.has_duration_ms() && info.duration_ms.empty()) {
      return parsed_.ErrorAt(fault, "duration_ms", 0, fault.kind() + " lasts no time");
    }
    if (fault.has_restart_after_ms() && info.restart_after_ms.empty()) {
      return parsed_.ErrorAt(fault, "restart_after_ms", 0, fault.kind() + " ends nothing");
    }
    if (info.amount.empty() || simulator::TakesSeveralMachines(info.kind)) {
      if (!fault.has_amount()) return absl::OkStatus();
      return parsed_.ErrorAt(fault, "amount", 0, fault.kind() + " takes no amount");
    }
    const absl::string_view unit = platform::ToAbsl(info.amount_unit);
    if (!fault.has_amount()) {
      // A process that is stopped is not asked unless that is said.
      if (info.kind == FaultKind::kCleanStop) return absl::OkStatus();
      return parsed_.ErrorAt(fault, "kind", 0,
                             absl::StrCat(fault.kind(), " needs an amount: ", unit));
    }
    const simulator::Bounds& bounds = info.AmountAllowed();
    if (fault.amount() >= bounds.low && fault.amount() <= bounds.high) return absl::OkStatus();
    return parsed_.ErrorAt(
        fault, "amount", 0,
        absl::StrCat("the amount of ", fault.kind(), " is ", fault.amount(), " and must be from ",
                     bounds.low, " to ", bounds.high, " (", unit, ")"));
  }

  absl::StatusOr<simulator::FaultTrigger> ToTrigger(const Fault& fault) const {
    switch (fault.when_case()) {
      case Fault::kAtMs:
        return simulator::AtTime{absl::Milliseconds(fault.at_ms())};
      case Fault::kAtNs:
        return simulator::AtTime{absl::Nanoseconds(fault.at_ns())};
      case Fault::kAtStep:
        return As<simulator::AtStep>(ToStep(fault.at_step()));
      case Fault::kAtCall:
        return ToCallTrigger(fault);
      case Fault::kAtFileCall:
        return ToFileCallTrigger(fault.at_file_call());
      default:
        return parsed_.ErrorAt(
            fault, "kind", 0,
            "a fault needs one of at_ms, at_ns, at_step, at_call, at_file_call, at_random");
    }
  }

  absl::StatusOr<simulator::FaultTrigger> ToFileCallTrigger(const AtFileCall& at) const {
    simulator::AtFileCall trigger;
    std::vector<std::string> names;
    bool found = false;
    for (const simulator::SeamCallKind kind : simulator::CallsOnFiles()) {
      names.emplace_back(Name(kind));
      if (names.back() != at.call()) continue;
      trigger.call = kind;
      found = true;
    }
    if (!found) {
      return parsed_.ErrorAt(at, "call", 0,
                             absl::StrCat("there is no call \"", at.call(), "\" on files",
                                          platform::Suggestion(at.call(), names)));
    }
    if (at.files().empty()) return parsed_.ErrorAt(at, "files", 0, "at_file_call needs files");
    trigger.files = at.files();
    if (at.has_occurrence()) trigger.occurrence = static_cast<uint64_t>(at.occurrence());
    if (at.has_after()) {
      WT_ASSIGN_OR_RETURN(trigger.after, ToStep(at.after()));
    }
    return trigger;
  }

  template <typename Trigger>
  static absl::StatusOr<simulator::FaultTrigger> As(absl::StatusOr<Trigger> trigger) {
    if (!trigger.ok()) return trigger.status();
    return simulator::FaultTrigger(*std::move(trigger));
  }

  absl::StatusOr<simulator::AtStep> ToStep(const AtStep& at) const {
    WT_RETURN_IF_ERROR(CheckStep(parsed_, text_, at, at.step(), at.attribute()));
    const std::vector<std::string> nodes = cluster_.node_names();
    if (!at.node().empty() && std::find(nodes.begin(), nodes.end(), at.node()) == nodes.end()) {
      return parsed_.ErrorAt(at, "node", 0,
                             absl::StrCat("there is no node \"", at.node(), "\"",
                                          platform::Suggestion(at.node(), nodes)));
    }
    simulator::AtStep step;
    step.step = CanonicalStepName(at.step());
    for (const Attribute& attribute : at.attribute()) {
      step.attributes.emplace_back(attribute.name(), ValueOf(attribute));
    }
    step.node = at.node();
    if (at.has_occurrence()) step.occurrence = static_cast<uint64_t>(at.occurrence());
    return step;
  }

  absl::StatusOr<simulator::FaultTrigger> ToCallTrigger(const Fault& fault) const {
    const AtCall& at = fault.at_call();
    for (const PlannedProcess& process : cluster_.processes) {
      for (const platform::NodeSpec& node : process.spec.nodes) {
        if (node.name != at.node()) continue;
        return simulator::AtSeamCall{process.spec.name, node.name, static_cast<uint64_t>(at.call()),
                                     at.incarnation()};
      }
    }
    return parsed_.ErrorAt(at, "node", 0,
                           absl::StrCat("there is no node \"", at.node(), "\"",
                                        platform::Suggestion(at.node(), cluster_.node_names())));
  }

  absl::StatusOr<simulator::RandomFault> ToRandom(const Fault& fault, const FaultInfo& info) const {
    const AtRandom& at = fault.at_random();
    simulator::RandomFault random;
    random.kind = info.kind;
    if (info.unit == simulator::RateUnit::kPerHour) {
      if (at.per_hour() <= 0) {
        return parsed_.ErrorAt(at, "per_hour", 0, fault.kind() + " needs a per_hour above 0");
      }
      random.rate = at.per_hour();
    } else {
      if (!(at.probability() > 0 && at.probability() <= 1)) {
        return parsed_.ErrorAt(at, "probability", 0,
                               fault.kind() + " needs a probability above 0 and at most 1");
      }
      random.rate = static_cast<int64_t>(at.probability() * 1e6);
    }
    if (!fault.files().empty() || fault.has_nth()) {
      return parsed_.ErrorAt(fault, fault.files().empty() ? "nth" : "files", 0,
                             "a fault at random chooses its files itself");
    }
    if (fault.has_duration_ms() || fault.has_amount() || fault.has_restart_after_ms()) {
      const char* const field = fault.has_amount()        ? "amount"
                                : fault.has_duration_ms() ? "duration_ms"
                                                          : "restart_after_ms";
      return parsed_.ErrorAt(
          fault, field, 0,
          "a fault at random draws its amount, how long it lasts, and when what it ends starts");
    }
    if (at.has_to_ms() && at.to_ms() < at.from_ms()) {
      return parsed_.ErrorAt(at, "to_ms", 0, "to_ms is below from_ms");
    }
    random.from = absl::Milliseconds(at.from_ms());
    if (at.has_to_ms()) random.until = absl::Milliseconds(at.to_ms());
    if (!fault.target().empty()) {
      WT_RETURN_IF_ERROR(CheckTarget(fault, info));
      random.targets.push_back(fault.target());
    }
    return random;
  }

  const ParsedScenario& parsed_;
  const ClusterPlan& cluster_;
  const TextOfSteps& text_;
};

}  // namespace

absl::StatusOr<simulator::FaultPlan> PlanFaults(const ParsedScenario& parsed,
                                                const ClusterPlan& cluster,
                                                const TextOfSteps& text) {
  return FaultPlanner(parsed, cluster, text).Plan();
}

}  // namespace wavetank::scenarios
