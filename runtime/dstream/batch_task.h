// The tasks of batches: one partition of one stage of one output, on a worker.
#ifndef WAVETANK_RUNTIME_DSTREAM_BATCH_TASK_H_
#define WAVETANK_RUNTIME_DSTREAM_BATCH_TASK_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "checkpoint/state_store.h"
#include "runtime/cluster/task.h"
#include "runtime/dstream/graph.h"
#include "runtime/dstream/wire.h"

namespace wavetank::runtime {

// kDataLoss when a batch's logged input, or the state that it goes on from, is gone, shorter or
// damaged (named); kInternal with batch, partition, operator and record when a user function
// throws.
//
// Keeps the state of each partition as it stands after the last task that ran here, and uses it
// when the next batch starts from exactly that attempt's; otherwise it reads the files of the
// version that is kept, and takes in the batches since.
class BatchTaskBody final : public TaskBody {
 public:
  // `graph` must outlive the body.
  explicit BatchTaskBody(const StreamingGraph& graph) : graph_(graph) {}
  Task<absl::StatusOr<std::string>> Run(TaskContext& context, std::string payload) override;

  // Of how many partitions: no more than there are.
  size_t states_kept() const { return states_.size(); }

 private:
  class Attempt;  // at one task
  // As an attempt has left it.
  struct LeftState {
    std::unique_ptr<checkpoint::StateStore> state;
    std::string attempt;
    bool is_kept = false;  // it is the state's version
    uint64_t used = 0;     // by how many were left before it
  };
  // Takes the state out: two attempts at one partition never share it. Null: it is not here.
  std::unique_ptr<checkpoint::StateStore> TakeState(platform::Node& node, const TaskState& task);

  // Forgets the oldest-used states that the worker has no room for: they are read from the store
  // again, and made again of the batches since. How many those were.
  int64_t MakeRoomForStates(TaskContext& context);

  const StreamingGraph& graph_;
  std::map<std::string, LeftState> states_;  // by directory
  uint64_t states_left_ = 0;
  bool said_no_room_ = false;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_BATCH_TASK_H_
