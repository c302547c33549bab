// BatchesToCome: the next batch of a stream and those that have failed, which another driver runs
// again; and what they need of batches before: the state that each goes on from, all since that was
// kept, and what windows reach.
#ifndef WAVETANK_RUNTIME_DSTREAM_BATCHES_TO_COME_H_
#define WAVETANK_RUNTIME_DSTREAM_BATCHES_TO_COME_H_

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "runtime/dstream/batch_schedule.h"
#include "runtime/dstream/graph.h"
#include "runtime/dstream/state_book.h"

namespace wavetank::runtime {

class BatchesToCome {
 public:
  // `open`: those with durable input that are not complete; `newest`: the last with durable input;
  // `reach`: how many batches before one its windows reach (StreamingGraph::LongestAgo). Graph and
  // states outlive it.
  BatchesToCome(const StreamingGraph& graph, const StateBook& states, std::set<BatchNumber> open,
                BatchNumber newest, int64_t reach)
      : graph_(graph), states_(states), batches_(std::move(open)), reach_(reach) {
    batches_.insert(newest.next());
  }

  const std::set<BatchNumber>& batches() const { return batches_; }

  bool Need(BatchNumber had) const {
    return std::any_of(batches_.lower_bound(had), batches_.end(), [&](BatchNumber by) {
      const BatchNumber first = std::min(by, StateBefore(by).next());
      return first.value() - had.value() <= reach_;
    });
  }

  // kDataLoss, if the log of `directory` has dropped what they need. (It tells of the newest alone
  // that it has dropped, so it tells nothing of batches before that.)
  absl::Status CheckStateIsWhole(BatchNumber dropped, const std::string& directory) const {
    for (const BatchNumber batch : batches_) {
      const BatchNumber kept = StateBefore(batch);
      if (batch < dropped || kept >= dropped) continue;
      return absl::DataLossError(absl::StrCat(
          "recover batch ", batch.value(), " from ", directory, ": its state was kept after batch ",
          kept.value(), ", and the log has no batch up to ", dropped.value(), " any more"));
    }
    return absl::OkStatus();
  }

 private:
  // The batch after which the oldest state was kept that the batch goes on from; 0: there is none
  // yet. Without any state, the batch.
  BatchNumber StateBefore(BatchNumber batch) const {
    BatchNumber oldest = batch;
    const KeptStates& kept = states_.Before(batch);
    for (const OperatorId state : graph_.states()) {
      const auto found = kept.find(state);
      oldest = std::min(oldest, found == kept.end() ? BatchNumber() : found->second.batch);
    }
    return oldest;
  }

  const StreamingGraph& graph_;
  const StateBook& states_;
  std::set<BatchNumber> batches_;
  const int64_t reach_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_BATCHES_TO_COME_H_
