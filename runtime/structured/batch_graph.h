// The work of one batch as a graph of stages, and what its tasks brought back. Pure: a function of
// the logged definition, the state that the batch starts from, and the plan.
#ifndef WAVETANK_RUNTIME_STRUCTURED_BATCH_GRAPH_H_
#define WAVETANK_RUNTIME_STRUCTURED_BATCH_GRAPH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "checkpoint/metadata.pb.h"
#include "runtime/cluster/task.h"
#include "runtime/connectors/connector_registry.h"
#include "runtime/fragment/query_plan.h"

namespace wavetank::runtime {

struct BatchWork {
  std::string query;
  std::string checkpoint_directory;
  OptionMap sink_options;
  checkpoint::BatchDefinition definition;
  // The watermark of the batch before it.
  absl::Time late_watermark = absl::InfinitePast();
  // Of each operator with state and each partition; empty before the first batch.
  std::vector<checkpoint::OperatorState> states;
  // TransactionalSink::InlineBytes: each task that writes to the sink gets as much as the others.
  uint64_t inline_output_bytes = 0;
};
// REQUIRES: the plan's sources are of these connectors.
StageGraph BuildBatchGraph(const StreamingQueryPlan& plan, const ConnectorRegistry& connectors,
                           const BatchWork& work);

// What an attempt made, and counted.
struct BatchAttempt {
  std::vector<std::string> parts;  // for TransactionalSink::Prepare
  std::vector<checkpoint::OperatorState> states;
  EpochReport report;
  std::vector<checkpoint::SourceRead> reads;
};
// kUnavailable: as BatchReads (batch_reads.h).
absl::StatusOr<BatchAttempt> CollectAttempt(const StreamingQueryPlan& plan,
                                            const checkpoint::BatchDefinition& definition,
                                            const GraphResults& results);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_BATCH_GRAPH_H_
