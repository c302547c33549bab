#include "runtime/dstream/graph.h"

#include <functional>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "checkpoint/paths.h"
#include "platform/check.h"
#include "runtime/dstream/input_operators.h"
#include "runtime/dstream/stable_hash.h"
#include "runtime/dstream/state_operator.h"

namespace wavetank::runtime {
namespace {

// An interval that no clock can be asked for is a mistake in its unit.
constexpr absl::Duration kLongestInterval = absl::Hours(24 * 366);

// Of an operator that has one, whose rows are of a window.
std::optional<StateOperator::Window> WindowOf(const StreamOperator& op) {
  if (const auto* window = dynamic_cast<const WindowOperator*>(&op)) {
    return StateOperator::Window{window->window(), window->slide()};
  }
  const auto* const state = dynamic_cast<const StateOperator*>(&op);
  return state == nullptr ? std::nullopt : state->window();
}

// Adds stages to a plan: those that write one side of an operator, as it is some batches ago,
// behind those that they read.
class StagePlanner {
 public:
  StagePlanner(const StreamingGraph& graph, std::function<int64_t(absl::Duration)> to_batches,
               const StateHistory& history)
      : graph_(graph), to_batches_(std::move(to_batches)), history_(history) {}

  // What writes the side.
  std::vector<int> Into(OperatorId tail, int side, int64_t ago) {
    return Into(tail, side, ago, {ago});
  }
  std::vector<StagePlan> Take() { return std::move(plan_); }

 private:
  // As it is so many batches ago, of what its parent has had in several.
  std::vector<int> Into(OperatorId tail, int side, int64_t ago, std::vector<int64_t> agos) {
    const auto known = written_.find({tail, side, ago});
    if (known != written_.end()) return known->second;
    std::vector<int> stages;
    Follow(graph_.at(tail).parents()[static_cast<size_t>(side)],
           {.head = {}, .narrow = {}, .tail = tail, .side = side}, std::move(agos), stages);
    written_[{tail, side, ago}] = stages;
    return stages;
  }

  // Up the stream from `id`, whose rows `stage` takes, of so many batches ago.
  void Follow(OperatorId id, StagePlan stage, std::vector<int64_t> agos, std::vector<int>& stages) {
    if (plan_.size() > static_cast<size_t>(StreamingGraph::kMostStages)) return;
    const StreamOperator& at = graph_.at(id);
    if (const auto* window = dynamic_cast<const WindowOperator*>(&at)) {
      const OperatorId parent = at.parents().front();
      const int64_t step = std::max<int64_t>(graph_.SlideOf(parent), 1);
      std::vector<int64_t> all;
      for (const int64_t ago : agos) {
        const int64_t batches = to_batches_(window->window());
        for (int64_t more = batches - step; more >= 0; more -= step) all.push_back(ago + more);
      }
      Follow(parent, std::move(stage), std::move(all), stages);
      return;
    }
    if (dynamic_cast<const UnionOperator*>(&at) != nullptr) {
      for (const OperatorId parent : at.parents()) Follow(parent, stage, agos, stages);
      return;
    }
    if (dynamic_cast<const NarrowOperator*>(&at) != nullptr) {
      stage.narrow.insert(stage.narrow.begin(), id);
      Follow(at.parents().front(), std::move(stage), std::move(agos), stages);
      return;
    }
    stage.head = id;
    if (at.parents().empty()) {
      stage.agos = std::move(agos);
      Add(std::move(stage), stages);
      return;
    }
    for (const int64_t ago : agos) {
      if (plan_.size() > static_cast<size_t>(StreamingGraph::kMostStages)) return;
      StagePlan of_batch = stage;
      const auto* const state = dynamic_cast<const StateOperator*>(&at);
      if (state == nullptr) {
        of_batch.reads.push_back(Read(at, ago));
      } else if (state->window().has_value()) {
        of_batch.reads.push_back(ReadWindow(*state, ago));
      } else {
        for (const int64_t since : Before(*state, ago).since) {
          of_batch.reads.push_back(Read(at, since));
        }
      }
      Add(std::move(of_batch), stages);
    }
  }
  BatchRead Read(const StreamOperator& of, int64_t ago) {
    BatchRead read{.ago = ago, .sides = {}};
    for (int side = 0; side < std::ssize(of.parents()); ++side) {
      read.sides.push_back(Into(of.id(), side, ago));
    }
    return read;
  }
  // What has come into the window since its state was kept, and what has left it. What has done
  // both is in neither.
  BatchRead ReadWindow(const StateOperator& of, int64_t ago) {
    const int64_t step = std::max<int64_t>(graph_.SlideOf(of.parents().front()), 1);
    const int64_t length = to_batches_(of.window()->length);
    const int64_t kept = Before(of, ago).kept;
    const auto downwards = [step](int64_t begin, int64_t end) {
      std::vector<int64_t> agos;
      for (int64_t at = begin; at < end; at += step) agos.push_back(at);
      std::ranges::reverse(agos);
      return agos;
    };
    return {
        .ago = ago,
        .sides = {Into(of.id(), 0, ago, downwards(ago, std::min(kept, ago + length))),
                  Into(of.id(), 1, ago, downwards(std::max(kept, ago + length), kept + length))}};
  }
  StateBefore Before(const StateOperator& of, int64_t ago) const {
    if (history_ != nullptr) return history_(of.id(), ago);
    return {.kept = ago + std::max<int64_t>(graph_.SlideOf(of.id()), 1), .since = {ago}};
  }
  void Add(StagePlan stage, std::vector<int>& stages) {
    stages.push_back(static_cast<int>(plan_.size()));
    plan_.push_back(std::move(stage));
  }

