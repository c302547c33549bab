#include "runtime/dstream/graph.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "checkpoint/paths.h"
#include "platform/check.h"
#include "runtime/dstream/file_inputs.h"
#include "runtime/dstream/input_operators.h"
#include "runtime/dstream/stable_hash.h"
#include "runtime/dstream/state_operator.h"

namespace wavetank::runtime {
namespace {

// Spark's for streams that must be checkpointed, in milliseconds (DStream.scala).
constexpr int64_t kStateInterval = 10'000;

}  // namespace

std::string NormalPrefix(std::string_view prefix) {
  const size_t slash = prefix.rfind('/');
  if (slash == std::string_view::npos) return std::string(prefix);
  const std::string directory = checkpoint::NormalPath(prefix.substr(0, slash + 1));
  const bool joined = directory.empty() || directory.ends_with('/');
  return absl::StrCat(directory, joined ? "" : "/", std::string(prefix.substr(slash + 1)));
}

OperatorId StreamingGraph::Add(std::vector<OperatorId> parents,
                               std::unique_ptr<StreamOperator> added) {
  for (const OperatorId parent : parents) WT_CHECK(contains(parent));
  const OperatorId id(static_cast<int64_t>(operators_.size()));
  added->id_ = id;
  added->parents_ = std::move(parents);
  if (dynamic_cast<const InputOperator*>(added.get()) != nullptr) inputs_.push_back(id);
  if (dynamic_cast<const OutputOperator*>(added.get()) != nullptr) outputs_.push_back(id);
  if (dynamic_cast<const StateOperator*>(added.get()) != nullptr) states_.push_back(id);
  operators_.push_back(std::move(added));
  return id;
}

void StreamingGraph::AddAccumulator(std::shared_ptr<internal::AccumulatorCell> added) {
  const std::string& name = added->name();
  if (name.empty()) {
    AddError(absl::InvalidArgumentError("Accumulator: the name is empty"));
  } else if (std::ranges::any_of(accumulators_, [&](const auto& a) { return a->name() == name; })) {
    AddError(absl::InvalidArgumentError(absl::StrCat(
        "Accumulator \"", name, "\": there is another of that name: give each one of its own")));
  }
  added->index = accumulators_.size();
  added->plan = this;
  accumulators_.push_back(std::move(added));
}

void StreamingGraph::AddListener(std::shared_ptr<StreamingListener> added) {
  if (added == nullptr) {
    AddError(absl::InvalidArgumentError("AddStreamingListener: there is no listener"));
    return;
  }
  listeners_.push_back(std::move(added));
}

void StreamingGraph::Persist(OperatorId id, std::unique_ptr<RowKeeper> keeper, StorageLevel level) {
  WT_CHECK(contains(id));
  const absl::Status status = CheckLevel(level);
  if (!status.ok()) {
    AddError(absl::InvalidArgumentError(
        absl::StrCat("Persist of ", at(id).Title(), ": ", status.message())));
  }
  keepers_[id] = std::move(keeper);
  storage_levels_[id] = level;
}

absl::Status StreamingGraph::KeepStateEvery(OperatorId id, absl::Duration interval) {
  OperatorId state = id;
  while (dynamic_cast<const StateOperator*>(&at(state)) == nullptr) {
    const std::vector<OperatorId>& parents = at(state).parents();
    const bool gives_on = dynamic_cast<const NarrowOperator*>(&at(state)) != nullptr ||
                          dynamic_cast<const UnionOperator*>(&at(state)) != nullptr;
    if (parents.size() != 1 || !gives_on) {
      return absl::InvalidArgumentError(
          absl::StrCat("Checkpoint(", absl::FormatDuration(interval), ") of ", at(id).Title(),
                       ": it has no state; what other streams have written stays with workers, and "
                       "is made again from their input"));
    }
    state = parents.front();
  }
  state_intervals_[state] = interval;
  return absl::OkStatus();
}

int64_t StreamingGraph::StateIntervalOf(OperatorId state) const {
  const int64_t slide = std::max<int64_t>(SlideOf(state), 1);
  const auto said = state_intervals_.find(state);
  if (said != state_intervals_.end()) return std::max<int64_t>(ToBatches(said->second), 1);
  if (IsBehindState(state)) return slide;
  const int64_t step_ms = slide * absl::ToInt64Milliseconds(batch_interval);
  return slide * std::max<int64_t>((kStateInterval + step_ms - 1) / step_ms, 1);
}

const RowKeeper* StreamingGraph::keeper(OperatorId id) const {
  const auto found = keepers_.find(id);
  return found == keepers_.end() ? nullptr : found->second.get();
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

std::vector<OperatorId> StreamingGraph::InputsOf(OperatorId output) const {
  // Parents come before their children.
  std::vector<bool> needed(operators_.size());
  needed[static_cast<size_t>(output.value())] = true;
  for (size_t i = operators_.size(); i-- > 0;) {
    if (!needed[i]) continue;
    for (const OperatorId parent : operators_[i]->parents()) {
      needed[static_cast<size_t>(parent.value())] = true;
    }
  }
  std::vector<OperatorId> found;
  for (const OperatorId input : inputs_) {
    if (needed[static_cast<size_t>(input.value())]) found.push_back(input);
  }
  return found;
}

std::vector<int64_t> StreamingGraph::Slides() const {
  std::vector<int64_t> slides;  // parents come before their children
  for (const auto& op : operators_) {
    int64_t slide = 0;
    for (const OperatorId parent : op->parents()) {
      slide = std::max(slide, slides[static_cast<size_t>(parent.value())]);
    }
    const bool is_input = op->parents().empty();
    if (is_input && dynamic_cast<const ConstantInput*>(op.get()) == nullptr) slide = 1;
    if (const auto window = WindowOf(*op)) slide = ToBatches(window->slide);
    slides.push_back(slide);
  }
  return slides;
}

bool StreamingGraph::IsBehindState(OperatorId id) const {
  std::vector<bool> behind;  // parents come before their children
  for (size_t i = 0; i <= static_cast<size_t>(id.value()); ++i) {
    behind.push_back(std::ranges::any_of(operators_[i]->parents(), [&](OperatorId parent) {
      return dynamic_cast<const StateOperator*>(&at(parent)) != nullptr ||
             behind[static_cast<size_t>(parent.value())];
    }));
  }
  return behind.back();
}

int64_t StreamingGraph::SlideOf(OperatorId id) const {
  return Slides()[static_cast<size_t>(id.value())];
}

bool StreamingGraph::TellsBatchesApart(const StagePlan& stage) const {
  return !accumulators_.empty() || std::ranges::any_of(stage.narrow, [this](OperatorId id) {
    return dynamic_cast<const NarrowOperator&>(at(id)).tells_batches_apart();
  });
}

std::string StreamingGraph::Describe() const {
  std::string text;
  for (const auto& each : operators_) {
    absl::StrAppend(&text, each->id().value(), " ", each->name(), "(", each->detail(), ")");
    const char* before = " of ";
    for (const OperatorId parent : each->parents()) {
      absl::StrAppend(&text, std::exchange(before, ", "), parent.value());
    }
    absl::StrAppend(&text, " gives ", each->codec(), "\n");
  }
  for (const auto& each : accumulators_) {
    absl::StrAppend(&text, "accumulator ", each->name(), ": ", each->type(), "\n");
  }
  for (const std::string& each : broadcasts_) absl::StrAppend(&text, "broadcast ", each, "\n");
  return text;
}

std::string StreamingGraph::Fingerprint() const {
  return absl::StrFormat("%016x", HashKey(Describe()));
}

void StreamingGraph::AddError(absl::Status error) { error_.Update(error); }

std::vector<JobDirectory> StreamingGraph::Directories() const {
  std::vector<JobDirectory> directories;
  for (const OperatorId id : inputs_) {
    if (const auto* files = dynamic_cast<const FileInput*>(&at(id))) {
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

}  // namespace wavetank::runtime
