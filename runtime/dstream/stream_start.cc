#include "runtime/dstream/stream_start.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/recovery.h"
#include "checkpoint/steps.h"
#include "platform/check.h"
#include "platform/status_macros.h"
#include "platform/text.h"
#include "runtime/dstream/batch_schedule.h"

namespace wavetank::runtime {

using platform::Task;

namespace {

Task<void> Decided(platform::Node& node, BatchNumber batch, const checkpoint::GraphRow& row) {
  co_await node.Step(checkpoint::steps::kRecoveryDecided,
                     {{"batch", batch.value()}, {"row", checkpoint::RowNumber(row)}});
}

}  // namespace

Task<absl::StatusOr<StreamStart>> FirstStart(platform::Node& node, const StreamingGraph& graph,
                                             StreamInputs& sources) {
  StreamStart start;
  const absl::Time now = node.clock().WallNow();
  start.zero = BatchSchedule::ZeroTime(now, graph.batch_interval);
  WT_CO_RETURN_IF_ERROR(co_await sources.Begin(now, start));
  co_return start;
}

Task<absl::Status> CheckInput(platform::Node& node, BatchInput input, StreamInputs& sources,
                              std::string what) {
  WT_CO_ASSIGN_OR_RETURN(const std::string missing, co_await sources.Missing(input));
  const checkpoint::GraphRow& row = checkpoint::DecideGraphBatch(
      {.input = checkpoint::InputFound::kDurable,
       .completion = checkpoint::CompletionFound::kNone,
       .data = missing.empty() ? checkpoint::DataFound::kWhole : checkpoint::DataFound::kMissing});
  co_await Decided(node, input.batch, row);
  if (row.decision == checkpoint::GraphDecision::kRerun) co_return absl::OkStatus();
  co_return absl::DataLossError(
      absl::StrCat(what, ": ", platform::ToAbsl(row.reason), ": ", missing));
}

Task<void> DecideNext(platform::Node& node, const RecoveredStream& recovered) {
  const bool completed =
      recovered.last != BatchNumber() &&
      (recovered.unfinished.empty() || recovered.unfinished.back().batch != recovered.last);
  if (completed) {
    const checkpoint::GraphRow& skip =
        checkpoint::DecideGraphBatch({.input = checkpoint::InputFound::kDurable,
                                      .completion = checkpoint::CompletionFound::kDurable});
    WT_CHECK(skip.decision == checkpoint::GraphDecision::kSkip);
    co_await Decided(node, recovered.last, skip);
  }
  const checkpoint::GraphRow& plan = checkpoint::DecideGraphBatch({});
  WT_CHECK(plan.decision == checkpoint::GraphDecision::kPlan);
  co_await Decided(node, recovered.last.next(), plan);
}

}  // namespace wavetank::runtime