  const StreamingGraph& graph_;
  const std::function<int64_t(absl::Duration)> to_batches_;
  const StateHistory& history_;
  std::vector<StagePlan> plan_;
  std::map<std::tuple<OperatorId, int, int64_t>, std::vector<int>> written_;
};

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

std::vector<StagePlan> StreamingGraph::StagesOf(const std::vector<OperatorId>& outputs,
                                                const StateHistory& history) const {
  StagePlanner planner(
      *this, [this](absl::Duration duration) { return ToBatches(duration); }, history);
  for (const OperatorId output : outputs) planner.Into(output, 0, 0);
  return planner.Take();
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

int64_t StreamingGraph::SlideOf(OperatorId id) const {
  return Slides()[static_cast<size_t>(id.value())];
}

int64_t StreamingGraph::LongestAgo() const {
  int64_t longest = 0;
  for (const StagePlan& stage : StagesOf(outputs_)) {
    for (const int64_t ago : stage.agos) longest = std::max(longest, ago);
  }
  return longest;
}

// Spark's rules: whole batches, and what meets slides alike.
absl::Status StreamingGraph::CheckWindows() const {
  const auto wrong = [](const StreamOperator& op, const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat(op.Title(), ": ", what));
  };
  const std::vector<int64_t> slides = Slides();
  std::vector<bool> has_state(operators_.size());  // by operator: whether its rows come of one
  const auto slide_of = [&slides](OperatorId id) {
    return slides[static_cast<size_t>(id.value())];
  };
  for (const auto& op : operators_) {
    const bool of_state = std::ranges::any_of(op->parents(), [&has_state](OperatorId parent) {
      return has_state[static_cast<size_t>(parent.value())];
    });
    has_state[static_cast<size_t>(op->id().value())] =
        of_state || dynamic_cast<const StateOperator*>(op.get()) != nullptr;
    if (of_state && WindowOf(*op).has_value()) {
      return wrong(*op,
                   "a window over the rows of a state is not there yet: put the window before "
                   "the state");
    }
    if (const auto window = WindowOf(*op)) {
      const int64_t step = std::max<int64_t>(slide_of(op->parents().front()), 1);
      const absl::Duration least = step * batch_interval;
      for (const absl::Duration duration : {window->length, window->slide}) {
        const bool whole =
            duration >= least && duration <= kLongestInterval &&
            duration ==
                (absl::ToInt64Milliseconds(duration) / absl::ToInt64Milliseconds(least)) * least;
        if (whole) continue;
        return wrong(*op, absl::StrCat("a window of ", absl::FormatDuration(window->length),
                                       " every ", absl::FormatDuration(window->slide),
                                       " of a stream that has rows every ",
                                       absl::FormatDuration(least), ": give multiples of that"));
      }
    }
    int64_t slide = 0;
    for (const OperatorId parent : op->parents()) {
      const int64_t own = slide_of(parent);
      if (own == 0 || slide == 0 || own == slide) {
        slide = std::max(slide, own);
        continue;
      }
      return wrong(*op, absl::StrCat("its streams have rows every ",
                                     absl::FormatDuration(slide * batch_interval), " and every ",
                                     absl::FormatDuration(own * batch_interval),
                                     ": give their windows one slide"));
    }
  }
  return absl::OkStatus();
}

// What must outlive the driver.
absl::Status StreamingGraph::CheckCheckpoint() const {
  if (!checkpoint_directory.empty()) return absl::OkStatus();
  const auto needed = [this](OperatorId id, const char* why) {
    return absl::FailedPreconditionError(
        absl::StrCat(at(id).Title(), " ", why,
                     ": give the context a directory for it, with "
                     "Checkpoint(), or start the job with a checkpoint"));
  };
  if (!states_.empty()) return needed(states_.front(), "keeps state");
  for (const OperatorId id : inputs_) {
    const auto* const socket = dynamic_cast<const SocketTextInput*>(&at(id));
    if (socket == nullptr || socket->serving == LineServing::kForgets) continue;
    return needed(id, "remembers which lines are safe");
  }
  return absl::OkStatus();
}

// A server that keeps its lines has one reader: what that has safe it forgets.
absl::Status StreamingGraph::CheckReaders() const {
  std::map<std::string, OperatorId> readers;
  for (const OperatorId id : inputs_) {
    const auto* const socket = dynamic_cast<const SocketTextInput*>(&at(id));
    if (socket == nullptr || socket->serving == LineServing::kForgets) continue;
    const auto [first, added] = readers.emplace(socket->address(), id);
    if (added) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        at(first->second).Title(), " and ", at(id).Title(), " both read ", socket->address(),
        ", which forgets what one has safe: read it once, and use "
        "that stream twice"));
  }
  return absl::OkStatus();
}

