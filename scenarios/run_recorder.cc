#include "scenarios/run_recorder.h"

#include <algorithm>
#include <utility>

#include "simulator/fault_plan.h"
#include "simulator/fault_table.h"

namespace wavetank::scenarios {

using simulator::EventKind;
using simulator::ProcessChange;
using simulator::TraceRecord;

namespace {

std::string EndOf(ProcessChange change) {
  switch (change) {
    case ProcessChange::kCrashed:
      return "crashes";
    case ProcessChange::kExited:
      return "exits";
    default:
      return "loses power";
  }
}

bool Lasts(const simulator::Fault& fault) {
  return fault.duration > absl::ZeroDuration() &&
         !simulator::InfoOf(fault.kind).duration_ms.empty();
}

}  // namespace

void RunRecorder::OnProcess(absl::Duration at, simulator::SimProcess& process,
                            ProcessChange change) {
  if (!world_.trace().Retains(EventKind::kProcess)) return;
  const int64_t at_ns = absl::ToInt64Nanoseconds(at);
  if (change == ProcessChange::kStarted) {
    life_of_[process.label()] = lives_.size();
    ProcessLife life{process.machine_name(), process.name(), process.label(), {}, {at_ns, kNever}};
    for (const platform::NodeSpec& node : process.spec().nodes) life.nodes.push_back(node.name);
    lives_.push_back(std::move(life));
    return;
  }
  ProcessLife& life = lives_[life_of_.at(process.label())];
  const auto wake = [&life, at_ns] {
    if (!life.pauses.empty() && life.pauses.back().end_ns == kNever)
      life.pauses.back().end_ns = at_ns;
  };
  if (change == ProcessChange::kPaused) {
    life.pauses.push_back({at_ns, kNever});
    return;
  }
  wake();
  if (change == ProcessChange::kResumed) return;
  life.lived.end_ns = at_ns;
  life.end = EndOf(change);
}

void RunRecorder::OnFault(absl::Duration at, const simulator::Fault& fault) {
  if (!world_.trace().Retains(EventKind::kFault) || !Lasts(fault)) return;
  const int64_t begin_ns = absl::ToInt64Nanoseconds(at);
  const bool for_ever = fault.duration == absl::InfiniteDuration();
  const int64_t end_ns = for_ever ? kNever : begin_ns + absl::ToInt64Nanoseconds(fault.duration);
  faults_.push_back({std::string(simulator::InfoOf(fault.kind).name),
                     fault.target,
                     fault.peer,
                     simulator::Describe(fault),
                     {begin_ns, end_ns}});
}

std::vector<FaultBand> RunRecorder::Bands() const {
  std::vector<FaultBand> bands = faults_;
  std::map<std::string, size_t> off;  // by machine, the band of its time without power
  for (const TraceRecord& record : world_.trace().records()) {
    const int64_t now_ns = record.event.time_ns;
    if (record.event.kind == EventKind::kWorld && record.text == "heals") {
      for (FaultBand& band : bands) {
        const bool lasts = band.span.end_ns == kNever || band.span.end_ns > now_ns;
        if (band.span.begin_ns <= now_ns && lasts) band.span.end_ns = now_ns;
      }
    }
    if (record.event.kind != EventKind::kMachine) continue;
    const std::string& machine = world_.name(record.event.actor);
    if (record.text == "loses power") {
      off[machine] = bands.size();
      bands.push_back({"no power", machine, "", machine + " has no power", {now_ns, kNever}});
    } else if (record.text == "powers on" && off.contains(machine)) {
      bands[off[machine]].span.end_ns = now_ns;
    }
  }
  return bands;
}

void RunRecorder::Fill(RunReport& report) const {
  report.trace_hash = world_.trace().hash();
  report.virtual_ns = absl::ToInt64Nanoseconds(world_.now());
  report.events = world_.trace().events();
  const auto node = [this](simulator::ActorId actor) {
    return actor == simulator::ActorId() ? std::string() : world_.name(actor);
  };
  for (const TraceRecord& record : world_.trace().records()) {
    report.timeline.push_back({record.event.time_ns, world_.name(record.event.actor),
                               std::string(simulator::Name(record.event.kind)), record.text,
                               record.event.kind == EventKind::kFault, record.began_ns,
                               node(record.from), node(record.to)});
  }
  report.lives = lives_;
  report.bands = Bands();
}

}  // namespace wavetank::scenarios
