#include "scenarios/shell/sweep_command.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "scenarios/explore/draw_world.h"
#include "scenarios/explore/exploration.h"
#include "scenarios/runner.h"
#include "scenarios/shell/host.h"
#include "scenarios/shell/shrunk_file.h"
#include "scenarios/shell/worker_processes.h"

namespace wavetank::scenarios::shell {
namespace {

constexpr int kFailed = 1;
constexpr int kBadInput = 2;
constexpr int kStalled = 3;

int Refuse(const absl::Status& why) {
  std::fprintf(stderr, "wavetank sweep: %s\n", std::string(platform::ToStd(why.message())).c_str());
  return kBadInput;
}

absl::StatusOr<RunReport> RunOne(const SweepCommand& command, const ScenarioJobs& jobs,
                                 const Scenario& scenario, simulator::Retain retain) {
  WT_ASSIGN_OR_RETURN(const ParsedScenario parsed,
                      ParseScenario(command.path, ToText(scenario, "swept")));
  RunOptions options;
  options.retain = retain;
  options.planted = command.planted;
  return RunScenario(parsed, jobs, options);
}

std::string KindOf(const SweptFault& swept, const Scenario& given) {
  std::string kinds;
  for (int i = given.fault_size(); i < swept.scenario.fault_size(); ++i) {
    absl::StrAppend(&kinds, kinds.empty() ? "" : " + ", swept.scenario.fault(i).kind());
  }
  return kinds;
}

// The runs, on several processes, put together.
class Sweeping {
 public:
  Sweeping(const SweepCommand& command, const ScenarioJobs& jobs, const Scenario& given,
           const SweepPlan& plan)
      : command_(command), jobs_(jobs), given_(given), plan_(plan) {}

  int Go() {
    const HostWatch watch;
    ProgressBar progress("faults", plan_.faults.size());
    WorkerProcesses workers(command_.workers,
                            [this](size_t number, const Say& say) { Work(number, say); });
    bool asked = false;
    workers.Run([this](size_t, const std::string& line) { OnLine(line); },
                [&] {
                  progress.Show(done_, absl::StrCat(failed_.size(), " fail"));
                  if (StopAsked() && !asked) workers.AskToStop();
                  asked = StopAsked();
                });
    progress.Clear();
    for (size_t number = 0; number < workers.ends().size(); ++number) {
      const std::string& end = workers.ends()[number];
      if (end.empty()) continue;
      std::fprintf(stderr, "wavetank sweep: a process ended by %s\n", end.c_str());
      crashed_ = true;
    }
    return Finish(watch.Seconds());
  }

 private:
  // Every so many-th fault, so that each process has some of the long runs.
  void Work(size_t number, const Say& say) {
    for (size_t i = number; i < plan_.faults.size() && !StopAsked(); i += command_.workers) {
      const absl::StatusOr<RunReport> report =
          RunOne(command_, jobs_, plan_.faults[i].scenario, simulator::Retain::kNothing);
      if (!report.ok()) {
        say(absl::StrCat(i, " refused ", report.status().message()));
        continue;
      }
      const std::string what = report->violations.empty() ? VerdictName(report->verdict)
                                                          : report->violations.front().kind;
      say(absl::StrCat(i, " ", Fails(*report) ? "fails" : VerdictName(report->verdict), " ", what));
    }
  }

  void OnLine(const std::string& line) {
    const std::vector<std::string> words = absl::StrSplit(line, absl::MaxSplits(' ', 2));
    size_t number = 0;
    if (words.size() < 3 || !absl::SimpleAtoi(words[0], &number)) return;
    ++done_;
    ++verdicts_[KindOf(plan_.faults[number], given_)][words[1]];
    if (words[1] == "fails") failed_.emplace(number, words[2]);
    if (words[1] == "refused") refused_.push_back(words[2]);
  }

  int Finish(double seconds) {
    const bool json = command_.json_file == "-";
    if (!json) PrintSummary(seconds);
    absl::Status saved = absl::OkStatus();
    std::map<std::pair<std::string, std::string>, int> alike;  // by fault and what it does
    nlohmann::ordered_json failures = nlohmann::ordered_json::array();
    for (const auto& [number, what] : failed_) {
      const SweptFault& swept = plan_.faults[number];
      const std::string kind = KindOf(swept, given_);
      failures.push_back({{"place", swept.place}, {"fault", kind}, {"what", what}});
      if (alike[{kind, what}]++ > 0) continue;
      const absl::Status shown = Show(swept, kind, what, json, alike.size() == 1);
      if (!shown.ok()) saved = shown;
    }
    if (!json && failed_.size() > alike.size()) {
      std::printf("%zu more fail alike\n", failed_.size() - alike.size());
    }
    if (!saved.ok()) return Refuse(saved);
    if (!command_.json_file.empty()) {
      const absl::Status written = WriteJson(failures, seconds);
      if (!written.ok()) return Refuse(written);
    }
    if (!refused_.empty()) return Refuse(absl::InternalError(refused_.front()));
    if (crashed_) return kFailed;
    if (failed_.empty()) return 0;
    const bool all_stalled = std::all_of(failed_.begin(), failed_.end(), [](const auto& each) {
      return each.second == VerdictName(Verdict::kStalled);
    });
    return all_stalled ? kStalled : kFailed;
  }

