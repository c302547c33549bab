// What the stages of a graph read of each other.
#ifndef WAVETANK_RUNTIME_CLUSTER_STAGE_READS_H_
#define WAVETANK_RUNTIME_CLUSTER_STAGE_READS_H_

#include <cstddef>
#include <set>

#include "absl/status/status.h"

#include "runtime/cluster/task.h"

namespace wavetank::runtime {

// Whether the stage's task of a partition reads what another task has put.
bool Reads(const Stage& stage, int partition, TaskSource source);
// The stages that it reads, each once.
std::set<int> ReadBy(const Stage& stage);

// kInvalidArgument: a stage reads one that is not earlier, or has payloads beside what was kept.
absl::Status CheckStages(const StageGraph& graph);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_STAGE_READS_H_
