// What an output of a DStream must give, worked out by replay: the job's own operators, in one loop
// over rows in memory, without cluster, exchange, store, log or retries.
#ifndef WAVETANK_SCENARIOS_REPLAY_STREAM_H_
#define WAVETANK_SCENARIOS_REPLAY_STREAM_H_

#include <string>
#include <vector>

#include "properties/at_least_once.h"
#include "runtime/dstream/graph.h"

namespace wavetank::scenarios {

// The lines of an output with text files for a batch, by partition; none: the output is not due.
// What a function of the job throws is one line, which no output has. REQUIRES: the functions are
// deterministic.
std::vector<std::string> ReplayTextOutput(const runtime::StreamingGraph& graph,
                                          runtime::OperatorId output, int partitions,
                                          const properties::JudgedBatch& batch);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_REPLAY_STREAM_H_
