// What is drawn, what an exploration does with it, and what it says it has reached.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "platform/planted.h"
#include "properties/planted_bugs.h"
#include "runtime/dstream/streaming_context.h"
#include "scenarios/explore/exploration.h"
#include "scenarios/explore/find_failure.h"
#include "scenarios/explore/required_coverage.h"
#include "scenarios/explore/summary.h"
#include "scenarios/job_input.h"
#include "scenarios/jobs.h"
#include "scenarios/shrink/shrink.h"

namespace wavetank::scenarios {
namespace {

ScenarioJobs BuiltInJobs() {
  ScenarioJobs jobs;
  AddBuiltInJobs(jobs);
  return jobs;
}

Exploration Made(const ScenarioJobs& jobs, ExplorationOptions options = {}) {
  absl::StatusOr<Exploration> made = Exploration::Make(jobs, std::move(options));
  EXPECT_TRUE(made.ok()) << made.status();
  return *std::move(made);
}

// The runs of a seed, as text.
std::vector<std::string> RunsOf(const Exploration& exploration, uint64_t seed) {
  std::vector<std::string> runs;
  exploration.Explore(seed, [&](int number, const Scenario& scenario, const RunReport& report) {
    EXPECT_EQ(number, static_cast<int>(runs.size()));
    runs.push_back(absl::StrCat(ToText(scenario, "drawn"), report.trace_hash));
    return true;
  });
  return runs;
}

TEST(Exploration, IsAPureFunctionOfItsSeed) {
  const ScenarioJobs jobs = BuiltInJobs();
  const Exploration exploration = Made(jobs);
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    EXPECT_EQ(RunsOf(exploration, seed), RunsOf(exploration, seed));
  }
  EXPECT_NE(RunsOf(exploration, 1), RunsOf(exploration, 2));
}

TEST(Exploration, BeginsWithoutFaultsAndAddsOneAfterTheOther) {
  const ScenarioJobs jobs = BuiltInJobs();
  const Exploration exploration = Made(jobs);
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Scenario before;
    exploration.Explore(seed, [&](int number, const Scenario& scenario, const RunReport& report) {
      EXPECT_FALSE(Fails(report)) << Summary(report) << ToText(scenario, "failed");
      if (number == 0) {
        EXPECT_EQ(scenario.fault_size(), 0);
      }
      if (number > 0) {
        EXPECT_GT(scenario.fault_size(), before.fault_size());
      }
      for (int i = 0; i < before.fault_size(); ++i) {
        EXPECT_EQ(scenario.fault(i).SerializeAsString(), before.fault(i).SerializeAsString());
      }
      // One that did not come is left out of what follows.
      if (report.verdict == Verdict::kPass) before = scenario;
      return true;
    });
  }
}

TEST(Exploration, AimsFaultsAtWhatIsThere) {
  const ScenarioJobs jobs = BuiltInJobs();
  const Exploration exploration = Made(jobs);
  ExplorationSummary summary;
  for (uint64_t seed = 1; seed <= 25; ++seed) {
    exploration.Explore(seed, [&](int, const Scenario& scenario, const RunReport& report) {
      summary.Add(scenario, report);
      return true;
    });
  }
  EXPECT_LE(10 * summary.verdicts["inconclusive"], summary.runs) << ToText(summary);
}

TEST(DeliveryProperty, HoldsForEveryInputClusterAndFaultSchedule) {
  const ScenarioJobs jobs = BuiltInJobs();
  const auto found =
      FindFailure(*Exploration::Make(jobs, {}), {.first_seed = 1000, .runs_max = 100});
  if (found.has_value()) {
    ADD_FAILURE() << Summary(found->report) << ToText(found->scenario, "replay it");
  }
}

// Of several hundred a fault-free run, or one with a fault, shows these: the build that has the
// bugs (ctest --preset planted) shows that a check can fail. `wavetank bugs` looks for each.
TEST(PlantedBugs, AreFoundIffThisBuildHasThem) {
  const ScenarioJobs jobs = BuiltInJobs();
  const std::set<std::string_view> bugs = {
      "completion_before_output", "commit_before_sink", "watermark_goes_back",
      // one of each source of another folder of the library
      "log_busy_is_the_end", "log_is_not_asked_what_it_has", "log_producer_is_kept"};
  size_t looked_for = 0;
  for (const properties::PlantedBug& bug : properties::PlantedBugs()) {
    if (!bugs.contains(bug.name)) continue;
    ++looked_for;
    const auto exploration = Exploration::Make(
        jobs, {.jobs = {bug.jobs.begin(), bug.jobs.end()}, .planted = std::string(bug.name)});
    ASSERT_TRUE(exploration.ok());
    SearchOptions search;
    search.runs_max = platform::kBugsArePlanted ? 2000 : 40;
    search.shrink_tries_max = 20;
    EXPECT_EQ(FindFailure(*exploration, search).has_value(), platform::kBugsArePlanted) << bug.name;
  }
  EXPECT_EQ(looked_for, bugs.size());
}

