// The work of one batch as a graph of stages, and what its tasks brought back. Pure: a function of
// the logged definition, the state that the batch starts from, and the plan.
#ifndef WAVETANK_RUNTIME_STRUCTURED_BATCH_GRAPH_H_
#define WAVETANK_RUNTIME_STRUCTURED_BATCH_GRAPH_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "checkpoint/metadata.pb.h"
#include "runtime/cluster/task.h"
#include "runtime/fragment/query_plan.h"

namespace wavetank::runtime {

// A batch has at most this many tasks that read one source; its files go to them in runs of
// neighbours. The number depends on nothing but the definition, so a batch run again on another
// cluster merges in the same order.
inline constexpr int kMaxSourceTasks = 32;
// Of the files from 0 to `files`, those of each task: [begin, end).
std::vector<std::pair<size_t, size_t>> SourceTasks(size_t files);

struct BatchWork {
  std::string query;
  std::string checkpoint_directory;
  std::string sink_directory;
  checkpoint::BatchDefinition definition;
  // The watermark of the batch before it.
  absl::Time late_watermark = absl::InfinitePast();
  // Of each operator with state and each partition; empty before the first batch.
  std::vector<checkpoint::OperatorState> states;
};
StageGraph BuildBatchGraph(const StreamingQueryPlan& plan, const BatchWork& work);

// What an attempt made, and counted.
struct BatchAttempt {
  std::vector<std::string> parts;  // for TransactionalSink::Prepare
  std::vector<checkpoint::OperatorState> states;
  EpochReport report;
  int64_t files_skipped = 0;  // lost
};
absl::StatusOr<BatchAttempt> CollectAttempt(const StreamingQueryPlan& plan,
                                            const GraphResults& results);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_BATCH_GRAPH_H_
