// What a scenario that was found claims, as a sentence, and how it is called.
#ifndef WAVETANK_SCENARIOS_SHRINK_CLAIM_H_
#define WAVETANK_SCENARIOS_SHRINK_CLAIM_H_

#include <string>

#include "scenarios/report.h"
#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

// "word_count answers 3 records exactly once although process.crash strikes app at batch.prepared."
std::string ClaimOf(const Scenario& scenario);
// "word_count_lost_after_crash_at_batch_prepared": a name for its file.
std::string NameOf(const Scenario& scenario, const RunReport& report);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_SHRINK_CLAIM_H_
