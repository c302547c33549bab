// BatchOutputs: makes the outputs of a batch that are due, and shows them: one graph of tasks for
// all, whatever they share made once. Where that fails each is made by itself, so that an output
// that fails holds up no other.
#ifndef WAVETANK_RUNTIME_DSTREAM_BATCH_OUTPUTS_H_
#define WAVETANK_RUNTIME_DSTREAM_BATCH_OUTPUTS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "checkpoint/store.h"
#include "platform/node.h"
#include "runtime/cluster/cluster.h"
#include "runtime/dstream/batch_graph.h"
#include "runtime/dstream/driver.h"
#include "runtime/dstream/graph.h"

namespace wavetank::runtime {

// The same may succeed later; nothing else need change.
inline bool IsTransient(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status);
}

class BatchOutputs {
 public:
  // All outlive it. `driver_id` names its attempts.
  BatchOutputs(platform::Node& node, checkpoint::Store& store, Cluster& cluster,
               const StreamingGraph& graph, const DStreamOptions& options, std::string driver_id)
      : node_(node),
        store_(store),
        cluster_(cluster),
        graph_(graph),
        options_(options),
        driver_id_(std::move(driver_id)) {}

  // The first error of an output; the others run all the same. `inputs`, with those of the batch
  // and of those that its windows reach, outlive the task.
  Task<absl::Status> Run(BatchNumber batch, absl::Time time, const BatchInputs& inputs);

 private:
  BatchGraphOptions GraphOptionsOf(absl::Time time) const;
  Task<absl::StatusOr<GraphResults>> RunGraph(BatchGraph& graph);
  Task<absl::Status> Show(BatchNumber batch, OperatorId output_id, const BatchGraphOptions& options,
                          const std::vector<int>& last_stages, GraphResults& stages);
  absl::Status Deliver(const OutputOperator& output, const std::vector<std::string>& results,
                       absl::Time batch_time);

  platform::Node& node_;
  checkpoint::Store& store_;
  Cluster& cluster_;
  const StreamingGraph& graph_;
  const DStreamOptions& options_;
  const std::string driver_id_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_BATCH_OUTPUTS_H_
