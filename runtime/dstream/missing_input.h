// What is not there any more of the input that a batch has in the log: it cannot run again then.
#ifndef WAVETANK_RUNTIME_DSTREAM_MISSING_INPUT_H_
#define WAVETANK_RUNTIME_DSTREAM_MISSING_INPUT_H_

#include <string>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"

#include "checkpoint/store.h"
#include "platform/task.h"
#include "runtime/dstream/batch_log.h"
#include "runtime/dstream/file_selector.h"
#include "runtime/dstream/graph.h"

namespace wavetank::runtime {

// By the stream that they select for.
using FileSelectors = absl::btree_map<OperatorId, FileSelector>;

// The first file or block that is gone or shorter than it was; "" if there is none. Files that may
// be skipped are the tasks' to judge. kUnavailable: their directory is away. `store` and `sources`
// outlive the task.
platform::Task<absl::StatusOr<std::string>> MissingInput(checkpoint::Store& store, BatchInput input,
                                                         const FileSelectors& sources);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_MISSING_INPUT_H_
