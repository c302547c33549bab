// How an execution takes its query over: what is checked before anything is written or claimed, the
// log, the query's identity, its source and its sink.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "runtime/connectors/check_apart_in_store.h"
#include "runtime/connectors/connector_registry.h"
#include "runtime/connectors/directory_uses.h"
#include "runtime/steps.h"
#include "runtime/structured/compiled_queries.h"
#include "runtime/structured/fragment_task.h"
#include "runtime/structured/micro_batch.h"
#include "runtime/structured/open_sink.h"
#include "runtime/structured/query_check.h"
#include "runtime/structured/query_places.h"
#include "runtime/structured/state_layout.h"
#include "runtime/structured/trigger.h"

namespace wavetank::runtime {
namespace {

std::vector<std::string> SourceNames(const StreamingQueryPlan& plan) {
  std::vector<std::string> names;
  for (const StreamingQueryPlan::Source& source : plan.sources) {
    names.push_back(source.description.Name());
  }
  return names;
}

}  // namespace

Task<absl::Status> MicroBatchExecution::TakeOver() {
  WT_CO_ASSIGN_OR_RETURN(sink_format_, definition_.Sink());
  const bool sink_has_path = sink_format_->path != PathUse::kNone;
  for (const char* option : {"checkpointLocation", "path"}) {
    const bool needed = sink_has_path || option != std::string_view("path");
    if (!needed || !OptionValue(definition_.options, option).empty()) continue;
    co_return absl::InvalidArgumentError(absl::StrCat("it has no option '", option,
                                                      "': give WriteStream() one, a directory in "
                                                      "the checkpoint store"));
  }
  checkpoint_directory_ = checkpoint::NormalPath(definition_.options.at("checkpointLocation"));
  sink_name_ = sink_has_path ? checkpoint::NormalPath(definition_.options.at("path"))
                             : definition_.sink_format;
  WT_CO_RETURN_IF_ERROR(Compile());
  WT_CO_RETURN_IF_ERROR(co_await CheckBeforeFirstWrite());
  std::optional<WatermarkPolicy> policy;
  if (plan_->watermarks.size() > 1) {
    WT_CO_ASSIGN_OR_RETURN(policy, WatermarkPolicyOf(definition_));
  }
  WT_CO_ASSIGN_OR_RETURN(const std::string sink_place, PlaceOfSink(definition_));
  QueryIdentity identity{.state_fingerprint = plan_->state_fingerprint,
                         .job_version = options_.job_version,
                         .build_id = options_.build_id,
                         .source_names = SourceNames(*plan_),
                         .sink_name = sink_name_,
                         .sink_place = sink_place,
                         .shuffle_partitions = options_.shuffle_partitions,
                         .keeps_state = plan_->stateful(),
                         .watermark_policy = policy};
  WT_CO_RETURN_IF_ERROR(co_await CheckBeforeClaim(identity));

  protocol_ = std::make_unique<QueryProtocol>(node_, store_, definition_.name, LogDirectory(),
                                              options_.min_batches_to_retain);
  WT_CO_RETURN_IF_ERROR(co_await protocol_->TakeOver(options_.log_segment_bytes));
  // Before anything is written: where it begins goes into the log with what the query is.
  WT_CO_RETURN_IF_ERROR(OpenSources());
  if (history().metadata() && !identity.shuffle_partitions) {
    WT_CO_ASSIGN_OR_RETURN(shuffle_partitions_,
                           PartitionsOf(*history().metadata(), history().layout()));
    if (!history().bound()) identity.shuffle_partitions = shuffle_partitions_;
    WT_CO_RETURN_IF_ERROR(Compile());
  }
  WT_CO_RETURN_IF_ERROR(co_await BeginUnlessBound(identity));
  WT_CO_ASSIGN_OR_RETURN(const PinnedSettings pinned,
                         CheckCompatible(*history().metadata(), history().layout(), identity));
  shuffle_partitions_ = pinned.shuffle_partitions;
  if (policy && *policy != pinned.watermark_policy) {
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat("query ", definition_.name, ": its checkpoint was begun with another ",
                           "multipleWatermarkPolicy, and goes on with that one"));
  }
  if (!pinned.sink_place.empty() && pinned.sink_place != sink_place) {
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat("query ", definition_.name, ": its checkpoint was begun with a sink at ",
                           pinned.sink_place, ", and this start writes to ", sink_place,
                           ": what is committed stays where it is, what comes goes there"));
  }
  WT_CO_RETURN_IF_ERROR(Compile());
  WT_CO_RETURN_IF_ERROR(co_await LogPlan());
  if (history().metadata()->build_id() != options_.build_id) {
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat("query ", definition_.name, ": its checkpoint was begun by build '",
                           history().metadata()->build_id(), "', this is build '",
                           options_.build_id, "'"));
  }
  WT_CO_RETURN_IF_ERROR(co_await OpenPlannerAndSink());
  runner_ = std::make_unique<BatchRunner>(
      node_, store_, cluster_, *protocol_, definition_, checkpoint_directory_,
      BatchPlan{
          .plan = plan_, .hash = plan_record_.hash(), .watermark_policy = pinned.watermark_policy});
  if (plan_->stateful()) {
    retention_.emplace(node_, store_, checkpoint_directory_, protocol_->log(), history());
  }
  batch_start_ = node_.clock().Now();
  planner_->Start(batch_start_);
  co_return absl::OkStatus();
}

