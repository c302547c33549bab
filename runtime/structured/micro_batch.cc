#include "runtime/structured/micro_batch.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/first_record.h"
#include "checkpoint/history_parts.h"
#include "checkpoint/named_files.h"
#include "checkpoint/paths.h"
#include "checkpoint/steps.h"
#include "platform/check.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/connectors/check_apart_in_store.h"
#include "runtime/connectors/directory_uses.h"
#include "runtime/steps.h"
#include "runtime/structured/batch_definition.h"
#include "runtime/structured/batch_tasks.h"
#include "runtime/structured/query_check.h"
#include "runtime/structured/trigger.h"

namespace wavetank::runtime {

using checkpoint::BatchHistory;
using checkpoint::CommitFound;
using checkpoint::CommittableIs;
using checkpoint::PreparedFound;
using checkpoint::RecoveryDecision;
using checkpoint::SinkShows;

namespace {

ManifestMode ToManifestMode(QueryOutputMode mode) {
  switch (mode) {
    case QueryOutputMode::kAppend:
      return MANIFEST_MODE_APPEND;
    case QueryOutputMode::kUpdate:
      return MANIFEST_MODE_UPDATE;
    case QueryOutputMode::kComplete:
      return MANIFEST_MODE_COMPLETE;
  }
  return MANIFEST_MODE_UNSPECIFIED;
}

std::vector<ManifestColumn> ManifestColumns(const StreamingQueryPlan& plan) {
  std::vector<ManifestColumn> columns;
  for (const Field& field : plan.output_schema->fields()) {
    ManifestColumn& column = columns.emplace_back();
    column.set_name(field.name);
    column.set_type(std::string(DataTypeName(field.type)));
  }
  if (plan.output_keys) {
    for (const int key : *plan.output_keys) columns[static_cast<size_t>(key)].set_key(true);
  }
  return columns;
}

// How often in a row one batch's commit may end in doubt before the query starts over.
constexpr int kMaxUnsure = 4;

bool IsUnsure(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kInvalidArgument:
      return false;
    default:
      return true;
  }
}

CommittableIs ToCommittableIs(CommittableState state) {
  switch (state) {
    case CommittableState::kVisible:
      return CommittableIs::kVisible;
    case CommittableState::kPending:
      return CommittableIs::kPending;
    case CommittableState::kGone:
      return CommittableIs::kGone;
  }
  return CommittableIs::kNotAsked;
}

SinkShows WhatSinkShows(const std::optional<CommittedBatch>& last,
                        const checkpoint::QueryHistory& history) {
  const bool defined = !history.batches().empty();
  const int64_t newest = defined ? history.newest_batch() : 0;
  const int64_t shown = last ? last->batch : -1;
  if (shown < newest - 1) return SinkShows::kBehind;
  if (shown == newest - 1) return SinkShows::kAllBefore;
  if (shown > newest) return SinkShows::kAhead;
  const bool same = defined && history.batches().back().definition.hash() == last->definition_hash;
  return same ? SinkShows::kNewest : SinkShows::kOtherOfBatch;
}

}  // namespace

MicroBatchExecution::MicroBatchExecution(platform::Node& node, checkpoint::Store& store,
                                         Cluster& cluster,
                                         const StreamingQueryDefinition& definition,
                                         const QueryOptions& options,
                                         std::optional<AvailableFiles>& available)
    : node_(node),
      store_(store),
      cluster_(cluster),
      definition_(definition),
      options_(options),
      available_(available),
      shuffle_partitions_(options.shuffle_partitions),
      history_(options.min_batches_to_retain) {}

