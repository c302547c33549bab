// StreamingGraph: the plan of a DStream job. A job builds it anew in every incarnation on every
// node, so no closure is ever shipped: tasks name operators by id, and nodes whose plans differ
// refuse each other by the fingerprint.
#ifndef WAVETANK_RUNTIME_DSTREAM_GRAPH_H_
#define WAVETANK_RUNTIME_DSTREAM_GRAPH_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "runtime/connectors/job_directories.h"
#include "runtime/dstream/operator.h"

namespace wavetank::runtime {

// What a stage reads of a batch, so many batches ago: the stages that write its shuffle, by side,
// in the order of their rows.
struct BatchRead {
  int64_t ago = 0;
  std::vector<std::vector<int>> sides;
};

// What one task of a stage runs: rows from the head, through the narrow operators, into the tail.
struct StagePlan {
  OperatorId head;  // an input, or the reading side of a shuffle
  std::vector<OperatorId> narrow;
  OperatorId tail;  // the writing side of a shuffle, or an output
  int side = 0;     // of the shuffle
  // Of a head that is a shuffle: one batch; or, if it has state, all that are not in that yet, of
  // which the last is the one whose rows it gives.
  std::vector<BatchRead> reads = {};
  // Of a head that is an input: how many batches ago that was whose input it reads, for each, in
  // the order of the rows.
  std::vector<int64_t> agos = {};
};

// What the state of an operator stands at, before some batch.
struct StateBefore {
  int64_t kept = 1;  // so many batches ago it was kept: that batch, and those before, are in it
  // How many batches ago those were that have run since, oldest first: the last is the one itself.
  std::vector<int64_t> since = {0};
};
// Before the batch so many batches ago, which is the one itself.
using StateHistory = std::function<StateBefore(OperatorId state, int64_t ago)>;

class StreamingGraph {
 public:
  // Far beyond what a job has of stages for one batch.
  static constexpr int kMostStages = 1'000;

  // REQUIRES: `parents` are operators of this graph.
  OperatorId Add(std::vector<OperatorId> parents, std::unique_ptr<StreamOperator> added);

  size_t size() const { return operators_.size(); }
  // REQUIRES: contains(id).
  const StreamOperator& at(OperatorId id) const;
  bool contains(OperatorId id) const;
  const InputOperator& input(OperatorId id) const;
  const OutputOperator& output(OperatorId id) const;
  // In the order in which the job made them.
  const std::vector<OperatorId>& inputs() const { return inputs_; }
  const std::vector<OperatorId>& outputs() const { return outputs_; }
  const std::vector<OperatorId>& states() const { return states_; }  // operators with state

  // How often an operator has rows, in batches: at the multiples of that. 0: of the plan's own
  // rows, as often as they are asked for. REQUIRES: Validate() is OK.
  int64_t SlideOf(OperatorId id) const;
  bool IsDue(OperatorId output, int64_t batch) const {
    return batch % std::max<int64_t>(SlideOf(output), 1) == 0;
  }
  // How many batches ago the oldest input was that an output needs.
  int64_t LongestAgo() const;

  // The inputs that an output's rows come from, in the order in which the job made them.
  std::vector<OperatorId> InputsOf(OperatorId output) const;
  // The stages that make these outputs, each behind those that it reads; what several read is made
  // once. An output's rows are those of the stages whose tail it is, in order. Where they are more
  // than kMostStages, some of them. Without a history, as if each operator with state had kept what
  // it had when it was due before. REQUIRES: the windows are right (Validate).
  std::vector<StagePlan> StagesOf(const std::vector<OperatorId>& outputs,
                                  const StateHistory& history = nullptr) const;

  // One line an operator: "2 FlatMap() of 1 gives string". The fingerprint is its hash: settings
  // that may change between runs (intervals, directories of checkpoints) are not in it.
  std::string Describe() const;
  std::string Fingerprint() const;

  // What it reads and writes in the store.
  std::vector<JobDirectory> Directories() const;

  // kInvalidArgument or kFailedPrecondition: what the job did wrong; the first thing only.
  absl::Status Validate() const;
  void AddError(absl::Status error);

  // Settings.
  absl::Duration batch_interval = absl::Seconds(1);
  // Empty: no checkpoint, and nothing survives the driver.
  std::string checkpoint_directory;
  // How long batches are kept after they ended, at the least.
  absl::Duration remember = absl::ZeroDuration();

 private:
  int64_t ToBatches(absl::Duration duration) const {
    return absl::ToInt64Milliseconds(duration) / absl::ToInt64Milliseconds(batch_interval);
  }
  std::vector<int64_t> Slides() const;
  absl::Status CheckWindows() const;
  absl::Status CheckCheckpoint() const;
  absl::Status CheckReaders() const;
  absl::Status CheckSkipping() const;

  std::vector<std::unique_ptr<StreamOperator>> operators_;
  std::vector<OperatorId> inputs_;
  std::vector<OperatorId> outputs_;
  std::vector<OperatorId> states_;
  absl::Status error_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_GRAPH_H_
