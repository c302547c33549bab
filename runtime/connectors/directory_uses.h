// What stands in a job's directories by now, and that it is not of another use: a checkpoint that
// is given as another engine's, or as an output, would be written into; one that is given as an
// input would be read as text.
#ifndef WAVETANK_RUNTIME_CONNECTORS_DIRECTORY_USES_H_
#define WAVETANK_RUNTIME_CONNECTORS_DIRECTORY_USES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

#include "checkpoint/store.h"
#include "platform/task.h"
#include "runtime/connectors/job_directories.h"

namespace wavetank::runtime {

// Whose a job's checkpoints are.
enum class CheckpointOf { kQuery, kStream };

// kFailedPrecondition names a directory that is what it must not be, or a part of such: a
// checkpoint is one of `engine` or none yet, and no output; whatever else a job has is no
// checkpoint. (That a query reads what another has written is well.) Nothing is written. `store`
// outlives the task.
platform::Task<absl::Status> CheckUses(checkpoint::Store& store,
                                       std::vector<JobDirectory> directories, CheckpointOf engine);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_DIRECTORY_USES_H_
