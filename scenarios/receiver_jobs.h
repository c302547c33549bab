// Jobs with receivers of their own (runtime/dstream/receiver.h), to copy from.
#ifndef WAVETANK_SCENARIOS_RECEIVER_JOBS_H_
#define WAVETANK_SCENARIOS_RECEIVER_JOBS_H_

#include "scenarios/oracle.h"

namespace wavetank::scenarios {

void AddReceiverJobs(ScenarioJobs& jobs);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_RECEIVER_JOBS_H_
