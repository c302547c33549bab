#include "scenarios/replay_stream.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "platform/check.h"
#include "properties/object_rows.h"
#include "runtime/dstream/between_threads.h"
#include "runtime/dstream/log_input.h"
#include "runtime/dstream/operator.h"
#include "runtime/dstream/state_operator.h"

namespace wavetank::scenarios {
namespace {

using runtime::BlockView;
using runtime::OperatorId;
using runtime::Partition;
using runtime::RowSink;
using runtime::ShuffleOperator;
using runtime::StagePlan;
using runtime::StateOperator;
using runtime::StreamingGraph;

using Blocks = std::vector<std::shared_ptr<const Partition>>;  // of one task, by target; null: none

// One task: the operators of its stage, from the tail to the first.
class ReplayTask {
 public:
  // `partition`: of the task, of as many targets as the tail has. `row_time_ms`: of its rows.
  ReplayTask(const StreamingGraph& graph, const StagePlan& stage, int partition, int targets,
             int64_t row_time_ms)
      : graph_(graph), head_(stage.head) {
    if (stage.side == runtime::kOwnRows) {
      shuffle_ = graph.keeper(stage.tail)->OpenTail(graph.at(stage.tail));
      first_ = shuffle_.sink.get();
    } else if (const auto* shuffle = dynamic_cast<const ShuffleOperator*>(&graph.at(stage.tail))) {
      shuffle_ =
          shuffle->OpenTail({.side = stage.side, .targets = targets, .partition = partition});
      first_ = shuffle_.sink.get();
    } else {
      output_ = graph.output(stage.tail).OpenTail({});
      first_ = output_.sink.get();
    }
    const runtime::TaskRun run{.attempt = "", .row_time = absl::FromUnixMillis(row_time_ms)};
    for (auto id = stage.narrow.rbegin(); id != stage.narrow.rend(); ++id) {
      const auto& narrow = dynamic_cast<const runtime::NarrowOperator&>(graph.at(*id));
      narrow_.push_back(narrow.Attach(run, *first_));
      first_ = narrow_.back().get();
    }
  }

