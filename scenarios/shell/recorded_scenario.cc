#include "scenarios/shell/recorded_scenario.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
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
    AddCrashes();
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
    for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
      const std::string name = entry.path().filename().string();
      if (!entry.is_regular_file(error) || !runtime::IsInputName(name, {})) continue;
      const auto modified = fs::last_write_time(entry.path(), error);
      const auto since = std::chrono::file_clock::to_sys(modified).time_since_epoch();
      by_time.emplace(std::chrono::duration_cast<std::chrono::milliseconds>(since).count(),
                      entry.path());
    }
    if (error) {
      return absl::InvalidArgumentError(
          absl::StrCat("its input in ", directory, " cannot be read: ", error.message()));
    }
    for (const auto& [modified_ms, path] : by_time) {
      WT_ASSIGN_OR_RETURN(const std::string text, ReadFile(path.string()));
      bytes_ += text.size();
      if (bytes_ > kRecordedBytesMost) {
        return absl::InvalidArgumentError(
            absl::StrCat("its input is more than ", kRecordedBytesMost, " bytes, too much for a ",
                         "scenario: record a run of less"));
      }
      InputFile& file = *files.add_file();
      file.set_name(path.filename().string());
      file.set_at_ms(std::max<int64_t>(0, modified_ms - starts_.front().started_ms));
      for (const std::string& line : LinesOfText(text)) file.add_line(line);
    }
    return absl::OkStatus();
  }

  // Where the times of two worlds differ, the same batch is at the same step.
  static bool NamesABatch(const RecordedStep& step) { return step.attributes.contains("batch"); }

  void AddCrashes() {
    for (size_t i = 0; i < starts_.size(); ++i) {
      const RecordedStart& start = starts_[i];
      if (start.ended) continue;
      const auto last = std::find_if(start.steps.rbegin(), start.steps.rend(), NamesABatch);
      if (last == start.steps.rend()) continue;
      Fault& fault = *scenario_.add_fault();
      fault.set_kind("process.crash");
      fault.set_target("app");
      fault.mutable_at_step()->set_step(last->step);
      Attribute& batch = *fault.mutable_at_step()->add_attribute();
      batch.set_name("batch");
      batch.set_value(last->attributes.at("batch"));
      const int32_t occurrence = Occurrence(i, *last);
      if (occurrence > 1) fault.mutable_at_step()->set_occurrence(occurrence);
      if (i + 1 == starts_.size()) continue;
      const int64_t away_ms = starts_[i + 1].started_ms - start.started_ms - last->at_ms;
      fault.set_restart_after_ms(std::max<int64_t>(1, away_ms));
    }
  }

  // How often it had been reached by then, over all starts. REQUIRES: `step` is the last of its
  // kind in that start.
  int32_t Occurrence(size_t start, const RecordedStep& step) const {
    int32_t count = 0;
    for (size_t i = 0; i <= start; ++i) {
      for (const RecordedStep& each : starts_[i].steps) {
        const bool same = each.step == step.step && NamesABatch(each) &&
                          each.attributes.at("batch") == step.attributes.at("batch");
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
};

int Refuse(const std::string& file, const absl::Status& why) {
  std::fprintf(stderr, "wavetank recall: %s: %s\n", file.c_str(),
               std::string(platform::ToStd(why.message())).c_str());
  return kBadInput;
}

}  // namespace

absl::StatusOr<Scenario> ScenarioOf(const std::vector<RecordedStart>& starts,
                                    const std::string& name, const ScenarioJobs& jobs) {
  return Recalling(starts, jobs).Make(name);
}

int Execute(const RecallCommand& command, const ScenarioJobs& jobs) {
  const absl::Status can = CheckWritable(command.scenario_file);
  if (!can.ok()) return Refuse(command.scenario_file, can);
  const auto starts = ReadRecording(command.recording);
  if (!starts.ok()) return Refuse(command.recording, starts.status());
  const std::string name = fs::path(command.recording).stem().string();
  const absl::StatusOr<Scenario> scenario = ScenarioOf(*starts, name, jobs);
  if (!scenario.ok()) return Refuse(command.recording, scenario.status());
  const absl::Status valid = ValidateScenario(ParsedScenario::Of(*scenario), jobs, nullptr);
  if (!valid.ok()) return Refuse(command.recording, valid);
  const std::string text = ToText(
      *scenario, absl::StrCat("Recorded: ", starts->size(), " starts of ", scenario->job().name(),
                              ", of which ", scenario->fault_size(), " were killed."));
  if (command.scenario_file == "-") {
    std::fputs(text.c_str(), stdout);
    return 0;
  }
  const absl::Status written = WriteFile(command.scenario_file, text);
  if (!written.ok()) return Refuse(command.scenario_file, written);
  std::printf("replay it: wavetank run %s\n", command.scenario_file.c_str());
  return 0;
}

}  // namespace wavetank::scenarios::shell
