// The guarantees, on inputs, clusters and fault schedules that RapidCheck makes up and shrinks.
//
// RC_PARAMS="max_success=20000 seed=7" build/release/bin/scenarios_test --gtest_filter='Delivery*'
// searches longer (`make search`). What fails is saved as a scenario that `wavetank run` replays;
// the last one saved is the smallest.
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "rapidcheck.h"
#include "rapidcheck/gtest.h"

#include "platform/planted.h"
#include "properties/choices.h"
#include "properties/planted_bugs.h"
#include "scenarios/draw_scenario.h"
#include "scenarios/find_failure.h"
#include "scenarios/jobs.h"
#include "scenarios/report.h"

namespace wavetank::scenarios {
namespace {

// To be used inside of a generator only.
class RapidCheckChoices final : public properties::Choices {
 public:
  int64_t Between(std::string_view, int64_t low, int64_t high) override {
    // The whole range from the first case on: RapidCheck would begin with small ones.
    return low + *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<int64_t>(0, high - low + 1));
  }
};

rc::Gen<Scenario> ArbitraryScenario() {
  return rc::gen::exec([] {
    RapidCheckChoices choices;
    return DrawScenario(choices);
  });
}

ScenarioJobs BuiltInJobs() {
  ScenarioJobs jobs;
  AddBuiltInJobs(jobs);
  return jobs;
}

std::string Save(const Scenario& scenario, const RunReport& report) {
  const std::string file = testing::TempDir() + "delivery_property_failure.textproto";
  std::ofstream(file) << ToText(scenario, report.reasons.front());
  return file;
}

RC_GTEST_PROP(DeliveryProperty, HoldsForEveryInputClusterAndFaultSchedule, ()) {
  const auto scenario = *ArbitraryScenario();
  const RunReport report = RunDrawn(scenario, BuiltInJobs(), "");
  RC_TAG(scenario.job().name());
  if (Fails(report)) {
    RC_FAIL(Summary(report) + "replay it: wavetank run " + Save(scenario, report));
  }
}

TEST(DrawScenario, IsAPureFunctionOfItsSeedAndOfItsHeights) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    properties::SeededChoices choices(seed);
    const std::string text = ToText(DrawScenario(choices), "");
    properties::SeededChoices again(seed);
    EXPECT_EQ(ToText(DrawScenario(again), ""), text);
    properties::ReplayedChoices replayed(choices.heights());
    EXPECT_EQ(ToText(DrawScenario(replayed), ""), text);
  }
}

TEST(DrawScenario, IsValidAndItsRunIsAPureFunctionOfIt) {
  const ScenarioJobs jobs = BuiltInJobs();
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    properties::SeededChoices choices(seed);
    const Scenario scenario = DrawScenario(choices);
    const RunReport report = RunDrawn(scenario, jobs, "");
    EXPECT_EQ(RunDrawn(scenario, jobs, "").trace_hash, report.trace_hash);
  }
}

TEST(DrawScenario, WithEveryChoiceAtItsLowEndHasOneRecordAndNoFaults) {
  const properties::ChosenHeights none;
  properties::ReplayedChoices choices(none);
  const Scenario scenario = DrawScenario(choices);
  EXPECT_EQ(scenario.fault_size(), 0);
  EXPECT_EQ(scenario.input(0).generator().records(), 1);
  EXPECT_FALSE(Fails(RunDrawn(scenario, BuiltInJobs(), "")));
}

// In the build that has the bugs (ctest --preset planted): a check that cannot fail is worse than
// none.
TEST(PlantedBugs, EachIsFoundIffThisBuildHasThem) {
  const ScenarioJobs jobs = BuiltInJobs();
  for (const properties::PlantedBug& bug : properties::PlantedBugs()) {
    SearchOptions search;
    search.planted = std::string(bug.name);
    search.runs_max = platform::kBugsArePlanted ? 2000 : 5;
    search.shrink_tries_max = 20;
    EXPECT_EQ(FindFailure(jobs, search).has_value(), platform::kBugsArePlanted) << bug.name;
  }
}

}  // namespace
}  // namespace wavetank::scenarios
