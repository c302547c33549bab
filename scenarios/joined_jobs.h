// Jobs of several sources, or of several operators that keep state, judged by replay.
#ifndef WAVETANK_SCENARIOS_JOINED_JOBS_H_
#define WAVETANK_SCENARIOS_JOINED_JOBS_H_

#include "scenarios/oracle.h"

namespace wavetank::scenarios {

void AddJoinedJobs(ScenarioJobs& jobs);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_JOINED_JOBS_H_
