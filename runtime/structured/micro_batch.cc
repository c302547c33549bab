#include "runtime/structured/micro_batch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/named_files.h"
#include "checkpoint/paths.h"
#include "checkpoint/steps.h"
#include "platform/check.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/connectors/check_apart_in_store.h"
#include "runtime/connectors/connector_registry.h"
#include "runtime/steps.h"
#include "runtime/structured/batch_definition.h"
#include "runtime/structured/batch_reads.h"
#include "runtime/structured/fragment_task.h"
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

std::optional<CommittedBatch> LastCommitted(const checkpoint::QueryHistory& history) {
  const int64_t newest = history.newest_batch();
  if (newest < 0) return std::nullopt;
  const BatchHistory& batch = history.batches().back();
  if (batch.commit) return CommittedBatch{newest, batch.definition.hash()};
  return newest == 0 ? std::nullopt : std::optional(CommittedBatch{.batch = newest - 1});
}

MicroBatchExecution::MicroBatchExecution(platform::Node& node, checkpoint::Store& store,
                                         Cluster& cluster,
                                         const StreamingQueryDefinition& definition,
                                         const QueryOptions& options, AvailableInput& available)
    : node_(node),
      store_(store),
      cluster_(cluster),
      definition_(definition),
      options_(options),
      available_(available),
      shuffle_partitions_(options.shuffle_partitions.value_or(kDefaultShufflePartitions)),
      history_(options.min_batches_to_retain) {}

