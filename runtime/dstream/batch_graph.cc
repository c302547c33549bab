#include "runtime/dstream/batch_graph.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

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
                  BatchNumber batch, const BatchInputs& inputs, const BatchGraphOptions& options)
      : graph_(graph),
        batch_(batch),
        inputs_(inputs),
        options_(options),
        plan_(graph.StagesOf(outputs)) {
    made_.stages.name = absl::StrCat("batch ", batch.value());
    if (outputs.size() == 1) {
      absl::StrAppend(&made_.stages.name, ", ", graph.at(outputs.front()).Title());
    }
    made_.stages.batch = batch.value();
    for (const OperatorId output : outputs) task_.outputs.push_back(output.value());
    task_.batch_time_ms = absl::ToUnixMillis(options.batch_time);
    task_.default_parallelism = options.default_parallelism;
  }

  BatchGraph Make() {
    for (size_t i = 0; i < plan_.size(); ++i) Add(plan_[i], static_cast<int>(i));
    return std::move(made_);
  }

 private:
  void Add(const StagePlan& plan, int number) {
    BatchTask task = task_;
    task.stage = number;
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
        for (InputSplit& split : SplitsOf(*input, BatchNumber(batch_.value() - ago), inputs_)) {
          task.split = std::move(split);
          stage.payloads.push_back(EncodeToString(task));
        }
      }
    } else {
      AddReads(plan, stage);
      const auto& shuffle = dynamic_cast<const ShuffleOperator&>(graph_.at(plan.head));
      const bool any = GivesRowsOfNone(graph_, plan) ||
                       std::ranges::any_of(stage.reads_shuffle_of, [this](int read) {
                         return !made_.stages.stages[static_cast<size_t>(read)].payloads.empty();
                       });
      const int partitions = shuffle.partitions().value_or(options_.default_parallelism);
      if (any) stage.payloads.assign(static_cast<size_t>(partitions), EncodeToString(task));
    }
    made_.stages.stages.push_back(std::move(stage));
  }

  static void AddReads(const StagePlan& plan, Stage& stage) {
    for (const std::vector<int>& side : plan.reads) {
      for (const int read : side) {
        if (std::ranges::count(stage.reads_shuffle_of, read) > 0) continue;
        stage.reads_shuffle_of.push_back(read);
      }
    }
  }

  const StreamingGraph& graph_;
  const BatchNumber batch_;
  const BatchInputs& inputs_;
  const BatchGraphOptions& options_;
  const std::vector<StagePlan> plan_;
  BatchTask task_;
  BatchGraph made_;
};

}  // namespace

bool BatchGraph::has_tasks() const {
  return std::ranges::any_of(stages.stages,
                             [](const Stage& stage) { return !stage.payloads.empty(); });
}

BatchGraph MakeBatchGraph(const StreamingGraph& graph, const std::vector<OperatorId>& outputs,
                          BatchNumber batch, const BatchInputs& inputs,
                          const BatchGraphOptions& options) {
  return BatchGraphMaker(graph, outputs, batch, inputs, options).Make();
}

}  // namespace wavetank::runtime
