#include "scenarios/shrink/explicit_faults.h"

#include <string>
#include <variant>

#include "absl/time/time.h"

#include "simulator/fault_effects.h"
#include "simulator/fault_table.h"

namespace wavetank::scenarios {
namespace {

void Set(const simulator::AtStep& trigger, AtStep& at) {
  at.set_step(trigger.step);
  for (const auto& [name, value] : trigger.attributes) {
    Attribute& attribute = *at.add_attribute();
    attribute.set_name(name);
    if (const auto* text = std::get_if<std::string>(&value)) {
      attribute.set_text(*text);
    } else {
      attribute.set_value(std::get<int64_t>(value));
    }
  }
  if (trigger.occurrence != 1) at.set_occurrence(static_cast<int32_t>(trigger.occurrence));
  at.set_node(trigger.node);
}

void SetTrigger(const simulator::FaultTrigger& trigger, Fault& fault) {
  if (const auto* at = std::get_if<simulator::AtTime>(&trigger)) {
    const int64_t at_ns = absl::ToInt64Nanoseconds(at->time);
    if (at_ns % 1'000'000 == 0) {
      fault.set_at_ms(at_ns / 1'000'000);
    } else {
      fault.set_at_ns(at_ns);
    }
  } else if (const auto* step = std::get_if<simulator::AtStep>(&trigger)) {
    Set(*step, *fault.mutable_at_step());
  } else if (const auto* seam = std::get_if<simulator::AtSeamCall>(&trigger)) {
    AtCall& call = *fault.mutable_at_call();
    call.set_node(seam->node);
    call.set_call(static_cast<int64_t>(seam->call));
    if (seam->incarnation > 0) call.set_incarnation(seam->incarnation);
  } else {
    const auto& of_file = std::get<simulator::AtFileCall>(trigger);
    AtFileCall& call = *fault.mutable_at_file_call();
    call.set_call(std::string(simulator::Name(of_file.call)));
    call.set_files(of_file.files);
    if (of_file.occurrence != 1) call.set_occurrence(static_cast<int32_t>(of_file.occurrence));
    if (of_file.after.has_value()) Set(*of_file.after, *call.mutable_after());
  }
}

}  // namespace

Fault ToScenarioFault(const simulator::ListedFault& listed) {
  const simulator::Fault& befell = listed.fault;
  const simulator::FaultInfo& info = simulator::InfoOf(befell.kind);
  Fault fault;
  fault.set_kind(std::string(info.name));
  fault.set_target(befell.target);
  fault.set_peer(befell.peer);
  SetTrigger(listed.trigger, fault);
  if (!info.duration_ms.empty() && befell.duration != absl::InfiniteDuration()) {
    fault.set_duration_ms(absl::ToInt64Milliseconds(befell.duration));
  }
  if (!info.restart_after_ms.empty() && befell.restart_after != absl::InfiniteDuration()) {
    fault.set_restart_after_ms(absl::ToInt64Milliseconds(befell.restart_after));
  }
  if (!info.amount.empty() && !simulator::TakesSeveralMachines(befell.kind)) {
    fault.set_amount(befell.amount);
  }
  fault.set_files(befell.files);
  if (befell.nth != 1) fault.set_nth(befell.nth);
  return fault;
}

Scenario WithExplicitFaults(const Scenario& scenario,
                            const std::vector<simulator::ListedFault>& fired) {
  Scenario with = scenario;
  with.clear_fault();
  for (const simulator::ListedFault& listed : fired) *with.add_fault() = ToScenarioFault(listed);
  return with;
}

}  // namespace wavetank::scenarios
