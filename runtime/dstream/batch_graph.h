// What the cluster runs for one output of one batch.
#ifndef WAVETANK_RUNTIME_DSTREAM_BATCH_GRAPH_H_
#define WAVETANK_RUNTIME_DSTREAM_BATCH_GRAPH_H_

#include <string>

#include "absl/time/time.h"

#include "runtime/cluster/task.h"
#include "runtime/dstream/batch_log.h"
#include "runtime/dstream/graph.h"

namespace wavetank::runtime {

struct BatchGraphOptions {
  absl::Time batch_time;
  int default_parallelism = 2;
  std::string files_directory;  // of an output that writes files
};

// A first stage with a task for each file, block or partition of `input`; then a stage for each
// shuffle. REQUIRES: the input is not empty.
StageGraph BatchGraph(const StreamingGraph& graph, OperatorId output, BatchNumber batch,
                      const StreamInput& input, const BatchGraphOptions& options);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_BATCH_GRAPH_H_