TEST(PlantedBugs, HaveNamesOfTheirOwnAndSayWhatIsWrong) {
  const ScenarioJobs jobs = BuiltInJobs();
  std::set<std::string_view> names;
  for (const properties::PlantedBug& bug : properties::PlantedBugs()) {
    EXPECT_TRUE(names.insert(bug.name).second) << bug.name;
    EXPECT_TRUE(bug.meaning.ends_with('.')) << bug.name;
    EXPECT_FALSE(properties::BugKindName(bug.kind).empty()) << bug.name;
    for (const std::string_view job : bug.jobs) {
      EXPECT_TRUE(jobs.IsBuiltIn(std::string(job))) << bug.name << ": " << job;
    }
  }
  EXPECT_GE(names.size(), 60u);
}

// --- a job of one's own ---

// Each word with how many words its worker has seen by then: what is kept between calls is lost in
// a crash, and another worker has another count. The job says that it is deterministic.
runtime::Job JobThatKeepsACount() {
  runtime::Job job;
  job.name = "running_count";
  job.meaning = "each line with a number";
  job.parameters = {
      InputParameter(), OutputParameter(), {"start", "the first number", std::nullopt}};
  job.parameters.back().tried = {"0", "100"};
  job.deterministic = true;
  job.dstream = [](runtime::StreamingContext& context, const runtime::JobArguments& arguments) {
    context.TextFileStream(arguments.Get("input"))
        .Map([seen = std::make_shared<int64_t>(0),
              start = arguments.Get("start")](const std::string& line) {
          return std::pair<std::string, std::string>(line, absl::StrCat(start, "+", ++*seen));
        })
        .SaveAsTextFiles(arguments.Get("output") + "/numbered");
  };
  return job;
}

TEST(Exploration, FindsAMistakeInAJobOfOnesOwnAndMakesItSmall) {
  ScenarioJobs jobs = BuiltInJobs();
  jobs.Add(JobThatKeepsACount());
  const Exploration exploration = Made(jobs, {.jobs = {"running_count"}});
  Scenario failing;
  RunReport failed;
  for (uint64_t seed = 1; seed <= 20 && !Fails(failed); ++seed) {
    exploration.Explore(seed, [&](int, const Scenario& scenario, const RunReport& report) {
      failing = scenario;
      failed = report;
      return true;
    });
  }
  ASSERT_EQ(failed.verdict, Verdict::kViolation) << Summary(failed);
  const auto run = [&](const Scenario& smaller) { return exploration.Run(smaller); };
  int tries = 0;
  const ShrunkScenario shrunk = ShrinkScenario(failing, failed, run, [&] { return ++tries > 300; });
  EXPECT_LE(shrunk.scenario.fault_size(), 1) << ToText(shrunk.scenario, "shrunk");
  EXPECT_LE(RecordsOf(shrunk.scenario), 3) << ToText(shrunk.scenario, "shrunk");
  const auto again = exploration.Run(shrunk.scenario);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(FailAlike(*again, failed));
}

TEST(Exploration, SaysWhatAJobLacksThatItCannotDraw) {
  ScenarioJobs jobs = BuiltInJobs();
  runtime::Job job = JobThatKeepsACount();
  job.parameters.back().tried.clear();
  jobs.Add(std::move(job));
  EXPECT_EQ(Exploration::Make(jobs, {.jobs = {"running_count"}}).status().message(),
            "job running_count cannot be drawn: its parameter \"start\" has no default, and no "
            "values to try (JobParameter::tried); or vary a scenario of it, which says its "
            "parameters");
  EXPECT_EQ(Exploration::Make(jobs, {.jobs = {"word_cuont"}}).status().message(),
            "there is no job \"word_cuont\": did you mean \"word_count\"?");
}

TEST(Exploration, OfAScenarioKeepsItsJobClusterAndInput) {
  const ScenarioJobs jobs = BuiltInJobs();
  const auto parsed = ParseScenario("s", R"(schema_version: 1
name: "s"
job { name: "word_count" parameter { name: "mode" value: "complete" } }
input { name: "input" generator { records: 20 } arrival { records_each: 10 first_ms: 500 } }
fault { kind: "process.crash" target: "app" at_ms: 700 }
expect { guarantee: EXACTLY_ONCE reached { step: "batch.committed" at_least: 9 } }
)");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const Exploration exploration = Made(jobs, {.scenarios = {*parsed}});
  exploration.Explore(3, [&](int number, const Scenario& scenario, const RunReport& report) {
    EXPECT_EQ(scenario.job().SerializeAsString(), parsed->scenario->job().SerializeAsString());
    EXPECT_EQ(scenario.input(0).SerializeAsString(),
              parsed->scenario->input(0).SerializeAsString());
    EXPECT_EQ(scenario.expect().reached_size(), 0);
    if (number == 0) {
      EXPECT_EQ(scenario.fault_size(), 0);
    }
    EXPECT_FALSE(Fails(report)) << Summary(report);
    return number < 2;
  });
}

