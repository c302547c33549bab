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

// Spark's for streams that must be checkpointed, in milliseconds (DStream.scala).
constexpr int64_t kStateInterval = 10'000;
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
// behind those that they read. What a window joins into a shuffle is a stage for each of its
// batches, so that what one batch has written serves all windows that it is in.
class StagePlanner {
 public:
  StagePlanner(const StreamingGraph& graph, std::function<int64_t(absl::Duration)> to_batches,
               const StateHistory& history, const KeptStages& kept)
      : graph_(graph), to_batches_(std::move(to_batches)), history_(history), kept_(kept) {}

  // What writes the side, in the order of its rows: some more than once, if windows overlap.
  std::vector<int> Into(OperatorId tail, int side, int64_t ago) {
    const auto known = sides_.find({tail, side, ago});
    if (known != sides_.end()) return known->second;
    return sides_[{tail, side, ago}] = IntoOf(tail, side, {ago});
  }
  std::vector<StagePlan> Take() { return std::move(plan_); }

 private:
  using Agos = std::vector<int64_t>;
  // The way from a stage's tail up to its head, and the stages that came of it so far.
  struct Way {
    StagePlan stage;
    std::vector<int>& stages;
    int& paths;  // how many ways have ended that began at this tail
  };

  std::vector<int> IntoOf(OperatorId tail, int side, Agos agos) {
    std::vector<int> stages;
    int paths = 0;
    Way way{.stage = {.head = {}, .narrow = {}, .tail = tail, .side = side},
            .stages = stages,
            .paths = paths};
    if (side == kOwnRows) {
      FollowPast(tail, std::move(way), std::move(agos));
    } else {
      Follow(graph_.at(tail).parents()[static_cast<size_t>(side)], std::move(way), std::move(agos));
    }
    return stages;
  }

  // Up the stream from `id`, whose rows the stage takes, of so many batches ago.
  void Follow(OperatorId id, Way way, Agos agos) {
    way.stage.head_is_kept = graph_.keeper(id) != nullptr;
    if (way.stage.head_is_kept) {
      End(id, std::move(way), std::move(agos));
    } else {
      FollowPast(id, std::move(way), std::move(agos));
    }
  }
  void FollowPast(OperatorId id, Way way, Agos agos) {
    if (IsFull()) return;
    const StreamOperator& at = graph_.at(id);
    if (const auto* window = dynamic_cast<const WindowOperator*>(&at)) {
      const OperatorId parent = at.parents().front();
      const int64_t step = std::max<int64_t>(graph_.SlideOf(parent), 1);
      Agos all;
      for (const int64_t ago : agos) {
        const int64_t batches = to_batches_(window->window());
        for (int64_t more = batches - step; more >= 0; more -= step) all.push_back(ago + more);
      }
      Follow(parent, std::move(way), std::move(all));
    } else if (dynamic_cast<const UnionOperator*>(&at) != nullptr) {
      for (const OperatorId parent : at.parents()) Follow(parent, way, agos);
    } else if (dynamic_cast<const NarrowOperator*>(&at) != nullptr) {
      way.stage.narrow.insert(way.stage.narrow.begin(), id);
      Follow(at.parents().front(), std::move(way), std::move(agos));
    } else {
      End(id, std::move(way), std::move(agos));
    }
  }

  // The way has come to the stage's head.
  void End(OperatorId head, Way way, Agos agos) {
    way.stage.head = head;
    way.stage.path = way.paths++;
    if (dynamic_cast<const OutputOperator*>(&graph_.at(way.stage.tail)) != nullptr) {
      EndAtOutput(std::move(way), std::move(agos));
      return;
    }
    for (const int64_t ago : agos) {
      if (IsFull()) return;
      const StagePlan& tail = way.stage;
      const std::tuple key(tail.tail, tail.side, tail.path, ago);
      const auto known = written_.find(key);
      const int stage = known != written_.end() ? known->second : AddWriting(tail, ago);
      written_[key] = stage;
      way.stages.push_back(stage);
    }
  }
  // Of an output the stage is for all the batches at once, where one may be.
  void EndAtOutput(Way way, Agos agos) {
    const StreamOperator& head = graph_.at(way.stage.head);
    StagePlan& stage = way.stage;
    if (!stage.head_is_kept && !head.parents().empty()) {
      for (const int64_t ago : agos) {
        if (IsFull()) return;
        way.stages.push_back(AddOf(stage, ago));
      }
      return;
    }
    if (stage.head_is_kept) {
      for (const int64_t ago : agos) stage.reads.push_back(ReadKept(head.id(), ago));
    } else {
      stage.agos = std::move(agos);
    }
    way.stages.push_back(Add(std::move(stage)));
  }

