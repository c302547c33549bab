#include "scenarios/explore/aim.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

#include "absl/strings/str_split.h"

#include "platform/check.h"
#include "simulator/fault_effects.h"
#include "simulator/fault_table.h"
#include "simulator/file_pattern.h"

namespace wavetank::scenarios {
namespace {

using properties::Choices;
using simulator::FaultFamily;
using simulator::FaultInfo;
using simulator::SeamCallKind;

constexpr int64_t kMsNs = 1'000'000;
// Faults strike until then, if the scenario does not say otherwise (Phases).
constexpr int64_t kLatestNs = 29'000 * kMsNs;
// What follows a fault so soon has mostly to do with it.
constexpr int64_t kSoonNs = 2'000 * kMsNs;

bool IsOnFiles(SeamCallKind kind) {
  const auto calls = simulator::CallsOnFiles();
  return kind == SeamCallKind::kAppend ||
         std::find(calls.begin(), calls.end(), kind) != calls.end();
}

}  // namespace

Aim::Aim(const Survey& survey) : survey_(survey) {
  for (size_t i = 0; i < survey.events.size(); ++i) {
    if (survey.events[i].kind != Survey::Kind::kFault) continue;
    first_ = i + 1;
    last_fault_ns_ = survey.events[i].at_ns;
  }
}

std::vector<size_t> Aim::PlacesOf(const Fault& fault) const {
  const FaultInfo& info = *simulator::FindFault(fault.kind());
  simulator::Fault made;
  made.kind = info.kind;
  made.peer = fault.peer();
  made.files = fault.files();
  const bool needs_call = !simulator::NeedsNoCall(made);
  const bool of_process = info.family == FaultFamily::kProcess;
  const bool of_machine = info.family == FaultFamily::kMachine;
  const std::vector<std::string> targets = absl::StrSplit(fault.target(), ',');
  std::set<uint32_t> target_ids;
  for (uint32_t name = 0; name < survey_.names.size(); ++name) {
    if (std::find(targets.begin(), targets.end(), survey_.names[name]) != targets.end()) {
      target_ids.insert(name);
    }
  }
  std::set<uint32_t> gone;  // of the targets: processes that are dead, machines without power
  std::vector<size_t> places;
  size_t befallen = 0;  // how many of the places have such a call after them
  for (size_t i = 0; i < survey_.events.size(); ++i) {
    const Event& event = survey_.events[i];
    if (event.at_ns > kLatestNs) break;
    switch (event.kind) {
      case Survey::Kind::kUp:
        gone.erase(event.machine);
        gone.erase(event.process);
        break;
      case Survey::Kind::kDown:
        if (of_process && target_ids.contains(event.process)) gone.insert(event.process);
        break;
      case Survey::Kind::kPowerOff:
        if (of_machine && target_ids.contains(event.machine)) gone.insert(event.machine);
        break;
      case Survey::Kind::kFault:
        break;
      case Survey::Kind::kStep:
      case Survey::Kind::kCall:
        if (i >= first_ && gone.empty()) places.push_back(i);
        if (!needs_call || event.kind != Survey::Kind::kCall) break;
        if (!target_ids.contains(of_process ? event.process : event.machine)) break;
        const simulator::SeamCall call{event.call, event.number, survey_.NameOf(event.what),
                                       survey_.NameOf(event.peer)};
        if (simulator::CanBefall(made, call)) befallen = places.size();
        break;
    }
  }
  if (needs_call) places.resize(befallen);
  return places;
}

std::vector<size_t> Aim::Only(Survey::Kind kind, const std::vector<size_t>& places) const {
  std::vector<size_t> only;
  std::copy_if(places.begin(), places.end(), std::back_inserter(only),
               [&](size_t place) { return survey_.events[place].kind == kind; });
  return only;
}

std::vector<size_t> Aim::AtStep(const std::string& step, const std::vector<size_t>& places) const {
  std::vector<size_t> at = Only(Survey::Kind::kStep, places);
  std::erase_if(at,
                [&](size_t place) { return survey_.NameOf(survey_.events[place].what) != step; });
  return at;
}

std::vector<size_t> Aim::AtStepsOf(const std::string& process,
                                   const std::vector<std::string_view>& steps,
                                   const std::vector<size_t>& places) const {
  std::vector<size_t> at = Only(Survey::Kind::kStep, places);
  std::erase_if(at, [&](size_t place) {
    const Event& event = survey_.events[place];
    return survey_.NameOf(event.process) != process ||
           std::find(steps.begin(), steps.end(), survey_.NameOf(event.what)) == steps.end();
  });
  return at;
}

std::vector<size_t> Aim::AtStepsLike(const std::string& process, std::string_view beginning,
                                     const std::vector<size_t>& places, int64_t until_ns) const {
  std::vector<size_t> at = Only(Survey::Kind::kStep, places);
  std::erase_if(at, [&](size_t place) {
    const Event& event = survey_.events[place];
    return event.at_ns >= until_ns || survey_.NameOf(event.process) != process ||
           !survey_.NameOf(event.what).starts_with(beginning);
  });
  return at;
}

size_t Aim::CallsBefore(size_t step, int64_t calls) const {
  return Before(step, calls, [process = survey_.events[step].process](const Event& call) {
    return call.process == process;
  });
}

size_t Aim::FileCallsBefore(size_t step, int64_t calls) const {
  return Before(step, calls, [](const Event& call) { return IsOnFiles(call.call); });
}

size_t Aim::Before(size_t step, int64_t calls,
                   const std::function<bool(const Event&)>& counts) const {
  size_t at = step;
  for (size_t place = step; place > first_ && calls > 0;) {
    const Event& event = survey_.events[--place];
    if (event.kind != Survey::Kind::kCall || !counts(event)) continue;
    at = place;
    --calls;
  }
  return at;
}

bool Aim::KeepAfterFiles(const std::string& files, std::vector<size_t>& places) const {
  const auto first =
      std::find_if(survey_.events.begin(), survey_.events.end(), [&](const Event& event) {
        const bool shows = event.kind == Survey::Kind::kCall &&
                           (event.call == SeamCallKind::kSync || event.call == SeamCallKind::kRead);
        return shows && simulator::MatchesFilePattern(files, survey_.NameOf(event.what));
      });
  const auto from = static_cast<size_t>(first - survey_.events.begin());
  std::erase_if(places, [from](size_t place) { return place <= from; });
  return !places.empty();
}

std::vector<size_t> Aim::SometimesSoon(const Choices& choices, const std::string& name,
                                       const std::vector<size_t>& places) const {
  if (first_ == 0 || !choices.OneIn(name + " soon", 2)) return places;
  std::vector<size_t> soon;
  std::copy_if(places.begin(), places.end(), std::back_inserter(soon), [&](size_t place) {
    return survey_.events[place].at_ns <= last_fault_ns_ + kSoonNs;
  });
  return soon.empty() ? places : soon;
}

void Aim::Draw(const Choices& choices, const std::string& name, const std::vector<size_t>& places,
               Fault& fault) const {
  WT_CHECK(!places.empty());
  enum { kAtStep, kAtStepToo, kAtTime, kAtCall, kAtFileCall };
  const std::vector<size_t> from = SometimesSoon(choices, name, places);
  const std::vector<size_t> steps = Only(Survey::Kind::kStep, from);
  std::vector<size_t> calls = Only(Survey::Kind::kCall, from);
  std::erase_if(calls, [&](size_t place) { return survey_.events[place].number == 0; });
  std::vector<size_t> file_calls = Only(Survey::Kind::kCall, from);
  std::erase_if(file_calls, [&](size_t place) {
    // The root has no name to aim at.
    const Event& event = survey_.events[place];
    return !IsOnFiles(event.call) || survey_.NameOf(event.what).empty();
  });
  const int64_t when = choices.Between(name + " when", kAtStep, kAtFileCall);
  if (when == kAtCall && !calls.empty()) {
    const Event& made = survey_.events[choices.OneOf(name + " call", calls)];
    AtCall& at = *fault.mutable_at_call();
    at.set_node(survey_.NameOf(made.node));
    at.set_call(static_cast<int64_t>(made.number));
  } else if (when == kAtFileCall && !file_calls.empty()) {
    SetFileCall(choices.OneOf(name + " file call", file_calls), fault);
  } else if (when <= kAtStepToo && !steps.empty()) {
    PickStep(choices, name, steps, fault);
  } else {
    SetTime(choices.OneOf(name + " time", from), fault);
  }
}

size_t Aim::DrawStep(const Choices& choices, const std::string& name,
                     const std::vector<size_t>& places, Fault& fault) const {
  return PickStep(choices, name, SometimesSoon(choices, name, places), fault);
}

size_t Aim::PickStep(const Choices& choices, const std::string& name,
                     const std::vector<size_t>& places, Fault& fault) const {
  const size_t place = PickOfSteps(choices, name, places);
  SetStep(place, fault);
  return place;
}

size_t Aim::PickOfSteps(const Choices& choices, const std::string& name,
                        const std::vector<size_t>& places) const {
  std::set<std::string> names;
  for (const size_t place : places) names.insert(survey_.NameOf(survey_.events[place].what));
  const std::vector<std::string> ordered(names.begin(), names.end());
  const std::string step = choices.OneOf(name + " step", ordered);
  return choices.OneOf(name + " occurrence", AtStep(step, places));
}

void Aim::SetTime(size_t place, Fault& fault) const {
  // What has struck within this millisecond has done so by its end.
  const int64_t at_ns = std::max(survey_.events[place].at_ns - kMsNs, last_fault_ns_);
  fault.set_at_ms(at_ns / kMsNs + 1);
}

void Aim::SetInstant(size_t place, int64_t by_ns, Fault& fault) const {
  fault.set_at_ns(std::max(survey_.events[place].at_ns + by_ns, last_fault_ns_ + 1));
}

void Aim::SetAfter(size_t place, int64_t by_ms, Fault& fault) const {
  fault.set_at_ms(std::min(survey_.events[place].at_ns / kMsNs + by_ms, kLatestNs / kMsNs));
}

void Aim::SetStep(size_t place, Fault& fault) const {
  const Event& reached = survey_.events[place];
  scenarios::AtStep& at = *fault.mutable_at_step();
  at.set_step(survey_.NameOf(reached.what));
  at.set_occurrence(static_cast<int32_t>(reached.number));
}

void Aim::SetFileCall(size_t place, Fault& fault) const {
  const auto plain = [](SeamCallKind kind) {
    return kind == SeamCallKind::kAppend ? SeamCallKind::kWrite : kind;
  };
  const Event& made = survey_.events[place];
  int32_t occurrence = 0;
  for (size_t i = 0; i <= place; ++i) {
    const Event& event = survey_.events[i];
    const bool alike = event.kind == Survey::Kind::kCall && event.what == made.what &&
                       plain(event.call) == plain(made.call);
    if (alike) ++occurrence;
  }
  AtFileCall& at = *fault.mutable_at_file_call();
  at.set_call(std::string(simulator::Name(plain(made.call))));
  at.set_files(survey_.NameOf(made.what));
  at.set_occurrence(occurrence);
}

}  // namespace wavetank::scenarios
