// Searches for a scenario that fails, seed after seed, and shrinks the first.
#ifndef WAVETANK_SCENARIOS_EXPLORE_FIND_FAILURE_H_
#define WAVETANK_SCENARIOS_EXPLORE_FIND_FAILURE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "scenarios/oracle.h"
#include "scenarios/report.h"
#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

struct SearchOptions {
  uint64_t first_seed = 1;
  int64_t runs_max = 1000;
  int shrink_tries_max = 400;
  std::string planted = {};  // the bug that shows, in a build that has bugs planted
  // Told before each run how many came before it; may be null.
  std::function<void(int64_t runs)> progress = nullptr;
};

struct FoundFailure {
  int64_t runs = 0;   // that it took, shrinking apart
  Scenario scenario;  // the smallest that fails in the same way
  RunReport report;   // of its run
};

// Of the built-in jobs. nullopt: none of `runs_max` runs failed.
std::optional<FoundFailure> FindFailure(const ScenarioJobs& jobs, const SearchOptions& options);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_EXPLORE_FIND_FAILURE_H_