Task<absl::Status> MicroBatchExecution::Run() {
  const absl::Status taken_over = co_await TakeOver();
  if (!taken_over.ok()) co_return Explain(taken_over, act_);
  bool in_doubt = true;
  while (!ended_) {
    const checkpoint::QueryRow& row = checkpoint::DecideQuery(found_);
    const RecoveryDecision decision = row.decision;
    act_ = std::string(checkpoint::RecoveryDecisionName(decision));
    co_await node_.Step(checkpoint::steps::kRecoveryDecided, {{"batch", newest_batch()},
                                                              {"row", checkpoint::RowNumber(row)},
                                                              {"query", definition_.name}});
    const bool asks =
        decision == RecoveryDecision::kFenceSink || decision == RecoveryDecision::kAskSink;
    const bool recovered = in_doubt && !asks;
    if (asks) {
      in_doubt = true;
    } else if (recovered) {
      in_doubt = false;
      node_.Log(platform::LogLevel::kInfo,
                absl::StrCat(Title(), ": ", platform::ToAbsl(row.reason), ": ", act_));
      co_await node_.Step(steps::kQueryRecovered, {{"batch", newest_batch()},
                                                   {"decision", static_cast<int64_t>(decision)},
                                                   {"query", definition_.name}});
    }
    if (decision == RecoveryDecision::kRefuse) {
      co_return Refusal(row);
    }
    if (recovered) {
      const absl::Status removed = co_await RemoveUncommitted(decision);
      if (!removed.ok()) co_return Explain(removed, "remove what nobody needs any more");
    }
    const absl::Status status = co_await Act(decision);
    if (!status.ok()) co_return Explain(status, act_);
  }
  co_await node_.Step(steps::kQueryStopped,
                      {{"batch", newest_batch()}, {"query", definition_.name}});
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

Task<absl::Status> MicroBatchExecution::FenceSink() {
  const FencingToken token{log_->epoch().value(), ++fences_};
  WT_CO_ASSIGN_OR_RETURN(std::optional<CommittedBatch> last, co_await sink_->Fence(token));
  if (!sink_->remembers()) last = LastCommitted(history_);
  found_.sink = WhatSinkShows(last, history_);
  found_.committable = CommittableIs::kNotAsked;
  if (platform::Planted(node_, "sink_not_asked_after_take_over")) {
    found_.committable = CommittableIs::kPending;
  }
  if (platform::Planted(node_, "prepared_attempt_forgotten")) {
    found_.prepared =
        found_.commit == CommitFound::kNewest ? found_.prepared : PreparedFound::kNone;
  }
  co_return absl::OkStatus();
}

Task<absl::Status> MicroBatchExecution::AskSink() {
  WT_CO_ASSIGN_OR_RETURN(const CommittableState state,
                         co_await sink_->Ask(newest().prepared->sink_committable()));
  found_.committable = ToCommittableIs(state);
  co_await node_.Step(steps::kSinkAsked, {{"batch", newest_batch()},
                                          {"state", static_cast<int64_t>(state)},
                                          {"query", definition_.name}});
  co_return absl::OkStatus();
}

Task<absl::Status> MicroBatchExecution::RemoveUncommitted(RecoveryDecision decision) {
  // An attempt that came to nothing leaves its batch to be run.
  if (decision == RecoveryDecision::kRunBatch && retention_) {
    WT_CO_RETURN_IF_ERROR(co_await retention_->RemoveAttempts());
  }
  WT_CO_ASSIGN_OR_RETURN(std::vector<std::string> paths, co_await sink_->Uncommitted());
  if (paths.empty()) co_return absl::OkStatus();
  WT_CO_RETURN_IF_ERROR(co_await log_->Look());
  std::string prepared;
  if (!history_.batches().empty() && newest().prepared) {
    prepared = newest().prepared->sink_committable();
  }
  co_return co_await sink_->RemoveUncommitted(std::move(paths), std::move(prepared));
}

Task<absl::Status> MicroBatchExecution::DefineNext() {
  if (only_batch_is_defined()) {
    ended_ = true;
    co_return absl::OkStatus();
  }
  const BatchPlanner::Outcome outcome = co_await planner_->Wait(
      /*input_only=*/available_.only_batch.has_value() || !NextNeedsNoInput());
  WT_CO_ASSIGN_OR_RETURN(std::optional<NextBatch> next, NextDefinition());
  if (!next) {
    WT_CHECK(outcome == BatchPlanner::Outcome::kStopped ||
             outcome == BatchPlanner::Outcome::kExhausted || stopping());
    ended_ = true;
    co_return absl::OkStatus();
  }
  co_await node_.Step(steps::kBatchPlanned, {{"batch", next->definition.batch_id()},
                                             {"files", FileCount(next->definition)},
                                             {"query", definition_.name}});
  std::vector<checkpoint::MetadataRecord> records;
  AddRecords(*next, records);
  WT_CO_RETURN_IF_ERROR(co_await log_->Append(std::move(records)));
  co_await Defined(*std::move(next));
  co_return absl::OkStatus();
}

void MicroBatchExecution::AddRecords(const NextBatch& next,
                                     std::vector<checkpoint::MetadataRecord>& records) const {
  records.insert(records.end(), next.forgotten.begin(), next.forgotten.end());
  records.push_back(checkpoint::Record(next.definition));
}

bool MicroBatchExecution::NextNeedsNoInput() const {
  if (history_.batches().empty()) return false;
  const BatchHistory& batch = newest();
  std::optional<absl::Time> next_final = NextFinalOf(*batch.prepared, plan_record_.hash());
  if (platform::Planted(node_, "empty_batch_for_any_watermark")) next_final.reset();
  if (platform::Planted(node_, "new_driver_awaits_nothing_final") && !attempt_) {
    next_final = absl::InfiniteFuture();
  }
  if (platform::Planted(node_, "final_rows_wait_for_input")) next_final = absl::InfiniteFuture();
  return ShouldRunAnotherBatch(*plan_, WatermarkOf(batch.definition), NextWatermarkOf(batch),
                               next_final);
}

absl::StatusOr<std::optional<MicroBatchExecution::NextBatch>>
MicroBatchExecution::NextDefinition() {
  const std::optional<BatchPlanner::Outcome> outcome = planner_->outcome();
  if (only_batch_is_defined()) return std::nullopt;
  if (!outcome || *outcome == BatchPlanner::Outcome::kStopped || stopping()) return std::nullopt;
  QuerySources::Found found;
  if (*outcome == BatchPlanner::Outcome::kInput) {
    WT_ASSIGN_OR_RETURN(found, planner_->found());
  } else if (!NextNeedsNoInput() ||
             (available_.only_batch && *outcome == BatchPlanner::Outcome::kNoInput)) {
    return std::nullopt;
  }
  const std::optional<int64_t> watermark_ms =
      history_.batches().empty() ? std::nullopt : ToWatermarkMs(NextWatermarkOf(newest()));
  NextBatch next;
  sources_->AddForgotten(found, next.forgotten);
  next.files_forgotten = found.forgotten();
  next.definition = DefineBatch({.batch = newest_batch() + 1,
                                 .ranges = sources_->Ranges(std::move(found)),
                                 .watermark_ms = watermark_ms,
                                 .timestamp = node_.clock().WallNow()});
  if (platform::Planted(node_, "waiting_source_left_out")) {
    auto& ranges = *next.definition.mutable_sources();
    ranges.erase(std::remove_if(
                     ranges.begin(), ranges.end(),
                     [](const auto& range) { return range.start_offset() == range.end_offset(); }),
                 ranges.end());
    next.definition.set_hash(checkpoint::DefinitionHash(next.definition));
  }
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
  if (next.files_forgotten > 0) {
    co_await node_.Step(steps::kInputFilesForgotten, {{"files", next.files_forgotten}});
  }
  co_await node_.Step(steps::kBatchDefined, {{"batch", newest_batch()},
                                             {"files", FileCount(newest().definition)},
                                             {"query", definition_.name}});
}

Task<absl::Status> MicroBatchExecution::RunBatch() {
  const BatchHistory* const before =
      history_.batches().size() < 2 ? nullptr : &history_.batches().end()[-2];
  BatchWork work{.query = definition_.name,
                 .checkpoint_directory = checkpoint_directory_,
                 .sink_options = definition_.options,
                 .definition = newest().definition,
                 .states = {}};
  if (before != nullptr) {
    work.late_watermark = WatermarkOf(before->definition);
    const auto& states = history_.StatesAfter(*before);
    work.states.assign(states.begin(), states.end());
  }
  if (platform::Planted(node_, "late_rows_judged_a_batch_early")) {
    work.late_watermark = WatermarkOf(work.definition);
  }
  if (platform::Planted(node_, "new_driver_takes_late_rows") && attempts_ == 0) {
    work.late_watermark = absl::InfinitePast();
  }
  if (platform::Planted(node_, "ranges_read_by_position")) {
    size_t position = 0;
    for (checkpoint::SourceRange& range : *work.definition.mutable_sources()) {
      if (range.start_offset() == range.end_offset()) continue;
      range.set_source(plan_->sources[position++].description.Name());
    }
  }
  StageGraph graph = BuildBatchGraph(*plan_, definition_.Connectors(), work);
  if (platform::Planted(node_, "state_of_the_neighbour") && attempts_ == 0 &&
      !work.states.empty()) {
    for (Stage& stage : graph.stages) {
      if (stage.reads_shuffle_of.empty()) continue;
      std::rotate(stage.payloads.begin(), stage.payloads.begin() + 1, stage.payloads.end());
    }
  }
  const absl::StatusOr<GraphResults> results = co_await cluster_.Run(std::move(graph));
  // A newer owner removes what this one's records name.
  if (absl::IsDataLoss(results.status())) WT_CO_RETURN_IF_ERROR(co_await log_->Look());
  WT_CO_RETURN_IF_ERROR(results.status());
  WT_CO_ASSIGN_OR_RETURN(BatchAttempt attempt, CollectAttempt(*plan_, work.definition, *results));
  co_await node_.Step(steps::kBatchRun, {{"batch", newest_batch()}, {"query", definition_.name}});
  for (const checkpoint::OperatorState& state : attempt.states) {
    WT_CO_RETURN_IF_ERROR(co_await CheckWritten(state));
  }
  if (platform::Planted(node_, "empty_batch_keeps_older_state") && !HasInput(newest().definition)) {
    attempt.states = work.states;
  }

  checkpoint::Prepared prepared;
  prepared.set_batch_id(newest_batch());
  prepared.set_attempt_id(absl::StrCat(log_->epoch().value(), "-", ++attempts_));
  for (const checkpoint::OperatorState& state : attempt.states) *prepared.add_states() = state;
  WT_CO_ASSIGN_OR_RETURN(*prepared.mutable_sink_committable(),
                         co_await sink_->Prepare({.batch = newest_batch(),
                                                  .definition_hash = newest().definition.hash(),
                                                  .parts = std::move(attempt.parts)}));
  Watermarks watermarks = WatermarksBefore(*plan_, newest().definition, before);
  if (platform::Planted(node_, "watermark_goes_back")) watermarks = {};
  if (platform::Planted(node_, "watermarks_of_operators_forgotten") && attempts_ == 1) {
    watermarks.of_operators.clear();
  }
  if (platform::Planted(node_, "watermarks_read_by_position") && before != nullptr) {
    const auto& logged = before->prepared->next_watermarks();
    for (size_t i = 0; i < watermarks.of_operators.size(); ++i) {
      const int at = static_cast<int>(i);
      watermarks.of_operators[i] = at < logged.size()
                                       ? absl::FromUnixMillis(logged[at].watermark_ms())
                                       : absl::InfinitePast();
    }
  }
  if (platform::Planted(node_, "watermark_forgotten_with_the_plan") && before != nullptr &&
      before->prepared->plan_hash() != plan_record_.hash()) {
    watermarks = {};
  }
  watermarks = NextWatermarks(*plan_, watermark_policy_, watermarks, attempt.report);
  if (platform::Planted(node_, "watermark_of_the_furthest_source")) {
    watermarks =
        NextWatermarks(*plan_, WatermarkPolicy::kMax, std::move(watermarks), attempt.report);
  }
  if (platform::Planted(node_, "source_without_rows_holds_nothing_back")) {
    absl::Time least = absl::InfiniteFuture();
    for (const absl::Time each : watermarks.of_operators) {
      if (each != absl::InfinitePast()) least = std::min(least, each);
    }
    if (least != absl::InfiniteFuture()) {
      watermarks.of_query = std::max(watermarks.of_query, least);
    }
  }
  SetNextWatermarks(*plan_, watermarks, prepared);
  SetNextFinal(*plan_, NextFinal(*plan_, attempt.report), prepared);
  OperatorReport sum = attempt.report.Sum();
  if (platform::Planted(node_, "late_rows_of_the_last_operator_counted")) {
    sum.rows_late = 0;
    for (const OperatorReport& op : attempt.report.fragments.back().operators) {
      sum.rows_late += op.rows_late;
    }
  }
  prepared.set_dropped_rows(sum.rows_late);
  prepared.set_rows_without_time(sum.rows_without_time);
  for (const checkpoint::SourceRead& read : attempt.reads) {
    prepared.set_files_skipped(prepared.files_skipped() + read.skipped_size());
    *prepared.add_reads() = read;
  }
  if (newest().prepared) {
    WT_CO_RETURN_IF_ERROR(CheckReadsAgain(work.definition, *newest().prepared, prepared));
  }
  prepared.set_plan_hash(plan_record_.hash());
  if (platform::Planted(node_, "sink_committed_before_prepared")) {
    WT_CO_RETURN_IF_ERROR(co_await sink_->Commit(prepared.sink_committable()));
  }
  WT_CO_RETURN_IF_ERROR(co_await log_->Append(checkpoint::Record(prepared)));
  attempt_ = std::move(attempt);
  found_.prepared = PreparedFound::kNewest;
  // Staged under this driver's fence, and nobody has been asked to commit it.
  found_.committable = CommittableIs::kPending;
  co_await node_.Step(steps::kBatchPrepared,
                      {{"batch", newest_batch()}, {"query", definition_.name}});
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
    co_await node_.Step(steps::kSinkCommitted,
                        {{"batch", newest_batch()}, {"query", definition_.name}});
    co_return absl::OkStatus();
  }
  if (!IsUnsure(status) || ++unsure_ > kMaxUnsure) co_return status;
  node_.Log(platform::LogLevel::kWarning,
            absl::StrCat("query ", definition_.name, " batch ", newest_batch(),
                         ": what became of the sink's commit is not known (", status.message(),
                         "): it is fenced and asked"));
  co_await node_.Step(steps::kSinkUnsure, {{"batch", newest_batch()}, {"query", definition_.name}});
  found_.sink = SinkShows::kNotFenced;
  found_.committable = CommittableIs::kNotAsked;
  co_return absl::OkStatus();
}