Task<absl::Status> MicroBatchExecution::Run() {
  const absl::Status taken_over = co_await TakeOver();
  if (!taken_over.ok()) co_return Explain(taken_over, act_);
  bool in_doubt = true;
  while (!ended_) {
    const checkpoint::QueryRow& row = checkpoint::DecideQuery(found_);
    const RecoveryDecision decision = row.decision;
    act_ = std::string(checkpoint::RecoveryDecisionName(decision));
    co_await node_.Step(checkpoint::steps::kRecoveryDecided,
                        {{"batch", newest_batch()}, {"row", checkpoint::RowNumber(row)}});
    if (decision == RecoveryDecision::kFenceSink || decision == RecoveryDecision::kAskSink) {
      in_doubt = true;
    } else if (in_doubt) {
      in_doubt = false;
      node_.Log(platform::LogLevel::kInfo,
                absl::StrCat(Title(), ": ", platform::ToAbsl(row.reason), ": ", act_));
      co_await node_.Step(steps::kQueryRecovered, {{"batch", newest_batch()},
                                                   {"decision", static_cast<int64_t>(decision)}});
    }
    if (decision == RecoveryDecision::kRefuse) {
      co_return checkpoint::Refusal(row, definition_.name, newest_batch());
    }
    const absl::Status status = co_await Act(decision);
    if (!status.ok()) co_return Explain(status, act_);
  }
  co_await node_.Step(steps::kQueryStopped, {{"batch", newest_batch()}});
  co_return absl::OkStatus();
}

Task<absl::Status> MicroBatchExecution::Act(RecoveryDecision decision) {
  switch (decision) {
    case RecoveryDecision::kFenceSink:
      return FenceSink();
    case RecoveryDecision::kAskSink:
      return AskSink();
    case RecoveryDecision::kDefineNext:
      return DefineNext();
    case RecoveryDecision::kRunBatch:
      return RunBatch();
    case RecoveryDecision::kSendCommit:
      return SendCommit();
    case RecoveryDecision::kLogCommit:
      return LogCommit();
    case RecoveryDecision::kRefuse:
      break;
  }
  platform::CheckFailed(__FILE__, __LINE__, "a decision to act on");
}

Task<absl::Status> MicroBatchExecution::TakeOver() {
  for (const char* option : {"checkpointLocation", "path"}) {
    const auto found = definition_.options.find(option);
    if (found == definition_.options.end() || found->second.empty()) {
      co_return absl::InvalidArgumentError(absl::StrCat("it has no option '", option,
                                                        "': give WriteStream() one, a directory in "
                                                        "the checkpoint store"));
    }
  }
  checkpoint_directory_ = checkpoint::NormalPath(definition_.options.at("checkpointLocation"));
  sink_directory_ = checkpoint::NormalPath(definition_.options.at("path"));
  WT_CO_RETURN_IF_ERROR(Compile());
  WT_CO_RETURN_IF_ERROR(co_await CheckBeforeFirstWrite());

  WT_CO_ASSIGN_OR_RETURN(log_, co_await checkpoint::MetadataLog::TakeOver(
                                   node_, store_, LogDirectory(), history_,
                                   {.segment_bytes = options_.log_segment_bytes}));
  found_ = checkpoint::WhatQueryLogSays(history_);
  co_await node_.Step(steps::kQueryTakenOver,
                      {{"epoch", log_->epoch().value()}, {"batch", newest_batch()}});
  const QueryIdentity identity = Identity();
  if (!history_.metadata()) WT_CO_RETURN_IF_ERROR(co_await BeginNewQuery(identity));
  WT_CO_ASSIGN_OR_RETURN(shuffle_partitions_, CheckCompatible(*history_.metadata(), identity));
  WT_CO_RETURN_IF_ERROR(Compile());
  if (!history_.plan() || history_.plan()->plan() != plan_record_.plan()) {
    WT_CO_RETURN_IF_ERROR(co_await log_->Append(checkpoint::Record(plan_record_)));
  }
  if (history_.metadata()->build_id() != options_.build_id) {
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat("query ", definition_.name, ": its checkpoint was begun by build '",
                           history_.metadata()->build_id(), "', this is build '", options_.build_id,
                           "'"));
  }
  WT_CO_RETURN_IF_ERROR(co_await OpenSourceAndSink());
  if (plan_->stateful) {
    retention_.emplace(node_, store_, checkpoint_directory_, *log_, history_);
  }
  batch_start_ = node_.clock().Now();
  planner_->Start(batch_start_);
  co_return absl::OkStatus();
}

