#include "scenarios/shell/explore_command.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"

#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "scenarios/explore/exploration.h"
#include "scenarios/explore/required_coverage.h"
#include "scenarios/explore/summary.h"
#include "scenarios/runner.h"
#include "scenarios/shell/host.h"
#include "scenarios/shell/shrunk_file.h"
#include "scenarios/shell/worker_processes.h"
#include "scenarios/shrink/shrink.h"

namespace wavetank::scenarios::shell {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFailed = 1;
constexpr int kBadInput = 2;
constexpr int kStalled = 3;
constexpr int kNotReached = 5;

int Refuse(const absl::Status& why) {
  std::fprintf(stderr, "wavetank explore: %s\n",
               std::string(platform::ToStd(why.message())).c_str());
  return kBadInput;
}

// Names of jobs, else files.
absl::StatusOr<ExplorationOptions> OptionsOf(const ExploreCommand& command,
                                             const ScenarioJobs& jobs) {
  ExplorationOptions options;
  options.planted = command.planted;
  std::vector<std::string> paths;
  for (const std::string& origin : command.origins) {
    if (jobs.catalogue().Find(origin) != nullptr) {
      options.jobs.push_back(origin);
    } else if (origin.find_first_of("/.") != std::string::npos || CheckIsThere(origin).ok()) {
      paths.push_back(origin);
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("there is no job and no scenario \"", origin, "\"",
                       platform::Suggestion(origin, jobs.catalogue().names())));
    }
  }
  if (paths.empty()) return options;
  WT_ASSIGN_OR_RETURN(const std::vector<std::string> files, ExpandScenarioPaths(paths));
  for (const std::string& file : files) {
    WT_ASSIGN_OR_RETURN(ParsedScenario parsed, ReadScenario(file));
    WT_RETURN_IF_ERROR(ValidateScenario(parsed, jobs, nullptr));
    options.scenarios.push_back(std::move(parsed));
  }
  return options;
}

// What one process does: every so many-th seed.
class Worker {
 public:
  Worker(const ExploreCommand& command, const Exploration& exploration, size_t number,
         const Say& say)
      : command_(command), exploration_(exploration), number_(number), say_(say) {}

  void Work() {
    const uint64_t stride = command_.workers * command_.shards;
    const uint64_t first = (command_.shard - 1) * command_.workers + number_;
    for (uint64_t seed = command_.first_seed + first;
         seed >= command_.first_seed && seed <= command_.last_seed && !Enough(); seed += stride) {
      seed_ = seed;
      exploration_.Explore(seed,
                           [this](int number, const Scenario& scenario, const RunReport& report) {
                             return OnRun(number, scenario, report);
                           });
      if (seed > UINT64_MAX - stride) break;
    }
    SaySummary();
  }

 private:
  // Of what it has not said yet: should it come to a bad end, what it did before is not lost.
  void SaySummary() {
    summary_.worker_seconds = watch_.Seconds() - said_until_seconds_;
    said_until_seconds_ += summary_.worker_seconds;
    say_(absl::StrCat("summary ", ToJson(std::exchange(summary_, {}))));
  }

  bool Enough() const {
    const int64_t runs_max = command_.runs_max / static_cast<int64_t>(command_.workers);
    return StopAsked() || (command_.runs_max > 0 && runs_ >= std::max<int64_t>(1, runs_max)) ||
           (command_.seconds_max > 0 && watch_.Seconds() >= command_.seconds_max);
  }

  bool OnRun(int number, const Scenario& scenario, const RunReport& report) {
    constexpr int64_t kRunsOfASummary = 32;
    ++runs_;
    summary_.Add(scenario, report);
    say_(absl::StrCat("at ", seed_, " ", number));
    if (summary_.runs == kRunsOfASummary) SaySummary();
    if (Fails(report)) OnFailure(scenario, report);
    return !Enough();
  }

