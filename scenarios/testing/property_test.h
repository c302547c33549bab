// PropertyTest: tests a job's delivery guarantee under inputs, clusters and faults by chance.
//
//   const auto result = testing::PropertyTest(OrdersJob(), {.guarantee = testing::kExactlyOnce});
//   EXPECT_TRUE(result.ok()) << result.ToText();
//
// It is what `wavetank explore` does, within a test: each seed draws a world and runs it again and
// again with one more fault, aimed at what the runs before have reached; every run is judged at
// each instant. The first that fails is made small: a scenario file that still fails.
#ifndef WAVETANK_SCENARIOS_TESTING_PROPERTY_TEST_H_
#define WAVETANK_SCENARIOS_TESTING_PROPERTY_TEST_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "runtime/job/job.h"
#include "scenarios/explore/find_failure.h"
#include "scenarios/oracle.h"
#include "scenarios/scenario.pb.h"

namespace wavetank::testing {

inline constexpr auto kAtLeastOnce = scenarios::Expect::AT_LEAST_ONCE;
inline constexpr auto kExactlyOnce = scenarios::Expect::EXACTLY_ONCE;

struct PropertyOptions {
  // Default: what its engine promises; of a query exactly once, of a stream at least once.
  std::optional<scenarios::Expect::Guarantee> guarantee = std::nullopt;
  // Of the job, always so. Others are what they are by default, or one of those that the job says a
  // search may try (JobParameter::tried).
  std::map<std::string, std::string> parameters = {};
  // What the job's inputs hold, by their names (a directory's; of the parameter "input": "input"):
  // columns, and what is odd about them (scenario.proto). Without a count that is drawn too.
  std::map<std::string, scenarios::Records> inputs = {};
  // What the job must answer, by a second opinion. Without one its own plan is replayed.
  std::optional<scenarios::JobOracle> oracle = std::nullopt;
  uint64_t first_seed = 1;
  int64_t runs = 300;
  int shrink_tries = 400;
};

struct PropertyResult {
  std::string refused = {};  // why nothing could be tested: then it is not ok
  std::optional<scenarios::FoundFailure> failure = std::nullopt;

  bool ok() const { return refused.empty() && !failure.has_value(); }
  // What is broken, the smallest scenario that breaks it, the timeline around that, how to see it
  // again, and where its page is, which is written as a file.
  std::string ToText() const;
};

// A pure function of its arguments.
PropertyResult PropertyTest(runtime::Job job, PropertyOptions options = {});

}  // namespace wavetank::testing

#endif  // WAVETANK_SCENARIOS_TESTING_PROPERTY_TEST_H_
