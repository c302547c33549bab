// The jobs that the command `wavetank` brings along: small programs of both engines, for scenarios,
// for the demo, and to copy from.
#ifndef WAVETANK_SCENARIOS_JOBS_H_
#define WAVETANK_SCENARIOS_JOBS_H_

#include "scenarios/oracle.h"

namespace wavetank::scenarios {

// Those that count words each with its oracle, and others (replayed_jobs.h).
void AddBuiltInJobs(ScenarioJobs& jobs);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_JOBS_H_
