#include "scenarios/shell/recorded_scenario.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/connectors/source_directory.h"
#include "runtime/job/deployment.h"
#include "scenarios/explore/draw_world.h"
#include "scenarios/input.h"
#include "scenarios/runner.h"
#include "scenarios/shell/host.h"
#include "scenarios/shell/job_paths.h"

namespace wavetank::scenarios::shell {
namespace {

namespace fs = std::filesystem;

constexpr int kBadInput = 2;

// What the scenario calls the directories of the host.
using PlaceNames = std::map<std::string, std::string>;

// What was under way gets the time to end.
constexpr int64_t kAfterwardsMs = 10'000;

int64_t MillisecondsOf(const timespec& time) {
  return int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

class Recalling {
 public:
  Recalling(const std::vector<RecordedStart>& starts, const ScenarioJobs& jobs)
      : starts_(starts), jobs_(jobs) {}

  absl::StatusOr<Scenario> Make(const std::string& name) {
    const RecordedStart& first = starts_.front();
    const runtime::Job* const job = jobs_.catalogue().Find(first.job);
    if (job == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("it is of a job \"", first.job, "\", which this program has not",
                       platform::Suggestion(first.job, jobs_.catalogue().names())));
    }
    WT_ASSIGN_OR_RETURN(runtime::JobArguments arguments,
                        runtime::BindArguments(*job, first.parameters));
    const runtime::JobInstance instance{job, std::move(arguments)};
    WT_RETURN_IF_ERROR(runtime::CheckPlan(instance));
    scenario_.set_schema_version(1);
    scenario_.set_name(name);
    scenario_.set_claim(absl::StrCat("What ", first.job, " met for real it stands."));
    AddJob(*job);
    AddCluster();
    WT_RETURN_IF_ERROR(AddInputs(instance));
    WT_RETURN_IF_ERROR(AddCrashes());
    // All of it comes before the world heals.
    scenario_.mutable_phases()->set_chaos_ms(last_ms_ + kAfterwardsMs);
    AddPromise(*job);
    return scenario_;
  }

 private:
  void AddJob(const runtime::Job& job) {
    scenario_.mutable_job()->set_name(job.name);
    for (const runtime::JobParameter& parameter : runtime::AllParameters(job)) {
      const auto given = starts_.front().parameters.find(parameter.name);
      if (given == starts_.front().parameters.end()) continue;
      const bool is_path = parameter.kind == runtime::ParameterKind::kPath;
      if (is_path) places_.emplace(given->second, parameter.name);
      Parameter& added = *scenario_.mutable_job()->add_parameter();
      added.set_name(parameter.name);
      added.set_value(is_path ? places_.at(given->second) : given->second);
    }
  }

  void AddCluster() {
    Machine& machine = *scenario_.mutable_cluster()->add_machine();
    machine.set_name("m1");
    Process& process = *machine.add_process();
    process.set_name("app");
    process.add_node("driver");
    for (int i = 1; i <= starts_.front().workers; ++i) process.add_node(absl::StrCat("worker-", i));
  }

  absl::Status AddInputs(const runtime::JobInstance& instance) {
    std::set<std::string> seen;
    for (const runtime::JobDirectory& directory : runtime::DirectoriesOf(instance)) {
      if (directory.use != runtime::JobDirectory::Use::kInput) continue;
      if (!seen.insert(directory.path).second) continue;
      const auto place = places_.find(directory.path);
      Input& input = *scenario_.add_input();
      input.set_name(place == places_.end() ? directory.path : place->second);
      WT_RETURN_IF_ERROR(AddFiles("/" + directory.path, *input.mutable_files()));
    }
    if (!seen.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "the job reads no directory: what came from a socket is nowhere to be read again");
  }

  absl::Status AddFiles(const std::string& directory, Files& files) {
    std::error_code error;
    std::multimap<int64_t, fs::path> by_time;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      struct stat status = {};
      if (!runtime::IsInputName(name, {})) continue;
      if (::stat(entry->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
      // One that is moved in is as old as it was, and changed when it came.
      by_time.emplace(std::max(MillisecondsOf(status.st_mtim), MillisecondsOf(status.st_ctim)),
                      entry->path());
    }
    if (error) {
      return absl::InvalidArgumentError(
          absl::StrCat("its input in ", directory, " cannot be read: ", error.message()));
    }
    for (const auto& [came_ms, path] : by_time) {
      WT_ASSIGN_OR_RETURN(const std::string text, ReadFile(path.string()));
      bytes_ += text.size();
      if (bytes_ > kRecordedBytesMost) {
        return absl::InvalidArgumentError(
            absl::StrCat("its input is more than ", kRecordedBytesMost, " bytes, too much for a ",
                         "scenario: record a run of less"));
      }
      InputFile& file = *files.add_file();
      file.set_name(path.filename().string());
      file.set_at_ms(std::max<int64_t>(0, came_ms - starts_.front().started_ms));
      last_ms_ = std::max(last_ms_, file.at_ms());
      for (const std::string& line : LinesOfText(text)) file.add_line(line);
    }
    return absl::OkStatus();
  }

  // Where the times of two worlds differ, the same batch is at the same step.
  static int64_t BatchOf(const RecordedStep& step) {
    return NamesABatch(step) ? step.attributes.at("batch") : -1;
  }
  static bool NamesABatch(const RecordedStep& step) { return step.attributes.contains("batch"); }

  absl::Status AddCrashes() {
    for (size_t i = 0; i < starts_.size(); ++i) {
      const RecordedStart& start = starts_[i];
      if (start.status.has_value()) continue;
      if (std::ssize(start.steps) >= kRecordedStepsMost) {
        return absl::InvalidArgumentError(
            absl::StrCat("start ", i + 1, " was killed after more than ", kRecordedStepsMost,
                         " steps, and nobody knows at which: record a shorter run"));
      }
      const int64_t began_ms = start.started_ms - starts_.front().started_ms;
      Fault& fault = *scenario_.add_fault();
      fault.set_kind("process.crash");
      fault.set_target("app");
      auto last = std::find_if(start.steps.rbegin(), start.steps.rend(), NamesABatch);
      if (last == start.steps.rend()) last = start.steps.rbegin();
      const int64_t at_ms = began_ms + (start.steps.empty() ? 1 : last->at_ms);
      if (start.steps.empty()) {
        fault.set_at_ms(at_ms);
      } else {
        SetStep(i, *last, fault);
      }
      last_ms_ = std::max(last_ms_, at_ms);
      if (i + 1 == starts_.size()) continue;
      const int64_t again_ms = starts_[i + 1].started_ms - starts_.front().started_ms;
      fault.set_restart_after_ms(std::max<int64_t>(1, again_ms - at_ms));
      last_ms_ = std::max(last_ms_, again_ms);
    }
    return absl::OkStatus();
  }

  void SetStep(size_t start, const RecordedStep& step, Fault& fault) const {
    AtStep& at = *fault.mutable_at_step();
    at.set_step(step.step);
    if (NamesABatch(step)) {
      Attribute& batch = *at.add_attribute();
      batch.set_name("batch");
      batch.set_value(step.attributes.at("batch"));
    }
    if (!step.query.empty()) {
      Attribute& query = *at.add_attribute();
      query.set_name("query");
      query.set_text(step.query);
    }
    const int32_t occurrence = Occurrence(start, step);
    if (occurrence > 1) at.set_occurrence(occurrence);
  }

  // How often it had been reached by then, over all starts. REQUIRES: `step` is the last of its
  // kind in that start.
  int32_t Occurrence(size_t start, const RecordedStep& step) const {
    int32_t count = 0;
    for (size_t i = 0; i <= start; ++i) {
      for (const RecordedStep& each : starts_[i].steps) {
        const bool same =
            each.step == step.step && each.query == step.query && BatchOf(each) == BatchOf(step);
        count += same ? 1 : 0;
      }
    }
    return count;
  }

  void AddPromise(const runtime::Job& job) {
    const bool judged = job.deterministic || jobs_.OracleOf(job.name) != nullptr;
    Expect& expect = *scenario_.mutable_expect();
    if (job.structured != nullptr) {
      expect.set_guarantee(Expect::EXACTLY_ONCE);
    } else if (judged) {
      expect.set_guarantee(Expect::AT_LEAST_ONCE);
    }
  }

  const std::vector<RecordedStart>& starts_;
  const ScenarioJobs& jobs_;
  Scenario scenario_;
  PlaceNames places_;
  size_t bytes_ = 0;
  int64_t last_ms_ = 0;  // when the last of what is recorded came to pass
};

int Refuse(std::string_view why) {
  std::fprintf(stderr, "wavetank recall: %s\n", std::string(why).c_str());
  return kBadInput;
}
int Refuse(const absl::Status& why) { return Refuse(platform::ToStd(why.message())); }

}  // namespace

absl::StatusOr<Scenario> ScenarioOf(const std::vector<RecordedStart>& starts,
                                    const std::string& name, const ScenarioJobs& jobs) {
  return Recalling(starts, jobs).Make(name);
}

int Execute(const RecallCommand& command, const ScenarioJobs& jobs) {
  const absl::Status can = CheckWritable(command.scenario_file);
  if (!can.ok()) return Refuse(can);
  const auto starts = ReadRecording(command.recording);
  if (!starts.ok()) return Refuse(starts.status());
  const std::string name = fs::path(command.recording).stem().string();
  const absl::StatusOr<Scenario> scenario = ScenarioOf(*starts, name, jobs);
  if (!scenario.ok()) {
    return Refuse(absl::StrCat(command.recording, ": ", scenario.status().message()));
  }
  const absl::Status valid = ValidateScenario(ParsedScenario::Of(*scenario), jobs, nullptr);
  if (!valid.ok()) return Refuse(valid);
  const auto killed = std::count_if(starts->begin(), starts->end(),
                                    [](const auto& start) { return !start.status.has_value(); });
  const std::string text = ToText(
      *scenario, absl::StrCat("Recorded: ", starts->size(), " starts of ", scenario->job().name(),
                              ", of which ", killed, " were killed."));
  if (command.scenario_file == "-") {
    std::fputs(text.c_str(), stdout);
    return 0;
  }
  const absl::Status written = WriteFile(command.scenario_file, text);
  if (!written.ok()) return Refuse(written);
  std::printf("replay it: wavetank run %s\n", command.scenario_file.c_str());
  return 0;
}

}  // namespace wavetank::scenarios::shell
