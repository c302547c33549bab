#include "runtime/structured/batch_tasks.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "platform/status_macros.h"
#include "runtime/columnar/text_lines.h"
#include "runtime/connectors/delimited_text.h"
#include "runtime/connectors/file_sink.h"
#include "runtime/connectors/file_source.h"
#include "runtime/steps.h"
#include "runtime/structured/query_check.h"
#include "runtime/structured/tasks.pb.h"

namespace wavetank::runtime {
namespace {

using checkpoint::StateStore;
using checkpoint::StateVersion;
using structured::BatchTask;
using structured::BatchTaskResult;

constexpr int64_t kReadChunkBytes = 1 << 20;

absl::StatusOr<BatchTask> Decode(const std::string& payload) {
  BatchTask task;
  if (!task.ParseFromString(payload)) {
    return absl::InvalidArgumentError("a structured task's payload cannot be decoded");
  }
  return task;
}

BatchClock ClockOf(const BatchTask& task) {
  return {FromMicros(task.timestamp_micros()), FromMicros(task.late_watermark_micros()),
          FromMicros(task.watermark_micros())};
}

void AddStats(const MapStats& stats, BatchTaskResult& result) {
  result.set_rows_in(stats.rows_in);
  result.set_rows_out(stats.rows_out);
  result.set_rows_dropped_late(stats.rows_dropped_late);
  result.set_rows_without_time(stats.rows_without_time);
  for (const auto& [operator_id, times] : stats.event_times) {
    structured::EventTimes& out = *result.add_event_times();
    out.set_operator_id(operator_id);
    out.set_rows(times.rows);
    out.set_min_micros(ToMicros(times.min));
    out.set_max_micros(ToMicros(times.max));
  }
}

void AddStats(const ReduceStats& stats, BatchTaskResult& result) {
  result.set_rows_in(stats.rows_in);
  result.set_rows_out(stats.rows_out);
  result.set_state_rows(stats.state_rows);
  result.set_rows_updated(stats.rows_updated);
  result.set_rows_removed(stats.rows_removed);
}

std::string ToDelimitedText(const RecordBatch& rows) {
  std::string text;
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    for (int i = 0; i < rows.schema().size(); ++i) {
      if (i > 0) text += ',';
      const Column& column = rows.column(i);
      if (column.IsNull(row)) {
        AppendField(std::nullopt, text);
      } else if (column.type() == DataType::kString) {
        AppendField(column.StringAt(row), text);
      } else {
        text += column.CellText(row);
      }
    }
    text += '\n';
  }
  return text;
}

// REQUIRES: `context` and `rows` outlive the task.
Task<absl::StatusOr<std::string>> StagePart(TaskContext& context, int64_t batch,
                                            std::string directory, const RecordBatch& rows) {
  WT_CO_ASSIGN_OR_RETURN(
      std::string part,
      co_await StageFilePart(context.store(), std::move(directory), batch, context.id().Unique(),
                             ToDelimitedText(rows), rows.num_rows()));
  co_await context.node().Step(steps::kPartStaged,
                               {{"batch", batch}, {"partition", context.id().partition}});
  co_return part;
}

}  // namespace

namespace {

struct MappedFile {
  MapStats stats;
  std::vector<std::vector<RecordBatch>> outputs;  // by target partition
};

// What counts once the reader has found that it was the file that was meant. All outlive the task.
Task<absl::Status> MapFile(TaskContext& context, const StreamingQueryPlan& plan,
                           const BatchClock& clock, SourceFileReader& reader, MappedFile& mapped) {
  while (true) {
    WT_CO_ASSIGN_OR_RETURN(const std::optional<std::string> lines, co_await reader.Next());
    if (!lines) co_return absl::OkStatus();
    const RecordBatch rows = TextLines(*lines);
    co_await context.node().Work(rows.num_rows());
    WT_CO_ASSIGN_OR_RETURN(MapOutput output, MapTask(plan, rows, clock));
    mapped.stats.Merge(output.stats);
    mapped.outputs.resize(output.partitions.size());
    for (size_t i = 0; i < output.partitions.size(); ++i) {
      if (output.partitions[i]->num_rows() > 0) {
        mapped.outputs[i].push_back(*output.partitions[i]);
      }
    }
  }
}

}  // namespace

std::string MapTaskKind(const std::string& query) { return absl::StrCat("structured.map:", query); }
std::string ReduceTaskKind(const std::string& query) {
  return absl::StrCat("structured.reduce:", query);
}

Task<absl::StatusOr<std::string>> MapTaskBody::Run(TaskContext& context, std::string payload) {
  WT_CO_ASSIGN_OR_RETURN(const BatchTask task, Decode(payload));
  WT_CO_ASSIGN_OR_RETURN(const std::shared_ptr<const StreamingQueryPlan> plan,
                         co_await plans_->Get(context, task.plan_hash()));
  const BatchClock clock = ClockOf(task);

  WT_CO_ASSIGN_OR_RETURN(const FileSourceOptions options, SourceOptions(plan->source));

  MapStats stats;
  std::vector<std::vector<RecordBatch>> outputs;  // by target partition, in row order
  int64_t skipped = 0;
  for (const structured::SourceFileRange& file : task.files()) {
    SourceFileReader reader(context.store(), {file.path(), file.size_bytes(), file.crc32c()},
                            kReadChunkBytes);
    MappedFile mapped;
    const absl::Status read = co_await MapFile(context, *plan, clock, reader, mapped);
    if (reader.lost() && options.files.lost == LostFiles::kSkip) {
      ++skipped;
      context.node().Log(platform::LogLevel::kWarning,
                         absl::StrCat("batch ", task.batch(), ": ", read.message(),
                                      ": it is skipped, as lostFiles says"));
      co_await context.node().Step(steps::kInputFileSkipped);
      continue;
    }
    WT_CO_RETURN_IF_ERROR(read);
    stats.Merge(mapped.stats);
    outputs.resize(std::max(outputs.size(), mapped.outputs.size()));
    for (size_t i = 0; i < mapped.outputs.size(); ++i) {
      for (RecordBatch& rows : mapped.outputs[i]) outputs[i].push_back(std::move(rows));
    }
  }

  BatchTaskResult result;
  result.set_files_skipped(skipped);
  AddStats(stats, result);
  for (size_t target = 0; target < outputs.size(); ++target) {
    if (outputs[target].empty()) continue;
    const SchemaPtr schema = outputs[target].front().schema_ptr();
    auto rows = std::make_shared<const RecordBatch>(Concatenate(schema, outputs[target]));
    if (plan->stateful) {
      context.PutShuffle(static_cast<int>(target), std::move(rows));
    } else {
      WT_CO_ASSIGN_OR_RETURN(
          *result.mutable_part(),
          co_await StagePart(context, task.batch(), task.sink_directory(), *rows));
    }
  }
  co_return result.SerializeAsString();
}

