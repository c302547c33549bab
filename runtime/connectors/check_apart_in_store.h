// That a job's directories stand apart in the store itself, whatever their names say.
#ifndef WAVETANK_RUNTIME_CONNECTORS_CHECK_APART_IN_STORE_H_
#define WAVETANK_RUNTIME_CONNECTORS_CHECK_APART_IN_STORE_H_

#include <vector>

#include "absl/status/status.h"

#include "checkpoint/store.h"
#include "platform/task.h"
#include "runtime/connectors/job_directories.h"

namespace wavetank::runtime {

// As CheckApart, of the directories that are there by now: two names may be one directory's, as by
// links. `store` outlives the task.
platform::Task<absl::Status> CheckApartInStore(checkpoint::Store& store,
                                               std::vector<JobDirectory> directories);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_CHECK_APART_IN_STORE_H_
