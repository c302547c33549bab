#include "scenarios/survey.h"

namespace wavetank::scenarios {

using simulator::ProcessChange;

Surveyor::Surveyor(simulator::SimWorld& world, simulator::FaultHook& faults)
    : world_(world), faults_(faults) {
  Intern("");
  world_.SetFaultHook(this);
  world_.AddObserver(watching_);
}

uint32_t Surveyor::Intern(std::string_view name) {
  const auto next = static_cast<uint32_t>(survey_.names.size());
  const auto [entry, is_new] = by_name_.try_emplace(std::string(name), next);
  if (is_new) survey_.names.emplace_back(name);
  return entry->second;
}

Survey::Event& Surveyor::Add(Survey::Kind kind, absl::Duration at) {
  Survey::Event& event = survey_.events.emplace_back();
  event.kind = kind;
  event.at_ns = absl::ToInt64Nanoseconds(at);
  return event;
}

Survey::Event& Surveyor::Add(Survey::Kind kind, simulator::SimNode& node) {
  Survey::Event& event = Add(kind, world_.now());
  event.machine = Intern(node.process().machine_name());
  event.process = Intern(node.process().name());
  event.node = Intern(node.name());
  return event;
}

// Told before the faults are, which may strike here.
void Surveyor::OnStep(simulator::SimNode& node, const platform::StepEvent& event) {
  Survey::Event& reached = Add(Survey::Kind::kStep, node);
  reached.what = Intern(event.step.name);
  reached.number = ++times_reached_[reached.what];
  faults_.OnStep(node, event);
}

const simulator::Fault* Surveyor::OnSeamCall(simulator::SimNode& node,
                                             const simulator::SeamCall& call) {
  Survey::Event& made = Add(Survey::Kind::kCall, node);
  made.call = call.kind;
  made.what = Intern(call.target);
  made.peer = Intern(call.peer);
  uint64_t& most = calls_made_[made.node];
  if (call.number > most) made.number = most = call.number;
  return faults_.OnSeamCall(node, call);
}

void Surveyor::AddChange(absl::Duration at, simulator::SimProcess& process, ProcessChange change) {
  if (change == ProcessChange::kPaused || change == ProcessChange::kResumed) return;
  const bool begins = change == ProcessChange::kStarted;
  std::string& newest = newest_[process.name()];
  if (begins) newest = process.label();
  if (newest == process.label()) {
    Survey::Event& changed = Add(begins ? Survey::Kind::kUp : Survey::Kind::kDown, at);
    changed.process = Intern(process.name());
    changed.machine = Intern(process.machine_name());
  }
  if (change != ProcessChange::kLostPower) return;
  Add(Survey::Kind::kPowerOff, at).machine = Intern(process.machine_name());
}

}  // namespace wavetank::scenarios
