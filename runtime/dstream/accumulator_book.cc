#include "runtime/dstream/accumulator_book.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/dstream/wire.h"

namespace wavetank::runtime {

AccumulatorBook::AccumulatorBook(const StreamingGraph& graph, const AccumulatorTotals& totals)
    : graph_(graph), reach_(graph.accumulators().empty() ? 0 : graph.LongestAgo()), rows_(graph) {
  for (const auto& cell : graph_.accumulators()) {
    const auto found = totals.find(cell->name());
    totals_.push_back(found == totals.end() ? cell->zero() : found->second);
    cell->total.Set(totals_.back());
  }
  so_far_ = totals_;
  at_driver_ = std::make_unique<internal::Additions>(&graph_, totals_.size());
}

void AccumulatorBook::Begin(BatchNumber batch, const BatchInputs& inputs) {
  if (empty()) return;
  batch_ = batch;
  so_far_ = totals_;
  ended_.clear();
  taken_.clear();
  at_driver_ = std::make_unique<internal::Additions>(&graph_, totals_.size());
  // The batch is the first for no rows that are older than so, and what came to others first is
  // newer than they are.
  const BatchNumber oldest(batch.value() - reach_);
  for (auto had = inputs.lower_bound(oldest); had != inputs.upper_bound(batch); ++had) {
    planned_.insert(had->first);
  }
  planned_.erase(planned_.begin(), planned_.lower_bound(oldest));
}

bool AccumulatorBook::CountsNow(BatchNumber of_rows, const OperatorWork& work) const {
  if (!rows_.Has(batch_, of_rows, work)) return false;
  return std::none_of(planned_.lower_bound(of_rows), planned_.lower_bound(batch_),
                      [&](BatchNumber had) { return rows_.Has(had, of_rows, work); });
}

absl::Status AccumulatorBook::Take(const BatchGraph& graph, GraphResults& results) {
  if (empty()) return absl::OkStatus();
  for (size_t stage = 0; stage < graph.work.size(); ++stage) {
    const BatchGraph::StageWork& work = graph.work[stage];
    std::set<Work> made;
    for (size_t task = 0; task < work.row_batches.size(); ++task) {
      TaskResult& result = results[stage][task];
      TaskOutcome outcome;
      WT_RETURN_IF_ERROR(DecodeFromString(result.bytes, outcome));
      result.bytes = std::move(outcome.result);
      std::set<OperatorId> count;
      const BatchNumber of_rows = work.row_batches[task];
      for (const OperatorWork& by : WorkBy(work.way)) {
        if (taken_.contains({of_rows, by}) || !CountsNow(of_rows, by)) continue;
        made.insert({of_rows, by});
        count.insert(by.op);
      }
      for (const Addition& addition : outcome.additions) {
        if (!count.contains(OperatorId(addition.op))) continue;
        WT_RETURN_IF_ERROR(
            Merge(static_cast<size_t>(addition.accumulator), addition.added, so_far_));
      }
    }
    taken_.merge(made);
  }
  return absl::OkStatus();
}

absl::StatusOr<AccumulatorTotals> AccumulatorBook::Ended() {
  ended_ = so_far_;
  absl::Status merged;
  at_driver_->ForEach([&](int64_t, size_t accumulator, const std::string& added) {
    merged.Update(Merge(accumulator, added, ended_));
  });
  WT_RETURN_IF_ERROR(merged);
  return ByName(ended_);
}

void AccumulatorBook::Completed() {
  if (empty()) return;
  totals_ = ended_;
  so_far_ = totals_;
  for (size_t i = 0; i < totals_.size(); ++i) graph_.accumulators()[i]->total.Set(totals_[i]);
}

absl::Status AccumulatorBook::Merge(size_t accumulator, const std::string& added,
                                    std::vector<std::string>& into) {
  if (accumulator >= into.size()) {
    return absl::InternalError(
        absl::StrCat("a task added to accumulator ", accumulator, " of ", into.size()));
  }
  const internal::AccumulatorCell& cell = *graph_.accumulators()[accumulator];
  const auto failed = [&cell](const char* what) {
    return absl::InternalError(absl::StrCat("merge into accumulator '", cell.name(), "': ", what));
  };
  try {
    return cell.Merge(added, into[accumulator]);
  } catch (const std::exception& error) {
    return failed(error.what());
  } catch (...) {
    return failed("threw what is no std::exception");
  }
}

AccumulatorTotals AccumulatorBook::ByName(const std::vector<std::string>& totals) const {
  AccumulatorTotals by_name;
  for (size_t i = 0; i < totals.size(); ++i) {
    by_name[graph_.accumulators()[i]->name()] = totals[i];
  }
  return by_name;
}

}  // namespace wavetank::runtime
