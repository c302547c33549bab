#include "runtime/structured/batch_graph.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/named_files.h"
#include "checkpoint/paths.h"
#include "platform/check.h"
#include "runtime/structured/batch_definition.h"
#include "runtime/structured/batch_tasks.h"
#include "runtime/structured/tasks.pb.h"

namespace wavetank::runtime {
namespace {

using checkpoint::OperatorState;
using structured::BatchTask;
using structured::BatchTaskResult;

BatchTask CommonTask(const StreamingQueryPlan& plan, const BatchWork& work) {
  const checkpoint::BatchDefinition& definition = work.definition;
  BatchTask task;
  task.set_batch(definition.batch_id());
  task.set_plan_hash(plan.hash);
  task.set_timestamp_micros(ToMicros(absl::FromUnixMillis(definition.timestamp_ms())));
  task.set_late_watermark_micros(ToMicros(work.late_watermark));
  task.set_watermark_micros(ToMicros(WatermarkOf(definition)));
  task.set_sink_directory(work.sink_directory);
  return task;
}

Stage MapStage(const BatchWork& work, const BatchTask& common) {
  const std::vector<SourceFile> files = FilesOf(work.definition);
  Stage stage;
  stage.kind = MapTaskKind(work.query);
  const size_t tasks = std::min<size_t>(files.size(), kMaxMapTasks);
  for (size_t i = 0; i < tasks; ++i) {
    BatchTask task = common;
    for (size_t f = files.size() * i / tasks; f < files.size() * (i + 1) / tasks; ++f) {
      structured::SourceFileRange& range = *task.add_files();
      range.set_path(files[f].path);
      range.set_size_bytes(files[f].size_bytes);
      range.set_crc32c(files[f].crc32c);
    }
    stage.payloads.push_back(task.SerializeAsString());
  }
  return stage;
}

Stage ReduceStage(const StreamingQueryPlan& plan, const BatchWork& work, const BatchTask& common,
                  bool reads_shuffle) {
  Stage stage;
  stage.kind = ReduceTaskKind(work.query);
  if (reads_shuffle) stage.reads_shuffle_of = {0};
  for (int partition = 0; partition < plan.shuffle_partitions; ++partition) {
    BatchTask task = common;
    task.set_reads_shuffle(reads_shuffle);
    structured::StateRef& state = *task.mutable_state();
    state.set_directory(
        checkpoint::StateDirectory(work.checkpoint_directory, plan.state_operator_id, partition));
    if (!work.states.empty()) {
      const OperatorState& from = work.states[static_cast<size_t>(partition)];
      state.set_version(from.version());
      for (std::string& file : checkpoint::StateFiles(work.checkpoint_directory, from)) {
        state.add_files(std::move(file));
      }
    }
    stage.payloads.push_back(task.SerializeAsString());
  }
  return stage;
}

void MergeResult(const BatchTaskResult& result, bool is_map, BatchAttempt& attempt) {
  if (is_map) {
    MapStats stats;
    stats.rows_in = result.rows_in();
    stats.rows_out = result.rows_out();
    stats.rows_dropped_late = result.rows_dropped_late();
    for (const structured::EventTimes& times : result.event_times()) {
      stats.event_times[times.operator_id()] = {times.rows(), FromMicros(times.min_micros()),
                                                FromMicros(times.max_micros())};
    }
    stats.rows_without_time = result.rows_without_time();
    attempt.map.Merge(stats);
    attempt.files_skipped += result.files_skipped();
  } else {
    ReduceStats stats;
    stats.rows_in = result.rows_in();
    stats.rows_out = result.rows_out();
    stats.state_rows = result.state_rows();
    stats.rows_updated = result.rows_updated();
    stats.rows_removed = result.rows_removed();
    attempt.reduce.Merge(stats);
  }
}

}  // namespace

StageGraph BuildBatchGraph(const StreamingQueryPlan& plan, const BatchWork& work) {
  WT_CHECK(work.states.empty() ||
           work.states.size() == static_cast<size_t>(plan.shuffle_partitions));
  const int64_t batch = work.definition.batch_id();
  StageGraph graph;
  graph.name = absl::StrCat("query ", work.query, " batch ", batch);
  graph.batch = batch;
  const BatchTask common = CommonTask(plan, work);
  Stage map = MapStage(work, common);
  const bool has_input = !map.payloads.empty();
  if (has_input) graph.stages.push_back(std::move(map));
  if (plan.stateful) graph.stages.push_back(ReduceStage(plan, work, common, has_input));
  return graph;
}

absl::StatusOr<BatchAttempt> CollectAttempt(const StreamingQueryPlan& plan,
                                            const GraphResults& results) {
  BatchAttempt attempt;
  for (size_t stage = 0; stage < results.size(); ++stage) {
    const bool is_last = stage + 1 == results.size();
    const bool is_map = !(plan.stateful && is_last);
    for (const TaskResult& task : results[stage]) {
      BatchTaskResult result;
      if (!result.ParseFromString(task.bytes)) {
        return absl::InternalError(
            absl::StrCat("the result of task ", task.id.Unique(), " cannot be decoded"));
      }
      MergeResult(result, is_map, attempt);
      if (!is_last) continue;
      attempt.rows_out += result.rows_out();
      attempt.parts.push_back(std::move(*result.mutable_part()));
      if (is_map) continue;
      OperatorState state;
      state.set_operator_id(plan.state_operator_id);
      state.set_partition(task.id.partition);
      state.set_version(result.state().version());
      for (const std::string& file : result.state().files()) {
        state.add_names(checkpoint::NameInPath(file));
      }
      attempt.states.push_back(std::move(state));
    }
  }
  return attempt;
}

}  // namespace wavetank::runtime
