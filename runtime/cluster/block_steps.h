// The steps of what workers keep: part of the catalogue in runtime/steps.h, which has the rules and
// the other steps. All but the last are on the worker; `graph`, `stage` and `partition` name what
// made the blocks.
#ifndef WAVETANK_RUNTIME_CLUSTER_BLOCK_STEPS_H_
#define WAVETANK_RUNTIME_CLUSTER_BLOCK_STEPS_H_

#include "platform/step.h"

namespace wavetank::runtime::steps {

inline constexpr platform::StepName kBlocksSpilled{
    "blocks.spilled", "graph, stage, partition, bytes",
    "A task's blocks are in a file of the worker's scratch disk; they are still in memory, too."};
inline constexpr platform::StepName kBlocksReadBack{
    "blocks.read_back", "graph, stage, partition",
    "A block of which only a file is left was read; its reader does not have it yet."};
inline constexpr platform::StepName kBlocksEvicted{
    "blocks.evicted", "graph, stage, partition",
    "There was no room for a task's blocks: they are gone, and the driver has not been told."};
inline constexpr platform::StepName kSpillFailed{
    "blocks.spill_failed", "graph, stage, partition",
    "A task's blocks could not be written to the scratch disk."};
inline constexpr platform::StepName kSpilledLost{
    "blocks.spilled_lost", "graph, stage, partition",
    "A file of blocks is gone, damaged, or cannot be read: the blocks are lost."};
inline constexpr platform::StepName kBlocksReplicated{
    "blocks.replicated", "graph, stage, partition",
    "A second worker has a task's blocks; the driver has not been told."};
inline constexpr platform::StepName kReplicaFailed{
    "blocks.replica_failed", "graph, stage, partition",
    "A second worker has not said that it has a task's blocks: only one counts as having them."};
inline constexpr platform::StepName kReplicaRead{
    "blocks.replica_read", "graph, stage, partition",
    "A reading task got blocks from the second worker: its own, or the first did not give them."};
inline constexpr platform::StepName kNoRoom{
    "blocks.no_room", "graph, stage, partition",
    "Blocks that running graphs need have no room in memory and on disk: their task fails."};
inline constexpr platform::StepName kDriverReplicaTaken{
    "driver.replica_taken", "batch, stage, partition, attempt",
    "The worker of a finished attempt is lost, or does not give its output: that of its replica "
    "has it from now on."};

inline constexpr const platform::StepName* kBlockSteps[] = {
    &kBlocksSpilled,    &kBlocksReadBack, &kBlocksEvicted, &kSpillFailed, &kSpilledLost,
    &kBlocksReplicated, &kReplicaFailed,  &kReplicaRead,   &kNoRoom,      &kDriverReplicaTaken};

}  // namespace wavetank::runtime::steps

#endif  // WAVETANK_RUNTIME_CLUSTER_BLOCK_STEPS_H_
