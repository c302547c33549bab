// Jobs over a partitioned log.
#ifndef WAVETANK_SCENARIOS_LOG_JOBS_H_
#define WAVETANK_SCENARIOS_LOG_JOBS_H_

#include "scenarios/oracle.h"

namespace wavetank::scenarios {

void AddLogJobs(ScenarioJobs& jobs);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_LOG_JOBS_H_
