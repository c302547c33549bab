// Where a stream begins, and where one goes on that was begun before.
#ifndef WAVETANK_RUNTIME_DSTREAM_STREAM_START_H_
#define WAVETANK_RUNTIME_DSTREAM_STREAM_START_H_

#include <string>

#include "absl/status/statusor.h"

#include "checkpoint/store.h"
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

// What recovery decides, and its steps. Of a batch that is not complete: it runs again, if each
// file and block is there, as long as it was. kDataLoss begins with `what`. Node, store and
// selectors outlive the task.
platform::Task<absl::Status> CheckInput(platform::Node& node, checkpoint::Store& store,
                                        BatchInput input, const FileSelectors& selectors,
                                        std::string what);
// Of where the stream goes on: behind what is completed, with a batch that the log does not know.
// All outlive the task.
platform::Task<void> DecideNext(platform::Node& node, const RecoveredStream& recovered);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_STREAM_START_H_