Task<absl::Status> MicroBatchExecution::LogCommit() {
  const StreamingQueryProgress progress = Progress();
  // The append may make another batch the newest.
  BatchDefinition committed = newest().definition;
  std::vector<checkpoint::MetadataRecord> records;
  const bool is_logged = platform::Planted(node_, "commit_before_sink");
  if (!is_logged) records.push_back(checkpoint::Record(NewestCommit()));
  // An error of the source waits until this batch is committed: DefineNext meets it again.
  absl::StatusOr<std::optional<NextBatch>> next = NextDefinition();
  const bool next_defined = next.ok() && next->has_value();
  if (next_defined) {
    co_await node_.Step(steps::kBatchPlanned, {{"batch", (*next)->definition.batch_id()},
                                               {"files", FileCount((*next)->definition)},
                                               {"query", definition_.name}});
    AddRecords(**next, records);
  }
  if (!records.empty()) WT_CO_RETURN_IF_ERROR(co_await log_->Append(std::move(records)));
  found_.commit = CommitFound::kNewest;
  ++batches_committed_;
  co_await node_.Step(
      steps::kBatchCommitted,
      {{"batch", progress.batch_id}, {"next_defined", next_defined}, {"query", definition_.name}});
  Report(progress);
  if (retention_) retention_->Committed();
  co_await sources_->Committed(std::move(committed));
  if (next_defined) co_await Defined(**std::move(next));
  co_return absl::OkStatus();
}

}  // namespace wavetank::runtime
