// Whose the files of SaveAsTextFiles are: a file beside each output names the checkpoint of the
// stream that it belongs to ("out/_counts-stream" for "out/counts"). Two streams over one output
// would mark each other's attempts complete. Without a checkpoint each stream begins anew, and owns
// nothing.
#ifndef WAVETANK_RUNTIME_DSTREAM_OUTPUT_OWNER_H_
#define WAVETANK_RUNTIME_DSTREAM_OUTPUT_OWNER_H_

#include <string>

#include "absl/status/status.h"

#include "checkpoint/store.h"
#include "platform/task.h"
#include "runtime/dstream/batch_log.h"
#include "runtime/dstream/graph.h"

namespace wavetank::runtime {

// Whether log and outputs are this stream's, or free; changes nothing. What an output has is of
// batches that a checkpoint knew, so beside it one that begins anew would give the same input
// again. kFailedPrecondition, with what is found; else as from BatchLog::Compare.
platform::Task<absl::Status> CheckOutputsBeforeClaim(platform::Node& node, checkpoint::Store& store,
                                                     const StreamingGraph& graph,
                                                     std::string checkpoint_directory,
                                                     BatchLogOptions options);

// The same of the outputs, and makes them its own: at every take-over, before anything is written
// into them, since they may have been removed and be another's by now. kAborted: the stream is.
platform::Task<absl::Status> OwnOutputs(checkpoint::Store& store, const StreamingGraph& graph,
                                        std::string checkpoint_directory, StreamAge age,
                                        BatchLog& log);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_OUTPUT_OWNER_H_
