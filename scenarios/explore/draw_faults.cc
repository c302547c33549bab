#include "scenarios/explore/draw_faults.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "scenarios/cluster_plan.h"
#include "scenarios/explore/aim.h"
#include "scenarios/explore/draw_beyond.h"
#include "scenarios/explore/draw_external.h"
#include "scenarios/explore/draw_lost_logs.h"
#include "scenarios/explore/draw_owners.h"
#include "simulator/fault_effects.h"
#include "simulator/fault_table.h"

namespace wavetank::scenarios {
namespace {

using properties::Choices;
using simulator::FaultFamily;
using simulator::FaultInfo;
using simulator::FaultKind;

// How many kinds and targets are tried before a fault that strikes at a time is taken.
constexpr int kTriesMost = 8;

constexpr std::pair<FaultKind, absl::string_view> kFaultsOfInput[] = {
    {FaultKind::kDirectoryAway, "away"},
    {FaultKind::kOddEntry, "odd entry"},
    {FaultKind::kShortListing, "short listing"},
};

class FaultDrawing {
 public:
  FaultDrawing(const Choices& choices, std::string name, const FaultTargets& targets,
               bool may_start_anew)
      : choices_(choices),
        name_(std::move(name)),
        targets_(targets),
        may_start_anew_(may_start_anew) {}