// What is refused must not stand in a checkpoint, which would refuse what is right after it.
Task<absl::Status> MicroBatchExecution::CheckBeforeFirstWrite() {
  WT_CO_RETURN_IF_ERROR(StateOptions(definition_, *plan_, {}).status());
  for (const StreamingQueryPlan::Source& source : plan_->sources) {
    WT_CO_RETURN_IF_ERROR(CheckSource(source.description, definition_.Connectors()).status());
  }
  WT_CO_RETURN_IF_ERROR(CheckFeedsNotItself(definition_, *plan_));
  std::vector<JobDirectory> directories = DirectoriesOf(definition_, *plan_);
  for (const JobDirectory& directory : directories) {
    WT_CO_RETURN_IF_ERROR(checkpoint::CheckPath(directory.path));
  }
  WT_CO_RETURN_IF_ERROR(CheckApart(directories));
  WT_CO_RETURN_IF_ERROR(co_await CheckApartInStore(store_, directories));
  WT_CO_RETURN_IF_ERROR(co_await CheckUses(store_, directories, CheckpointOf::kQuery));
  // One that is not there yet may come.
  for (const JobDirectory& directory : directories) {
    if (directory.use != JobDirectory::Use::kInput) continue;
    const auto source = co_await store_.Identify(directory.path);
    if (!source.ok() && !absl::IsNotFound(source.status())) {
      co_return absl::Status(source.status().code(),
                             absl::StrCat("its input directory: ", source.status().message()));
    }
  }
  co_return absl::OkStatus();
}

absl::Status MicroBatchExecution::OpenSources() {
  WT_ASSIGN_OR_RETURN(sources_,
                      QuerySources::Open(node_, store_, history(), *plan_, definition_.Connectors(),
                                         {.timeout = options_.source_timeout,
                                          .unlimited = options_.trigger == TriggerKind::kOnce,
                                          .checkpoint = checkpoint_directory_,
                                          .batch_bytes = options_.batch_bytes}));
  return absl::OkStatus();
}

