// What an output of a DStream must give, worked out by replay: the job's own operators, in one loop
// over rows in memory, without cluster, exchange, store, log or retries.
#ifndef WAVETANK_SCENARIOS_REPLAY_STREAM_H_
#define WAVETANK_SCENARIOS_REPLAY_STREAM_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "properties/at_least_once.h"
#include "runtime/dstream/graph.h"

namespace wavetank::scenarios {

// Keeps what operators with state have of the batches so far.
class StreamReplay {
 public:
  // `graph` outlives it. `partitions`: of a shuffle for which the job says nothing.
  StreamReplay(const runtime::StreamingGraph& graph, int partitions)
      : graph_(graph), partitions_(partitions) {}

  // The lines of an output with files for a batch, by partition; of objects, as text shows them.
  // None: the output is not due.
  // What a function of the job throws, or an operator says of its state, is one line, which no
  // output has. REQUIRES: the functions are deterministic; it is asked for each batch, in order,
  // and for one output.
  std::vector<std::string> TextOutput(runtime::OperatorId output,
                                      const properties::JudgedBatch& batch);

  // An operator's state after a batch: of each partition the keys and values, in order.
  using Entries = std::vector<std::pair<std::string, std::string>>;
  using States = std::map<std::pair<runtime::OperatorId, int64_t>, std::vector<Entries>>;

 private:
  const runtime::StreamingGraph& graph_;
  const int partitions_;
  States states_;  // by batch time
};

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_REPLAY_STREAM_H_
