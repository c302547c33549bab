#include "runtime/dstream/batch_graph.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/named_files.h"
#include "runtime/dstream/state_operator.h"
#include "runtime/dstream/wire.h"

namespace wavetank::runtime {

namespace {

std::vector<InputSplit> SplitsOf(const StreamInput& input) {
  std::vector<InputSplit> splits;
  splits.reserve(input.files.size() + input.blocks.size());
  for (const SelectedFile& file : input.files) {
    splits.push_back({.inline_bytes = "", .path = file.path, .size_bytes = file.size_bytes});
  }
  for (const Block& block : input.blocks) {
    splits.push_back({.inline_bytes = "",
                      .path = block.path,
                      .size_bytes = block.size_bytes,
                      .has_checksum = true,
                      .crc32c = block.crc32c});
  }
  for (const std::string& partition : input.partitions) {
    splits.push_back({.inline_bytes = partition, .path = ""});
  }
  return splits;
}

std::vector<InputSplit> SplitsOf(const InputOperator& input, BatchNumber batch,
                                 const BatchInputs& inputs) {
  if (const auto* constant = dynamic_cast<const ConstantInput*>(&input)) {
    if (batch.value() < 1) return {};
    return SplitsOf(StreamInput{.stream = input.id(), .partitions = constant->Partitions()});
  }
  const auto of_batch = inputs.find(batch);
  if (of_batch == inputs.end()) return {};
  const std::vector<StreamInput>& streams = of_batch->second.streams;
  const auto found = std::ranges::find(streams, input.id(), &StreamInput::stream);
  return found == streams.end() ? std::vector<InputSplit>() : SplitsOf(*found);
}

bool GivesRowsOfNone(const StreamingGraph& graph, const StagePlan& stage) {
  return std::ranges::any_of(stage.narrow, [&graph](OperatorId id) {
    return dynamic_cast<const NarrowOperator&>(graph.at(id)).gives_rows_of_none();
  });
}

class BatchGraphMaker {
 public:
  BatchGraphMaker(const StreamingGraph& graph, const std::vector<OperatorId>& outputs,
                  BatchNumber batch, const BatchInputs& inputs, const StateBook& states,
                  const BatchGraphOptions& options)
      : graph_(graph),
        batch_(batch),
        inputs_(inputs),
        states_(states),
        options_(options),
        plan_(graph.StagesOf(
            outputs, [this](OperatorId state, int64_t ago) { return Before(state, ago); })) {
    made_.stages.name = absl::StrCat("batch ", batch.value());
    if (outputs.size() == 1) {
      absl::StrAppend(&made_.stages.name, ", ", graph.at(outputs.front()).Title());
    }
    made_.stages.batch = batch.value();
  }

  absl::StatusOr<BatchGraph> Make() {
    if (plan_.size() > static_cast<size_t>(StreamingGraph::kMostStages)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "more than ", StreamingGraph::kMostStages,
          " stages: too many batches that ran before are in no state yet, since they failed; mend "
          "what they failed by, and start the job again: it runs them one by one"));
    }
    for (size_t i = 0; i < plan_.size(); ++i) Add(plan_[i], static_cast<int>(i));
    return std::move(made_);
  }

 private:
  BatchNumber Ago(int64_t ago) const { return BatchNumber(batch_.value() - ago); }
  absl::Time TimeOf(int64_t ago) const { return options_.batch_time - ago * graph_.batch_interval; }

  // What a batch's operator with state goes on from; null: nothing.
  const KeptState* KeptBefore(OperatorId state, int64_t ago) const {
    const KeptStates& kept = states_.Before(Ago(ago));
    const auto found = kept.find(state);
    return found == kept.end() ? nullptr : &found->second;
  }
  StateBefore Before(OperatorId state, int64_t ago) const {
    const KeptState* const kept = KeptBefore(state, ago);
    const BatchNumber from = kept == nullptr ? BatchNumber() : kept->batch;
    StateBefore before{.kept = batch_.value() - from.value(), .since = {}};
    for (auto run = inputs_.upper_bound(from); run != inputs_.lower_bound(Ago(ago)); ++run) {
      if (!graph_.IsDue(state, run->first.value())) continue;
      before.since.push_back(batch_.value() - run->first.value());
    }
    before.since.push_back(ago);
    return before;
  }

  // The tasks that read a shuffle.
  int PartitionsOf(const ShuffleOperator& shuffle) const {
    if (shuffle.keeps_partitions()) {
      const StreamOperator& parent = graph_.at(shuffle.parents().front());
      return PartitionsOf(dynamic_cast<const ShuffleOperator&>(parent));
    }
    const auto pinned = options_.state_partitions.find(shuffle.id());
    if (pinned != options_.state_partitions.end()) return pinned->second;
    return shuffle.partitions().value_or(options_.default_parallelism);
  }

