// Where a stream begins, and where one goes on that was begun before.
#ifndef WAVETANK_RUNTIME_DSTREAM_STREAM_START_H_
#define WAVETANK_RUNTIME_DSTREAM_STREAM_START_H_

#include "absl/status/statusor.h"

#include "checkpoint/recovery.h"
#include "platform/node.h"
#include "platform/task.h"
#include "runtime/dstream/batch_log.h"
#include "runtime/dstream/graph.h"
#include "runtime/dstream/missing_input.h"

namespace wavetank::runtime {

// What batch times count from, and which files are too old to be input, which is said. All outlive
// the task.
platform::Task<absl::StatusOr<StreamStart>> FirstStart(platform::Node& node,
                                                       const StreamingGraph& graph,
                                                       FileSelectors& selectors);

// The steps of what recovery decides: of one batch; and of where the stream goes on, which is
// behind what is completed, with a batch that the log does not know. All outlive the task.
platform::Task<void> Decided(platform::Node& node, BatchNumber batch,
                             const checkpoint::GraphRow& row);
platform::Task<void> DecideNext(platform::Node& node, const RecoveredStream& recovered);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_STREAM_START_H_
