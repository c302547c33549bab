#include "runtime/structured/micro_batch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "checkpoint/steps.h"
#include "platform/check.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/steps.h"
#include "runtime/structured/batch_definition.h"
#include "runtime/structured/trigger.h"

namespace wavetank::runtime {

using checkpoint::BatchHistory;
using checkpoint::RecoveryDecision;

namespace {

// How often in a row one batch's commit may end in doubt before the query starts over.
constexpr int kMaxUnsure = 4;
// How long a query that ends well waits for what its sink does beside the batches.
constexpr absl::Duration kSettleTimeout = absl::Seconds(10);

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

}  // namespace

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
      shuffle_partitions_(options.shuffle_partitions.value_or(kDefaultShufflePartitions)) {}

Task<absl::Status> MicroBatchExecution::Run() {
  const absl::Status taken_over = co_await TakeOver();
  if (!taken_over.ok()) co_return Explain(taken_over, act_);
  bool in_doubt = true;
  while (!ended_) {
    const checkpoint::QueryRow& row = protocol_->Decide();
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
  co_await sink_->Settle(kSettleTimeout);
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
  WT_CO_ASSIGN_OR_RETURN(std::optional<CommittedBatch> last,
                         co_await sink_->Fence(protocol_->NextToken()));
  if (!sink_->remembers()) last = LastCommitted(history());
  protocol_->SinkShows(last);
  co_return absl::OkStatus();
}

Task<absl::Status> MicroBatchExecution::AskSink() {
  WT_CO_ASSIGN_OR_RETURN(const CommittableState state,
                         co_await sink_->Ask(newest().prepared->sink_committable()));
  protocol_->SinkSays(state);
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
  WT_CO_RETURN_IF_ERROR(co_await protocol_->Look());
  std::string prepared;
  if (!history().batches().empty() && newest().prepared) {
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
  WT_CO_RETURN_IF_ERROR(co_await protocol_->Define(*next));
  co_await Defined(next->files_forgotten);
  co_return absl::OkStatus();
}

bool MicroBatchExecution::NextNeedsNoInput() const {
  if (history().batches().empty()) return false;
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

absl::StatusOr<std::optional<NextBatch>> MicroBatchExecution::NextDefinition() {
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
      history().batches().empty() ? std::nullopt : ToWatermarkMs(NextWatermarkOf(newest()));
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

Task<void> MicroBatchExecution::Defined(int64_t files_forgotten) {
  attempt_.reset();
  unsure_ = 0;
  batch_start_ = node_.clock().Now();
  planner_->Start(NextTrigger(batch_start_, node_.clock().WallNow(), definition_.trigger_interval));
  if (files_forgotten > 0) {
    co_await node_.Step(steps::kInputFilesForgotten, {{"files", files_forgotten}});
  }
  co_await node_.Step(steps::kBatchDefined, {{"batch", newest_batch()},
                                             {"files", FileCount(newest().definition)},
                                             {"query", definition_.name}});
}

Task<absl::Status> MicroBatchExecution::RunBatch() {
  WT_CO_ASSIGN_OR_RETURN(BatchRunner::Ran ran, co_await runner_->Run(sink_->InlineBytes()));
  WT_CO_ASSIGN_OR_RETURN(*ran.prepared.mutable_sink_committable(),
                         co_await sink_->Prepare({.batch = newest_batch(),
                                                  .definition_hash = newest().definition.hash(),
                                                  .parts = std::exchange(ran.attempt.parts, {})}));
  if (platform::Planted(node_, "sink_committed_before_prepared")) {
    WT_CO_RETURN_IF_ERROR(co_await sink_->Commit(ran.prepared.sink_committable()));
  }
  WT_CO_RETURN_IF_ERROR(co_await protocol_->Prepare(std::move(ran.prepared)));
  attempt_ = std::move(ran.attempt);
  co_await node_.Step(steps::kBatchPrepared,
                      {{"batch", newest_batch()}, {"query", definition_.name}});
  co_return absl::OkStatus();
}

Task<absl::Status> MicroBatchExecution::SendCommit() {
  if (platform::Planted(node_, "commit_before_sink")) {
    WT_CO_RETURN_IF_ERROR(co_await protocol_->Append({protocol_->NewestCommit()}));
  }
  const absl::Status status = co_await sink_->Commit(newest().prepared->sink_committable());
  if (status.ok()) {
    protocol_->SinkCommitted();
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
  protocol_->SinkUnsure();
  co_return absl::OkStatus();
}

Task<absl::Status> MicroBatchExecution::LogCommit() {
  const StreamingQueryProgress progress = Progress();
  // The append may make another batch the newest.
  BatchDefinition committed = newest().definition;
  // An error of the source waits until this batch is committed: DefineNext meets it again.
  absl::StatusOr<std::optional<NextBatch>> next = NextDefinition();
  std::optional<NextBatch> following;
  if (next.ok()) following = *std::move(next);
  if (following) {
    co_await node_.Step(steps::kBatchPlanned, {{"batch", following->definition.batch_id()},
                                               {"files", FileCount(following->definition)},
                                               {"query", definition_.name}});
  }
  WT_CO_RETURN_IF_ERROR(co_await protocol_->Commit(following));
  ++batches_committed_;
  co_await node_.Step(steps::kBatchCommitted, {{"batch", progress.batch_id},
                                               {"next_defined", following.has_value()},
                                               {"query", definition_.name}});
  Report(progress);
  if (retention_) retention_->Committed();
  co_await sources_->Committed(std::move(committed));
  if (following) co_await Defined(following->files_forgotten);
  co_return absl::OkStatus();
}

}  // namespace wavetank::runtime
