#include "scenarios/shell/bugs_command.h"

#include <cstdio>
#include <optional>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

#include "platform/check.h"
#include "platform/nearest_name.h"
#include "platform/planted.h"
#include "platform/text.h"
#include "properties/planted_bugs.h"
#include "scenarios/explore/draw_world.h"
#include "scenarios/explore/find_failure.h"
#include "scenarios/input.h"
#include "scenarios/shell/host.h"

namespace wavetank::scenarios::shell {
namespace {

constexpr int kNotFound = 1;
constexpr int kBadInput = 2;

using properties::PlantedBug;

int Refuse(const std::string& why) {
  std::fprintf(stderr, "wavetank bugs: %s\n", why.c_str());
  return kBadInput;
}

const PlantedBug* Find(const std::string& name) {
  for (const PlantedBug& bug : properties::PlantedBugs()) {
    if (bug.name == name) return &bug;
  }
  return nullptr;
}

std::string WhatFound(const FoundFailure& found) {
  const RunReport& report = found.report;
  return report.violations.empty() ? VerdictName(report.verdict) : report.violations.front().kind;
}

// Then it says nothing of the bug.
bool FailsWithoutTheBug(const ScenarioJobs& jobs, const Scenario& scenario) {
  const auto without = Exploration::Make(jobs, {.jobs = {scenario.job().name()}});
  WT_CHECK(without.ok());
  const auto report = without->Run(scenario);
  return report.ok() && Fails(*report);
}

std::string Size(const Scenario& scenario) {
  std::string text = absl::StrCat(scenario.job().name(), ", ", RecordsOf(scenario), " records");
  for (const Fault& fault : scenario.fault()) {
    absl::StrAppend(&text, ", ", fault.kind());
    if (fault.has_at_step()) absl::StrAppend(&text, " at ", fault.at_step().step());
  }
  return text;
}

std::string ToJsonLine(const PlantedBug& bug, const std::optional<FoundFailure>& found,
                       int64_t runs_max) {
  nlohmann::ordered_json line;
  line["bug"] = std::string(bug.name);
  line["kind"] = std::string(BugKindName(bug.kind));
  line["found"] = found.has_value();
  line["check"] = found ? WhatFound(*found) : "";
  line["runs"] = found ? found->runs : runs_max;
  line["records"] = found ? RecordsOf(found->scenario) : 0;
  line["faults"] = found ? found->scenario.fault_size() : 0;
  line["smallest"] = found ? ToText(found->scenario, "smallest") : "";
  return line.dump() + "\n";
}

}  // namespace

int Execute(const BugsCommand& command, const ScenarioJobs& jobs) {
  if (command.list) {
    for (const PlantedBug& bug : properties::PlantedBugs()) {
      std::printf("%-42s %s\n", std::string(bug.name).c_str(),
                  std::string(BugKindName(bug.kind)).c_str());
    }
    return 0;
  }
  if (!platform::kBugsArePlanted) {
    return Refuse(
        "this build has no bugs planted: `make bugs` makes one that has, "
        "build/planted/bin/wavetank, and runs it");
  }
  std::vector<PlantedBug> bugs;
  for (const std::string& name : command.names) {
    const PlantedBug* bug = Find(name);
    if (bug == nullptr) {
      std::vector<std::string> names;
      for (const PlantedBug& each : properties::PlantedBugs()) names.emplace_back(each.name);
      return Refuse(
          absl::StrCat("there is no bug \"", name, "\"", platform::Suggestion(name, names)));
    }
    bugs.push_back(*bug);
  }
  if (bugs.empty()) bugs.assign(properties::PlantedBugs().begin(), properties::PlantedBugs().end());

  const absl::Status can = CheckWritable(command.json_file);
  if (!can.ok()) return Refuse(std::string(platform::ToStd(can.message())));
  const bool json_to_output = command.json_file == "-";
  std::string json;
  bool all_found = true;
  for (const PlantedBug& bug : bugs) {
    const std::string name(bug.name);
    const auto exploration =
        Exploration::Make(jobs, {.jobs = {bug.jobs.begin(), bug.jobs.end()}, .planted = name});
    WT_CHECK(exploration.ok());
    SearchOptions search;
    search.runs_max = command.runs_max;
    search.first_seed = command.first_seed;
    search.shrink_tries_max = command.shrink_tries_max;
    ProgressBar bar(name, static_cast<size_t>(command.runs_max));
    search.progress = [&bar](int64_t runs) { bar.Show(static_cast<size_t>(runs), "runs"); };
    std::optional<FoundFailure> found = FindFailure(*exploration, search);
    bar.Clear();
    if (found && FailsWithoutTheBug(jobs, found->scenario)) {
      std::fprintf(stderr, "wavetank bugs: what was found of %s fails without it too: %s\n%s",
                   name.c_str(), found->report.reasons.front().c_str(),
                   ToText(found->scenario, "fails without a bug planted").c_str());
      found.reset();
    }
    all_found = all_found && found.has_value();
    absl::StrAppend(&json, ToJsonLine(bug, found, command.runs_max));
    if (json_to_output) continue;
    std::printf("%-9s %s: %s\n", found ? "FOUND" : "NOT FOUND", name.c_str(),
                std::string(bug.meaning).c_str());
    if (!found) continue;
    std::printf("  kind     %s\n", std::string(BugKindName(bug.kind)).c_str());
    std::printf("  in run   %lld\n  check    %s\n  why      %s\n  smallest %s\n",
                static_cast<long long>(found->runs), WhatFound(*found).c_str(),
                found->report.reasons.front().c_str(), Size(found->scenario).c_str());
    if (command.save_directory.empty()) continue;
    const std::string file = absl::StrCat(command.save_directory, "/", name, ".textproto");
    const absl::Status saved = WriteFile(
        file, ToText(found->scenario, absl::StrCat("Fails with the bug ", name, " planted.")));
    if (!saved.ok()) return Refuse(std::string(platform::ToStd(saved.message())));
    std::printf("  replay   wavetank run --planted=%s %s\n", name.c_str(), file.c_str());
  }
  if (json_to_output) {
    std::printf("%s", json.c_str());
  } else if (!command.json_file.empty()) {
    const absl::Status written = WriteFile(command.json_file, json);
    if (!written.ok()) return Refuse(std::string(platform::ToStd(written.message())));
  }
  return all_found ? 0 : kNotFound;
}

}  // namespace wavetank::scenarios::shell
