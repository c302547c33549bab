// Jobs without an oracle, of shapes that none was written for: each is judged by replay alone, or,
// where a function is not deterministic, by the attempts that its rows say they are of. Their lines
// are those of a scenario's `records`.
#ifndef WAVETANK_SCENARIOS_REPLAYED_JOBS_H_
#define WAVETANK_SCENARIOS_REPLAYED_JOBS_H_

#include "scenarios/oracle.h"

namespace wavetank::scenarios {

void AddReplayedJobs(ScenarioJobs& jobs);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_REPLAYED_JOBS_H_
