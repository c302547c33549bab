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
      shuffle_ = shuffle->OpenTail(stage.side, shuffle->partitions().value_or(partitions));
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
  // Rows of the plan itself.
  void FeedEncoded(const std::string& rows) {
    const auto feed = graph_.input(head_).OpenFeed(*first_);
    WT_CHECK(feed->Push(rows).ok());
    WT_CHECK(feed->Finish().ok());
  }
  void Merge(const std::vector<std::vector<BlockView>>& sides) {
    const auto& shuffle = dynamic_cast<const ShuffleOperator&>(graph_.at(head_));
    WT_CHECK(shuffle.Merge(sides, *first_).ok());
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

bool GivesRowsOfNone(const StreamingGraph& graph, const StagePlan& stage) {
  for (const OperatorId id : stage.narrow) {
    if (dynamic_cast<const runtime::NarrowOperator&>(graph.at(id)).gives_rows_of_none())
      return true;
  }
  return false;
}

// The stages of one output for one batch.
class ReplayStages {
 public:
  ReplayStages(const StreamingGraph& graph, int partitions, const properties::JudgedBatch& batch)
      : graph_(graph), partitions_(partitions), batch_(batch) {}

  std::string Run(OperatorId output) {
    for (const StagePlan& stage : graph_.StagesOf({output})) RunStage(stage);
    return text_;
  }

 private:
  void RunStage(const StagePlan& stage) {
    std::vector<Blocks>& put = put_.emplace_back();
    const auto* shuffle = dynamic_cast<const ShuffleOperator*>(&graph_.at(stage.head));
    if (shuffle != nullptr) {
      bool any = GivesRowsOfNone(graph_, stage);
      for (const std::vector<int>& side : stage.reads) {
        for (const int read : side) any = any || tasks_[static_cast<size_t>(read)] > 0;
      }
      const int targets = any ? shuffle->partitions().value_or(partitions_) : 0;
      for (int target = 0; target < targets; ++target) {
        ReplayTask task(graph_, stage, partitions_);
        task.Merge(SidesOf(stage, static_cast<size_t>(target)));
        Take(task, put);
      }
      tasks_.push_back(static_cast<size_t>(targets));
      return;
    }
    size_t tasks = 0;
    for (const int64_t ago : stage.agos) tasks += ReadInput(stage, ago, put);
    tasks_.push_back(tasks);
  }

  // As it was so many batches ago; how many tasks that takes.
  size_t ReadInput(const StagePlan& stage, int64_t ago, std::vector<Blocks>& put) {
    const int64_t interval_ms = absl::ToInt64Milliseconds(graph_.batch_interval);
    const int64_t time_ms = batch_.time_ms - ago * interval_ms;
    if (const auto* constant =
            dynamic_cast<const runtime::ConstantInput*>(&graph_.at(stage.head))) {
      if (time_ms <= batch_.zero_ms) return 0;
      const std::vector<std::string> partitions = constant->Partitions();
      for (const std::string& rows : partitions) {
        ReplayTask task(graph_, stage, partitions_);
        task.FeedEncoded(rows);
        Take(task, put);
      }
      return partitions.size();
    }
    const properties::PieceLines pieces = batch_.pieces_at(time_ms);
    const auto found = pieces.find(stage.head.value());
    if (found == pieces.end()) return 0;
    for (const std::vector<std::string>& lines : found->second) {
      ReplayTask task(graph_, stage, partitions_);
      task.Feed(lines);
      Take(task, put);
    }
    return found->second.size();
  }

  std::vector<std::vector<BlockView>> SidesOf(const StagePlan& stage, size_t target) const {
    std::vector<std::vector<BlockView>> sides;
    for (const std::vector<int>& side : stage.reads) {
      std::vector<BlockView>& views = sides.emplace_back();
      for (const int read : side) {
        for (const Blocks& blocks : put_[static_cast<size_t>(read)]) {
          views.push_back({.object = blocks[target].get(), .bytes = {}});
        }
      }
    }
    return sides;
  }

  void Take(ReplayTask& task, std::vector<Blocks>& put) {
    if (task.ends_in_shuffle()) {
      put.push_back(task.TakeBlocks());
    } else {
      text_ += task.TakeOutput();
    }
  }

  const StreamingGraph& graph_;
  const int partitions_;
  const properties::JudgedBatch& batch_;
  std::vector<std::vector<Blocks>> put_;  // by stage and task
  std::vector<size_t> tasks_;             // by stage
  std::string text_;
};

}  // namespace

std::vector<std::string> ReplayTextOutput(const StreamingGraph& graph, OperatorId output,
                                          int partitions, const properties::JudgedBatch& batch) {
  const int64_t number =
      (batch.time_ms - batch.zero_ms) / absl::ToInt64Milliseconds(graph.batch_interval);
  if (!graph.IsDue(output, number)) return {};
  std::string text;
  try {
    text = ReplayStages(graph, partitions, batch).Run(output);
  } catch (const std::exception& error) {
    return {absl::StrCat("a function of the job threw: ", error.what())};
  }
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  lines.pop_back();  // after the last line's end
  return lines;
}

}  // namespace wavetank::scenarios
