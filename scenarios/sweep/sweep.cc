#include "scenarios/sweep/sweep.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/nearest_name.h"
#include "platform/random.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "scenarios/cluster_plan.h"
#include "scenarios/explore/draw_world.h"
#include "scenarios/survey.h"
#include "simulator/fault_effects.h"
#include "simulator/fault_table.h"

namespace wavetank::scenarios {
namespace {

using simulator::FaultFamily;
using simulator::FaultInfo;
using simulator::FaultKind;

// A torn write keeps nothing of it, a part of its first frame, a sector, or all but a few bytes.
const std::vector<int64_t> kTorn = {0, 7, 512, 4'093};

// Longer than leases and time-outs, so that whoever stands still is replaced.
constexpr int64_t kStandsStillMs = 15'000;

const SweptKind kKinds[] = {
    {FaultKind::kCrash, Strikes::kEverywhere, 0, {}, "the process dies"},
    {FaultKind::kMachineCrash,
     Strikes::kEverywhere,
     0,
     {},
     "the machine's processes die, and all that was written is there"},
    {FaultKind::kPowerLossAtWorst,
     Strikes::kEverywhere,
     0,
     {},
     "power is lost, and nothing that was not synced is there"},
    {FaultKind::kPowerLoss,
     Strikes::kEverywhere,
     0,
     {},
     "power is lost, and of what was not synced a part is there: torn, lost, reordered, stale"},
    {FaultKind::kZombie,
     Strikes::kEverywhere,
     kStandsStillMs,
     {},
     "the process stands still, is replaced, and wakes"},
    {FaultKind::kTornWrite, Strikes::kCalls, 0, kTorn, "power is lost within a write"},
    {FaultKind::kWriteError, Strikes::kCalls, 0, {}, "a write fails"},
    {FaultKind::kSyncLoss, Strikes::kCalls, 0, {}, "a sync fails, and what it covers may be lost"},
    {FaultKind::kSyncRevert, Strikes::kCalls, 0, {0}, "a sync fails, and old data is read again"},
    {FaultKind::kNoSpaceAtSync, Strikes::kCalls, 0, {}, "a sync finds no space"},
    {FaultKind::kDirectorySyncError, Strikes::kCalls, 0, {}, "a sync of a directory fails"},
    {FaultKind::kReadError, Strikes::kCalls, 0, {}, "a read fails"},
    {FaultKind::kNamesError, Strikes::kCalls, 0, {}, "a call on names fails, done or not"},
    {FaultKind::kTooManyFiles, Strikes::kCalls, 0, {}, "nothing more can be opened"},
    {FaultKind::kNoSpaceForNames, Strikes::kCalls, 0, {}, "there is no room for a name"},
    {FaultKind::kReset,
     Strikes::kLinks,
     0,
     {},
     "the connection breaks: a request or reply is lost"},
    {FaultKind::kRepeat,
     Strikes::kLinks,
     0,
     {1'500},
     "the connection breaks, and what was sent arrives after what is sent again"},
};

absl::StatusOr<std::vector<const SweptKind*>> Chosen(const std::vector<std::string>& names) {
  std::vector<const SweptKind*> chosen;
  std::vector<std::string> known;
  for (const SweptKind& kind : kKinds) {
    known.emplace_back(InfoOf(kind.kind).name);
    const bool wanted = names.empty() || std::ranges::find(names, known.back()) != names.end();
    if (wanted) chosen.push_back(&kind);
  }
  for (const std::string& name : names) {
    if (std::ranges::find(known, name) != known.end()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("no fault \"", name, "\" is swept", platform::Suggestion(name, known)));
  }
  return chosen;
}

using simulator::SeamCallKind;
using Event = Survey::Event;

bool IsPlace(const Survey& survey, const Event& event) {
  const bool step = event.kind == Survey::Kind::kStep;
  const bool call = event.kind == Survey::Kind::kCall && event.number > 0;
  return (step || call) && survey.NameOf(event.machine) != kOutside;
}

std::string TextOf(const Survey& survey, const Event& event) {
  const std::string& what = survey.NameOf(event.what);
  if (event.kind == Survey::Kind::kStep) {
    return event.number == 1 ? what : absl::StrCat(what, " (", event.number, ")");
  }
  return absl::StrCat("call ", event.number, " of ", survey.NameOf(event.node), ", ",
                      platform::ToAbsl(Name(event.call)), " ", what);
}

bool Fits(const SweptKind& kind, const Survey& survey, const Event& event) {
  if (kind.strikes == Strikes::kEverywhere) return true;
  if (event.kind != Survey::Kind::kCall) return false;
  const std::string& machine = survey.NameOf(event.machine);
  const std::string& peer = survey.NameOf(event.peer);
  if (kind.strikes == Strikes::kLinks) {
    const bool moves = event.call == SeamCallKind::kSend || event.call == SeamCallKind::kReceive;
    return moves && !peer.empty() && peer != machine && peer != kOutside;
  }
  simulator::Fault fault;
  fault.kind = kind.kind;
  fault.target = machine;
  return event.call < SeamCallKind::kConnect &&
         simulator::CanBefall(fault, {event.call, event.number, survey.NameOf(event.what), peer});
}

// As the file would say it. `amount`: of a kind that has one.
Fault FaultAt(const Survey& survey, const Event& event, const SweptKind& kind,
              const int64_t* amount) {
  const FaultInfo& info = InfoOf(kind.kind);
  const bool process = info.family == FaultFamily::kProcess;
  Fault fault;
  fault.set_kind(std::string(info.name));
  fault.set_target(survey.NameOf(process ? event.process : event.machine));
  if (info.family == FaultFamily::kNetwork) fault.set_peer(survey.NameOf(event.peer));
  if (event.kind == Survey::Kind::kStep) {
    AtStep& at = *fault.mutable_at_step();
    at.set_step(survey.NameOf(event.what));
    if (event.number > 1) at.set_occurrence(static_cast<int32_t>(event.number));
  } else {
    AtCall& at = *fault.mutable_at_call();
    at.set_node(survey.NameOf(event.node));
    at.set_call(static_cast<int64_t>(event.number));
  }
  if (kind.duration_ms > 0) fault.set_duration_ms(kind.duration_ms);
  if (amount != nullptr) fault.set_amount(*amount);
  return fault;
}

struct Candidate {
  size_t place = 0;  // in the survey's events
  Fault fault;
};

std::vector<Candidate> CandidatesOf(const Survey& survey,
                                    const std::vector<const SweptKind*>& kinds) {
  std::vector<Candidate> candidates;
  for (size_t number = 0; number < survey.events.size(); ++number) {
    const Event& event = survey.events[number];
    if (!IsPlace(survey, event)) continue;
    for (const SweptKind* kind : kinds) {
      if (!Fits(*kind, survey, event)) continue;
      if (kind->amounts.empty()) {
        candidates.push_back({number, FaultAt(survey, event, *kind, nullptr)});
      }
      for (const int64_t amount : kind->amounts) {
        candidates.push_back({number, FaultAt(survey, event, *kind, &amount)});
      }
    }
  }
  return candidates;
}

// `count` different numbers below `size`, rising.
std::vector<size_t> Sample(size_t size, size_t count, platform::Random random) {
  std::vector<size_t> all(size);
  for (size_t i = 0; i < size; ++i) all[i] = i;
  for (size_t i = 0; i < std::min(count, size); ++i) {
    std::swap(all[i], all[i + static_cast<size_t>(random.Below(size - i))]);
  }
  all.resize(std::min(count, size));
  std::ranges::sort(all);
  return all;
}

SweptFault With(const Scenario& scenario, const Survey& survey,
                std::span<const Candidate* const> candidates) {
  SweptFault swept;
  swept.scenario = scenario;
  *swept.scenario.mutable_expect() = PromisesOf(scenario.expect());
  for (const Candidate* candidate : candidates) {
    absl::StrAppend(&swept.place, swept.place.empty() ? "" : ", then ",
                    TextOf(survey, survey.events[candidate->place]));
    *swept.scenario.add_fault() = candidate->fault;
  }
  return swept;
}

}  // namespace

std::span<const SweptKind> SweptKinds() { return kKinds; }

absl::StatusOr<SweepPlan> PlanSweep(const ParsedScenario& parsed, const ScenarioJobs& jobs,
                                    const SweepOptions& options, const RunOptions& run) {
  WT_ASSIGN_OR_RETURN(const std::vector<const SweptKind*> kinds, Chosen(options.kinds));
  const Expect& expect = parsed.scenario->expect();
  if (expect.violation_size() > 0 || !expect.error().empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(parsed.file, " expects ", expect.error().empty() ? "a violation" : "an error",
                     ": sweep a scenario whose answer is right"));
  }
  RunOptions surveyed = run;
  surveyed.survey = true;
  WT_ASSIGN_OR_RETURN(const RunReport report, RunScenario(parsed, jobs, surveyed));
  if (report.verdict != Verdict::kPass) {
    return absl::FailedPreconditionError(
        absl::StrCat(parsed.file, " does not pass by itself (", VerdictName(report.verdict),
                     report.reasons.empty() ? "" : absl::StrCat(": ", report.reasons.front()),
                     "): sweep one that does"));
  }
  const Survey& survey = *report.survey;
  const std::vector<Candidate> candidates = CandidatesOf(survey, kinds);
  SweepPlan plan;
  plan.all = candidates.size();
  for (const Event& event : survey.events) {
    if (!IsPlace(survey, event)) continue;
    ++(event.kind == Survey::Kind::kStep ? plan.steps : plan.calls);
  }
  const platform::Random random(options.sample_seed);
  if (options.pairs > 0) {
    platform::Random draws = random.Fork("pairs");
    const auto wanted = static_cast<size_t>(options.pairs);
    for (size_t tries = 0; tries < 10 * wanted && plan.faults.size() < wanted; ++tries) {
      size_t a = static_cast<size_t>(draws.Below(std::max<size_t>(candidates.size(), 1)));
      size_t b = static_cast<size_t>(draws.Below(std::max<size_t>(candidates.size(), 1)));
      if (candidates.empty() || candidates[a].place == candidates[b].place) continue;
      if (a > b) std::swap(a, b);
      const Candidate* const both[] = {&candidates[a], &candidates[b]};
      plan.faults.push_back(With(*parsed.scenario, survey, both));
    }
    return plan;
  }
  const size_t wanted =
      options.sample > 0 ? static_cast<size_t>(options.sample) : candidates.size();
  for (const size_t number : Sample(candidates.size(), wanted, random.Fork("sample"))) {
    const Candidate* const one[] = {&candidates[number]};
    plan.faults.push_back(With(*parsed.scenario, survey, one));
  }
  return plan;
}

}  // namespace wavetank::scenarios
