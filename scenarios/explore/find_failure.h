// Searches for a scenario that fails, seed after seed, and shrinks the first.
#ifndef WAVETANK_SCENARIOS_EXPLORE_FIND_FAILURE_H_
#define WAVETANK_SCENARIOS_EXPLORE_FIND_FAILURE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "scenarios/explore/exploration.h"
#include "scenarios/report.h"
#include "scenarios/scenario.pb.h"

namespace wavetank::scenarios {

struct SearchOptions {
  uint64_t first_seed = 1;
  int64_t runs_max = 1000;
  int shrink_tries_max = 400;
  // Told before each run how many came before it; may be null.
  std::function<void(int64_t runs)> progress = nullptr;
};

struct FoundFailure {
  int64_t runs = 0;   // that it took, shrinking apart
  uint64_t seed = 0;  // of the exploration
  Scenario scenario;  // the smallest that fails in the same way
  RunReport report;   // of its run
  // Whether what has failed fails again: else a job of it remembers something from run to run, and
  // the scenario is the one that has failed first.
  bool again = true;
};

// nullopt: none of `runs_max` runs failed.
std::optional<FoundFailure> FindFailure(const Exploration& exploration,
                                        const SearchOptions& options);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_EXPLORE_FIND_FAILURE_H_
