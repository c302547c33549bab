// DStream jobs of several streams, judged by replay.
#ifndef WAVETANK_SCENARIOS_STREAM_JOBS_H_
#define WAVETANK_SCENARIOS_STREAM_JOBS_H_

#include "scenarios/oracle.h"

namespace wavetank::scenarios {

void AddStreamJobs(ScenarioJobs& jobs);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_STREAM_JOBS_H_
