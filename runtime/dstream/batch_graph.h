// What the cluster runs for the outputs of one batch.
#ifndef WAVETANK_RUNTIME_DSTREAM_BATCH_GRAPH_H_
#define WAVETANK_RUNTIME_DSTREAM_BATCH_GRAPH_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "runtime/cluster/task.h"
#include "runtime/dstream/batch_log.h"
#include "runtime/dstream/block_table.h"
#include "runtime/dstream/graph.h"
#include "runtime/dstream/state_book.h"

namespace wavetank::runtime {

struct BatchGraphOptions {
  absl::Time batch_time;
  int default_parallelism = 2;
  // Of operators with state: in how many partitions theirs stands.
  std::map<OperatorId, int> state_partitions = {};
  std::string checkpoint_directory = {};                     // of a graph that has state
  std::map<OperatorId, std::string> files_directories = {};  // of outputs that write files
  // What is worth keeping, and how many batches after its own it is read last.
  std::map<WrittenSide, int64_t> reaches = {};
  NewestStates newest_states = {};
};

struct BatchGraph {
  StageGraph stages;
  // By output, in the order of its rows: which stages give its results.
  std::map<OperatorId, std::vector<int>> last_stages;
  // Of operators whose state goes on with the batch: the stage whose results name it, and whether
  // it is kept.
  struct StateStage {
    int stage = 0;
    bool kept = false;
  };
  std::map<OperatorId, StateStage> state_stages = {};
  // What is kept of it, but for `outputs`, by stage.
  struct Kept {
    WrittenId id;
    BlockTable::Written written;
  };
  std::map<int, Kept> kept = {};
  // By stage, of those that run: its way (StagePlan), and by task of which batch its rows are.
  struct StageWork {
    std::vector<std::pair<OperatorId, int>> way;
    std::vector<BatchNumber> row_batches;
  };
  std::vector<StageWork> work = {};

  bool has_tasks() const;
};

// By their numbers: that of the batch, and those of the batches before that its windows reach.
using BatchInputs = std::map<BatchNumber, BatchInput>;

// A stage that reads an input has a task for each file, block or partition of that; one that reads
// a shuffle, for each partition of that, but none where nothing can come of it: a batch without
// input has no tasks, unless an operator has state. What is kept is not made again, unless
// something is that it was made from. kFailedPrecondition: it is too much for one graph.
absl::StatusOr<BatchGraph> MakeBatchGraph(const StreamingGraph& graph,
                                          const std::vector<OperatorId>& outputs, BatchNumber batch,
                                          const BatchInputs& inputs, const StateBook& states,
                                          const BlockTable& blocks,
                                          const BatchGraphOptions& options);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_BATCH_GRAPH_H_
