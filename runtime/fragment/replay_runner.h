// ReplayRunner: a query's operators in one loop over tables in memory, without cluster, exchange,
// store or log: what each epoch gives, its rows in order, its state, what it counts. An oracle for
// all that those add; what operators themselves get wrong it gets wrong too.
#ifndef WAVETANK_RUNTIME_FRAGMENT_REPLAY_RUNNER_H_
#define WAVETANK_RUNTIME_FRAGMENT_REPLAY_RUNNER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "checkpoint/state_table.h"
#include "runtime/fragment/query_plan.h"

namespace wavetank::runtime {

// Rows that a fragment has written, by target partition, in order.
class CollectingOutlet final : public Outlet {
 public:
  absl::Status Write(int partition, RecordBatch rows) override {
    const auto at = static_cast<size_t>(partition);
    if (at >= partitions_.size()) partitions_.resize(at + 1);
    partitions_[at].push_back(std::move(rows));
    return absl::OkStatus();
  }
  // Of a partition to which nothing was written: none.
  const std::vector<RecordBatch>& rows(size_t partition) const {
    static const std::vector<RecordBatch> none;
    return partition < partitions_.size() ? partitions_[partition] : none;
  }

 private:
  std::vector<std::vector<RecordBatch>> partitions_;
};

// Answers what blocks an operator.
using AnswerRequest = std::function<absl::StatusOr<std::string>(const OperatorRequest& request)>;

class ReplayRunner {
 public:
  // `answer`: where none is given, an operator that blocks is an error.
  explicit ReplayRunner(std::shared_ptr<const StreamingQueryPlan> plan, AnswerRequest answer = {});

  struct Output {
    // What went to the sink, task by task of the last fragment, in order.
    std::vector<std::vector<RecordBatch>> rows;
    EpochReport report;
  };
  // `splits`: the rows of each task that reads the source, in order. On an error state stays.
  absl::StatusOr<Output> Run(const Epoch& epoch,
                             const std::vector<std::vector<RecordBatch>>& splits);

  // Of a stateful query: REQUIRES a partition of its.
  const checkpoint::StateTable& state(int partition) const { return *states_.at(partition); }

 private:
  absl::StatusOr<Output> RunFragments(const Epoch& epoch,
                                      const std::vector<std::vector<RecordBatch>>& splits);
  absl::StatusOr<FragmentReport> RunTask(size_t fragment, int partition, const Epoch& epoch,
                                         const std::vector<const std::vector<RecordBatch>*>& inputs,
                                         Outlet& outlet);

  const std::shared_ptr<const StreamingQueryPlan> plan_;
  const AnswerRequest answer_;
  std::map<int, std::unique_ptr<checkpoint::StateTable>> states_;  // by partition
};

// Runs one task of a fragment to its end: inputs one after the other, as it asks for them.
absl::Status RunToEnd(FragmentInstance& instance,
                      const std::vector<const std::vector<RecordBatch>*>& inputs,
                      const AnswerRequest& answer);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FRAGMENT_REPLAY_RUNNER_H_
