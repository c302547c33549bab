// BatchOutputs: makes the outputs of a batch that are due, and shows them: one graph of tasks for
// all, whatever they share made once. Where that fails each is made by itself, so that an output
// that fails holds up no other.
#ifndef WAVETANK_RUNTIME_DSTREAM_BATCH_OUTPUTS_H_
#define WAVETANK_RUNTIME_DSTREAM_BATCH_OUTPUTS_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "checkpoint/store.h"
#include "platform/node.h"
#include "platform/planted.h"
#include "runtime/cluster/cluster.h"
#include "runtime/dstream/accumulator_book.h"
#include "runtime/dstream/batch_graph.h"
#include "runtime/dstream/driver.h"
#include "runtime/dstream/graph.h"
#include "runtime/dstream/stream_events.h"

namespace wavetank::runtime {

// The same may succeed later; nothing else need change.
inline bool IsTransient(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status);
}

// What a batch leaves to those after it, which its mark names.
struct BatchLeft {
  KeptStates states;
  AccumulatorTotals totals = {};
};

class BatchOutputs {
 public:
  // All outlive it, but for the totals that its accumulators go on from. `driver_id` names its
  // attempts.
  BatchOutputs(platform::Node& node, checkpoint::Store& store, Cluster& cluster,
               const StreamingGraph& graph, const DStreamOptions& options,
               std::map<OperatorId, int> state_partitions, std::string driver_id,
               const AccumulatorTotals& totals, StreamEvents& events)
      : node_(node),
        store_(store),
        cluster_(cluster),
        graph_(graph),
        options_(options),
        state_partitions_(std::move(state_partitions)),
        reaches_(graph.Reaches()),
        blocks_(cluster),
        accumulators_(graph, TotalsToGoOnFrom(node, totals)),
        events_(events),
        driver_id_(std::move(driver_id)) {}

  // Or the first error of an output; the others run all the same.
  // `inputs`, with those of the batch and of those that its windows reach, outlive the task, and so
  // do the states that it goes on from.
  Task<absl::StatusOr<BatchLeft>> Run(BatchNumber batch, absl::Time time, const BatchInputs& inputs,
                                      const StateBook& states);
  // What it left is durable.
  void Completed() { accumulators_.Completed(); }
  // As the batches that are complete have left them.
  AccumulatorTotals totals() const { return accumulators_.totals(); }

 private:
  static AccumulatorTotals TotalsToGoOnFrom(platform::Node& node, const AccumulatorTotals& totals) {
    if (platform::Planted(node, "accumulators_begin_anew")) return {};
    return totals;
  }
  // A graph, and what came of it.
  struct Made {
    BatchGraph graph;
    absl::StatusOr<GraphResults> results;
  };
  BatchGraphOptions GraphOptionsOf(absl::Time time) const;
  Task<absl::StatusOr<Made>> Make(const std::vector<OperatorId>& outputs, BatchNumber batch,
                                  const BatchInputs& inputs, const StateBook& states,
                                  const BatchGraphOptions& options);
  void KeepBlocks(BatchGraph& graph, const GraphResults& results);
  // Into `kept`, if it is kept.
  absl::Status TakeStates(BatchNumber batch, const BatchGraph& graph, const GraphResults& results,
                          KeptStates& kept);
  Task<absl::Status> Show(BatchNumber batch, OperatorId output_id, const BatchGraphOptions& options,
                          const std::vector<int>& last_stages, GraphResults& stages);
  absl::Status Deliver(const OutputOperator& output, const std::vector<std::string>& results,
                       absl::Time batch_time);

  platform::Node& node_;
  checkpoint::Store& store_;
  Cluster& cluster_;
  const StreamingGraph& graph_;
  const DStreamOptions& options_;
  const std::map<OperatorId, int> state_partitions_;
  const std::map<WrittenSide, int64_t> reaches_;
  BlockTable blocks_;
  NewestStates newest_states_;
  AccumulatorBook accumulators_;
  StreamEvents& events_;
  const std::string driver_id_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_BATCH_OUTPUTS_H_