// --- what was reached ---

ExplorationSummary SummaryOf(uint64_t first, uint64_t last, uint64_t stride) {
  const ScenarioJobs jobs = BuiltInJobs();
  const Exploration exploration = Made(jobs, {.jobs = {"word_count"}});
  ExplorationSummary summary;
  for (uint64_t seed = first; seed <= last; seed += stride) {
    exploration.Explore(seed, [&](int number, const Scenario& scenario, const RunReport& report) {
      summary.Add(scenario, report);
      return number < 2;
    });
  }
  return summary;
}

TEST(ExplorationSummary, KnowsARunThatWasMadeTwice) {
  RunReport report;
  report.trace_hash = 7;
  ExplorationSummary summary;
  summary.Add(Scenario(), report);
  const uint64_t once = summary.traces;
  EXPECT_NE(once, 0u);
  summary.Add(Scenario(), report);
  EXPECT_EQ(summary.traces, 2 * once);
}

TEST(ExplorationSummary, OfShardsAddsUpToThatOfTheWhole) {
  ExplorationSummary whole = SummaryOf(1, 4, 1);
  ExplorationSummary merged = SummaryOf(1, 4, 2);
  merged.Merge(SummaryOf(2, 4, 2));
  // Sums of fractions in another order.
  EXPECT_NEAR(merged.virtual_seconds, whole.virtual_seconds, 1e-6);
  merged.virtual_seconds = whole.virtual_seconds;
  EXPECT_EQ(merged, whole);
  EXPECT_GT(whole.pairs.size() + whole.faults.size(), 0u);
}

TEST(ExplorationSummary, OfThoseSideBySideTakesTheLongestTimeAndAddsUpThatOfWorkers) {
  ExplorationSummary a;
  a.runs = 10;
  a.seconds = 5;
  a.worker_seconds = 10;
  a.failures.push_back({7, "words", "violation lost", "1 record", "a.textproto"});
  ExplorationSummary b;
  b.runs = 30;
  b.seconds = 6;
  b.worker_seconds = 6;
  a.Merge(b);
  EXPECT_EQ(a.runs, 40);
  EXPECT_EQ(a.seconds, 6);
  EXPECT_EQ(a.worker_seconds, 16);
  EXPECT_EQ(a.failures.size(), 1u);
}

TEST(ExplorationSummary, IsReadAgainAsItWasWritten) {
  ExplorationSummary summary = SummaryOf(1, 1, 1);
  summary.failures.push_back({7, "words", "violation lost", "1 record", "a.textproto"});
  const auto again = SummaryFromJson(ToJson(summary));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, summary);
  EXPECT_FALSE(SummaryFromJson("{}").ok());
  EXPECT_FALSE(SummaryFromJson("no json").ok());
}

TEST(RequiredCoverage, NamesWhatWasNeverReached) {
  ExplorationSummary summary;
  summary.steps["batch.prepared"] = 1;
  summary.rows["prepared_gone"] = 1;
  summary.faults["process.crash"] = 1;
  summary.pairs["batch.prepared process.crash"] = 1;
  const auto required = ParseRequired("r", R"(# for people
step batch.prepared
step batch.committed   # never
row prepared_gone
fault process.crash
fault process.zombie

pair batch.prepared process.crash
pair batch.committed process.crash
)");
  ASSERT_TRUE(required.ok()) << required.status();
  EXPECT_EQ(NeverReached(*required, summary),
            (std::vector<std::string>{"step batch.committed", "fault process.zombie",
                                      "pair batch.committed process.crash"}));
}

TEST(RequiredCoverage, RefusesWhatThereIsNotByItsPlaceAndTheNearest) {
  const auto why = [](const std::string& text) {
    return std::string(ParseRequired("r", text).status().message());
  };
  EXPECT_EQ(why("\nstep batch.prepard"),
            "r:2: there is no step \"batch.prepard\": did you mean \"batch.prepared\"?");
  EXPECT_EQ(why("row prepared_gon"),
            "r:1: there is no row \"prepared_gon\": did you mean \"prepared_gone\"?");
  EXPECT_EQ(why("pair batch.prepared process.crush"),
            "r:1: there is no fault \"process.crush\": did you mean \"process.crash\"?");
  EXPECT_EQ(why("pair batch.prepared"), "r:1: a pair is a step and a fault");
  EXPECT_EQ(why("steps all"), "r:1: \"steps\" is none of step, row, fault, pair");
}

}  // namespace
}  // namespace wavetank::scenarios
