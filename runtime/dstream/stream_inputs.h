// StreamInputs: the driver's sources of one run: what each stream gives to the next batch.
//
// Files are selected (file_selector.h), offsets of a log decided on (log_planner.h), blocks taken
// that had arrived when the batch was due (block_queue.h), queues popped. Nothing that is planned
// counts before the batch's input is durable: Logged says so.
#ifndef WAVETANK_RUNTIME_DSTREAM_STREAM_INPUTS_H_
#define WAVETANK_RUNTIME_DSTREAM_STREAM_INPUTS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/store.h"
#include "platform/clock.h"
#include "platform/node.h"
#include "platform/task.h"
#include "runtime/dstream/batch_log.h"
#include "runtime/dstream/block_queue.h"
#include "runtime/dstream/graph.h"
#include "runtime/dstream/log_planner.h"
#include "runtime/dstream/missing_input.h"
#include "runtime/dstream/stream_rates.h"

namespace wavetank::runtime {

class StreamInputs {
 public:
  // All outlive it. `node` is the driver's.
  StreamInputs(platform::Node& node, checkpoint::Store& store, const StreamingGraph& graph,
               const StreamRates& rates)
      : node_(node), store_(store), graph_(graph), rates_(rates) {}

  // Before anything else, with the log that says what has been input: outlives this.
  void Open(BatchLog& log);
  // Of a stream that begins: adds what is old, and where logs begin.
  Task<absl::Status> Begin(absl::Time now, StreamStart& start);
  // Of one that was begun: from where the log says.
  Task<absl::Status> GoOn(const RecoveredStream& recovered);

  // Adds what the stream gives to the batch, which is due then. All outlive the task.
  Task<absl::Status> Plan(OperatorId stream, platform::MonotonicTime due, const BlockQueue& blocks,
                          BatchInput& batch);
  // The batch's input is durable.
  void Logged(const BatchInput& batch, BlockQueue& blocks);
  // What a batch has in the log and is not there any more, as MissingInput; "": all is.
  Task<absl::StatusOr<std::string>> Missing(BatchInput batch);

 private:
  Task<absl::Status> PlanFiles(FileSelector& source, StreamInput& planned, BatchInput& batch);

  platform::Node& node_;
  checkpoint::Store& store_;
  const StreamingGraph& graph_;
  const StreamRates& rates_;
  FileSelectors files_;
  LogPlanners logs_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_STREAM_INPUTS_H_
