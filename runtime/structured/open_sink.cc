#include "runtime/structured/open_sink.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "platform/status_macros.h"
#include "runtime/connectors/connector_registry.h"
#include "runtime/connectors/staged_rows.h"
#include "runtime/steps.h"

namespace wavetank::runtime {
namespace {

std::string DirectoryOf(const OptionMap& options) {
  return StagedRowsDirectory(checkpoint::NormalPath(OptionValue(options, "checkpointLocation")));
}

std::string OwnDirectoryOf(const OptionMap& options) {
  return checkpoint::JoinPath(checkpoint::NormalPath(OptionValue(options, "checkpointLocation")),
                              "sink");
}

class ApplyTaskBody final : public TaskBody {
 public:
  ApplyTaskBody(std::string query, BatchFunction function)
      : query_(std::move(query)), function_(std::move(function)) {}

  Task<absl::StatusOr<std::string>> Run(TaskContext& context, std::string payload) override {
    structured::ApplyTask task;
    StagedBatch batch;
    if (!task.ParseFromString(payload) || !batch.ParseFromString(task.batch())) {
      co_return absl::InvalidArgumentError("the payload is no prepared batch");
    }
    const int64_t number = batch.batch();
    BatchQuery query{.name = task.query(),
                     .id = task.query_id(),
                     .mode = static_cast<QueryOutputMode>(task.mode()),
                     .keys = {task.keys().begin(), task.keys().end()}};
    OptionMap options = ToOptionValues(task.options());
    query.directory = OwnDirectoryOf(options);
    WT_CO_RETURN_IF_ERROR(co_await ApplyStagedBatch(
        context.node(), context.store(), task.directory(), std::move(batch), std::move(options),
        function_, std::move(query)));
    co_await context.node().Step(steps::kBatchApplied, {{"batch", number}, {"query", query_}});
    co_return std::string();
  }

 private:
  const std::string query_;
  const BatchFunction function_;
};

Task<absl::Status> RunApplyTask(Cluster& cluster, BatchQuery query, OptionMap options,
                                StagedBatch batch) {
  structured::ApplyTask task;
  task.set_directory(DirectoryOf(options));
  AddOptions(options, *task.mutable_options());
  task.set_batch(batch.SerializeAsString());
  task.set_query(query.name);
  task.set_query_id(query.id);
  task.set_mode(static_cast<int>(query.mode));
  task.mutable_keys()->Add(query.keys.begin(), query.keys.end());
  StageGraph graph;
  graph.name = absl::StrCat("query ", query.name, " apply batch ", batch.batch());
  graph.batch = batch.batch();
  graph.stages = {
      {.kind = ApplyTaskKind(query.name), .payloads = {task.SerializeAsString()}, .alone = true}};
  co_return (co_await cluster.Run(std::move(graph))).status();
}

}  // namespace

void AddOptions(const OptionMap& options,
                google::protobuf::RepeatedPtrField<structured::SinkOption>& to) {
  for (const auto& [name, value] : options) {
    structured::SinkOption& option = *to.Add();
    option.set_name(name);
    option.set_value(value);
  }
}

OptionMap ToOptionValues(const google::protobuf::RepeatedPtrField<structured::SinkOption>& from) {
  OptionMap options;
  for (const structured::SinkOption& option : from) options[option.name()] = option.value();
  return options;
}

std::string ApplyTaskKind(const std::string& query) { return absl::StrCat("apply:", query); }

absl::StatusOr<std::unique_ptr<TransactionalSink>> OpenSink(
    const StreamingQueryDefinition& definition, Cluster& cluster, SinkContext context) {
  WT_ASSIGN_OR_RETURN(const SinkFormat* const format, definition.Sink());
  if (format->apply == nullptr) return format->open(context);
  BatchQuery query{
      .name = definition.name, .id = context.query_id, .mode = context.mode, .keys = context.keys};
  return BatchFunctionSink(
      context.store, DirectoryOf(context.options),
      [&cluster, query = std::move(query), options = context.options](StagedBatch batch) {
        return RunApplyTask(cluster, query, options, std::move(batch));
      });
}

absl::StatusOr<std::unique_ptr<SinkWriter>> OpenSinkWriter(
    const StreamingQueryDefinition& definition, SinkWriterContext context) {
  WT_ASSIGN_OR_RETURN(const SinkFormat* const format, definition.Sink());
  if (format->apply == nullptr) return format->write(context);
  return StageRows(context.store, DirectoryOf(context.options), context.batch, context.unique);
}

std::unique_ptr<TaskBody> ApplyTaskBodyOf(const StreamingQueryDefinition& definition) {
  const auto format = definition.Sink();
  if (!format.ok() || (*format)->apply == nullptr) return nullptr;
  return std::make_unique<ApplyTaskBody>(definition.name, (*format)->apply);
}

}  // namespace wavetank::runtime