Task<absl::Status> MicroBatchExecution::OpenPlannerAndSink() {
  const bool once = options_.trigger == TriggerKind::kOnce;
  const bool ends = once || options_.trigger == TriggerKind::kAvailableNow;
  if (ends) WT_CO_RETURN_IF_ERROR(co_await sources_->FreezeAvailable(available_));
  if (once && !available_.only_batch) available_.only_batch = newest_batch() + 1;
  // The driver before may have ended between the commit and telling them.
  const auto committed = std::ranges::find_if(
      history().batches().rbegin(), history().batches().rend(),
      [](const checkpoint::BatchHistory& batch) { return batch.commit.has_value(); });
  if (committed != history().batches().rend()) co_await sources_->Committed(committed->definition);
  planner_ =
      std::make_unique<BatchPlanner>(node_, *sources_,
                                     BatchPlannerOptions{.interval = definition_.trigger_interval,
                                                         .poll_interval = options_.poll_interval,
                                                         .available_now = ends,
                                                         .whole = once,
                                                         .stop = options_.stop,
                                                         .watch = options_.watch});
  if (options_.watch != nullptr) options_.watch->TakenOver(history().metadata()->query_id());
  WT_CO_ASSIGN_OR_RETURN(sink_, OpenSink(definition_, cluster_,
                                         {.node = node_,
                                          .store = store_,
                                          .options = definition_.options,
                                          .query_id = history().metadata()->query_id(),
                                          .mode = plan_->mode,
                                          .schema = plan_->output_schema,
                                          .keys = plan_->output_keys.value_or(std::vector<int>()),
                                          .log_segment_bytes = options_.sink_log_segment_bytes,
                                          .inline_bytes = options_.inline_output_bytes}));
  co_return absl::OkStatus();
}

// An owner that would refuse this job must not lose its query, or its sink, to it: what can be read
// without a claim is compared before.
Task<absl::Status> MicroBatchExecution::CheckBeforeClaim(QueryIdentity identity) {
  checkpoint::QueryHistory logged(options_.min_batches_to_retain);
  const absl::Status read = co_await checkpoint::ReadMetadataLog(node_, store_, LogDirectory(),
                                                                 absl::ZeroDuration(), logged);
  // There is none, or somebody is taking it over: it is compared again once it is this driver's.
  if (!read.ok()) co_return absl::OkStatus();
  if (logged.bound()) {
    WT_CO_RETURN_IF_ERROR(CheckCompatible(*logged.metadata(), logged.layout(), identity).status());
  }
  std::string id;
  if (logged.metadata()) {
    id = logged.metadata()->query_id();
  } else {
    const absl::Status none = co_await CheckNoState();
    if (!none.ok() && co_await HasBegunMeanwhile()) co_return absl::OkStatus();
    WT_CO_RETURN_IF_ERROR(none);
  }
  if (sink_format_->check == nullptr) co_return absl::OkStatus();
  co_return co_await sink_format_->check({.store = store_,
                                          .options = definition_.options,
                                          .query = definition_.name,
                                          .query_id = std::move(id),
                                          .has_committed = LastCommitted(logged).has_value(),
                                          .mode = plan_->mode});
}

// Another driver may have begun the query after its log was read, and run a batch.
Task<bool> MicroBatchExecution::HasBegunMeanwhile() {
  checkpoint::QueryHistory logged(options_.min_batches_to_retain);
  const absl::Status read = co_await checkpoint::ReadMetadataLog(node_, store_, LogDirectory(),
                                                                 absl::ZeroDuration(), logged);
  co_return !read.ok() || logged.metadata().has_value();
}

// The log is empty, so nothing can have run: state that is there belongs to a log that is lost.
Task<absl::Status> MicroBatchExecution::CheckNoState() {
  const std::string state_directory = absl::StrCat(checkpoint_directory_, "/state");
  WT_CO_ASSIGN_OR_RETURN(const std::vector<checkpoint::StoredFile> state,
                         co_await store_.List(state_directory));
  if (state.empty()) co_return absl::OkStatus();
  co_return absl::DataLossError(absl::StrCat(
      "there is state in ", state_directory, ", and ", LogDirectory(),
      " is empty: the checkpoint is a partial copy or has lost its log; restore it, or start "
      "with a new checkpoint and a new sink"));
}