std::vector<JobDirectory> DirectoriesOf(const StreamingQueryDefinition& definition,
                                        const StreamingQueryPlan& plan) {
  std::vector<JobDirectory> directories = {
      {.use = JobDirectory::Use::kInput, .path = plan.source.path, .query = definition.name}};
  const auto add = [&](const char* option, JobDirectory::Use use) {
    const auto found = definition.options.find(option);
    if (found == definition.options.end() || found->second.empty()) return;
    directories.push_back(
        {.use = use, .path = checkpoint::NormalPath(found->second), .query = definition.name});
  };
  add("path", JobDirectory::Use::kOutput);
  add("checkpointLocation", JobDirectory::Use::kCheckpoint);
  return directories;
}

absl::StatusOr<checkpoint::StateStoreOptions> StateOptions(
    const StreamingQueryDefinition& definition, const StreamingQueryPlan& plan) {
  checkpoint::StateStoreOptions options;
  options.operator_fingerprint =
      absl::StrCat(absl::Hex(platform::StableHash(plan.state_fingerprint), absl::kZeroPad16));
  options.stores = {{.name = "groups", .schema_fingerprint = plan.state_schema}};
  WT_ASSIGN_OR_RETURN(options.compression, StateCompressionOf(definition));
  return options;
}

// Every partition goes on by one version a batch, so what is behind has moved to another worker.
std::unique_ptr<StateStore> ReduceTaskBody::TakeCached(const std::string& directory,
                                                       const StateVersion& version) {
  std::erase_if(cache_, [&version](const auto& entry) {
    return entry.second->version().version < version.version;
  });
  const auto found = cache_.find(directory);
  if (found == cache_.end()) return nullptr;
  std::unique_ptr<StateStore> state = std::move(found->second);
  cache_.erase(found);
  if (state->version() != version) return nullptr;
  return state;
}

Task<absl::StatusOr<std::string>> ReduceTaskBody::Run(TaskContext& context, std::string payload) {
  WT_CO_ASSIGN_OR_RETURN(const BatchTask task, Decode(payload));
  WT_CO_ASSIGN_OR_RETURN(const std::shared_ptr<const StreamingQueryPlan> plan,
                         co_await plans_->Get(context, task.plan_hash()));
  platform::Node& node = context.node();
  const int partition = context.id().partition;

  std::vector<RecordBatch> inputs;
  int64_t input_rows = 0;
  if (task.reads_shuffle()) {
    WT_CO_ASSIGN_OR_RETURN(const std::vector<ShuffleBlock> blocks,
                           co_await context.FetchShuffle(0));
    for (const ShuffleBlock& block : blocks) {
      if (block.object == nullptr && block.bytes.empty()) continue;
      WT_CO_ASSIGN_OR_RETURN(RecordBatch rows, RecordBatch::Receive(block.object, block.bytes));
      input_rows += rows.num_rows();
      inputs.push_back(std::move(rows));
    }
  }

  const std::string& directory = task.state().directory();
  StateVersion version{task.state().version(),
                       {task.state().files().begin(), task.state().files().end()}};
  std::unique_ptr<StateStore> state = TakeCached(directory, version);
  const bool cached = state != nullptr;
  if (!cached) {
    WT_CO_ASSIGN_OR_RETURN(checkpoint::StateStoreOptions options, StateOptions(definition_, *plan));
    WT_CO_ASSIGN_OR_RETURN(
        state, co_await StateStore::Open(node, context.store(), directory, std::move(version),
                                         std::move(options)));
  }
  co_await node.Step(steps::kStateLoaded,
                     {{"batch", task.batch()}, {"partition", partition}, {"cached", cached}});

  co_await node.Work(input_rows);
  WT_CO_ASSIGN_OR_RETURN(ReduceOutput output,
                         ReduceTask(*plan, partition, inputs, state->table(), ClockOf(task)));
  WT_CO_ASSIGN_OR_RETURN(StateVersion next, co_await state->Commit());
  co_await node.Step(steps::kStateCommitted, {{"batch", task.batch()}, {"partition", partition}});

  BatchTaskResult result;
  AddStats(output.stats, result);
  result.mutable_state()->set_directory(directory);
  result.mutable_state()->set_version(next.version);
  for (std::string& file : next.files) result.mutable_state()->add_files(std::move(file));
  WT_CO_ASSIGN_OR_RETURN(
      *result.mutable_part(),
      co_await StagePart(context, task.batch(), task.sink_directory(), *output.rows));
  cache_.insert_or_assign(directory, std::move(state));
  co_return result.SerializeAsString();
}

}  // namespace wavetank::runtime