  void Feed(const std::vector<std::string>& lines) {
    const auto feed = graph_.input(head_).OpenFeed(*first_);
    const bool of_log = dynamic_cast<const runtime::LogInput*>(&graph_.at(head_)) != nullptr;
    for (const std::string& line : lines) {
      WT_CHECK(feed->Push(of_log ? line : absl::StrCat(line, "\n")).ok());
    }
    WT_CHECK(feed->Finish().ok());
  }
  // Rows of the plan itself.
  void FeedEncoded(const std::string& rows) {
    const auto feed = graph_.input(head_).OpenFeed(*first_);
    WT_CHECK(feed->Push(rows).ok());
    WT_CHECK(feed->Finish().ok());
  }
  void Merge(const std::vector<std::vector<BlockView>>& sides) {
    const auto& merge = dynamic_cast<const runtime::MergeOperator&>(graph_.at(head_));
    WT_CHECK(merge.Merge(sides, *first_).ok());
  }
  // The rows of a head that keeps them.
  void Give(const std::vector<BlockView>& rows) {
    WT_CHECK(graph_.keeper(head_)->Give(rows, *first_).ok());
  }
  void Apply(absl::Time time, const std::vector<std::vector<BlockView>>& sides,
             checkpoint::StateTable& state, bool gives_rows) {
    const auto& op = dynamic_cast<const StateOperator&>(graph_.at(head_));
    const absl::Status applied = op.Apply(time, sides, state, gives_rows ? first_ : nullptr);
    if (!applied.ok()) throw std::runtime_error(std::string(applied.message()));
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
  ReplayStages(const StreamingGraph& graph, int partitions, const properties::JudgedBatch& batch,
               StreamReplay::States& states)
      : graph_(graph),
        partitions_(partitions),
        interval_ms_(absl::ToInt64Milliseconds(graph.batch_interval)),
        batch_(batch),
        states_(states) {}

  std::string Run(OperatorId output) {
    of_objects_ = graph_.output(output).files()->of_objects;
    const auto history = [this](OperatorId state, int64_t ago) { return Before(state, ago); };
    for (const StagePlan& stage : graph_.StagesOf({output}, history)) RunStage(stage);
    return text_;
  }

 private:
  int64_t TimeOf(int64_t ago) const { return batch_.time_ms - ago * interval_ms_; }
  int64_t AgoOf(int64_t time_ms) const { return (batch_.time_ms - time_ms) / interval_ms_; }

  // The newest state that is from before that; unset: none is.
  const StreamReplay::States::value_type* KeptBefore(OperatorId state, int64_t ago) const {
    const auto after = states_.lower_bound({state, TimeOf(ago)});
    if (after == states_.begin() || std::prev(after)->first.first != state) return nullptr;
    return &*std::prev(after);
  }
  runtime::StateBefore Before(OperatorId state, int64_t ago) const {
    const auto* const kept = KeptBefore(state, ago);
    const int64_t kept_ms = kept == nullptr ? batch_.zero_ms : kept->first.second;
    runtime::StateBefore before{.kept = AgoOf(kept_ms), .since = {}};
    for (const int64_t time_ms : batch_.times) {
      const bool due = graph_.IsDue(state, (time_ms - batch_.zero_ms) / interval_ms_);
      if (due && time_ms > kept_ms && time_ms < TimeOf(ago)) before.since.push_back(AgoOf(time_ms));
    }
    before.since.push_back(ago);
    return before;
  }

  int PartitionsOf(OperatorId id) const {
    const auto* const shuffle = dynamic_cast<const ShuffleOperator*>(&graph_.at(id));
    if (shuffle == nullptr) return 0;
    return shuffle->partitions().value_or(partitions_);
  }
  ReplayTask TaskOf(const StagePlan& stage, int partition, int64_t row_time_ms) {
    row_times_.back().push_back(row_time_ms);
    return {graph_, stage, partition, PartitionsOf(stage.tail), row_time_ms};
  }

  void RunStage(const StagePlan& stage) {
    std::vector<Blocks>& put = put_.emplace_back();
    row_times_.emplace_back();
    size_t tasks = 0;
    if (stage.head_is_kept) {
      tasks = GiveKept(stage, put);
    } else if (dynamic_cast<const StateOperator*>(&graph_.at(stage.head)) != nullptr) {
      tasks = GoOn(stage, put);
    } else if (dynamic_cast<const ShuffleOperator*>(&graph_.at(stage.head)) != nullptr) {
      bool any = stage.side == runtime::kOwnRows || GivesRowsOfNone(graph_, stage);
      for (const std::vector<int>& side : stage.reads.front().sides) {
        for (const int read : side) any = any || tasks_[static_cast<size_t>(read)] > 0;
      }
      const int targets = any ? PartitionsOf(stage.head) : 0;
      for (int target = 0; target < targets; ++target) {
        ReplayTask task = TaskOf(stage, target, TimeOf(stage.reads.front().ago));
        task.Merge(SidesOf(stage.reads.front(), static_cast<size_t>(target)));
        Take(task, put);
      }
      tasks = static_cast<size_t>(targets);
    } else {
      for (const int64_t ago : stage.agos) tasks += ReadInput(stage, ago, put);
    }
    tasks_.push_back(tasks);
  }

  // A task for each partition that was shuffled, of all batches; of any other, for each batch's.
  // How many that takes.
  size_t GiveKept(const StagePlan& stage, std::vector<Blocks>& put) {
    const bool become_one =
        dynamic_cast<const ShuffleOperator*>(&graph_.at(stage.head)) != nullptr &&
        !graph_.TellsBatchesApart(stage);
    std::vector<std::vector<BlockView>> rows;  // by task
    std::vector<int64_t> times;
    for (const runtime::BatchRead& of_batch : stage.reads) {
      for (const int read : of_batch.sides.front()) {
        size_t partition = become_one ? 0 : rows.size();
        const std::vector<int64_t>& read_times = row_times_[static_cast<size_t>(read)];
        size_t source = 0;
        for (const Blocks& blocks : put_[static_cast<size_t>(read)]) {
          if (partition == rows.size()) {
            rows.emplace_back();
            times.push_back(read_times[source]);
          }
          ++source;
          rows[partition++].push_back({.object = blocks.front().get(), .bytes = {}});
        }
      }
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      ReplayTask task = TaskOf(stage, static_cast<int>(put.size()), times[i]);
      task.Give(rows[i]);
      Take(task, put);
    }
    return rows.size();
  }

  // How many tasks that takes.
  size_t GoOn(const StagePlan& stage, std::vector<Blocks>& put) {
    const int64_t ago = stage.reads.back().ago;
    if (!std::ranges::binary_search(batch_.times, TimeOf(ago))) return 0;
    const auto* const kept = KeptBefore(stage.head, ago);
    const int partitions = PartitionsOf(stage.head);
    std::vector<StreamReplay::Entries> left;
    for (int partition = 0; partition < partitions; ++partition) {
      checkpoint::StateTable state;
      if (kept == nullptr) {
        dynamic_cast<const StateOperator&>(graph_.at(stage.head))
            .Begin(absl::FromUnixMillis(TimeOf(stage.reads.front().ago)),
                   {.side = 0, .targets = partitions, .partition = partition}, state);
      } else {
        for (const auto& [key, value] : kept->second[static_cast<size_t>(partition)]) {
          state.Put(key, value);
        }
      }
      state.Accept();
      ReplayTask task = TaskOf(stage, partition, TimeOf(ago));
      for (const runtime::BatchRead& read : stage.reads) {
        task.Apply(absl::FromUnixMillis(TimeOf(read.ago)),
                   SidesOf(read, static_cast<size_t>(partition)), state,
                   &read == &stage.reads.back());
      }
      StreamReplay::Entries& entries = left.emplace_back();
      state.ForEach([&entries](std::string_view key, std::string_view value) {
        entries.emplace_back(key, value);
      });
      Take(task, put);
    }
    if (ago == 0) states_[{stage.head, batch_.time_ms}] = std::move(left);
    return static_cast<size_t>(partitions);
  }

  // As it was so many batches ago; how many tasks that takes.
  size_t ReadInput(const StagePlan& stage, int64_t ago, std::vector<Blocks>& put) {
    const int64_t time_ms = TimeOf(ago);
    if (const auto* constant =
            dynamic_cast<const runtime::ConstantInput*>(&graph_.at(stage.head))) {
      if (time_ms <= batch_.zero_ms) return 0;
      const std::vector<std::string> partitions = constant->Partitions();
      for (const std::string& rows : partitions) {
        ReplayTask task = TaskOf(stage, static_cast<int>(put.size()), time_ms);
        task.FeedEncoded(rows);
        Take(task, put);
      }
      return partitions.size();
    }
    const properties::PieceLines pieces = batch_.pieces_at(time_ms);
    const auto found = pieces.find(stage.head.value());
    if (found == pieces.end()) return 0;
    for (const std::vector<std::string>& lines : found->second) {
      ReplayTask task = TaskOf(stage, static_cast<int>(put.size()), time_ms);
      task.Feed(lines);
      Take(task, put);
    }
    return found->second.size();
  }

  std::vector<std::vector<BlockView>> SidesOf(const runtime::BatchRead& read, size_t target) const {
    std::vector<std::vector<BlockView>> sides;
    for (const std::vector<int>& side : read.sides) {
      std::vector<BlockView>& views = sides.emplace_back();
      for (const int stage : side) {
        for (const Blocks& blocks : put_[static_cast<size_t>(stage)]) {
          views.push_back({.object = blocks[target].get(), .bytes = {}});
        }
      }
    }
    return sides;
  }

  void Take(ReplayTask& task, std::vector<Blocks>& put) {
    if (task.ends_in_shuffle()) {
      put.push_back(task.TakeBlocks());
    } else if (of_objects_) {
      const properties::ObjectRows objects = properties::DecodeObjectRows(task.TakeOutput());
      if (!objects.damage.empty()) throw std::runtime_error(objects.damage);
      for (const std::string& row : objects.rows) absl::StrAppend(&text_, row, "\n");
    } else {
      text_ += task.TakeOutput();
    }
  }

  const StreamingGraph& graph_;
  const int partitions_;
  const int64_t interval_ms_;
  const properties::JudgedBatch& batch_;
  StreamReplay::States& states_;
  std::vector<std::vector<Blocks>> put_;         // by stage and task
  std::vector<std::vector<int64_t>> row_times_;  // by stage and task, in ms
  std::vector<size_t> tasks_;                    // by stage
  bool of_objects_ = false;
  std::string text_;
};

}  // namespace

std::vector<std::string> StreamReplay::TextOutput(OperatorId output,
                                                  const properties::JudgedBatch& batch) {
  const int64_t number =
      (batch.time_ms - batch.zero_ms) / absl::ToInt64Milliseconds(graph_.batch_interval);
  if (!graph_.IsDue(output, number)) return {};
  std::string text;
  const runtime::internal::AdditionsScope scope(nullptr);  // what functions add is not looked at
  try {
    text = ReplayStages(graph_, partitions_, batch, states_).Run(output);
  } catch (const std::exception& error) {
    return {absl::StrCat("a function of the job, or an operator, failed: ", error.what())};
  }
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  lines.pop_back();  // after the last line's end
  return lines;
}

}  // namespace wavetank::scenarios
