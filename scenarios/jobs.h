// The jobs that the command `wavetank` brings along: small programs of both engines, for scenarios,
// for the demo, and to copy from.
#ifndef WAVETANK_SCENARIOS_JOBS_H_
#define WAVETANK_SCENARIOS_JOBS_H_

#include "runtime/job/job.h"

namespace wavetank::scenarios {

void AddBuiltInJobs(runtime::JobCatalogue& catalogue);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_JOBS_H_