// Nothing has been run for a query that has no batch: until then it may be begun anew, as another
// (a corrected command, say), and bound to nothing.
Task<absl::Status> MicroBatchExecution::BeginUnlessBound(QueryIdentity identity) {
  if (history().bound()) co_return absl::OkStatus();
  WT_CO_ASSIGN_OR_RETURN(checkpoint::SourceBegins begins, co_await sources_->Begin());
  if (platform::Planted(node_, "begin_is_not_kept")) begins.Clear();
  if (history().metadata()) {
    const std::string id = history().metadata()->query_id();
    checkpoint::QueryMetadata metadata = NewQueryMetadata(id, identity);
    // A rescaling, or another build, has laid out what nobody has used yet.
    const checkpoint::StateLayout* const layout = history().layout();
    const bool as_laid_out =
        layout == nullptr ||
        layout->SerializeAsString() == LayoutOf(*plan_, layout->after_batch()).SerializeAsString();
    const bool is_new =
        !as_laid_out || metadata.SerializeAsString() != history().metadata()->SerializeAsString();
    if (!is_new && begins.begins().empty()) co_return absl::OkStatus();
    if (!is_new) co_return co_await protocol_->Append({checkpoint::Record(std::move(begins))});
    co_return co_await protocol_->Append(BeginOf(std::move(metadata), std::move(begins)));
  }
  const absl::Status none = co_await CheckNoState();
  if (!none.ok()) {
    // It may be of a newer owner's batches.
    WT_CO_RETURN_IF_ERROR(co_await protocol_->Look());
    co_return none;
  }
  const uint64_t high = node_.random().Next();
  const uint64_t low = node_.random().Next();
  const std::string id =
      absl::StrCat(absl::Hex(high, absl::kZeroPad16), absl::Hex(low, absl::kZeroPad16));
  co_return co_await protocol_->Append(BeginOf(NewQueryMetadata(id, identity), std::move(begins)));
}

std::vector<checkpoint::MetadataRecord> MicroBatchExecution::BeginOf(
    checkpoint::QueryMetadata metadata, checkpoint::SourceBegins begins) const {
  std::vector<checkpoint::MetadataRecord> begin = {checkpoint::Record(std::move(metadata)),
                                                   checkpoint::Record(plan_record_)};
  if (plan_->stateful()) begin.push_back(checkpoint::Record(LayoutOf(*plan_, -1)));
  if (!begins.begins().empty()) begin.push_back(checkpoint::Record(std::move(begins)));
  return begin;
}

// What changed, and what an older build has not logged.
Task<absl::Status> MicroBatchExecution::LogPlan() {
  std::vector<checkpoint::MetadataRecord> records;
  if (!history().plan() || history().plan()->plan() != plan_record_.plan()) {
    records.push_back(checkpoint::Record(plan_record_));
  }
  if (platform::Planted(node_, "changed_plan_not_logged") && history().plan()) records.clear();
  if (history().layout() != nullptr) {
    WT_CO_RETURN_IF_ERROR(CheckLayout(*history().layout(), *plan_));
  } else if (plan_->stateful()) {
    const bool open = history().bound() && !newest().commit.has_value();
    records.push_back(checkpoint::Record(LayoutOf(*plan_, newest_batch() - (open ? 1 : 0))));
  }
  if (records.empty()) co_return absl::OkStatus();
  co_return co_await protocol_->Append(std::move(records));
}

absl::Status MicroBatchExecution::Compile() {
  WT_ASSIGN_OR_RETURN(const RecordedQueryPtr compiled,
                      CompileAndRecord(definition_, shuffle_partitions_, options_.compiled.get()));
  plan_ = compiled->query.plan;
  plan_record_ = compiled->record;
  PublishPlan(definition_.name, compiled->query, cluster_);
  return absl::OkStatus();
}

}  // namespace wavetank::runtime