  // Of failures that are alike one is shrunk.
  void OnFailure(const Scenario& scenario, const RunReport& report) {
    const std::string what = WhatFailed(report);
    if (!seen_.insert(scenario.job().name() + what).second) return;
    say_("shrinking");
    const HostWatch shrinking;
    const auto run = [this](const Scenario& smaller) { return exploration_.Run(smaller); };
    const auto enough = [&] {
      return shrinking.Seconds() > command_.shrink_seconds || StopAsked();
    };
    const ShrunkScenario shrunk = ShrinkScenario(scenario, report, run, enough);
    Json failure;
    failure["seed"] = seed_;
    failure["job"] = scenario.job().name();
    failure["what"] = what;
    failure["why"] = shrunk.report.reasons.empty() ? "" : shrunk.report.reasons.front();
    failure["scenario"] = shrunk.scenario.SerializeAsString();
    say_(absl::StrCat("failure ", Encode(failure)));
  }

  // A line of text, whatever bytes the scenario holds.
  static std::string Encode(const Json& failure) {
    std::string hex;
    for (const uint8_t byte : Json::to_msgpack(failure)) absl::StrAppendFormat(&hex, "%02x", byte);
    return hex;
  }

  const ExploreCommand& command_;
  const Exploration& exploration_;
  const size_t number_;
  const Say& say_;
  const HostWatch watch_;
  double said_until_seconds_ = 0;
  uint64_t seed_ = 0;
  int64_t runs_ = 0;
  ExplorationSummary summary_;
  std::set<std::string> seen_;
};

Json Decode(const std::string& hex) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return Json::from_msgpack(bytes);
}

// What the workers say, put together.
class Gathering {
 public:
  Gathering(const ExploreCommand& command, const Exploration& exploration)
      : command_(command),
        exploration_(exploration),
        runs_(command.workers),
        at_(command.workers) {}

  ExplorationSummary Go() {
    const HostWatch watch;
    WorkerProcesses workers(command_.workers, [this](size_t number, const Say& say) {
      Worker(command_, exploration_, number, say).Work();
    });
    bool asked = false;
    workers.Run(
        [this](size_t number, const std::string& line) { OnLine(number, line); },
        [&] {
          const bool found = !command_.keep_going && !failures_.empty();
          if ((StopAsked() || found) && !asked) {
            workers.AskToStop();
            asked = true;
          }
          int64_t runs = 0;
          for (const int64_t of_one : runs_) runs += of_one;
          progress_.Show(absl::StrFormat("%d runs, %.1f a second, %d found%s", runs,
                                         static_cast<double>(runs) / std::max(watch.Seconds(), 0.1),
                                         failures_.size(), shrinking_ > 0 ? ", shrinking" : ""));
        });
    progress_.Clear();
    for (size_t number = 0; number < workers.ends().size(); ++number) {
      if (!workers.ends()[number].empty()) OnBadEnd(number, workers.ends()[number]);
    }
    summary_.seconds = watch.Seconds();
    summary_.failures = failures_;
    return summary_;
  }

 private:
  void OnLine(size_t number, const std::string& line) {
    const size_t space = line.find(' ');
    const std::string what = line.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
    if (what == "at") {
      at_[number] = rest.substr(0, rest.find(' '));
      ++runs_[number];
    } else if (what == "shrinking") {
      ++shrinking_;
    } else if (what == "failure") {
      --shrinking_;
      OnFailure(Decode(rest));
    } else if (what == "summary") {
      const auto summary = SummaryFromJson(rest);
      if (summary.ok()) summary_.Merge(*summary);
    }
  }

  void OnFailure(const Json& failure) {
    FailureFound found{failure.at("seed").get<uint64_t>(), failure.at("job").get<std::string>(),
                       failure.at("what").get<std::string>(), failure.at("why").get<std::string>(),
                       ""};
    const auto alike = std::find_if(failures_.begin(), failures_.end(), [&](const auto& each) {
      return each.job == found.job && each.what == found.what;
    });
    if (alike != failures_.end()) return;
    progress_.Clear();
    Scenario scenario;
    scenario.ParseFromString(failure.at("scenario").get<std::string>());
    const absl::StatusOr<std::string> file =
        SaveShrunk(scenario, absl::StrCat("Found by `wavetank explore`, seed ", found.seed, "."),
                   command_.save_directory);
    if (file.ok()) {
      found.file = *file;
    } else {
      std::fprintf(stderr, "%s\n", std::string(platform::ToStd(file.status().message())).c_str());
    }
    const absl::StatusOr<RunReport> report =
        exploration_.Run(scenario, Exploration::Keep::kTimeline);
    if (report.ok() && command_.json_file != "-") {
      PrintShrunk(*report, found.file, command_.planted);
    }
    failures_.push_back(std::move(found));
  }