  void PrintSummary(double seconds) const {
    std::printf("%s: %zu steps and %zu calls, at which %zu faults can strike\n",
                command_.path.c_str(), plan_.steps, plan_.calls, plan_.all);
    const std::string share =
        command_.options.pairs > 0 ? absl::StrCat(plan_.faults.size(), " pairs, drawn by seed ",
                                                  command_.options.sample_seed)
        : plan_.faults.size() == plan_.all
            ? "all of them"
            : absl::StrFormat("%d of them (%.1f %%), drawn by seed %d", plan_.faults.size(),
                              100.0 * static_cast<double>(plan_.faults.size()) /
                                  static_cast<double>(std::max<size_t>(plan_.all, 1)),
                              command_.options.sample_seed);
    std::printf(
        "run: %s, in %.1f s%s\n", share.c_str(), seconds,
        done_ < plan_.faults.size()
            ? absl::StrCat(", but for ", plan_.faults.size() - done_, ", as it was stopped").c_str()
            : "");
    for (const auto& [kind, counts] : verdicts_) {
      std::vector<std::string> parts;
      for (const auto& [verdict, count] : counts) {
        parts.push_back(absl::StrCat(count, " ", verdict));
      }
      std::printf("  %-30s %s\n", kind.c_str(), absl::StrJoin(parts, ", ").c_str());
    }
  }

  // The first with what led to it.
  absl::Status Show(const SweptFault& swept, const std::string& kind, const std::string& what,
                    bool json, bool first) const {
    Scenario scenario = swept.scenario;
    scenario.set_name(absl::StrCat(given_.name(), "_swept"));
    scenario.set_claim(absl::StrCat(kind, " at ", swept.place, " leaves the answer right."));
    WT_ASSIGN_OR_RETURN(
        const std::string file,
        SaveShrunk(scenario, absl::StrCat("Found by `wavetank sweep ", command_.path, "`."),
                   command_.save_directory));
    if (json) return absl::OkStatus();
    std::printf("FAILS: %s at %s: %s\n", kind.c_str(), swept.place.c_str(), what.c_str());
    if (!first) {
      std::printf("  again    wavetank run %s\n", file.c_str());
      return absl::OkStatus();
    }
    WT_ASSIGN_OR_RETURN(const RunReport report,
                        RunOne(command_, jobs_, scenario, simulator::Retain::kTimeline));
    PrintShrunk(report, file, command_.planted);
    return absl::OkStatus();
  }

  absl::Status WriteJson(const nlohmann::ordered_json& failures, double seconds) const {
    nlohmann::ordered_json out;
    out["scenario"] = command_.path;
    out["steps"] = plan_.steps;
    out["calls"] = plan_.calls;
    out["faults"] = plan_.all;
    out["runs"] = done_;
    out["sample_seed"] = command_.options.sample_seed;
    out["seconds"] = seconds;
    for (const auto& [kind, counts] : verdicts_) out["verdicts"][kind] = counts;
    out["failures"] = failures;
    const std::string text = out.dump() + "\n";
    if (command_.json_file != "-") return WriteFile(command_.json_file, text);
    std::printf("%s", text.c_str());
    return absl::OkStatus();
  }

  const SweepCommand& command_;
  const ScenarioJobs& jobs_;
  const Scenario& given_;
  const SweepPlan& plan_;
  size_t done_ = 0;
  std::map<std::string, std::map<std::string, int>> verdicts_;  // by kind of fault
  std::map<size_t, std::string> failed_;                        // what each does, in order
  std::vector<std::string> refused_;
  bool crashed_ = false;
};

}  // namespace

int Execute(const SweepCommand& command, const ScenarioJobs& jobs) {
  const absl::Status can = CheckWritable(command.json_file);
  if (!can.ok()) return Refuse(can);
  const absl::StatusOr<ParsedScenario> parsed = ReadScenario(command.path);
  if (!parsed.ok()) return Refuse(parsed.status());
  RunOptions run;
  run.retain = simulator::Retain::kNothing;
  run.planted = command.planted;
  const absl::StatusOr<SweepPlan> plan = PlanSweep(*parsed, jobs, command.options, run);
  if (!plan.ok()) return Refuse(plan.status());
  CatchStopSignals();
  return Sweeping(command, jobs, *parsed->scenario, *plan).Go();
}

}  // namespace wavetank::scenarios::shell
