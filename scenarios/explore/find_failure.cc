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
        const auto run = [&](const Scenario& smaller) { return exploration.Run(smaller); };
        int tries = 0;
        ShrunkScenario shrunk = ShrinkScenario(scenario, report, run,
                                               [&] { return ++tries > options.shrink_tries_max; });
        found = FoundFailure{runs, seed, std::move(shrunk.scenario), std::move(shrunk.report)};
      }
      return runs < options.runs_max;
    });
  }
  return found;
}

}  // namespace wavetank::scenarios
