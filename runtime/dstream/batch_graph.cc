#include "runtime/dstream/batch_graph.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/named_files.h"
#include "runtime/dstream/file_inputs.h"
#include "runtime/dstream/state_operator.h"
#include "runtime/dstream/wire.h"

namespace wavetank::runtime {

namespace {

// One at least, also of an empty file.
void AddParts(const SelectedFile& file, const FileInput& input, std::vector<InputSplit>& splits) {
  const uint64_t part = std::max<uint64_t>(input.part_bytes(file.size_bytes), 1);
  uint64_t begin = 0;
  do {
    const uint64_t end = begin + std::min(part, file.size_bytes - begin);
    splits.push_back({.inline_bytes = "",
                      .path = file.path,
                      .size_bytes = file.size_bytes,
                      .begin = begin,
                      .end = end});
    begin = end;
  } while (begin < file.size_bytes);
}

std::vector<InputSplit> SplitsOf(const StreamInput& input, const InputOperator& op) {
  std::vector<InputSplit> splits;
  splits.reserve(input.files.size() + input.blocks.size());
  for (const SelectedFile& file : input.files) {
    AddParts(file, dynamic_cast<const FileInput&>(op), splits);
  }
  for (const Block& block : input.blocks) {
    splits.push_back({.inline_bytes = "",
                      .path = block.path,
                      .size_bytes = block.size_bytes,
                      .begin = 0,
                      .end = block.size_bytes,
                      .has_checksum = true,
                      .crc32c = block.crc32c});
  }
  for (const LogRange& range : input.ranges) {
    if (range.begin == range.end) continue;
    splits.push_back({.inline_bytes = "",
                      .path = "",
                      .log = {input.log_id, range.partition, range.begin, range.end}});
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
    return SplitsOf(StreamInput{.stream = input.id(), .partitions = constant->Partitions()}, input);
  }
  const auto of_batch = inputs.find(batch);
  if (of_batch == inputs.end()) return {};
  const std::vector<StreamInput>& streams = of_batch->second.streams;
  const auto found = std::ranges::find(streams, input.id(), &StreamInput::stream);
  return found == streams.end() ? std::vector<InputSplit>() : SplitsOf(*found, input);
}

// A task for each split, as in Spark. Of many files neighbours share one as long as they are small:
// what a task costs is more than they do. It depends on the batch's input alone, so that the tasks
// of a batch which runs again are the same.
std::vector<std::vector<InputSplit>> ByTask(std::vector<InputSplit> splits) {
  constexpr size_t kFewFiles = 64;
  constexpr uint64_t kSharedBytes = 4 << 20;
  const size_t most = (splits.size() + kFewFiles - 1) / kFewFiles;
  std::vector<std::vector<InputSplit>> tasks;
  uint64_t bytes = 0;
  for (InputSplit& split : splits) {
    const bool is_file = !split.path.empty() && !split.has_checksum;
    bytes += split.end - split.begin;
    const bool shares =
        is_file && !tasks.empty() && tasks.back().size() < most && bytes <= kSharedBytes;
    if (!shares) {
      tasks.emplace_back();
      bytes = split.end - split.begin;
    }
    tasks.back().push_back(std::move(split));
  }
  return tasks;
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
                  const BlockTable& blocks, const BatchGraphOptions& options)
      : graph_(graph),
        batch_(batch),
        inputs_(inputs),
        states_(states),
        blocks_(blocks),
        options_(options),
        plan_(Plan(outputs)) {
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
          " stages: too many batches that ran before are in no state that is kept yet; if they "
          "failed, mend what they failed by, and start the job again: it runs them one by one"));
    }
    for (size_t i = 0; i < plan_.size(); ++i) Add(plan_[i], static_cast<int>(i));
    return std::move(made_);
  }

 private:
  // What was made from what is made again is made again, too.
  std::vector<StagePlan> Plan(const std::vector<OperatorId>& outputs) const {
    const auto history = [this](OperatorId state, int64_t ago) { return Before(state, ago); };
    const auto had = [this](int64_t ago) { return inputs_.contains(Ago(ago)); };
    std::set<WrittenId> made_again;
    while (true) {
      const auto kept = [&](const StagePlan& stage, int64_t ago) {
        const BlockTable::Written* const written = blocks_.Find(IdOf(stage, ago));
        return written != nullptr &&
               std::ranges::none_of(written->made_from, [&made_again](const WrittenId& source) {
                 return made_again.contains(source);
               });
      };
      std::vector<StagePlan> plan = graph_.StagesOf(outputs, history, kept, had);
      for (const StagePlan& stage : plan) {
        if (!stage.was_kept) made_again.insert(IdOf(stage, stage.ago));
      }
      const bool is_consistent = std::ranges::all_of(
          plan, [&](const StagePlan& stage) { return !stage.was_kept || kept(stage, stage.ago); });
      if (is_consistent) return plan;
    }
  }

  WrittenId IdOf(const StagePlan& stage, int64_t ago) const {
    return {.batch = Ago(ago), .tail = stage.tail, .side = stage.side, .path = stage.path};
  }
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
    StateBefore before{.kept = batch_.value() - from.value(), .newest = 0, .since = {}};
    for (auto run = inputs_.upper_bound(from); run != inputs_.lower_bound(Ago(ago)); ++run) {
      if (!graph_.IsDue(state, run->first.value())) continue;
      before.since.push_back(batch_.value() - run->first.value());
    }
    const auto newest = options_.newest_states.find(state);
    const bool is_in_memory = ago == 0 && !before.since.empty() &&
                              newest != options_.newest_states.end() &&
                              Ago(before.since.back()) == newest->second.batch;
    if (is_in_memory) before.newest = before.since.back();
    before.since.push_back(ago);
    return before;
  }

  // The tasks that read a shuffle.
  int PartitionsOf(const ShuffleOperator& shuffle) const {
    const auto pinned = options_.state_partitions.find(shuffle.id());
    if (pinned != options_.state_partitions.end()) return pinned->second;
    return shuffle.partitions().value_or(options_.default_parallelism);
  }

  BatchTask TaskOf(const StagePlan& plan) const {
    BatchTask task{.batch_time_ms = absl::ToUnixMillis(options_.batch_time),
                   .head = plan.head.value(),
                   .head_is_kept = plan.head_is_kept,
                   .narrow = {},
                   .tail = plan.tail.value(),
                   .side = plan.side};
    for (const OperatorId id : plan.narrow) task.narrow.push_back(id.value());
    const auto* const shuffle = dynamic_cast<const ShuffleOperator*>(&graph_.at(plan.tail));
    if (shuffle != nullptr && plan.side != kOwnRows) task.targets = PartitionsOf(*shuffle);
    if (plan.head_is_kept) return task;
    for (const BatchRead& read : plan.reads) task.reads.push_back(TaskReadOf(read));
    return task;
  }
  TaskRead TaskReadOf(const BatchRead& read) const {
    TaskRead of_task{.batch_time_ms = absl::ToUnixMillis(TimeOf(read.ago)), .sides = {}};
    for (const std::vector<int>& side : read.sides) {
      of_task.sides.emplace_back(side.begin(), side.end());
    }
    return of_task;
  }

  void Add(const StagePlan& plan, int number) {
    if (plan.was_kept) {
      const BlockTable::Written& written = *blocks_.Find(IdOf(plan, plan.ago));
      made_from_.push_back(written.made_from);
      row_batches_.push_back(written.row_batches);
      made_.work.emplace_back();
      made_.stages.stages.push_back({.kind = kBatchTaskKind, .kept = written.outputs});
      return;
    }
    BatchTask task = TaskOf(plan);
    const auto files = options_.files_directories.find(plan.tail);
    if (files != options_.files_directories.end()) task.files_directory = files->second;
    const auto* const output = dynamic_cast<const OutputOperator*>(&graph_.at(plan.tail));
    if (output != nullptr) {
      std::vector<int>& last = made_.last_stages[output->id()];
      for (const int before : last) {
        task.first_part += std::ssize(made_.stages.stages[static_cast<size_t>(before)].payloads);
      }
      last.push_back(number);
    }
    Stage stage{.kind = kBatchTaskKind};
    if (plan.side == kOwnRows) stage.level = graph_.storage_level(plan.tail);
    stage.alone = output != nullptr && output->acts_where_rows_are();
    std::vector<BatchNumber> row_batches;  // by task
    const auto add_task = [&](BatchNumber of_rows) {
      task.row_time_ms = absl::ToUnixMillis(TimeOf(batch_.value() - of_rows.value()));
      stage.payloads.push_back(EncodeToString(task));
      row_batches.push_back(of_rows);
    };
    if (plan.head_is_kept) {
      for (const BatchNumber of_rows : ReadKept(plan, stage)) add_task(of_rows);
    } else if (const auto* input = dynamic_cast<const InputOperator*>(&graph_.at(plan.head))) {
      for (const int64_t ago : plan.agos) {
        for (auto& splits : ByTask(SplitsOf(*input, Ago(ago), inputs_))) {
          task.splits = std::move(splits);
          add_task(Ago(ago));
        }
      }
    } else {
      AddReads(plan, stage);
      const auto& shuffle = dynamic_cast<const ShuffleOperator&>(graph_.at(plan.head));
      task.sources = PartitionsOf(shuffle);
      const BatchNumber of_rows = Ago(plan.reads.back().ago);
      task.row_time_ms = absl::ToUnixMillis(TimeOf(plan.reads.back().ago));
      if (dynamic_cast<const StateOperator*>(&shuffle) != nullptr) {
        AddStateTasks(plan, std::move(task), number, stage);
      } else if (plan.side == kOwnRows || GivesRowsOfNone(graph_, plan) || ReadsSome(stage)) {
        stage.payloads.assign(static_cast<size_t>(task.sources), EncodeToString(task));
      }
      row_batches.assign(stage.payloads.size(), of_rows);
    }
    made_.work.push_back({.way = plan.way, .row_batches = row_batches});
    row_batches_.push_back(std::move(row_batches));
    made_from_.push_back(MadeFrom(plan));
    Keep(plan, number, stage);
    made_.stages.stages.push_back(std::move(stage));
  }

  void Keep(const StagePlan& plan, int number, Stage& stage) {
    const auto reach = options_.reaches.find({plan.tail, plan.side});
    if (reach == options_.reaches.end()) return;
    const WrittenId id = IdOf(plan, plan.ago);
    const BatchNumber until(id.batch.value() + reach->second);
    if (until <= batch_) return;
    stage.keep = true;
    made_.kept[number] = {id,
                          {.outputs = {},
                           .made_from = made_from_.back(),
                           .until = until,
                           .row_batches = row_batches_.back()}};
  }
  std::set<WrittenId> MadeFrom(const StagePlan& plan) const {
    std::set<WrittenId> made_from;
    for (const BatchRead& of_batch : plan.reads) {
      for (const std::vector<int>& side : of_batch.sides) {
        for (const int read : side) {
          const StagePlan& source = plan_[static_cast<size_t>(read)];
          const std::set<WrittenId>& before = made_from_[static_cast<size_t>(read)];
          made_from.insert(before.begin(), before.end());
          made_from.insert(IdOf(source, source.ago));
        }
      }
    }
    return made_from;
  }

  int TasksOf(int stage) const {
    const Stage& made = made_.stages.stages[static_cast<size_t>(stage)];
    return static_cast<int>(made.payloads.size() + made.kept.size());
  }
  bool ReadsSome(const Stage& stage) const {
    return std::ranges::any_of(stage.reads_shuffle_of,
                               [this](int read) { return TasksOf(read) > 0; });
  }

  // Rows that were shuffled have the same partitions in each batch: those become one (as in Spark,
  // where a union knows their partitioner), unless something is told of which batch its rows are.
  // Of any other, each of each batch is one. By task: of which batch its rows are, the last of
  // several.
  std::vector<BatchNumber> ReadKept(const StagePlan& plan, Stage& stage) const {
    const bool become_one =
        dynamic_cast<const ShuffleOperator*>(&graph_.at(plan.head)) != nullptr &&
        !graph_.TellsBatchesApart(plan);
    std::vector<BatchNumber> row_batches;
    for (const BatchRead& of_batch : plan.reads) {
      for (const int read : of_batch.sides.front()) {
        for (int partition = 0; partition < TasksOf(read); ++partition) {
          auto& tasks = stage.reads_outputs;
          const size_t task = become_one ? static_cast<size_t>(partition) : tasks.size();
          if (task == tasks.size()) {
            tasks.emplace_back();
            row_batches.emplace_back();
          }
          tasks[task].push_back({read, partition});
          row_batches[task] =
              row_batches_[static_cast<size_t>(read)][static_cast<size_t>(partition)];
        }
      }
    }
    return row_batches;
  }

  void AddStateTasks(const StagePlan& plan, BatchTask task, int number, Stage& stage) {
    const int64_t ago = plan.reads.back().ago;
    if (!inputs_.contains(Ago(ago))) return;  // there was no such batch
    const KeptState* const kept = KeptBefore(plan.head, ago);
    const int64_t since = batch_.value() - (kept == nullptr ? 0 : kept->batch.value());
    task.state.goes_on = ago == 0;
    task.state.kept = ago == 0 && since >= graph_.StateIntervalOf(plan.head);
    if (ago == 0) made_.state_stages[plan.head] = {.stage = number, .kept = task.state.kept};
    const NewestState* const newest = NewestFor(plan);
    if (newest != nullptr) task.state.read = TaskReadOf(*plan.reads_since_newest);
    for (int partition = 0; partition < task.sources; ++partition) {
      if (newest != nullptr) {
        task.state.newest = newest->attempts.at(static_cast<size_t>(partition));
      }
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

  // What workers may have in memory of a state. Null: nothing; or some of what it was made from is
  // made again, and so must it be.
  const NewestState* NewestFor(const StagePlan& plan) const {
    if (!plan.reads_since_newest.has_value()) return nullptr;
    std::set<int> since_newest;
    for (const std::vector<int>& side : plan.reads_since_newest->sides) {
      since_newest.insert(side.begin(), side.end());
    }
    for (const BatchRead& of_batch : plan.reads) {
      for (const std::vector<int>& side : of_batch.sides) {
        for (const int read : side) {
          const bool is_there = plan_[static_cast<size_t>(read)].was_kept;
          if (!is_there && !since_newest.contains(read)) return nullptr;
        }
      }
    }
    return &options_.newest_states.at(plan.head);
  }

  static void AddReads(const StagePlan& plan, Stage& stage) {
    std::set<int> read;
    const auto add = [&read](const BatchRead& of_batch) {
      for (const std::vector<int>& side : of_batch.sides) read.insert(side.begin(), side.end());
    };
    std::ranges::for_each(plan.reads, add);
    if (plan.reads_since_newest.has_value()) add(*plan.reads_since_newest);
    stage.reads_shuffle_of.assign(read.begin(), read.end());
  }

  const StreamingGraph& graph_;
  const BatchNumber batch_;
  const BatchInputs& inputs_;
  const StateBook& states_;
  const BlockTable& blocks_;
  const BatchGraphOptions& options_;
  const std::vector<StagePlan> plan_;
  BatchGraph made_;
  std::vector<std::set<WrittenId>> made_from_;         // by stage
  std::vector<std::vector<BatchNumber>> row_batches_;  // by stage and task: of which its rows are
};

}  // namespace

bool BatchGraph::has_tasks() const {
  return std::ranges::any_of(stages.stages,
                             [](const Stage& stage) { return !stage.payloads.empty(); });
}

absl::StatusOr<BatchGraph> MakeBatchGraph(const StreamingGraph& graph,
                                          const std::vector<OperatorId>& outputs, BatchNumber batch,
                                          const BatchInputs& inputs, const StateBook& states,
                                          const BlockTable& blocks,
                                          const BatchGraphOptions& options) {
  return BatchGraphMaker(graph, outputs, batch, inputs, states, blocks, options).Make();
}

}  // namespace wavetank::runtime
