// The tasks of batches: one partition of one stage of one output, on a worker.
#ifndef WAVETANK_RUNTIME_DSTREAM_BATCH_TASK_H_
#define WAVETANK_RUNTIME_DSTREAM_BATCH_TASK_H_

#include <string>

#include "absl/status/statusor.h"

#include "runtime/cluster/task.h"
#include "runtime/dstream/graph.h"

namespace wavetank::runtime {

// kDataLoss when a batch's logged input is gone, shorter or damaged (named); kInternal with batch,
// partition, operator and record when a user function throws.
class BatchTaskBody final : public TaskBody {
 public:
  // `graph` must outlive the body.
  explicit BatchTaskBody(const StreamingGraph& graph) : graph_(graph) {}
  Task<absl::StatusOr<std::string>> Run(TaskContext& context, std::string payload) override;

 private:
  const StreamingGraph& graph_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_BATCH_TASK_H_