  BatchTask TaskOf(const StagePlan& plan) const {
    BatchTask task{.batch_time_ms = absl::ToUnixMillis(options_.batch_time),
                   .head = plan.head.value(),
                   .narrow = {},
                   .tail = plan.tail.value(),
                   .side = plan.side};
    for (const OperatorId id : plan.narrow) task.narrow.push_back(id.value());
    if (const auto* shuffle = dynamic_cast<const ShuffleOperator*>(&graph_.at(plan.tail))) {
      task.targets = PartitionsOf(*shuffle);
    }
    for (const BatchRead& read : plan.reads) {
      TaskRead& added = task.reads.emplace_back();
      added.batch_time_ms = absl::ToUnixMillis(TimeOf(read.ago));
      for (const std::vector<int>& side : read.sides) {
        added.sides.emplace_back(side.begin(), side.end());
      }
    }
    return task;
  }

  void Add(const StagePlan& plan, int number) {
    BatchTask task = TaskOf(plan);
    const auto files = options_.files_directories.find(plan.tail);
    if (files != options_.files_directories.end()) task.files_directory = files->second;
    if (const auto output = dynamic_cast<const OutputOperator*>(&graph_.at(plan.tail))) {
      std::vector<int>& last = made_.last_stages[output->id()];
      for (const int before : last) {
        task.first_part += std::ssize(made_.stages.stages[static_cast<size_t>(before)].payloads);
      }
      last.push_back(number);
    }
    Stage stage{.kind = kBatchTaskKind};
    if (const auto* input = dynamic_cast<const InputOperator*>(&graph_.at(plan.head))) {
      for (const int64_t ago : plan.agos) {
        for (InputSplit& split : SplitsOf(*input, Ago(ago), inputs_)) {
          task.split = std::move(split);
          stage.payloads.push_back(EncodeToString(task));
        }
      }
    } else {
      AddReads(plan, stage);
      const auto& shuffle = dynamic_cast<const ShuffleOperator&>(graph_.at(plan.head));
      task.sources = PartitionsOf(shuffle);
      if (dynamic_cast<const StateOperator*>(&shuffle) != nullptr) {
        AddStateTasks(plan, std::move(task), number, stage);
      } else if (GivesRowsOfNone(graph_, plan) || ReadsSome(stage)) {
        stage.payloads.assign(static_cast<size_t>(task.sources), EncodeToString(task));
      }
    }
    made_.stages.stages.push_back(std::move(stage));
  }

  bool ReadsSome(const Stage& stage) const {
    return std::ranges::any_of(stage.reads_shuffle_of, [this](int read) {
      return !made_.stages.stages[static_cast<size_t>(read)].payloads.empty();
    });
  }

  void AddStateTasks(const StagePlan& plan, BatchTask task, int number, Stage& stage) {
    const int64_t ago = plan.reads.back().ago;
    if (!inputs_.contains(Ago(ago))) return;  // there was no such batch
    task.state.kept = ago == 0;
    if (task.state.kept) made_.state_stages[plan.head] = number;
    const KeptState* const kept = KeptBefore(plan.head, ago);
    for (int partition = 0; partition < task.sources; ++partition) {
      task.state.directory = checkpoint::StateDirectory(
          options_.checkpoint_directory, static_cast<int>(plan.head.value()), partition);
      if (kept != nullptr) {
        const auto& version = kept->partitions.at(static_cast<size_t>(partition));
        task.state.version = version.version;
        task.state.files = version.files;
      }
      stage.payloads.push_back(EncodeToString(task));
    }
  }

  static void AddReads(const StagePlan& plan, Stage& stage) {
    std::set<int> read;
    for (const BatchRead& of_batch : plan.reads) {
      for (const std::vector<int>& side : of_batch.sides) read.insert(side.begin(), side.end());
    }
    stage.reads_shuffle_of.assign(read.begin(), read.end());
  }

  const StreamingGraph& graph_;
  const BatchNumber batch_;
  const BatchInputs& inputs_;
  const StateBook& states_;
  const BatchGraphOptions& options_;
  const std::vector<StagePlan> plan_;
  BatchGraph made_;
};

}  // namespace

bool BatchGraph::has_tasks() const {
  return std::ranges::any_of(stages.stages,
                             [](const Stage& stage) { return !stage.payloads.empty(); });
}

absl::StatusOr<BatchGraph> MakeBatchGraph(const StreamingGraph& graph,
                                          const std::vector<OperatorId>& outputs, BatchNumber batch,
                                          const BatchInputs& inputs, const StateBook& states,
                                          const BatchGraphOptions& options) {
  return BatchGraphMaker(graph, outputs, batch, inputs, states, options).Make();
}

}  // namespace wavetank::runtime
