// Where a stream begins, and where one goes on that was begun before.
#ifndef WAVETANK_RUNTIME_DSTREAM_STREAM_START_H_
#define WAVETANK_RUNTIME_DSTREAM_STREAM_START_H_

#include <string>

#include "absl/status/statusor.h"

#include "platform/node.h"
#include "platform/task.h"
#include "runtime/dstream/batch_log.h"
#include "runtime/dstream/graph.h"
#include "runtime/dstream/stream_inputs.h"

namespace wavetank::runtime {

// What batch times count from, which files are too old to be input, which is said, and where logs
// are read from. All outlive the task.
platform::Task<absl::StatusOr<StreamStart>> FirstStart(platform::Node& node,
                                                       const StreamingGraph& graph,
                                                       StreamInputs& sources);

// What recovery decides, and its steps. Of a batch that is not complete: it runs again, if each
// file, block and range of a log is there, as long as it was. kDataLoss begins with `what`. Node
// and sources outlive the task.
platform::Task<absl::Status> CheckInput(platform::Node& node, BatchInput input,
                                        StreamInputs& sources, std::string what);
// Of where the stream goes on: behind what is completed, with a batch that the log does not know.
// All outlive the task.
platform::Task<void> DecideNext(platform::Node& node, const RecoveredStream& recovered);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_STREAM_START_H_
