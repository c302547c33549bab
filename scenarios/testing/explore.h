// Explore: looks for the faults under which a program breaks its promise, and makes them few.
//
//   const auto found = testing::Explore(LedgerTest, {.name = "ledger"});
//   EXPECT_EQ(found, std::nullopt) << found->ToText();
//
// A test is a function that starts programs on a cluster, runs it, and says what it expects
// (cluster.h). It is run once a seed, each time in a world of its own, in which this seed's faults
// befall it; nothing of one run may reach another. The first that fails is run again with ever
// fewer of its faults, for as long as the same promise is broken.
#ifndef WAVETANK_SCENARIOS_TESTING_EXPLORE_H_
#define WAVETANK_SCENARIOS_TESTING_EXPLORE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "scenarios/report.h"
#include "scenarios/testing/cluster.h"

namespace wavetank::testing {

using ClusterTest = std::function<void(Cluster&)>;

struct ExploreOptions {
  std::string name = "test";
  uint64_t first_seed = 1;
  int64_t runs = 1000;
  // Random faults come until then, in virtual time. A test that runs no longer meets all its life.
  absl::Duration faults_until = absl::Seconds(10);
  int shrink_tries = 400;
};

struct Found {
  uint64_t seed = 0;
  int64_t runs = 0;          // that it took
  size_t faults_before = 0;  // that befell the first failing run
  std::string promise;       // that is broken
  // The fewest that still break it, in the world of that seed.
  std::vector<simulator::ListedFault> faults;
  scenarios::RunReport report;  // of the run with these alone
  // Whether the same seed and faults break it again: else the test is no pure function of the
  // cluster, and the faults are all that befell it.
  bool again = true;

  // The promise, the faults, the timeline around the violation, and how to see it again.
  std::string ToText() const;
  friend bool operator==(const Found& a, const Found& b) {
    return a.seed == b.seed && a.runs == b.runs && a.promise == b.promise && a.faults == b.faults;
  }
};

// nullopt: none of the runs broke a promise.
std::optional<Found> Explore(const ClusterTest& test, const ExploreOptions& options = {});

// One run of the test with these faults: what Found says, seen again.
scenarios::RunReport RunOnce(const ClusterTest& test, uint64_t seed,
                             std::vector<simulator::ListedFault> faults,
                             const std::string& name = "test");

}  // namespace wavetank::testing

#endif  // WAVETANK_SCENARIOS_TESTING_EXPLORE_H_
