#include "runtime/dstream/graph.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "checkpoint/paths.h"
#include "platform/check.h"
#include "runtime/dstream/input_operators.h"
#include "runtime/dstream/stable_hash.h"

namespace wavetank::runtime {
namespace {

// An interval that no clock can be asked for is a mistake in its unit.
constexpr absl::Duration kLongestInterval = absl::Hours(24 * 366);

}  // namespace

std::string NormalPrefix(std::string_view prefix) {
  const size_t slash = prefix.rfind('/');
  if (slash == std::string_view::npos) return std::string(prefix);
  const std::string directory = checkpoint::NormalPath(prefix.substr(0, slash + 1));
  const bool joined = directory.empty() || directory.ends_with('/');
  return absl::StrCat(directory, joined ? "" : "/", std::string(prefix.substr(slash + 1)));
}

OperatorId StreamingGraph::Add(std::optional<OperatorId> parent,
                               std::unique_ptr<StreamOperator> added) {
  WT_CHECK(!parent || contains(*parent));
  const OperatorId id(static_cast<int64_t>(operators_.size()));
  added->id_ = id;
  added->parent_ = parent;
  if (dynamic_cast<const InputOperator*>(added.get()) != nullptr) inputs_.push_back(id);
  if (dynamic_cast<const OutputOperator*>(added.get()) != nullptr) outputs_.push_back(id);
  operators_.push_back(std::move(added));
  return id;
}

bool StreamingGraph::contains(OperatorId id) const {
  return id.value() >= 0 && static_cast<size_t>(id.value()) < operators_.size();
}

const StreamOperator& StreamingGraph::at(OperatorId id) const {
  WT_CHECK(contains(id), absl::StrCat("operator ", id.value()));
  return *operators_[static_cast<size_t>(id.value())];
}

const InputOperator& StreamingGraph::input(OperatorId id) const {
  return dynamic_cast<const InputOperator&>(at(id));
}

const OutputOperator& StreamingGraph::output(OperatorId id) const {
  return dynamic_cast<const OutputOperator&>(at(id));
}

OperatorId StreamingGraph::InputOf(OperatorId output) const {
  OperatorId id = output;
  while (at(id).parent()) id = *at(id).parent();
  return id;
}

std::vector<StagePlan> StreamingGraph::StagesOf(OperatorId output) const {
  std::vector<StagePlan> stages;
  StagePlan stage{.head = {}, .narrow = {}, .tail = output};
  for (auto id = at(output).parent(); id; id = at(*id).parent()) {
    if (dynamic_cast<const NarrowOperator*>(&at(*id)) != nullptr) {
      stage.narrow.push_back(*id);
      continue;
    }
    stage.head = *id;
    std::reverse(stage.narrow.begin(), stage.narrow.end());
    stages.push_back(std::move(stage));
    stage = {.head = {}, .narrow = {}, .tail = *id};
  }
  std::reverse(stages.begin(), stages.end());
  return stages;
}

std::string StreamingGraph::Describe() const {
  std::string text;
  for (const auto& each : operators_) {
    absl::StrAppend(&text, each->id().value(), " ", each->name(), "(", each->detail(), ")");
    if (each->parent()) absl::StrAppend(&text, " of ", each->parent()->value());
    absl::StrAppend(&text, " gives ", each->codec(), "\n");
  }
  return text;
}

std::string StreamingGraph::Fingerprint() const {
  return absl::StrFormat("%016x", HashKey(Describe()));
}

void StreamingGraph::AddError(absl::Status error) { error_.Update(error); }

std::vector<JobDirectory> StreamingGraph::Directories() const {
  std::vector<JobDirectory> directories;
  for (const OperatorId id : inputs_) {
    if (const auto* files = dynamic_cast<const TextFileInput*>(&at(id))) {
      directories.push_back({.use = JobDirectory::Use::kInput, .path = files->directory});
    }
  }
  for (const OperatorId id : outputs_) {
    const TextFiles* const files = output(id).files();
    if (files == nullptr) continue;
    directories.push_back({.use = JobDirectory::Use::kOutputPrefix, .path = files->prefix});
  }
  if (!checkpoint_directory.empty()) {
    directories.push_back({.use = JobDirectory::Use::kCheckpoint, .path = checkpoint_directory});
  }
  return directories;
}

absl::Status StreamingGraph::Validate() const {
  if (!error_.ok()) return error_;
  if (remember < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("Remember(", absl::FormatDuration(remember), "): give 0s or more"));
  }
  if (batch_interval < absl::Milliseconds(1) || batch_interval > kLongestInterval ||
      absl::Trunc(batch_interval, absl::Milliseconds(1)) != batch_interval) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch interval ", absl::FormatDuration(batch_interval),
                     ": give one of whole milliseconds, a year at most"));
  }
  if (outputs_.empty()) {
    return absl::FailedPreconditionError(
        "start the job: no output operation; add Print, ForeachRDD or SaveAsTextFiles");
  }
  std::map<std::string, OperatorId> directories;
  for (const OperatorId id : outputs_) {
    const TextFiles* files = output(id).files();
    if (files == nullptr) continue;
    const auto [first, added] = directories.emplace(files->Directory(absl::UnixEpoch()), id);
    if (added) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(at(first->second).Title(), " and ", at(id).Title(), " save into the same ",
                     "directories, those of ", files->prefix, ": give each a prefix of its own"));
  }
  if (!checkpoint_directory.empty()) {
    for (const OperatorId id : inputs_) {
      if (dynamic_cast<const QueueInput*>(&at(id)) == nullptr) continue;
      return absl::FailedPreconditionError(
          absl::StrCat("checkpoint into ", checkpoint_directory, ": ", at(id).Title(),
                       " keeps its batches in memory and cannot be checkpointed; leave out "
                       "Checkpoint() or read files instead"));
    }
  }
  return CheckApart(Directories());
}

}  // namespace wavetank::runtime
