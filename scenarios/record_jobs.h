// DStream jobs whose input or output is no text: records of one length, rows that a function cuts,
// files of objects; and one that counts besides.
#ifndef WAVETANK_SCENARIOS_RECORD_JOBS_H_
#define WAVETANK_SCENARIOS_RECORD_JOBS_H_

#include "scenarios/oracle.h"

namespace wavetank::scenarios {

void AddRecordJobs(ScenarioJobs& jobs);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_RECORD_JOBS_H_
