#include "runtime/dstream/accumulator_book.h"

#include <exception>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/dstream/stable_hash.h"
#include "runtime/dstream/state_operator.h"
#include "runtime/dstream/wire.h"

namespace wavetank::runtime {

AccumulatorBook::AccumulatorBook(const StreamingGraph& graph, const AccumulatorTotals& totals)
    : graph_(graph), reach_(graph.accumulators().empty() ? 0 : graph.LongestAgo()) {
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
  for (const auto& [had, input] : inputs) {
    if (had > batch) break;
    if (!planned_.insert(had).second) continue;
    for (const Work& work : WorkOf(had)) counts_in_.try_emplace(work, had);
  }
  const BatchNumber oldest(inputs.begin()->first.value() - reach_);
  std::erase_if(counts_in_, [&](const auto& entry) { return entry.first.batch < oldest; });
  planned_.erase(planned_.begin(), planned_.lower_bound(inputs.begin()->first));
}

// From the head down, since what is above an operator tells its rows apart.
std::vector<AccumulatorBook::Work> AccumulatorBook::WorkBy(const Way& way, BatchNumber of_rows) {
  std::vector<Work> work;
  uint64_t hash = 0;
  for (auto step = way.rbegin(); step != way.rend(); ++step) {
    hash = MixKey(hash, MixKey(static_cast<uint64_t>(step->first.value()),
                               static_cast<uint64_t>(step->second)));
    work.push_back({.batch = of_rows, .op = step->first, .way = hash});
  }
  return work;
}

// What tasks make for the batch, and of which batch's rows, if each state goes on from the batch
// before it, and nothing is kept.
std::vector<AccumulatorBook::Work> AccumulatorBook::WorkOf(BatchNumber batch) const {
  std::vector<OperatorId> outputs;
  for (const OperatorId output : graph_.outputs()) {
    if (graph_.IsDue(output, batch.value())) outputs.push_back(output);
  }
  const StateHistory from_the_batch_before = [this](OperatorId state, int64_t ago) {
    const auto window = WindowOf(graph_.at(state));
    const int64_t length = window ? window->length / graph_.batch_interval : 1;
    return StateBefore{.kept = ago + length, .newest = 0, .since = {ago}};
  };
  const std::vector<StagePlan> plan = graph_.StagesOf(outputs, from_the_batch_before);
  std::vector<Work> work;
  std::vector<std::set<int64_t>> agos_of;  // by stage: of which batches its rows are
  for (const StagePlan& stage : plan) {
    std::set<int64_t>& agos = agos_of.emplace_back(stage.agos.begin(), stage.agos.end());
    if (stage.head_is_kept) {
      for (const BatchRead& of_batch : stage.reads) {
        for (const int read : of_batch.sides.front()) {
          const std::set<int64_t> of_read = agos_of[static_cast<size_t>(read)];
          agos.insert(of_read.begin(), of_read.end());
        }
      }
    } else if (!stage.reads.empty()) {
      agos.insert(stage.reads.back().ago);
    }
    for (const int64_t ago : agos) {
      const std::vector<Work> of_stage = WorkBy(stage.way, BatchNumber(batch.value() - ago));
      work.insert(work.end(), of_stage.begin(), of_stage.end());
    }
  }
  return work;
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
      for (const Work& by : WorkBy(work.way, work.row_batches[task])) {
        const auto counts_in = counts_in_.find(by);
        if (counts_in == counts_in_.end() || counts_in->second != batch_) continue;
        if (taken_.contains(by)) continue;
        made.insert(by);
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
