#include "scenarios/explore/find_failure.h"

#include <utility>

#include "scenarios/shrink/shrink.h"

namespace wavetank::scenarios {

std::optional<FoundFailure> FindFailure(const Exploration& exploration,
                                        const SearchOptions& options) {
  int64_t runs = 0;
  std::optional<FoundFailure> found;
  for (uint64_t seed = options.first_seed; runs < options.runs_max && !found.has_value(); ++seed) {
    exploration.Explore(seed, [&](int, const Scenario& scenario, const RunReport& report) {
      if (options.progress != nullptr) options.progress(runs);
      ++runs;
      if (Fails(report)) {
        found = FoundFailure{runs, seed, scenario, report};
        const auto run = [&](const Scenario& smaller) { return exploration.Run(smaller); };
        const auto fails_again = [&](const Scenario& again) {
          const absl::StatusOr<RunReport> seen = run(again);
          return seen.ok() && FailAlike(*seen, report);
        };
        found->again = fails_again(scenario);
        if (!found->again) return false;
        int tries = 0;
        ShrunkScenario shrunk = ShrinkScenario(scenario, report, run,
                                               [&] { return ++tries > options.shrink_tries_max; });
        found->again = fails_again(shrunk.scenario);
        if (!found->again) return false;
        found->scenario = std::move(shrunk.scenario);
        found->report = std::move(shrunk.report);
      }
      return runs < options.runs_max;
    });
  }
  return found;
}

}  // namespace wavetank::scenarios
