#include "runtime/dstream/batch_outputs.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "platform/planted.h"
#include "platform/status_macros.h"
#include "runtime/dstream/stream_steps.h"
#include "runtime/dstream/text_output.h"
#include "runtime/dstream/wire.h"
#include "runtime/steps.h"

namespace wavetank::runtime {

Task<absl::StatusOr<BatchLeft>> BatchOutputs::Run(BatchNumber batch, absl::Time time,
                                                  const BatchInputs& inputs,
                                                  const StateBook& states) {
  const BatchGraphOptions options = GraphOptionsOf(time);
  std::vector<OperatorId> outputs;
  for (const OperatorId output : graph_.outputs()) {
    if (graph_.IsDue(output, batch.value())) outputs.push_back(output);
  }
  blocks_.LetGoBefore(batch);
  accumulators_.Begin(batch, inputs);
  events_.BatchStarted(outputs);
  KeptStates left = states.Before(batch);
  WT_CO_ASSIGN_OR_RETURN(Made all, co_await Make(outputs, batch, inputs, states, options));
  if (all.results.ok()) WT_CO_RETURN_IF_ERROR(TakeStates(batch, all.graph, *all.results, left));
  absl::Status failed;
  for (const OperatorId output : outputs) {
    absl::Status done;
    if (all.results.ok()) {
      done = co_await Show(batch, output, options, all.graph.last_stages.at(output), *all.results);
    } else if (outputs.size() == 1 || IsTransient(all.results.status())) {
      done = all.results.status();
    } else {
      // Which of them failed, each by itself tells.
      WT_CO_ASSIGN_OR_RETURN(Made alone, co_await Make({output}, batch, inputs, states, options));
      done = alone.results.status();
      if (done.ok()) done = TakeStates(batch, alone.graph, *alone.results, left);
      if (done.ok()) {
        done = co_await Show(batch, output, options, alone.graph.last_stages.at(output),
                             *alone.results);
      }
    }
    events_.OutputEnded(output, done);
    if (done.ok()) continue;
    failed.Update(absl::Status(
        done.code(), absl::StrCat("batch ", batch.value(), " (", absl::ToUnixMillis(time), " ms), ",
                                  graph_.at(output).Title(), ": ", done.message())));
  }
  if (!failed.ok()) co_return failed;
  WT_CO_ASSIGN_OR_RETURN(AccumulatorTotals totals, accumulators_.Ended());
  if (platform::Planted(node_, "accumulators_marked_without_the_batch")) {
    totals = accumulators_.totals();
  }
  co_return BatchLeft{.states = std::move(left), .totals = std::move(totals)};
}

// All outlive the task. An error: the graph cannot be made. One of which something is lost that
// was kept is made anew, from what is left: each time less is kept.
Task<absl::StatusOr<BatchOutputs::Made>> BatchOutputs::Make(const std::vector<OperatorId>& outputs,
                                                            BatchNumber batch,
                                                            const BatchInputs& inputs,
                                                            const StateBook& states,
                                                            const BatchGraphOptions& options) {
  blocks_.DropLost();
  BatchInputs of_batch;
  const bool forgets = platform::Planted(node_, "windows_made_again_of_the_newest_batch");
  if (forgets) of_batch.insert(*inputs.find(batch));
  while (true) {
    absl::StatusOr<BatchGraph> graph = MakeBatchGraph(
        graph_, outputs, batch, forgets ? of_batch : inputs, states, blocks_, options);
    if (!graph.ok()) {
      co_return absl::Status(
          graph.status().code(),
          absl::StrCat("batch ", batch.value(), " (", absl::ToUnixMillis(options.batch_time),
                       " ms): ", graph.status().message()));
    }
    Made made{.graph = *std::move(graph), .results = GraphResults()};
    if (made.graph.has_tasks()) {
      made.results = co_await cluster_.Run(std::move(made.graph.stages));
    } else {  // a batch without input
      made.results = GraphResults(made.graph.stages.stages.size());
    }
    if (made.results.ok()) {
      WT_CO_RETURN_IF_ERROR(accumulators_.Take(made.graph, *made.results));
      KeepBlocks(made.graph, *made.results);
    }
    const bool may_be_lost = absl::IsUnavailable(made.results.status());
    if (!may_be_lost || blocks_.DropLost() == 0) co_return made;
    co_await node_.Step(steps::kKeptBlocksLost, {{"batch", batch.value()}});
  }
}

void BatchOutputs::KeepBlocks(BatchGraph& graph, const GraphResults& results) {
  for (auto& [stage, kept] : graph.kept) {
    for (const TaskResult& result : results[static_cast<size_t>(stage)]) {
      kept.written.outputs.push_back(
          {.id = result.id, .worker = result.worker, .replica = result.replica});
    }
    if (platform::Planted(node_, "blocks_kept_for_the_next_batch")) {
      kept.id.batch = kept.id.batch.next();
    }
    blocks_.Put(kept.id, std::move(kept.written));
  }
}

// What the tasks say that they have left, of the attempts that count.
absl::Status BatchOutputs::TakeStates(BatchNumber batch, const BatchGraph& graph,
                                      const GraphResults& results, KeptStates& kept) {
  for (const auto& [op, stage] : graph.state_stages) {
    NewestState& newest = newest_states_[op] = {.batch = batch};
    KeptState now{.batch = batch};
    for (const TaskResult& result : results[static_cast<size_t>(stage.stage)]) {
      TaskStateResult state;
      WT_RETURN_IF_ERROR(DecodeFromString(result.bytes, state));
      now.partitions.push_back({.version = state.version, .files = std::move(state.files)});
      newest.attempts.push_back(result.id.Unique());
    }
    if (!stage.kept) {
      const bool marked_too = platform::Planted(node_, "state_marked_that_is_not_kept");
      if (marked_too && kept.contains(op)) kept[op].batch = batch;
      continue;
    }
    const KeptState before = std::exchange(kept[op], std::move(now));
    std::vector<checkpoint::StateVersion>& partitions = kept[op].partitions;
    if (platform::Planted(node_, "state_of_before_is_marked") && !before.partitions.empty()) {
      partitions.back() = before.partitions.back();
    }
    if (platform::Planted(node_, "states_marked_out_of_order")) std::ranges::reverse(partitions);
  }
  return absl::OkStatus();
}

BatchGraphOptions BatchOutputs::GraphOptionsOf(absl::Time time) const {
  BatchGraphOptions options{.batch_time = time,
                            .default_parallelism = options_.default_parallelism,
                            .state_partitions = state_partitions_,
                            .checkpoint_directory = graph_.checkpoint_directory,
                            .files_directories = {},
                            .reaches = reaches_,
                            .newest_states = newest_states_};
  for (const OperatorId output : graph_.outputs()) {
    const TextFiles* const files = graph_.output(output).files();
    if (files == nullptr) continue;
    options.files_directories[output] =
        absl::StrCat(files->Directory(time), "/", kAttemptPrefix, driver_id_);
  }
  return options;
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
      ran_again = ran_again || result.attempts > 1;
      results.push_back(std::move(result.bytes));
    }
  }
  if (platform::Planted(node_, "output_mark_leaves_out_a_part") && results.size() > 1) {
    results.pop_back();
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
  const internal::AdditionsScope scope(&accumulators_.at_driver(), &accumulators_.so_far());
  const internal::CallsFor calls(0);  // what a driver adds counts whoever does
  try {
    return output.Deliver(results, batch_time, options_.print ? options_.print : into_log);
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  } catch (...) {
    return absl::InternalError("threw what is no std::exception");
  }
}

}  // namespace wavetank::runtime
