#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "runtime/dstream/graph.h"
#include "runtime/dstream/state_operator.h"

namespace wavetank::runtime {
namespace {

// Adds stages to a plan: those that write one side of an operator, as it is some batches ago,
// behind those that they read. What a window joins into a shuffle is a stage for each of its
// batches, so that what one batch has written serves all windows that it is in.
class StagePlanner {
 public:
  StagePlanner(const StreamingGraph& graph, std::function<int64_t(absl::Duration)> to_batches,
               const StateHistory& history, const KeptStages& kept, const HadBatch& had)
      : graph_(graph),
        to_batches_(std::move(to_batches)),
        history_(history),
        kept_(kept),
        had_(had),
        ends_(EndsBelow(graph)) {}

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
    Way way{.stage = {.head = {}, .narrow = {}, .tail = tail, .side = side, .way = {{tail, side}}},
            .stages = stages,
            .paths = paths};
    if (side == kOwnRows) {
      FollowPast(tail, std::move(way), std::move(agos));
    } else {
      Follow(graph_.at(tail).parents()[static_cast<size_t>(side)], std::move(way), std::move(agos));
    }
    return stages;
  }

  // In how many tails the rows of each operator end, of stages: 0, 1, more. An output counts as
  // more, for its tasks have results of their own; so does a window, which is read again.
  static std::vector<int> EndsBelow(const StreamingGraph& graph) {
    constexpr int kMore = 2;
    std::vector<int> ends(graph.size(), 0);
    for (auto id = std::ssize(ends) - 1; id >= 0; --id) {  // parents come before their children
      const StreamOperator& at = graph.at(OperatorId(id));
      int ends_by_it = ends[static_cast<size_t>(id)];
      if (dynamic_cast<const OutputOperator*>(&at) != nullptr) {
        ends_by_it = kMore;
      } else if (dynamic_cast<const WindowOperator*>(&at) != nullptr) {
        ends_by_it *= kMore;
      } else if (graph.keeper(at.id()) != nullptr ||
                 dynamic_cast<const ShuffleOperator*>(&at) != nullptr) {
        ends_by_it = std::min(ends_by_it, 1);
      }
      for (const OperatorId parent : at.parents()) {
        int& of_parent = ends[static_cast<size_t>(parent.value())];
        of_parent = std::min(of_parent + ends_by_it, kMore);
      }
    }
    return ends;
  }
  // Rows of a state that one shuffle alone takes go there at once.
  bool IsKept(OperatorId id) const {
    return graph_.keeper(id) != nullptr &&
           (dynamic_cast<const StateOperator*>(&graph_.at(id)) == nullptr ||
            ends_[static_cast<size_t>(id.value())] > 1);
  }

  // Up the stream from `id`, whose rows the stage takes, of so many batches ago.
  void Follow(OperatorId id, Way way, Agos agos) {
    way.stage.head_is_kept = IsKept(id);
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
      way.stage.way.emplace_back(id, 0);
      Follow(parent, std::move(way), std::move(all));
    } else if (dynamic_cast<const UnionOperator*>(&at) != nullptr) {
      for (int turn = 0; turn < std::ssize(at.parents()); ++turn) {
        Way by_parent = way;
        by_parent.stage.way.emplace_back(id, turn);
        Follow(at.parents()[static_cast<size_t>(turn)], std::move(by_parent), agos);
      }
    } else if (dynamic_cast<const NarrowOperator*>(&at) != nullptr) {
      way.stage.narrow.insert(way.stage.narrow.begin(), id);
      way.stage.way.emplace_back(id, 0);
      Follow(at.parents().front(), std::move(way), std::move(agos));
    } else {
      End(id, std::move(way), std::move(agos));
    }
  }

  // The way has come to the stage's head.
  void End(OperatorId head, Way way, Agos agos) {
    way.stage.head = head;
    way.stage.way.emplace_back(head, 0);
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
        stage.reads.push_back(ReadWindow(*state, ago, before.kept, before.is_empty));
      } else {
        for (const int64_t since : before.since) stage.reads.push_back(Read(head, since));
      }
      if (before.newest > 0) {
        stage.reads_since_newest =
            is_window ? ReadWindow(*state, ago, before.newest, false) : stage.reads.back();
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
  // What has come into the window since it was as `kept` batches ago, and what has left it, unless
  // it was empty: that was written as it came. What has done both is in neither.
  BatchRead ReadWindow(const StateOperator& of, int64_t ago, int64_t kept, bool was_empty) {
    const int64_t step = std::max<int64_t>(graph_.SlideOf(of.parents().front()), 1);
    const int64_t length = to_batches_(of.window()->length);
    // A stream of the plan itself has rows also for batches that were left out.
    const bool all = had_ == nullptr || HasConstants(of.id());
    const auto downwards = [&](int64_t begin, int64_t end) {
      Agos agos;
      for (int64_t at = begin; at < end; at += step) {
        if (all || had_(at)) agos.push_back(at);
      }
      std::ranges::reverse(agos);
      return agos;
    };
    const Agos left = was_empty ? Agos() : downwards(std::max(kept, ago + length), kept + length);
    return {.ago = ago,
            .sides = {IntoOf(of.id(), 0, downwards(ago, std::min(kept, ago + length))),
                      IntoOf(of.id(), 0, left)}};
  }
  bool HasConstants(OperatorId id) const {
    return std::ranges::any_of(graph_.InputsOf(id), [this](OperatorId input) {
      return dynamic_cast<const ConstantInput*>(&graph_.at(input)) != nullptr;
    });
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
  const HadBatch& had_;
  const std::vector<int> ends_;
  std::vector<StagePlan> plan_;
  std::map<std::tuple<OperatorId, int, int64_t>, std::vector<int>> sides_;
  std::map<std::tuple<OperatorId, int, int, int64_t>, int> written_;
};

}  // namespace

std::vector<StagePlan> StreamingGraph::StagesOf(const std::vector<OperatorId>& outputs,
                                                const StateHistory& history, const KeptStages& kept,
                                                const HadBatch& had) const {
  StagePlanner planner(
      *this, [this](absl::Duration duration) { return ToBatches(duration); }, history, kept, had);
  for (const OperatorId output : outputs) planner.Into(output, 0, 0);
  return planner.Take();
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

}  // namespace wavetank::runtime