std::string MicroBatchExecution::LogDirectory() const {
  return absl::StrCat(checkpoint_directory_, "/log");
}

QueryIdentity MicroBatchExecution::Identity() const {
  return {.state_fingerprint = plan_->state_fingerprint,
          .job_version = options_.job_version,
          .build_id = options_.build_id,
          .source_path = plan_->source.path,
          .sink_path = sink_directory_,
          .shuffle_partitions = options_.shuffle_partitions};
}

// What is refused must not stand in a checkpoint, which would refuse what is right after it.
Task<absl::Status> MicroBatchExecution::CheckBeforeFirstWrite() {
  WT_CO_RETURN_IF_ERROR(StateOptions(definition_, *plan_).status());
  WT_CO_RETURN_IF_ERROR(SourceOptions(plan_->source).status());
  for (const std::string& directory :
       {plan_->source.path, sink_directory_, checkpoint_directory_}) {
    if (!directory.empty()) WT_CO_RETURN_IF_ERROR(checkpoint::CheckPath(directory));
  }
  std::vector<JobDirectory> directories = DirectoriesOf(definition_, *plan_);
  WT_CO_RETURN_IF_ERROR(CheckApart(directories));
  WT_CO_RETURN_IF_ERROR(co_await CheckApartInStore(store_, directories));
  WT_CO_RETURN_IF_ERROR(co_await CheckUses(store_, std::move(directories), CheckpointOf::kQuery));
  // A query that is not the checkpoint's, or the sink's, must not fence the one that is, which may
  // be at work.
  const auto first = co_await checkpoint::FirstMetadata(store_, LogDirectory());
  // Of what is damaged or missing the take-over tells more.
  if (!first.ok() && !absl::IsDataLoss(first.status()) && !absl::IsNotFound(first.status())) {
    co_return first.status();
  }
  if (first.ok()) {
    std::string id;
    if (!first->has_value()) {
      WT_CO_RETURN_IF_ERROR(co_await CheckNoState());
    } else if ((*first)->has_query()) {
      WT_CO_RETURN_IF_ERROR(CheckCompatible((*first)->query(), Identity()).status());
      id = (*first)->query().query_id();
    }
    WT_CO_RETURN_IF_ERROR(co_await CheckSinkIsOf(store_, sink_directory_, std::move(id)));
  }
  // One that is not there yet may come.
  const auto source = co_await store_.Identify(plan_->source.path);
  if (!source.ok() && !absl::IsNotFound(source.status())) {
    co_return absl::Status(source.status().code(),
                           absl::StrCat("its input directory: ", source.status().message()));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> MicroBatchExecution::OpenSourceAndSink() {
  int64_t number = 0;
  const std::string end = history_.EndOffset(plan_->source.path);
  if (!end.empty() && !absl::SimpleAtoi(end, &number)) {
    co_return absl::DataLossError(absl::StrCat(log_->directory(), ": the newest batch ends at '",
                                               end, "' in its source, which is no number"));
  }
  WT_CO_ASSIGN_OR_RETURN(FileSourceOptions source_options, SourceOptions(plan_->source));
  source_ = std::make_unique<FileSource>(HostOf(node_), store_, history_.seen(plan_->source.path),
                                         std::move(source_options));
  if (options_.trigger == TriggerKind::kAvailableNow) {
    WT_CO_RETURN_IF_ERROR(co_await source_->FreezeAvailable(available_));
  }
  planner_ = std::make_unique<BatchPlanner>(
      node_, *source_,
      BatchPlannerOptions{.interval = definition_.trigger_interval,
                          .poll_interval = options_.poll_interval,
                          .available_now = options_.trigger == TriggerKind::kAvailableNow,
                          .stop = options_.stop});
  sink_ = std::make_unique<FileSink>(
      node_, store_,
      FileSinkOptions{.directory = sink_directory_,
                      .query_id = history_.metadata()->query_id(),
                      .mode = ToManifestMode(plan_->mode),
                      .columns = ManifestColumns(*plan_),
                      .log_segment_bytes = options_.sink_log_segment_bytes});
  co_return absl::OkStatus();
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

Task<absl::Status> MicroBatchExecution::BeginNewQuery(QueryIdentity identity) {
  const uint64_t high = node_.random().Next();
  const uint64_t low = node_.random().Next();
  const std::string id =
      absl::StrCat(absl::Hex(high, absl::kZeroPad16), absl::Hex(low, absl::kZeroPad16));
  std::vector<checkpoint::MetadataRecord> begin = {
      checkpoint::Record(NewQueryMetadata(id, identity)), checkpoint::Record(plan_record_)};
  co_return co_await log_->Append(std::move(begin));
}

absl::Status MicroBatchExecution::Compile() {
  WT_ASSIGN_OR_RETURN(const CompiledQuery compiled,
                      CompileQuery(definition_, {.shuffle_partitions = shuffle_partitions_}));
  plan_ = compiled.plan;
  plan_record_ = PlanRecord(compiled);
  PublishPlan(definition_.name, compiled, cluster_);
  return absl::OkStatus();
}

Task<absl::Status> MicroBatchExecution::FenceSink() {
  const FencingToken token{log_->epoch().value(), ++fences_};
  WT_CO_ASSIGN_OR_RETURN(const std::optional<CommittedBatch> last, co_await sink_->Fence(token));
  found_.sink = WhatSinkShows(last, history_);
  found_.committable = CommittableIs::kNotAsked;
  co_return absl::OkStatus();
}

Task<absl::Status> MicroBatchExecution::AskSink() {
  WT_CO_ASSIGN_OR_RETURN(const CommittableState state,
                         co_await sink_->Ask(newest().prepared->sink_committable()));
  found_.committable = ToCommittableIs(state);
  co_await node_.Step(steps::kSinkAsked,
                      {{"batch", newest_batch()}, {"state", static_cast<int64_t>(state)}});
  co_return absl::OkStatus();
}

Task<absl::Status> MicroBatchExecution::DefineNext() {
  const BatchPlanner::Outcome outcome = co_await planner_->Wait(/*input_only=*/!NextNeedsNoInput());
  WT_CO_ASSIGN_OR_RETURN(std::optional<NextBatch> next, NextDefinition());
  if (!next) {
    WT_CHECK(outcome == BatchPlanner::Outcome::kStopped ||
             outcome == BatchPlanner::Outcome::kExhausted || stopping());
    ended_ = true;
    co_return absl::OkStatus();
  }
  co_await node_.Step(steps::kBatchPlanned, {{"batch", next->definition.batch_id()},
                                             {"files", FileCount(next->definition)}});
  std::vector<checkpoint::MetadataRecord> records;
  AddRecords(*next, records);
  WT_CO_RETURN_IF_ERROR(co_await log_->Append(std::move(records)));
  co_await Defined(*std::move(next));
  co_return absl::OkStatus();
}

void MicroBatchExecution::AddRecords(const NextBatch& next,
                                     std::vector<checkpoint::MetadataRecord>& records) const {
  checkpoint::ForgottenFiles forgotten;
  forgotten.set_source(plan_->source.path);
  checkpoint::AppendPaths(std::move(forgotten), next.forgotten, records);
  records.push_back(checkpoint::Record(next.definition));
}

bool MicroBatchExecution::NextNeedsNoInput() const {
  if (history_.batches().empty()) return false;
  const BatchHistory& batch = newest();
  return ShouldRunAnotherBatch(*plan_, WatermarkOf(batch.definition), NextWatermarkOf(batch));
}

absl::StatusOr<std::optional<MicroBatchExecution::NextBatch>>
MicroBatchExecution::NextDefinition() {
  const std::optional<BatchPlanner::Outcome> outcome = planner_->outcome();
  if (!outcome || *outcome == BatchPlanner::Outcome::kStopped || stopping()) return std::nullopt;
  DiscoveredFiles found;
  if (*outcome == BatchPlanner::Outcome::kInput) {
    WT_ASSIGN_OR_RETURN(found, planner_->files());
  } else if (!NextNeedsNoInput()) {
    return std::nullopt;
  }
  const std::optional<int64_t> watermark_ms =
      history_.batches().empty() ? std::nullopt : ToWatermarkMs(NextWatermarkOf(newest()));
  NextBatch next{.definition = DefineBatch({.batch = newest_batch() + 1,
                                            .source = plan_->source.path,
                                            .root = std::move(found.root),
                                            .start_offset = offset(),
                                            .files = std::move(found.files),
                                            .watermark_ms = watermark_ms,
                                            .timestamp = node_.clock().WallNow()}),
                 .forgotten = std::move(found.forgotten)};
  return next;
}

Task<void> MicroBatchExecution::Defined(NextBatch next) {
  attempt_.reset();
  unsure_ = 0;
  found_ = checkpoint::WhatQueryLogSays(history_);
  // This driver has fenced the sink, and the batches before are committed there.
  found_.sink = SinkShows::kAllBefore;
  batch_start_ = node_.clock().Now();
  planner_->Start(NextTrigger(batch_start_, node_.clock().WallNow(), definition_.trigger_interval));
  if (!next.forgotten.empty()) {
    co_await node_.Step(steps::kInputFilesForgotten,
                        {{"files", static_cast<int64_t>(next.forgotten.size())}});
  }
  co_await node_.Step(steps::kBatchDefined,
                      {{"batch", newest_batch()}, {"files", FileCount(newest().definition)}});
}

Task<absl::Status> MicroBatchExecution::RunBatch() {
  const BatchHistory* const before =
      history_.batches().size() < 2 ? nullptr : &history_.batches().end()[-2];
  BatchWork work{.query = definition_.name,
                 .checkpoint_directory = checkpoint_directory_,
                 .sink_directory = sink_directory_,
                 .definition = newest().definition,
                 .states = {}};
  if (before != nullptr) {
    work.late_watermark = WatermarkOf(before->definition);
    work.states.assign(before->prepared->states().begin(), before->prepared->states().end());
  }
  const absl::StatusOr<GraphResults> results = co_await cluster_.Run(BuildBatchGraph(*plan_, work));
  // A newer owner removes what this one's records name.
  if (absl::IsDataLoss(results.status())) WT_CO_RETURN_IF_ERROR(co_await log_->Look());
  WT_CO_RETURN_IF_ERROR(results.status());
  WT_CO_ASSIGN_OR_RETURN(BatchAttempt attempt, CollectAttempt(*plan_, *results));
  co_await node_.Step(steps::kBatchRun, {{"batch", newest_batch()}});
  for (const checkpoint::OperatorState& state : attempt.states) {
    WT_CO_RETURN_IF_ERROR(co_await CheckWritten(state));
  }

  checkpoint::Prepared prepared;
  prepared.set_batch_id(newest_batch());
  prepared.set_attempt_id(absl::StrCat(log_->epoch().value(), "-", ++attempts_));
  for (const checkpoint::OperatorState& state : attempt.states) *prepared.add_states() = state;
  WT_CO_ASSIGN_OR_RETURN(*prepared.mutable_sink_committable(),
                         co_await sink_->Prepare({.batch = newest_batch(),
                                                  .definition_hash = newest().definition.hash(),
                                                  .parts = std::move(attempt.parts)}));
  const std::optional<int64_t> next_watermark_ms =
      ToWatermarkMs(NextWatermark(*plan_, WatermarkOf(newest().definition), attempt.map));
  if (next_watermark_ms) prepared.set_next_watermark_ms(*next_watermark_ms);
  prepared.set_dropped_rows(attempt.map.rows_dropped_late);
  prepared.set_rows_without_time(attempt.map.rows_without_time);
  prepared.set_files_skipped(attempt.files_skipped);
  prepared.set_plan_hash(plan_record_.hash());
  WT_CO_RETURN_IF_ERROR(co_await log_->Append(checkpoint::Record(prepared)));
  attempt_ = std::move(attempt);
  found_.prepared = PreparedFound::kNewest;
  // Staged under this driver's fence, and nobody has been asked to commit it.
  found_.committable = CommittableIs::kPending;
  co_await node_.Step(steps::kBatchPrepared, {{"batch", newest_batch()}});
  co_return absl::OkStatus();
}

// A record names for good what its writer has seen: a worker may have written it elsewhere.
Task<absl::Status> MicroBatchExecution::CheckWritten(checkpoint::OperatorState state) {
  const std::vector<std::string> files = checkpoint::StateFiles(checkpoint_directory_, state);
  if (files.empty()) co_return absl::OkStatus();
  const absl::StatusOr<std::string> first = co_await store_.Read(files.back(), 0, 1);
  if (!absl::IsNotFound(first.status())) co_return first.status();
  // A newer owner removes state that no record names.
  WT_CO_RETURN_IF_ERROR(co_await log_->Look());
  co_return absl::FailedPreconditionError(absl::StrCat(
      "a worker has written ", files.back(),
      ", and it is not in the driver's store: the worker uses another, or somebody has "
      "removed it; see that all nodes have one store, and start again"));
}

checkpoint::Commit MicroBatchExecution::NewestCommit() const {
  checkpoint::Commit commit;
  commit.set_batch_id(newest_batch());
  commit.set_attempt_id(newest().prepared->attempt_id());
  if (newest().prepared->has_next_watermark_ms()) {
    commit.set_next_watermark_ms(newest().prepared->next_watermark_ms());
  }
  return commit;
}

Task<absl::Status> MicroBatchExecution::SendCommit() {
  const bool commit_first = platform::Planted(node_, "commit_before_sink");
  if (commit_first)
    WT_CO_RETURN_IF_ERROR(co_await log_->Append(checkpoint::Record(NewestCommit())));
  const absl::Status status = co_await sink_->Commit(newest().prepared->sink_committable());
  if (status.ok()) {
    found_.sink = SinkShows::kNewest;
    found_.committable = CommittableIs::kVisible;
    co_await node_.Step(steps::kSinkCommitted, {{"batch", newest_batch()}});
    co_return absl::OkStatus();
  }
  if (!IsUnsure(status) || ++unsure_ > kMaxUnsure) co_return status;
  node_.Log(platform::LogLevel::kWarning,
            absl::StrCat("query ", definition_.name, " batch ", newest_batch(),
                         ": what became of the sink's commit is not known (", status.message(),
                         "): it is fenced and asked"));
  co_await node_.Step(steps::kSinkUnsure, {{"batch", newest_batch()}});
  found_.sink = SinkShows::kNotFenced;
  found_.committable = CommittableIs::kNotAsked;
  co_return absl::OkStatus();
}

Task<absl::Status> MicroBatchExecution::LogCommit() {
  const StreamingQueryProgress progress = Progress();
  std::vector<checkpoint::MetadataRecord> records;
  const bool is_logged = platform::Planted(node_, "commit_before_sink");
  if (!is_logged) records.push_back(checkpoint::Record(NewestCommit()));
  // An error of the source waits until this batch is committed: DefineNext meets it again.
  absl::StatusOr<std::optional<NextBatch>> next = NextDefinition();
  const bool next_defined = next.ok() && next->has_value();
  if (next_defined) {
    co_await node_.Step(steps::kBatchPlanned, {{"batch", (*next)->definition.batch_id()},
                                               {"files", FileCount((*next)->definition)}});
    AddRecords(**next, records);
  }
  if (!records.empty()) WT_CO_RETURN_IF_ERROR(co_await log_->Append(std::move(records)));
  found_.commit = CommitFound::kNewest;
  ++batches_committed_;
  co_await node_.Step(steps::kBatchCommitted,
                      {{"batch", progress.batch_id}, {"next_defined", next_defined}});
  Report(progress);
  if (retention_) retention_->Committed();
  if (next_defined) co_await Defined(**std::move(next));
  co_return absl::OkStatus();
}

// Where the next batch starts: how many files all definitions so far name.
int64_t MicroBatchExecution::offset() const {
  int64_t offset = 0;
  const std::string end = history_.EndOffset(plan_->source.path);
  WT_CHECK(end.empty() || absl::SimpleAtoi(end, &offset), "offsets of files are numbers");
  return offset;
}

}  // namespace wavetank::runtime