  int AddWriting(StagePlan stage, int64_t ago) {
    stage.ago = ago;
    stage.was_kept = kept_ != nullptr && kept_(stage, ago);
    return stage.was_kept ? Add(std::move(stage)) : AddOf(std::move(stage), ago);
  }
  // The stage, of rows of one batch.
  int AddOf(StagePlan stage, int64_t ago) {
    const StreamOperator& head = graph_.at(stage.head);
    const auto* const state = dynamic_cast<const StateOperator*>(&head);
    if (stage.head_is_kept) {
      stage.reads.push_back(ReadKept(head.id(), ago));
    } else if (head.parents().empty()) {
      stage.agos = {ago};
    } else if (state == nullptr) {
      stage.reads.push_back(Read(head, ago));
    } else {
      const StateBefore before = Before(*state, ago);
      const bool is_window = state->window().has_value();
      if (is_window) {
        stage.reads.push_back(ReadWindow(*state, ago, before.kept));
      } else {
        for (const int64_t since : before.since) stage.reads.push_back(Read(head, since));
      }
      if (before.newest > 0) {
        stage.reads_since_newest =
            is_window ? ReadWindow(*state, ago, before.newest) : stage.reads.back();
      }
    }
    return Add(std::move(stage));
  }

  BatchRead ReadKept(OperatorId head, int64_t ago) {
    return {.ago = ago, .sides = {Into(head, kOwnRows, ago)}};
  }
  BatchRead Read(const StreamOperator& of, int64_t ago) {
    BatchRead read{.ago = ago, .sides = {}};
    for (int side = 0; side < std::ssize(of.parents()); ++side) {
      read.sides.push_back(Into(of.id(), side, ago));
    }
    return read;
  }
  // What has come into the window since it was as `kept` batches ago, and what has left it: that
  // was written as it came. What has done both is in neither.
  BatchRead ReadWindow(const StateOperator& of, int64_t ago, int64_t kept) {
    const int64_t step = std::max<int64_t>(graph_.SlideOf(of.parents().front()), 1);
    const int64_t length = to_batches_(of.window()->length);
    const auto downwards = [step](int64_t begin, int64_t end) {
      Agos agos;
      for (int64_t at = begin; at < end; at += step) agos.push_back(at);
      std::ranges::reverse(agos);
      return agos;
    };
    return {.ago = ago,
            .sides = {IntoOf(of.id(), 0, downwards(ago, std::min(kept, ago + length))),
                      IntoOf(of.id(), 0, downwards(std::max(kept, ago + length), kept + length))}};
  }
  StateBefore Before(const StateOperator& of, int64_t ago) const {
    if (history_ != nullptr) return history_(of.id(), ago);
    const int64_t slide = std::max<int64_t>(graph_.SlideOf(of.id()), 1);
    StateBefore before{.kept = ago + graph_.StateIntervalOf(of.id()), .since = {}};
    for (int64_t since = before.kept - slide; since >= ago; since -= slide) {
      before.since.push_back(since);
    }
    return before;
  }

  bool IsFull() const { return plan_.size() > static_cast<size_t>(StreamingGraph::kMostStages); }
  int Add(StagePlan stage) {
    plan_.push_back(std::move(stage));
    return static_cast<int>(plan_.size()) - 1;
  }

