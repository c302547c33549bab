// StreamingGraph: the plan of a DStream job. A job builds it anew in every incarnation on every
// node, so no closure is ever shipped: tasks name operators by id, and nodes whose plans differ
// refuse each other by the fingerprint.
#ifndef WAVETANK_RUNTIME_DSTREAM_GRAPH_H_
#define WAVETANK_RUNTIME_DSTREAM_GRAPH_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "runtime/connectors/job_directories.h"
#include "runtime/dstream/operator.h"

namespace wavetank::runtime {

// What one task of a stage runs: rows from the head, through the narrow operators, into the tail.
struct StagePlan {
  OperatorId head;  // an input, or the reading side of a shuffle
  std::vector<OperatorId> narrow;
  OperatorId tail;  // the writing side of a shuffle, or an output
};

class StreamingGraph {
 public:
  // REQUIRES: `parent`, if any, is an operator of this graph.
  OperatorId Add(std::optional<OperatorId> parent, std::unique_ptr<StreamOperator> added);

  size_t size() const { return operators_.size(); }
  // REQUIRES: contains(id).
  const StreamOperator& at(OperatorId id) const;
  bool contains(OperatorId id) const;
  const InputOperator& input(OperatorId id) const;
  const OutputOperator& output(OperatorId id) const;
  // In the order in which the job made them.
  const std::vector<OperatorId>& inputs() const { return inputs_; }
  const std::vector<OperatorId>& outputs() const { return outputs_; }

  // The input that an output's rows come from, and the stages between, in order. Stage i reads the
  // shuffle of stage i - 1.
  OperatorId InputOf(OperatorId output) const;
  std::vector<StagePlan> StagesOf(OperatorId output) const;

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
  std::vector<std::unique_ptr<StreamOperator>> operators_;
  std::vector<OperatorId> inputs_;
  std::vector<OperatorId> outputs_;
  absl::Status error_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_GRAPH_H_
