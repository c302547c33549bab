// AccumulatorBook: what the batches of a stream have added to its accumulators, at the driver.
//
// What an operator's functions add for the rows of a batch counts in one batch: the first that has
// those rows, of those that were planned, as its plan says, whatever workers keep; and in one stage
// of that, however many read the operator. So nothing but the totals need be durable: who runs a
// batch again, or makes something again for a later one, finds out whose it is.
#ifndef WAVETANK_RUNTIME_DSTREAM_ACCUMULATOR_BOOK_H_
#define WAVETANK_RUNTIME_DSTREAM_ACCUMULATOR_BOOK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/cluster/task.h"
#include "runtime/dstream/accumulator_cell.h"
#include "runtime/dstream/batch_graph.h"
#include "runtime/dstream/batch_schedule.h"
#include "runtime/dstream/counted_rows.h"
#include "runtime/dstream/graph.h"

namespace wavetank::runtime {

class AccumulatorBook {
 public:
  // Shows the totals that it goes on from. `graph` outlives it. REQUIRES: it is right (Validate).
  AccumulatorBook(const StreamingGraph& graph, const AccumulatorTotals& totals);

  bool empty() const { return totals_.empty(); }

  // The batch runs: it has added nothing. `inputs`: it, and those that were planned before it, as
  // far as what it reads reaches, at the least. REQUIRES: batches begin in order.
  void Begin(BatchNumber batch, const BatchInputs& inputs);
  // Takes what its tasks have added out of the results of a graph of the batch. What a graph before
  // has made counts as that made it. An error: a function that merges threw.
  absl::Status Take(const BatchGraph& graph, GraphResults& results);

  // For functions that the driver calls: what they add, and what there is to be read.
  internal::Additions& at_driver() { return *at_driver_; }
  const std::vector<std::string>& so_far() const { return so_far_; }

  // All outputs of the batch have ended well: the totals with it. An error as Take.
  absl::StatusOr<AccumulatorTotals> Ended();
  // The mark of the batch is durable: its totals are shown.
  void Completed();
  // Of the batches that are complete.
  AccumulatorTotals totals() const { return ByName(totals_); }

 private:
  // Whether the batch that runs is the first that comes to such rows, of those that were planned.
  bool CountsNow(BatchNumber of_rows, const OperatorWork& work) const;
  absl::Status Merge(size_t accumulator, const std::string& added, std::vector<std::string>& into);
  AccumulatorTotals ByName(const std::vector<std::string>& totals) const;

  const StreamingGraph& graph_;
  const int64_t reach_;
  const CountedRows rows_;
  // By accumulator, encoded: of complete batches; with what the tasks of the one that runs added;
  // and with its driver's.
  std::vector<std::string> totals_;
  std::vector<std::string> so_far_;
  std::vector<std::string> ended_;
  std::unique_ptr<internal::Additions> at_driver_;
  BatchNumber batch_;
  using Work = std::pair<BatchNumber, OperatorWork>;  // of the rows of that batch
  std::set<Work> taken_;                              // of the batch that runs
  std::set<BatchNumber> planned_;  // that one, and before it as far as it reaches
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_ACCUMULATOR_BOOK_H_