  const StreamingGraph& graph_;
  const std::function<int64_t(absl::Duration)> to_batches_;
  const StateHistory& history_;
  const KeptStages& kept_;
  std::vector<StagePlan> plan_;
  std::map<std::tuple<OperatorId, int, int64_t>, std::vector<int>> sides_;
  std::map<std::tuple<OperatorId, int, int, int64_t>, int> written_;
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

void StreamingGraph::Persist(OperatorId id, std::unique_ptr<RowKeeper> keeper) {
  WT_CHECK(contains(id));
  keepers_[id] = std::move(keeper);
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

std::vector<StagePlan> StreamingGraph::StagesOf(const std::vector<OperatorId>& outputs,
                                                const StateHistory& history,
                                                const KeptStages& kept) const {
  StagePlanner planner(
      *this, [this](absl::Duration duration) { return ToBatches(duration); }, history, kept);
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

int64_t StreamingGraph::LongestAgo() const {
  int64_t longest = 0;
  for (const StagePlan& stage : StagesOf(outputs_)) {
    for (const int64_t ago : stage.agos) longest = std::max(longest, ago);
  }
  return longest;
}

std::map<WrittenSide, int64_t> StreamingGraph::Reaches() const {
  const KeptStages all_before = [](const StagePlan&, int64_t ago) { return ago > 0; };
  std::map<WrittenSide, int64_t> reaches;
  for (const StagePlan& stage : StagesOf(outputs_, nullptr, all_before)) {
    if (!stage.was_kept) continue;
    int64_t& reach = reaches[{stage.tail, stage.side}];
    reach = std::max(reach, stage.ago);
  }
  return reaches;
}

// Spark's rules: whole batches, and what meets slides alike.
absl::Status StreamingGraph::CheckWindows() const {
  const auto wrong = [](const StreamOperator& op, const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat(op.Title(), ": ", what));
  };
  const std::vector<int64_t> slides = Slides();
  const auto slide_of = [&slides](OperatorId id) {
    return slides[static_cast<size_t>(id.value())];
  };
  for (const auto& op : operators_) {
    if (WindowOf(*op).has_value() && IsBehindState(op->id())) {
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

absl::Status StreamingGraph::CheckStateIntervals() const {
  for (const auto& [state, interval] : state_intervals_) {
    const absl::Duration slide = std::max<int64_t>(SlideOf(state), 1) * batch_interval;
    if (interval != slide && IsBehindState(state)) {
      return absl::InvalidArgumentError(
          absl::StrCat(at(state).Title(), ": Checkpoint(", absl::FormatDuration(interval),
                       "): its rows come of another state, of which those of batches before cannot "
                       "be made again: "
                       "leave it at ",
                       absl::FormatDuration(slide), ", or keep the one before it more seldom"));
    }
    const bool whole =
        interval >= slide && interval <= kLongestInterval && (interval / slide) * slide == interval;
    if (whole) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(at(state).Title(), ": Checkpoint(", absl::FormatDuration(interval),
                     ") of a state that goes on "
                     "every ",
                     absl::FormatDuration(slide), ": give a multiple of that"));
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

// What leaves a window must be what has come into it; and what is in a state, what it is made of
// again.
absl::Status StreamingGraph::CheckSkipping() const {
  for (const OperatorId id : states_) {
    const bool is_window = dynamic_cast<const StateOperator&>(at(id)).window().has_value();
    const absl::Duration slide = std::max<int64_t>(SlideOf(id), 1) * batch_interval;
    if (!is_window && StateIntervalOf(id) * batch_interval <= slide) continue;
    for (const OperatorId input : InputsOf(id)) {
      const auto* const files = dynamic_cast<const TextFileInput*>(&at(input));
      if (files == nullptr || files->options.files.lost != LostFiles::kSkip) continue;
      if (is_window) {
        return absl::InvalidArgumentError(absl::StrCat(
            at(id).Title(),
            " has an inverse, so it reads a file again when that leaves the window, ", "and ",
            at(input).Title(), " skips files that are lost: leave the inverse out, or ",
            "InputFileOptions::lost as it is"));
      }
      return absl::InvalidArgumentError(absl::StrCat(
          at(id).Title(), " is kept every ",
          absl::FormatDuration(StateIntervalOf(id) * batch_interval),
          ", so it reads a file again if it is lost before that, and ", at(input).Title(),
          " skips files that are lost: have it kept at each batch, with Checkpoint(",
          absl::FormatDuration(slide), "), or leave InputFileOptions::lost as it is"));
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
  const absl::Status intervals = CheckStateIntervals();
  if (!intervals.ok()) return intervals;
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
