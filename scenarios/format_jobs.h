// Jobs that read and write the formats of files: rows as they are.
#ifndef WAVETANK_SCENARIOS_FORMAT_JOBS_H_
#define WAVETANK_SCENARIOS_FORMAT_JOBS_H_

#include "scenarios/oracle.h"

namespace wavetank::scenarios {

void AddFormatJobs(ScenarioJobs& jobs);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_FORMAT_JOBS_H_
