#include "runtime/structured/batch_runner.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "checkpoint/named_files.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "runtime/steps.h"
#include "runtime/structured/batch_definition.h"
#include "runtime/structured/batch_reads.h"

namespace wavetank::runtime {

using checkpoint::BatchHistory;

BatchRunner::BatchRunner(platform::Node& node, checkpoint::Store& store, Cluster& cluster,
                         QueryProtocol& protocol, const StreamingQueryDefinition& definition,
                         std::string checkpoint, BatchPlan plan)
    : node_(node),
      store_(store),
      cluster_(cluster),
      protocol_(protocol),
      definition_(definition),
      checkpoint_(std::move(checkpoint)),
      by_(std::move(plan)) {}

const BatchHistory* BatchRunner::before() const {
  const auto& batches = protocol_.history().batches();
  return batches.size() < 2 ? nullptr : &batches.end()[-2];
}

BatchWork BatchRunner::Work(uint64_t inline_output_bytes) const {
  BatchWork work{.query = definition_.name,
                 .checkpoint_directory = checkpoint_,
                 .sink_options = definition_.options,
                 .definition = protocol_.newest().definition,
                 .states = {},
                 .inline_output_bytes = inline_output_bytes};
  if (before() != nullptr) {
    work.late_watermark = WatermarkOf(before()->definition);
    const auto& states = protocol_.history().StatesAfter(*before());
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
      range.set_source(by_.plan->sources[position++].description.Name());
    }
  }
  return work;
}

Task<absl::StatusOr<BatchRunner::Ran>> BatchRunner::Run(uint64_t inline_output_bytes) {
  const int64_t batch = protocol_.newest_batch();
  const BatchWork work = Work(inline_output_bytes);
  StageGraph graph = BuildBatchGraph(*by_.plan, definition_.Connectors(), work);
  if (platform::Planted(node_, "state_of_the_neighbour") && attempts_ == 0 &&
      !work.states.empty()) {
    for (Stage& stage : graph.stages) {
      if (stage.reads_shuffle_of.empty()) continue;
      std::rotate(stage.payloads.begin(), stage.payloads.begin() + 1, stage.payloads.end());
    }
  }
  const absl::StatusOr<GraphResults> results = co_await cluster_.Run(std::move(graph));
  // A newer owner removes what this one's records name.
  if (absl::IsDataLoss(results.status())) WT_CO_RETURN_IF_ERROR(co_await protocol_.Look());
  WT_CO_RETURN_IF_ERROR(results.status());
  Ran ran;
  WT_CO_ASSIGN_OR_RETURN(ran.attempt, CollectAttempt(*by_.plan, work.definition, *results));
  BatchAttempt& attempt = ran.attempt;
  co_await node_.Step(steps::kBatchRun, {{"batch", batch}, {"query", definition_.name}});
  for (const checkpoint::OperatorState& state : attempt.states) {
    WT_CO_RETURN_IF_ERROR(co_await CheckWritten(state));
  }
  if (platform::Planted(node_, "empty_batch_keeps_older_state") && !HasInput(work.definition)) {
    attempt.states = work.states;
  }
  checkpoint::Prepared& prepared = ran.prepared;
  prepared.set_batch_id(batch);
  prepared.set_attempt_id(absl::StrCat(protocol_.epoch(), "-", ++attempts_));
  for (const checkpoint::OperatorState& state : attempt.states) *prepared.add_states() = state;
  SetNext(attempt, prepared);
  for (const checkpoint::SourceRead& read : attempt.reads) {
    prepared.set_files_skipped(prepared.files_skipped() + read.skipped_size());
    *prepared.add_reads() = read;
  }
  if (protocol_.newest().prepared) {
    WT_CO_RETURN_IF_ERROR(CheckReadsAgain(work.definition, *protocol_.newest().prepared, prepared));
  }
  prepared.set_plan_hash(by_.hash);
  co_return ran;
}

// The watermarks of the next batch, when something becomes final, and the rows that were dropped.
void BatchRunner::SetNext(const BatchAttempt& attempt, checkpoint::Prepared& prepared) const {
  const StreamingQueryPlan& plan = *by_.plan;
  Watermarks watermarks = WatermarksBefore(plan, protocol_.newest().definition, before());
  if (platform::Planted(node_, "watermark_goes_back")) watermarks = {};
  if (platform::Planted(node_, "watermarks_of_operators_forgotten") && attempts_ == 1) {
    watermarks.of_operators.clear();
  }
  if (platform::Planted(node_, "watermarks_read_by_position") && before() != nullptr) {
    const auto& logged = before()->prepared->next_watermarks();
    for (size_t i = 0; i < watermarks.of_operators.size(); ++i) {
      const int at = static_cast<int>(i);
      watermarks.of_operators[i] = at < logged.size()
                                       ? absl::FromUnixMillis(logged[at].watermark_ms())
                                       : absl::InfinitePast();
    }
  }
  if (platform::Planted(node_, "watermark_forgotten_with_the_plan") && before() != nullptr &&
      before()->prepared->plan_hash() != by_.hash) {
    watermarks = {};
  }
  watermarks = NextWatermarks(plan, by_.watermark_policy, watermarks, attempt.report);
  if (platform::Planted(node_, "watermark_of_the_furthest_source")) {
    watermarks = NextWatermarks(plan, WatermarkPolicy::kMax, std::move(watermarks), attempt.report);
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
  SetNextWatermarks(plan, watermarks, prepared);
  SetNextFinal(plan, NextFinal(plan, attempt.report), prepared);
  OperatorReport sum = attempt.report.Sum();
  if (platform::Planted(node_, "late_rows_of_the_last_operator_counted")) {
    sum.rows_late = 0;
    for (const OperatorReport& op : attempt.report.fragments.back().operators) {
      sum.rows_late += op.rows_late;
    }
  }
  prepared.set_dropped_rows(sum.rows_late);
  prepared.set_rows_without_time(sum.rows_without_time);
}

// A record names for good what its writer has seen: a worker may have written it elsewhere.
Task<absl::Status> BatchRunner::CheckWritten(checkpoint::OperatorState state) {
  const std::vector<std::string> files = checkpoint::StateFiles(checkpoint_, state);
  if (files.empty()) co_return absl::OkStatus();
  const absl::StatusOr<std::string> first = co_await store_.Read(files.back(), 0, 1);
  if (!absl::IsNotFound(first.status())) co_return first.status();
  // A newer owner removes state that no record names.
  WT_CO_RETURN_IF_ERROR(co_await protocol_.Look());
  co_return absl::FailedPreconditionError(absl::StrCat(
      "a worker has written ", files.back(),
      ", and it is not in the driver's store: the worker uses another, or somebody has "
      "removed it; see that all nodes have one store, and start again"));
}

}  // namespace wavetank::runtime
