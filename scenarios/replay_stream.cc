#include "scenarios/replay_stream.h"

#include <exception>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "platform/check.h"
#include "runtime/dstream/operator.h"

namespace wavetank::scenarios {
namespace {

using runtime::BlockView;
using runtime::OperatorId;
using runtime::Partition;
using runtime::RowSink;
using runtime::ShuffleOperator;
using runtime::StagePlan;
using runtime::StreamingGraph;

using Blocks = std::vector<std::shared_ptr<const Partition>>;  // of one task, by target; null: none

// One task: the operators of its stage, from the tail to the first.
class ReplayTask {
 public:
  ReplayTask(const StreamingGraph& graph, const StagePlan& stage, int partitions)
      : graph_(graph), head_(stage.head) {
    if (const auto* shuffle = dynamic_cast<const ShuffleOperator*>(&graph.at(stage.tail))) {
      shuffle_ = shuffle->OpenTail(partitions);
      first_ = shuffle_.sink.get();
    } else {
      output_ = graph.output(stage.tail).OpenTail();
      first_ = output_.sink.get();
    }
    for (auto id = stage.narrow.rbegin(); id != stage.narrow.rend(); ++id) {
      const auto& narrow = dynamic_cast<const runtime::NarrowOperator&>(graph.at(*id));
      narrow_.push_back(narrow.Attach(*first_));
      first_ = narrow_.back().get();
    }
  }

  void Feed(const std::vector<std::string>& lines) {
    const auto feed = graph_.input(head_).OpenFeed(*first_);
    for (const std::string& line : lines) WT_CHECK(feed->Push(absl::StrCat(line, "\n")).ok());
    WT_CHECK(feed->Finish().ok());
  }
  void Merge(const std::vector<Blocks>& put, size_t target) {
    std::vector<BlockView> views;
    views.reserve(put.size());
    for (const Blocks& blocks : put) views.push_back({.object = blocks[target].get(), .bytes = {}});
    const auto& shuffle = dynamic_cast<const ShuffleOperator&>(graph_.at(head_));
    WT_CHECK(shuffle.Merge(views, *first_).ok());
  }

  bool ends_in_shuffle() const { return shuffle_.take != nullptr; }
  Blocks TakeBlocks() { return shuffle_.take(); }
  std::string TakeOutput() { return output_.take(); }

 private:
  const StreamingGraph& graph_;
  const OperatorId head_;
  runtime::ShuffleTail shuffle_;
  runtime::OutputTail output_;
  std::vector<std::unique_ptr<RowSink>> narrow_;  // the last operator's first
  RowSink* first_ = nullptr;
};

std::string TextOf(const StreamingGraph& graph, OperatorId output, int partitions,
                   const properties::PieceLines& pieces) {
  std::string text;
  std::vector<Blocks> put;  // by task of the stage before
  bool is_first = true;
  for (const StagePlan& stage : graph.StagesOf(output)) {
    const size_t tasks = is_first ? pieces.size() : static_cast<size_t>(partitions);
    std::vector<Blocks> next;
    for (size_t i = 0; i < tasks; ++i) {
      ReplayTask task(graph, stage, partitions);
      if (is_first) {
        task.Feed(pieces[i]);
      } else {
        task.Merge(put, i);
      }
      if (task.ends_in_shuffle()) {
        next.push_back(task.TakeBlocks());
      } else {
        text += task.TakeOutput();
      }
    }
    put = std::move(next);
    is_first = false;
  }
  return text;
}

}  // namespace

std::vector<std::string> ReplayTextOutput(const StreamingGraph& graph, OperatorId output,
                                          int partitions, const properties::PieceLines& pieces) {
  std::string text;
  try {
    text = TextOf(graph, output, partitions, pieces);
  } catch (const std::exception& error) {
    return {absl::StrCat("a function of the job threw: ", error.what())};
  }
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  lines.pop_back();  // after the last line's end
  return lines;
}

}  // namespace wavetank::scenarios