  // All but when it strikes.
  Fault Draw() const {
    Fault fault;
    const FaultInfo& info = DrawKind(fault);
    if (fault.target().empty()) {
      const bool of_process = info.family == FaultFamily::kProcess;
      fault.set_target(
          choices_.OneOf(name_ + " target", of_process ? targets_.processes : targets_.machines));
    }
    if (simulator::TakesSeveralMachines(info.kind)) DrawSeveral(info, fault);
    if (info.family == FaultFamily::kNetwork) {
      std::vector<std::string> others = targets_.machines;
      std::erase(others, fault.target());
      fault.set_peer(choices_.OneOf(name_ + " peer", others));
    }
    if (!info.duration_ms.empty()) {
      // Sometimes longer than what waits 30 s waits.
      const bool outlasts = choices_.OneIn(name_ + " outlasts", 8);
      fault.set_duration_ms(
          outlasts ? choices_.Between(name_ + " long duration", 30'000, 45'000)
                   : choices_.Between(name_ + " duration", info.duration_ms.low,
                                      std::min<int64_t>(info.duration_ms.high, 10'000)));
    }
    if (!info.amount.empty() && !simulator::TakesSeveralMachines(info.kind)) {
      fault.set_amount(choices_.Between(name_ + " amount", info.amount.low, info.amount.high));
    }
    return fault;
  }

 private:
  const FaultInfo& DrawKind(Fault& fault) const {
    if (may_start_anew_ && choices_.OneIn(name_ + " starts anew", 2)) {
      const auto kind =
          choices_.OneOf(name_ + " end", std::vector{FaultKind::kCleanStop, FaultKind::kCrash});
      const FaultInfo& info = simulator::InfoOf(kind);
      fault.set_kind(std::string(info.name));
      fault.set_target(targets_.of_driver.front());
      return info;
    }
    // A spare is there to be used.
    const bool may_replace = !targets_.spare_machines.empty() && !targets_.of_driver.empty();
    if (may_replace && choices_.OneIn(name_ + " replaces", 4)) {
      const FaultInfo& info = simulator::InfoOf(FaultKind::kZombie);
      fault.set_kind(std::string(info.name));
      fault.set_target(targets_.of_driver.front());
      fault.set_peer(targets_.spare_machines.front());
      return info;
    }
    std::vector<const FaultInfo*> kinds;
    for (const FaultInfo& info : simulator::FaultTable()) {
      if (info.family == FaultFamily::kExternal) continue;
      // Within one machine there is no network.
      const bool takes_two =
          info.family == FaultFamily::kNetwork || simulator::TakesSeveralMachines(info.kind);
      if (info.on && (!takes_two || targets_.machines.size() > 1)) kinds.push_back(&info);
    }
    const FaultInfo& info = *choices_.OneOf(name_ + " kind", kinds);
    fault.set_kind(std::string(info.name));
    return info;
  }

  void DrawSeveral(const FaultInfo& info, Fault& fault) const {
    std::vector<std::string> others = targets_.machines;
    const auto most = std::min<int64_t>(info.amount.high, std::ssize(others));
    std::erase(others, fault.target());
    const int64_t number = choices_.Between(name_ + " machines", info.amount.low, most);
    for (int64_t other = 2; other <= number; ++other) {
      const std::string machine = choices_.OneOf(absl::StrCat(name_, " machine ", other), others);
      std::erase(others, machine);
      fault.set_target(absl::StrCat(fault.target(), ",", machine));
    }
  }

  const Choices& choices_;
  const std::string name_;
  const FaultTargets& targets_;
  const bool may_start_anew_;
};

bool Has(const Scenario& scenario, FaultKind kind) {
  const std::string name(simulator::InfoOf(kind).name);
  return std::any_of(scenario.fault().begin(), scenario.fault().end(),
                     [&](const Fault& fault) { return fault.kind() == name; });
}

// What only an input directory shows: it is away for a while, as a file system that is unmounted,
// something stands in it that is no file, or a listing misses some of its names.
bool AddFaultOfInput(const Choices& choices, const std::string& name, const FaultTargets& targets,
                     const Aim& aim, FaultKind kind, Scenario& scenario) {
  if (targets.directories.empty() || Has(scenario, kind)) return false;
  const FaultInfo& info = simulator::InfoOf(kind);
  Fault fault;
  fault.set_kind(std::string(info.name));
  fault.set_target(targets.store_machine);
  const std::string& directory = choices.OneOf(name + " directory", targets.directories);
  fault.set_files(kind == FaultKind::kOddEntry ? directory + "/odd" : directory);
  if (!info.amount.empty()) {
    fault.set_amount(choices.Between(name + " how", info.amount.low, info.amount.high));
  }
  if (!info.duration_ms.empty()) {
    fault.set_duration_ms(choices.Between(name + " for", info.duration_ms.low, 5'000));
  }
  std::vector<size_t> places = aim.PlacesOf(fault);
  if (!aim.KeepAfterFiles(directory + "/*", places)) return false;
  aim.Draw(choices, name, places, fault);
  *scenario.add_fault() = std::move(fault);
  return true;
}

}  // namespace

FaultTargets TargetsOf(const Prepared& prepared, const Scenario& scenario) {
  FaultTargets targets;
  targets.store_machine = prepared.job.cluster.store_machine;
  std::map<std::string, bool> only_spare;  // machines with nothing but a process that stands by
  for (const PlannedProcess& process : prepared.job.cluster.processes) {
    const auto& nodes = process.spec.nodes;
    const bool drives = std::any_of(nodes.begin(), nodes.end(),
                                    [](const auto& node) { return node.name == "driver"; });
    if (process.standby) {
      const bool is_spare = drives && process.start_at == absl::InfiniteDuration();
      if (is_spare) targets.spare_machines.push_back(process.machine);
      only_spare.try_emplace(process.machine, true);
      continue;
    }
    only_spare[process.machine] = false;
    targets.processes.push_back(process.spec.name);
    if (drives) targets.of_driver.push_back(process.spec.name);
    // Elsewhere its address is taken as long as it stands still.
    if (drives && process.machine == targets.store_machine) targets.replaceable = true;
  }
  targets.replaceable =
      !targets.of_driver.empty() && (targets.replaceable || !targets.spare_machines.empty());
  for (const std::string& machine : prepared.job.cluster.machines) {
    if (!only_spare[machine]) targets.machines.push_back(machine);
  }
  targets.directories = prepared.job.shape.directories;
  targets.external = prepared.job.cluster.external;
  targets.structured = prepared.job.instance.job->structured != nullptr;
  targets.socket = !prepared.job.shape.servers.empty();
  targets.rewound = IsRewound(prepared.input);
  const auto& parts = prepared.job.shape.parts;
  const bool named = parts.size() == 1 && parts.front().paths.checkpoint == "checkpoint" &&
                     absl::StartsWith(parts.front().paths.output + "/", "output/") &&
                     (targets.socket || (parts.front().paths.inputs.size() == 1 &&
                                         parts.front().paths.inputs[0].directory == "input"));
  // Of a stream whose log is damaged only ids tell that all came out.
  targets.has_known_files =
      named && scenario.expect().guarantee() != Expect::NONE &&
      (targets.structured || (prepared.job.oracle != nullptr && !targets.socket));
  return targets;
}

void AddFault(const Choices& choices, int number, const FaultTargets& targets, const Survey& survey,
              Scenario& scenario) {
  const std::string name = absl::StrCat("fault ", number);
  const Aim aim(survey);
  const bool is_beyond =
      scenario.expect().may_stop_size() > 0 || Has(scenario, FaultKind::kDiskLoss);
  if (!is_beyond && choices.OneIn(name + " beyond", 24) &&
      AddFaultBeyond(choices, name + " beyond", targets, aim, scenario)) {
    return;
  }
  // Seeds of their own: an owner's mistake mostly takes several of these, and another's none.
  const bool of_logs = choices.OneIn("logs and their owners", 2);
  // Last: what it comes to would hide what befalls the run afterwards.
  const bool ends = number == kFaultsMost || choices.OneIn(name + " ends", 32);
  if (of_logs && !is_beyond && ends && targets.has_known_files && !targets.of_driver.empty() &&
      !choices.OneIn(name + " of no log", 4) &&
      AddLossOfALog(choices, name + " log", targets, survey, scenario)) {
    return;
  }
  if (of_logs && choices.OneIn(name + " of owners", 2) &&
      AddFaultOfOwners(choices, name + " owners", targets, aim, scenario)) {
    return;
  }
  for (const auto& [kind, called] : kFaultsOfInput) {
    const std::string of_input = absl::StrCat(name, " ", called);
    if (choices.OneIn(of_input, 16) &&
        AddFaultOfInput(choices, of_input, targets, aim, kind, scenario)) {
      return;
    }
  }
  // What a job has otherwise from a later start on, its layout of state say, shows after one.
  const bool may_start_anew =
      scenario.job().change_size() > 0 && scenario.fault().empty() && !targets.of_driver.empty();
  const bool starts_anew = may_start_anew && choices.OneIn(name + " starts anew", 2);
  const bool external = !targets.external.empty() && !choices.OneIn(name + " of the job", 4);
  if (external && !starts_anew &&
      AddFaultOfRequests(choices, name + " external", targets, aim, scenario)) {
    return;
  }
  for (int tried = 0; tried < kTriesMost; ++tried) {
    const std::string again = tried == 0 ? name : absl::StrCat(name, " again ", tried);
    Fault fault = FaultDrawing(choices, again, targets, may_start_anew).Draw();
    const std::vector<size_t> places = aim.PlacesOf(fault);
    if (places.empty()) continue;
    aim.Draw(choices, again, places, fault);
    *scenario.add_fault() = std::move(fault);
    return;
  }
}

}  // namespace wavetank::scenarios
