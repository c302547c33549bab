#include "runtime/dstream/batch_outputs.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "platform/planted.h"
#include "platform/status_macros.h"
#include "runtime/dstream/text_output.h"
#include "runtime/dstream/wire.h"
#include "runtime/steps.h"

namespace wavetank::runtime {

Task<absl::StatusOr<KeptStates>> BatchOutputs::Run(BatchNumber batch, absl::Time time,
                                                   const BatchInputs& inputs,
                                                   const StateBook& states) {
  const BatchGraphOptions options = GraphOptionsOf(time);
  std::vector<OperatorId> outputs;
  for (const OperatorId output : graph_.outputs()) {
    if (graph_.IsDue(output, batch.value())) outputs.push_back(output);
  }
  KeptStates left = states.Before(batch);
  absl::StatusOr<BatchGraph> made = MakeBatchGraph(graph_, outputs, batch, inputs, states, options);
  if (!made.ok()) {
    co_return absl::Status(made.status().code(),
                           absl::StrCat("batch ", batch.value(), " (", absl::ToUnixMillis(time),
                                        " ms): ", made.status().message()));
  }
  BatchGraph all = *std::move(made);
  absl::StatusOr<GraphResults> results = co_await RunGraph(all);
  if (results.ok()) WT_CO_RETURN_IF_ERROR(TakeStates(batch, all, *results, left));
  absl::Status failed;
  for (const OperatorId output : outputs) {
    absl::Status done;
    if (results.ok()) {
      done = co_await Show(batch, output, options, all.last_stages.at(output), *results);
    } else if (outputs.size() == 1 || IsTransient(results.status())) {
      done = results.status();
    } else {
      // Which of them failed, each by itself tells.
      WT_CO_ASSIGN_OR_RETURN(BatchGraph alone,
                             MakeBatchGraph(graph_, {output}, batch, inputs, states, options));
      absl::StatusOr<GraphResults> own = co_await RunGraph(alone);
      done = own.status();
      if (done.ok()) done = TakeStates(batch, alone, *own, left);
      if (done.ok()) {
        done = co_await Show(batch, output, options, alone.last_stages.at(output), *own);
      }
    }
    if (done.ok()) continue;
    failed.Update(absl::Status(
        done.code(), absl::StrCat("batch ", batch.value(), " (", absl::ToUnixMillis(time), " ms), ",
                                  graph_.at(output).Title(), ": ", done.message())));
  }
  if (!failed.ok()) co_return failed;
  co_return left;
}

// What the tasks say that they have kept, of the attempts that count.
absl::Status BatchOutputs::TakeStates(BatchNumber batch, const BatchGraph& graph,
                                      const GraphResults& results, KeptStates& states) {
  for (const auto& [op, stage] : graph.state_stages) {
    const KeptState before = std::exchange(states[op], {.batch = batch});
    KeptState& kept = states[op];
    for (const TaskResult& result : results[static_cast<size_t>(stage)]) {
      TaskStateResult state;
      WT_RETURN_IF_ERROR(DecodeFromString(result.bytes, state));
      kept.partitions.push_back({.version = state.version, .files = std::move(state.files)});
    }
    if (platform::Planted(node_, "state_of_before_is_marked") && !before.partitions.empty()) {
      kept.partitions.back() = before.partitions.back();
    }
    if (platform::Planted(node_, "states_marked_out_of_order")) {
      std::ranges::reverse(kept.partitions);
    }
  }
  return absl::OkStatus();
}

BatchGraphOptions BatchOutputs::GraphOptionsOf(absl::Time time) const {
  BatchGraphOptions options{.batch_time = time,
                            .default_parallelism = options_.default_parallelism,
                            .state_partitions = state_partitions_,
                            .checkpoint_directory = graph_.checkpoint_directory};
  for (const OperatorId output : graph_.outputs()) {
    const TextFiles* const files = graph_.output(output).files();
    if (files == nullptr) continue;
    options.files_directories[output] =
        absl::StrCat(files->Directory(time), "/", kAttemptPrefix, driver_id_);
  }
  return options;
}

// A batch without input has no tasks.
Task<absl::StatusOr<GraphResults>> BatchOutputs::RunGraph(BatchGraph& graph) {
  if (!graph.has_tasks()) co_return GraphResults(graph.stages.stages.size());
  co_return co_await cluster_.Run(std::move(graph.stages));
}

// What its last stages gave. All outlive the task.
Task<absl::Status> BatchOutputs::Show(BatchNumber batch, OperatorId output_id,
                                      const BatchGraphOptions& options,
                                      const std::vector<int>& last_stages, GraphResults& stages) {
  const OutputOperator& output = graph_.output(output_id);
  std::vector<std::string> results;
  bool ran_again = false;
  for (const int stage : last_stages) {
    for (TaskResult& result : stages[static_cast<size_t>(stage)]) {
      ran_again = ran_again || result.id.attempt > 0;
      results.push_back(std::move(result.bytes));
    }
  }
  if (output.files() != nullptr) {
    const std::string& directory = options.files_directories.at(output_id);
    WT_CO_RETURN_IF_ERROR(co_await MarkComplete(store_, directory, results));
    if (ran_again) co_await RemoveForeignParts(node_, store_, directory, results);
  } else {
    WT_CO_RETURN_IF_ERROR(Deliver(output, results, options.batch_time));
  }
  co_await node_.Step(steps::kOutputDone,
                      {{"batch", batch.value()},
                       {"output", output_id.value()},
                       {"prefix", output.files() != nullptr ? output.files()->prefix : ""}});
  co_return absl::OkStatus();
}

absl::Status BatchOutputs::Deliver(const OutputOperator& output,
                                   const std::vector<std::string>& results, absl::Time batch_time) {
  const auto into_log = [this](std::string text) {
    node_.Log(platform::LogLevel::kInfo, std::move(text));
  };
  try {
    return output.Deliver(results, batch_time, options_.print ? options_.print : into_log);
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  } catch (...) {
    return absl::InternalError("threw what is no std::exception");
  }
}

}  // namespace wavetank::runtime