  void OnBadEnd(size_t number, const std::string& how) {
    failures_.push_back({at_[number].empty() ? 0 : std::stoull(at_[number]), "?", "crashed",
                         absl::StrCat("a process ended by ", how, " after a run of this seed"),
                         ""});
    summary_.runs += 1;
    summary_.verdicts["crashed"] += 1;
  }

  const ExploreCommand& command_;
  const Exploration& exploration_;
  std::vector<int64_t> runs_;
  std::vector<std::string> at_;
  ProgressLine progress_;
  int shrinking_ = 0;
  std::vector<FailureFound> failures_;
  ExplorationSummary summary_;
};

absl::StatusOr<ExplorationSummary> Merged(const std::vector<std::string>& files) {
  ExplorationSummary merged;
  for (const std::string& file : files) {
    WT_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
    absl::StatusOr<ExplorationSummary> summary = SummaryFromJson(text);
    if (!summary.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(file, ": ", platform::ToAbsl(platform::ToStd(summary.status().message()))));
    }
    merged.Merge(*summary);
  }
  return merged;
}

int StatusOf(const ExplorationSummary& summary) {
  if (summary.failures.empty()) return 0;
  const bool all_stalled =
      std::all_of(summary.failures.begin(), summary.failures.end(),
                  [](const FailureFound& failure) { return failure.what == "stalled"; });
  return all_stalled ? kStalled : kFailed;
}

int Finish(const ExploreCommand& command, const ExplorationSummary& summary,
           const std::vector<Required>& required) {
  const std::string json = ToJson(summary) + "\n";
  if (command.json_file == "-") {
    std::printf("%s", json.c_str());
  } else {
    std::printf("%s", ToText(summary).c_str());
    if (!command.json_file.empty()) {
      const absl::Status written = WriteFile(command.json_file, json);
      if (!written.ok()) return Refuse(written);
    }
  }
  const std::vector<std::string> never = NeverReached(required, summary);
  for (const std::string& each : never) {
    std::fprintf(stderr, "wavetank explore: never reached: %s\n", each.c_str());
  }
  const int status = StatusOf(summary);
  return status == 0 && !never.empty() ? kNotReached : status;
}

}  // namespace

int Execute(const ExploreCommand& command, const ScenarioJobs& jobs) {
  const absl::Status can = CheckWritable(command.json_file);
  if (!can.ok()) return Refuse(can);
  std::vector<Required> required;
  if (!command.required_file.empty()) {
    const absl::StatusOr<std::string> text = ReadFile(command.required_file);
    if (!text.ok()) return Refuse(text.status());
    absl::StatusOr<std::vector<Required>> parsed = ParseRequired(command.required_file, *text);
    if (!parsed.ok()) return Refuse(parsed.status());
    required = *std::move(parsed);
  }
  if (!command.merged.empty()) {
    const absl::StatusOr<ExplorationSummary> merged = Merged(command.merged);
    return merged.ok() ? Finish(command, *merged, required) : Refuse(merged.status());
  }
  absl::StatusOr<ExplorationOptions> options = OptionsOf(command, jobs);
  if (!options.ok()) return Refuse(options.status());
  const absl::StatusOr<Exploration> exploration = Exploration::Make(jobs, *std::move(options));
  if (!exploration.ok()) return Refuse(exploration.status());
  CatchStopSignals();
  return Finish(command, Gathering(command, *exploration).Go(), required);
}

}  // namespace wavetank::scenarios::shell