// What leaves a window must be what has come into it.
absl::Status StreamingGraph::CheckSkipping() const {
  for (const OperatorId id : states_) {
    if (!dynamic_cast<const StateOperator&>(at(id)).window().has_value()) continue;
    for (const OperatorId input : InputsOf(id)) {
      const auto* const files = dynamic_cast<const TextFileInput*>(&at(input));
      if (files == nullptr || files->options.files.lost != LostFiles::kSkip) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(at(id).Title(),
                       " has an inverse, so it reads a file again when that leaves the window, "
                       "and ",
                       at(input).Title(),
                       " skips files that are lost: leave the inverse out, or "
                       "InputFileOptions::lost as it is"));
    }
  }
  return absl::OkStatus();
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
  const absl::Status windows = CheckWindows();
  if (!windows.ok()) return windows;
  const absl::Status remembering = CheckCheckpoint();
  if (!remembering.ok()) return remembering;
  const absl::Status readers = CheckReaders();
  if (!readers.ok()) return readers;
  const absl::Status skipping = CheckSkipping();
  if (!skipping.ok()) return skipping;
  if (StagesOf(outputs_).size() > static_cast<size_t>(kMostStages)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the plan has more than ", kMostStages,
        " stages for one batch: a stream that is joined with itself again and again, as by Union, "
        "is made anew for each path (put a ReduceByKey or a Repartition between), and what is "
        "shuffled before a window, for each of its batches (shuffle after it)"));
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
