// What others write into a log's topics, as entries of its journal.
#ifndef WAVETANK_SCENARIOS_FAKES_LOG_SUPPLY_H_
#define WAVETANK_SCENARIOS_FAKES_LOG_SUPPLY_H_

#include <cstdint>
#include <vector>

#include "scenarios/fakes/log_feed.h"
#include "scenarios/fakes/log_journal.pb.h"

namespace wavetank::scenarios::fakes {

// All of them, or none. `number`: of the write. `producer_id`: of one that is new, if the write
// needs a producer.
std::vector<JournalEntry> EntriesOf(const LogWrite& write, int64_t number, int64_t producer_id);

}  // namespace wavetank::scenarios::fakes

#endif  // WAVETANK_SCENARIOS_FAKES_LOG_SUPPLY_H_
