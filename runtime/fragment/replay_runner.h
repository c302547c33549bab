// ReplayRunner: a query's operators in one loop over tables in memory, without cluster, exchange,
// store or log: what each epoch gives, its rows in order, its state, what it counts. An oracle for
// all that those add; what operators themselves get wrong it gets wrong too.
#ifndef WAVETANK_RUNTIME_FRAGMENT_REPLAY_RUNNER_H_
#define WAVETANK_RUNTIME_FRAGMENT_REPLAY_RUNNER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
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
    // What went to the sink, task by task of the fragments that write to it, in order.
    std::vector<std::vector<RecordBatch>> rows;
    EpochReport report;
  };
  // The rows of each task that reads a source, in order, by source.
  using Splits = std::vector<std::vector<RecordBatch>>;
  // On an error state stays.
  absl::StatusOr<Output> Run(const Epoch& epoch, const std::vector<Splits>& sources);

  // Of an operator with state, before its first epoch here. REQUIRES: as state().
  void Put(int operator_id, int partition, size_t store, std::string_view key,
           std::string_view value) {
    checkpoint::StateTable& table = *states_.at({operator_id, partition}).at(store);
    table.Put(key, value);
    table.Accept();
  }
  // Of an operator with state, by its id. REQUIRES: there is one, and such a partition and store.
  const checkpoint::StateTable& state(int operator_id, int partition, size_t store = 0) const {
    return *states_.at({operator_id, partition}).at(store);
  }

 private:
  absl::StatusOr<Output> RunFragments(const Epoch& epoch, const std::vector<Splits>& sources);
  absl::StatusOr<FragmentReport> RunTask(size_t fragment, int partition, const Epoch& epoch,
                                         const std::vector<const std::vector<RecordBatch>*>& inputs,
                                         Outlet& outlet);

  const std::shared_ptr<const StreamingQueryPlan> plan_;
  const AnswerRequest answer_;
  // By operator id and partition, the operator's stores.
  using Tables = std::vector<std::unique_ptr<checkpoint::StateTable>>;
  std::map<std::pair<int, int>, Tables> states_;
};

// Runs one task of a fragment to its end: inputs one after the other, as it asks for them.
absl::Status RunToEnd(FragmentInstance& instance,
                      const std::vector<const std::vector<RecordBatch>*>& inputs,
                      const AnswerRequest& answer);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FRAGMENT_REPLAY_RUNNER_H_
