#include "scenarios/sweep/sweep.h"

#include <map>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "scenarios/explore/draw_world.h"
#include "scenarios/explore/exploration.h"
#include "scenarios/jobs.h"
#include "scenarios/runner.h"

namespace wavetank::scenarios {
namespace {

using testing::HasSubstr;

constexpr char kSmall[] = R"(schema_version: 1
name: "small"
claim: "Words are counted once."
job { name: "word_count" parameter { name: "partitions" value: "1" } }
input { generator { records: 4 words_per_line: 1 vocabulary: 2 }
        arrival { records_each: 2 first_ms: 200 every_ms: 300 } }
expect { guarantee: EXACTLY_ONCE }
)";

ScenarioJobs OfTheCommand() {
  ScenarioJobs jobs;
  AddBuiltInJobs(jobs);
  return jobs;
}

ParsedScenario Parsed(const std::string& text) { return ParseScenario("small", text).value(); }

absl::StatusOr<SweepPlan> Plan(const SweepOptions& options, const std::string& text = kSmall) {
  RunOptions run;
  run.retain = simulator::Retain::kNothing;
  return PlanSweep(Parsed(text), OfTheCommand(), options, run);
}

RunReport RunSwept(const SweptFault& swept) {
  RunOptions run;
  run.retain = simulator::Retain::kNothing;
  return RunScenario(Parsed(ToText(swept.scenario, "swept")), OfTheCommand(), run).value();
}

TEST(Sweep, EachFaultComesAndTheAnswerIsRight) {
  const SweepPlan plan = Plan({.sample = 150}).value();
  EXPECT_EQ(plan.faults.size(), 150u);
  EXPECT_GT(plan.all, 1'000u);
  for (const SweptFault& swept : plan.faults) {
    const RunReport report = RunSwept(swept);
    EXPECT_EQ(report.verdict, Verdict::kPass)
        << swept.place << ": " << swept.scenario.fault(0).ShortDebugString() << ": "
        << (report.reasons.empty() ? "" : report.reasons.front());
  }
}

TEST(Sweep, StrikesEveryPlaceWithEveryFaultThatCanStrikeThere) {
  const SweepPlan plan = Plan({}).value();
  EXPECT_EQ(plan.faults.size(), plan.all);
  EXPECT_GT(plan.steps, 20u);
  EXPECT_GT(plan.calls, 100u);
  std::map<std::string, size_t> count;
  std::set<std::string> different;
  for (const SweptFault& swept : plan.faults) {
    ++count[swept.scenario.fault(0).kind()];
    different.insert(swept.scenario.fault(0).SerializeAsString());
  }
  EXPECT_EQ(different.size(), plan.all);
  for (const char* everywhere : {"process.crash", "machine.power_loss", "process.zombie"}) {
    EXPECT_EQ(count[everywhere], plan.steps + plan.calls) << everywhere;
  }
  for (const char* some : {"disk.torn_write", "disk.sync_loss", "disk.read_error"}) {
    EXPECT_GT(count[some], 0u) << some;
    EXPECT_LT(count[some], plan.calls) << some;
  }
  EXPECT_EQ(count["network.reset"], 0u);  // one machine
}

TEST(Sweep, IsSampledAndPairedByASeed) {
  const auto texts = [](const SweepOptions& options) {
    std::string all;
    const SweepPlan plan = Plan(options).value();
    for (const SweptFault& swept : plan.faults) all += swept.place + "\n";
    return all;
  };
  EXPECT_EQ(texts({.sample = 20}), texts({.sample = 20}));
  EXPECT_NE(texts({.sample = 20}), texts({.sample = 20, .sample_seed = 2}));
  const SweepPlan pairs = Plan({.pairs = 10}).value();
  EXPECT_EQ(pairs.faults.size(), 10u);
  for (const SweptFault& swept : pairs.faults) EXPECT_EQ(swept.scenario.fault_size(), 2);
  const SweepPlan crashes = Plan({.kinds = {"process.crash"}}).value();
  EXPECT_EQ(crashes.all, crashes.steps + crashes.calls);
}

TEST(Sweep, RefusesWhatSaysNothing) {
  EXPECT_THAT(std::string(Plan({.kinds = {"process.crush"}}).status().message()),
              HasSubstr("no fault \"process.crush\" is swept: did you mean \"process.crash\"?"));
  const std::string failing =
      std::string(kSmall) + "fault { kind: \"process.crash\" target: \"app\" at_ms: 900000 }\n";
  EXPECT_THAT(std::string(Plan({}, failing + "phases { chaos_ms: 1000 }\n").status().message()),
              HasSubstr("does not pass by itself"));
}

}  // namespace
}  // namespace wavetank::scenarios
