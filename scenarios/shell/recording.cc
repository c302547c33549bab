#include "scenarios/shell/recording.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"

#include "platform/node.h"
#include "platform/status_macros.h"
#include "scenarios/shell/host.h"

namespace wavetank::scenarios::shell {

using Json = nlohmann::ordered_json;

namespace {

absl::Status NoRecording(const std::string& file, const std::string& why) {
  return absl::InvalidArgumentError(
      absl::StrCat(file, ": is no recording of `wavetank start --record`: ", why));
}

void ReadLine(const Json& line, std::vector<RecordedStart>& starts) {
  const std::string kind = line.at("is");
  if (kind == "start") {
    RecordedStart& start = starts.emplace_back();
    start.started_ms = line.at("started_ms");
    start.workers = line.at("workers");
    start.job = line.at("job");
    start.parameters = line.at("parameters");
    return;
  }
  if (kind == "end") {
    starts.back().status = line.at("status");
    return;
  }
  starts.back().steps.push_back({line.at("at_ms"), line.at("node"), line.at("step"),
                                 line.at("attributes"), line.at("query")});
}

}  // namespace

absl::StatusOr<std::vector<RecordedStart>> ReadRecording(const std::string& file) {
  WT_ASSIGN_OR_RETURN(const std::string content, ReadFile(file));
  std::vector<std::string> lines = absl::StrSplit(content, '\n');
  lines.pop_back();
  if (lines.empty()) return NoRecording(file, "it holds no line");
  std::vector<RecordedStart> starts;
  for (const std::string& line : lines) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    try {
      if (!json.is_object() || (starts.empty() && json.at("is") != "start")) {
        return NoRecording(file, absl::StrCat("this is no line of one: ", line.substr(0, 60)));
      }
      ReadLine(json, starts);
    } catch (const Json::exception& error) {
      return NoRecording(file, error.what());
    }
  }
  return starts;
}

struct Recorder::State {
  std::mutex mutex;
  std::string path;
  std::ofstream file;
  HostWatch watch;
  int64_t steps = 0;

  void Write(const Json& line) {
    if (!file) return;
    file << line.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
    file.flush();
    if (!file) {
      std::fprintf(stderr,
                   "wavetank start: %s cannot be written any more: the recording ends here\n",
                   path.c_str());
    }
  }
};

Recorder::Recorder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Recorder::~Recorder() = default;

absl::StatusOr<std::unique_ptr<Recorder>> Recorder::Open(const std::string& file,
                                                         const RecordedStart& start) {
  WT_RETURN_IF_ERROR(CheckWritable(file));
  const absl::StatusOr<std::string> before = ReadFile(file);
  if (before.ok() && before->find('\n') != std::string::npos) {
    WT_ASSIGN_OR_RETURN(const std::vector<RecordedStart> starts, ReadRecording(file));
    const RecordedStart& last = starts.back();
    const bool same = last.parameters == start.parameters && last.workers == start.workers;
    if (last.job != start.job || !same) {
      return absl::InvalidArgumentError(absl::StrCat(
          file, ": is the recording of job ", last.job,
          last.job == start.job ? " with other parameters or workers" : "", ": name another file"));
    }
  }
  auto state = std::make_unique<State>();
  if (before.ok() && !before->empty() && before->back() != '\n') {
    const size_t whole = before->rfind('\n') + 1;  // npos + 1 is 0
    WT_RETURN_IF_ERROR(WriteFile(file, before->substr(0, whole)));
  }
  state->path = file;
  state->file.open(file, std::ios::app | std::ios::binary);
  if (!state->file) return absl::InvalidArgumentError(file + ": cannot be written");
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  state->Write({{"is", "start"},
                {"job", start.job},
                {"started_ms", std::chrono::duration_cast<std::chrono::milliseconds>(now).count()},
                {"workers", start.workers},
                {"parameters", start.parameters}});
  return std::unique_ptr<Recorder>(new Recorder(std::move(state)));
}

void Recorder::OnStep(const platform::StepEvent& event) {
  Json attributes = Json::object();
  std::string query;
  for (const platform::StepAttribute& attribute : event.attributes) {
    if (!attribute.is_text) attributes[std::string(attribute.key)] = attribute.value;
    if (attribute.key == "query") query = std::string(attribute.text);
  }
  const std::lock_guard lock(state_->mutex);
  if (++state_->steps > kRecordedStepsMost) return;
  state_->Write({{"is", "step"},
                 {"at_ms", static_cast<int64_t>(state_->watch.Seconds() * 1000)},
                 {"node", event.node.name()},
                 {"step", std::string(event.step.name)},
                 {"query", std::move(query)},
                 {"attributes", std::move(attributes)}});
}

void Recorder::OnEnd(int status) {
  const std::lock_guard lock(state_->mutex);
  const int64_t left_out = std::max<int64_t>(0, state_->steps - kRecordedStepsMost);
  state_->Write({{"is", "end"}, {"status", status}, {"steps_left_out", left_out}});
}

}  // namespace wavetank::scenarios::shell
