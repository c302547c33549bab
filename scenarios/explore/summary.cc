#include "scenarios/explore/summary.h"

#include <algorithm>
#include <array>
#include <set>
#include <variant>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"

#include "checkpoint/recovery.h"
#include "platform/random.h"
#include "platform/text.h"
#include "scenarios/step_names.h"
#include "simulator/fault_table.h"

namespace wavetank::scenarios {
namespace {

using Json = nlohmann::ordered_json;
using Counts = ExplorationSummary::Counts;

struct NamedCounts {
  const char* name;
  Counts ExplorationSummary::* counts;
};
constexpr std::array<NamedCounts, 7> kCounts = {{{"verdicts", &ExplorationSummary::verdicts},
                                                 {"jobs", &ExplorationSummary::jobs},
                                                 {"steps", &ExplorationSummary::steps},
                                                 {"rows", &ExplorationSummary::rows},
                                                 {"faults", &ExplorationSummary::faults},
                                                 {"pairs", &ExplorationSummary::pairs},
                                                 {"unjudged", &ExplorationSummary::unjudged}}};

// "": each was, or so many were not that their names would tell nobody anything.
std::string NeverReached(const Counts& counts, const std::vector<std::string>& all) {
  constexpr size_t kMany = 20;
  std::vector<std::string> never;
  for (const std::string& name : all) {
    if (!counts.contains(name)) never.push_back(name);
  }
  return never.size() > kMany ? "" : absl::StrJoin(never, ", ");
}

std::string Percent(int64_t part, int64_t whole) {
  const double share =
      whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  return absl::StrFormat("%.1f %%", share);
}

}  // namespace

std::string WhatFailed(const RunReport& report) {
  const std::string verdict = VerdictName(report.verdict);
  if (report.violations.empty() || report.verdict != Verdict::kViolation) return verdict;
  return absl::StrCat(verdict, " ", report.violations.front().kind);
}

void ExplorationSummary::Add(const Scenario& scenario, const RunReport& report) {
  ++runs;
  events += static_cast<int64_t>(report.events);
  virtual_seconds += static_cast<double>(report.virtual_ns) / 1e9;
  traces += platform::MixBits(report.trace_hash);
  ++verdicts[VerdictName(report.verdict)];
  ++jobs[scenario.job().name()];
  std::set<std::string> once;
  for (const simulator::StepCount& count : report.steps) once.insert(count.step);
  for (const std::string& step : once) ++steps[step];
  for (const std::string& row : report.recovery_rows) ++rows[row];
  std::set<std::string> kinds;
  std::set<std::string> at_steps;
  for (const simulator::ListedFault& fired : report.fired) {
    const std::string kind(simulator::InfoOf(fired.fault.kind).name);
    kinds.insert(kind);
    const auto* at = std::get_if<simulator::AtStep>(&fired.trigger);
    if (at != nullptr) at_steps.insert(absl::StrCat(at->step, " ", kind));
  }
  for (const std::string& kind : kinds) ++faults[kind];
  for (const std::string& pair : at_steps) ++pairs[pair];
  if (!report.unjudged.empty()) ++unjudged[report.unjudged];
}

void ExplorationSummary::Merge(const ExplorationSummary& other) {
  runs += other.runs;
  seconds = std::max(seconds, other.seconds);
  worker_seconds += other.worker_seconds;
  events += other.events;
  virtual_seconds += other.virtual_seconds;
  traces += other.traces;
  for (const NamedCounts& named : kCounts) {
    for (const auto& [name, count] : other.*named.counts) (this->*named.counts)[name] += count;
  }
  failures.insert(failures.end(), other.failures.begin(), other.failures.end());
}

std::string ToJson(const ExplorationSummary& summary) {
  Json json;
  json["runs"] = summary.runs;
  json["seconds"] = summary.seconds;
  json["worker_seconds"] = summary.worker_seconds;
  json["events"] = summary.events;
  json["virtual_seconds"] = summary.virtual_seconds;
  json["traces"] = absl::StrCat(absl::Hex(summary.traces, absl::kZeroPad16));
  for (const NamedCounts& named : kCounts) {
    json[named.name] = Json::object();
    for (const auto& [name, count] : summary.*named.counts) json[named.name][name] = count;
  }
  json["failures"] = Json::array();
  for (const FailureFound& failure : summary.failures) {
    json["failures"].push_back({{"seed", failure.seed},
                                {"job", failure.job},
                                {"what", failure.what},
                                {"why", failure.why},
                                {"file", failure.file}});
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<ExplorationSummary> SummaryFromJson(const std::string& text) {
  ExplorationSummary summary;
  try {
    const Json json = Json::parse(text);
    summary.runs = json.at("runs").get<int64_t>();
    summary.seconds = json.at("seconds").get<double>();
    summary.worker_seconds = json.at("worker_seconds").get<double>();
    summary.events = json.at("events").get<int64_t>();
    summary.virtual_seconds = json.at("virtual_seconds").get<double>();
    if (!absl::SimpleHexAtoi(json.at("traces").get<std::string>(), &summary.traces)) {
      return absl::InvalidArgumentError("no summary of `wavetank explore --json`: its traces");
    }
    for (const NamedCounts& named : kCounts) {
      for (const auto& [name, count] : json.at(named.name).items()) {
        (summary.*named.counts)[name] = count.get<int64_t>();
      }
    }
    for (const Json& failure : json.at("failures")) {
      summary.failures.push_back(
          {failure.at("seed").get<uint64_t>(), failure.at("job").get<std::string>(),
           failure.at("what").get<std::string>(), failure.at("why").get<std::string>(),
           failure.at("file").get<std::string>()});
    }
  } catch (const Json::exception& wrong) {
    return absl::InvalidArgumentError(
        absl::StrCat("no summary of `wavetank explore --json`: ", wrong.what()));
  }
  return summary;
}

std::string ToText(const ExplorationSummary& summary) {
  std::vector<std::string> all_steps;
  for (const platform::StepName* step : AllSteps()) all_steps.emplace_back(step->name);
  std::vector<std::string> all_rows;
  for (const std::string_view row : checkpoint::RecoveryRowNames()) all_rows.emplace_back(row);
  std::vector<std::string> all_faults;
  for (const simulator::FaultInfo& info : simulator::FaultTable()) {
    all_faults.emplace_back(info.name);
  }
  const auto per_second = [&summary](double seconds) {
    return seconds > 0 ? static_cast<double>(summary.runs) / seconds : 0;
  };
  std::string text = absl::StrFormat(
      "%d runs in %.1f s: %.1f a second, %.1f of one worker; %.0f virtual seconds, %d events\n",
      summary.runs, summary.seconds, per_second(summary.seconds),
      per_second(summary.worker_seconds), summary.virtual_seconds, summary.events);
  absl::StrAppend(&text, "  verdicts ");
  for (const auto& [verdict, count] : summary.verdicts) {
    absl::StrAppend(&text, " ", verdict, " ", count, " (", Percent(count, summary.runs), ")");
  }
  absl::StrAppend(&text, "\n  jobs     ");
  for (const auto& [job, count] : summary.jobs) absl::StrAppend(&text, " ", job, " ", count);
  const auto reached = [&text](const char* title, const Counts& counts,
                               const std::vector<std::string>& all) {
    absl::StrAppendFormat(&text, "\n  %-8s  %d of %d reached", title, counts.size(), all.size());
    const std::string never = NeverReached(counts, all);
    if (!never.empty()) absl::StrAppend(&text, "; never: ", never);
  };
  reached("steps", summary.steps, all_steps);
  reached("rows", summary.rows, all_rows);
  reached("faults", summary.faults, all_faults);
  absl::StrAppendFormat(&text, "\n  pairs     %d of a step and a fault that struck at it\n",
                        summary.pairs.size());
  absl::StrAppendFormat(&text, "  traces    %016x: of the same runs the same, in every build\n",
                        summary.traces);
  for (const auto& [why, count] : summary.unjudged) {
    absl::StrAppend(&text, "  unjudged  ", count, " runs: ", why, "\n");
  }
  for (const FailureFound& failure : summary.failures) {
    absl::StrAppend(&text, "  FOUND     ", failure.what, " of ", failure.job, " (seed ",
                    failure.seed, "): ", failure.why, "\n");
    if (!failure.file.empty()) {
      absl::StrAppend(&text, "            wavetank run ", failure.file, "\n");
    }
  }
  return text;
}

}  // namespace wavetank::scenarios
