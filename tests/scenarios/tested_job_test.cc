// The test kit for jobs: driven by hand, and by chance.
#include "scenarios/testing/tested_job.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/dstream/streaming_context.h"
#include "runtime/structured/data_frame.h"
#include "scenarios/jobs.h"
#include "scenarios/testing/explore.h"
#include "scenarios/testing/property_test.h"

namespace wavetank::testing {
namespace {

using runtime::Job;
using runtime::JobArguments;
using runtime::ParameterKind;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Job CountsOfLines() {
  Job job{.name = "line_counts", .meaning = "how often each line came"};
  job.parameters = {{"input", "directory", {}, ParameterKind::kPath},
                    {"output", "directory", {}, ParameterKind::kPath}};
  job.structured = [](runtime::Session& session, const JobArguments& arguments) {
    session.ReadStream()
        .Format("text")
        .Load(arguments.Get("input"))
        .GroupBy({runtime::Col("value")})
        .Count()
        .WriteStream()
        .OutputMode("update")
        .Format("file")
        .Option("path", arguments.Get("output"))
        .Start();
  };
  return job;
}

// Each line with a number that its worker keeps in memory.
Job Numbered(bool deterministic = true) {
  Job job{.name = "numbered", .meaning = "each line with a number"};
  job.parameters = {{"input", "directory", {}, ParameterKind::kPath},
                    {"output", "directory", {}, ParameterKind::kPath}};
  job.deterministic = deterministic;
  job.dstream = [](runtime::StreamingContext& context, const JobArguments& arguments) {
    context.TextFileStream(arguments.Get("input"), {.new_files_only = false})
        .Map([seen = std::make_shared<int64_t>(0)](const std::string& line) {
          return std::pair<int64_t, std::string>(++*seen, line);
        })
        .SaveAsTextFiles(arguments.Get("output") + "/numbered");
  };
  return job;
}

Job Copied() {
  Job job{.name = "copied", .meaning = "each line, as it is"};
  job.parameters = {{"input", "directory", {}, ParameterKind::kPath},
                    {"output", "directory", {}, ParameterKind::kPath}};
  job.deterministic = true;
  job.dstream = [](runtime::StreamingContext& context, const JobArguments& arguments) {
    context.TextFileStream(arguments.Get("input"), {.new_files_only = false})
        .SaveAsTextFiles(arguments.Get("output") + "/copied");
  };
  return job;
}

// A stream whose function fails for lines that are no numbers.
Job Failing() {
  Job job = Copied();
  job.dstream = [](runtime::StreamingContext& context, const JobArguments& arguments) {
    context.TextFileStream(arguments.Get("input"), {.new_files_only = false})
        .Map([](const std::string& line) {
          if (line == "x") throw std::runtime_error("not a number");
          return line;
        })
        .SaveAsTextFiles(arguments.Get("output") + "/copied");
  };
  return job;
}

scenarios::ScenarioJobs BuiltInJobs() {
  scenarios::ScenarioJobs jobs;
  scenarios::AddBuiltInJobs(jobs);
  return jobs;
}

Job BuiltIn(const std::string& name) { return *BuiltInJobs().catalogue().Find(name); }

TEST(TestedJob, OfAQueryIsExactThroughAPowerLossAtAStep) {
  Cluster cluster;
  TestedJob& job = cluster.Start(CountsOfLines());
  cluster.LosePowerAt("m1", {.step = "batch.prepared"});
  job.Feed({"a", "b", "a"});
  cluster.Advance(absl::Seconds(3));
  EXPECT_THAT(cluster.faults(), SizeIs(1));
  job.Feed({"a"});
  ASSERT_TRUE(job.RunUntilIdle()) << cluster.Explain();
  EXPECT_THAT(job.ReadSink(), ElementsAre("a,3", "b,1"));
  EXPECT_THAT(job.State(), ElementsAre(HasSubstr("a"), HasSubstr("b")));
  job.ExpectExactlyOnce();
  EXPECT_TRUE(cluster.ok()) << cluster.Explain();
  const scenarios::RunReport report = cluster.Report("counts");
  EXPECT_EQ(report.verdict, scenarios::Verdict::kPass);
  EXPECT_THAT(report.source, SizeIs(2));
  EXPECT_THAT(report.batches,
              Contains(::testing::Field(&scenarios::BatchHistory::input,
                                        ElementsAre(HasSubstr("input/input-00001.txt")))));
}

TEST(TestedJob, OfAClusterGoesOnAfterAPartitionAndALostStore) {
  Cluster cluster;
  TestedJob& job = cluster.Start(CountsOfLines(),
                                 {.spread = TestedJobOptions::Spread::kMachineEach, .workers = 3});
  job.Feed({"a"});
  cluster.Advance(absl::Seconds(2));
  cluster.Partition("m-driver", "m-1");
  job.Feed({"a", "b"});
  cluster.Advance(absl::Seconds(20));
  EXPECT_THAT(job.ReadSink(), ElementsAre("a,2", "b,1"));
  cluster.Join("m-driver", "m-1");
  cluster.LosePower("m-store");
  job.Feed({"c"});
  cluster.Advance(absl::Seconds(5));
  EXPECT_THAT(job.ReadSink(), ElementsAre("a,2", "b,1"));
  ASSERT_TRUE(job.RunUntilIdle()) << cluster.Explain();
  EXPECT_THAT(job.ReadSink(), ElementsAre("a,2", "b,1", "c,1"));
  job.ExpectExactlyOnce();
  EXPECT_TRUE(cluster.ok()) << cluster.Explain();
}

TEST(TestedJob, OfAStreamIsFedByName) {
  Cluster cluster;
  TestedJob& job = cluster.Start(Copied(), {.parameters = {{"input", "in"}, {"output", "out"}}});
  job.Feed({"a"}, "input");
  job.Feed({"b"}, "in");
  cluster.Advance(absl::Seconds(2));
  cluster.Crash("app");
  cluster.Restart("app");
  job.Feed({"c"});
  ASSERT_TRUE(job.RunUntilIdle()) << cluster.Explain();
  EXPECT_THAT(job.ReadSink(), ElementsAre("a", "b", "c"));
  job.ExpectAtLeastOnce();
  EXPECT_TRUE(cluster.ok()) << cluster.Explain();
}

TEST(TestedJob, OfSeveralQueriesIsReadByTheirNames) {
  Cluster cluster;
  TestedJob& job = cluster.Start(BuiltIn("orders_and_visits"));
  EXPECT_DEATH(job.Feed({"x"}), "say which is fed");
  EXPECT_DEATH(job.Feed({"x"}, "order"), "did you mean");
  EXPECT_DEATH(job.ReadSink(), "say which is read");
  EXPECT_DEATH(job.ReadSink("spend"), "did you mean");
  EXPECT_THAT(job.ReadSink("spent"), IsEmpty());
}

TEST(TestedJob, ThatIsWrongIsAViolationAtItsInstant) {
  Cluster cluster;
  TestedJob& job = cluster.Start(Numbered());
  cluster.CrashAt("app", {.step = "dstream.batch_completed", .occurrence = 2});
  for (const char* line : {"a", "b", "c", "d"}) {
    job.Feed({line});
    cluster.Advance(absl::Seconds(2));
  }
  ASSERT_TRUE(job.RunUntilIdle());
  job.ExpectAtLeastOnce();
  ASSERT_FALSE(cluster.ok());
  EXPECT_EQ(cluster.violations()[0].promise, "at least once: wrong_answer");
  EXPECT_LT(cluster.violations()[0].at, absl::Seconds(9));
  EXPECT_THAT(
      cluster.Explain("numbered"),
      AllOf(HasSubstr("broken: at least once: wrong_answer: attempt"), HasSubstr("as a page: ")));
}

TEST(TestedJob, ThatCannotRunOrBeJudgedSaysWhy) {
  Cluster cluster;
  EXPECT_DEATH(cluster.Start(CountsOfLines(), {.parameters = {{"inptu", "in"}}}),
               "has no parameter \"inptu\": did you mean \"input\"");
  TestedJob& stream = cluster.Start(Copied());
  EXPECT_DEATH(stream.ExpectExactlyOnce(), "without an oracle nobody can tell what came twice");
}

TEST(TestedJob, ThatIsNotIdleIsNotJudgedToBeRight) {
  Cluster cluster;
  TestedJob& job = cluster.Start(CountsOfLines());
  job.Feed({"a"});
  job.ExpectExactlyOnce();
  ASSERT_FALSE(cluster.ok());
  EXPECT_EQ(cluster.violations()[0].promise, "the work is done when it is judged");
}

TEST(TestedJob, ThatFailsForEverIsGivenUpWithItsError) {
  Cluster cluster;
  TestedJob& job = cluster.Start(Failing());
  job.Feed({"x"});
  EXPECT_FALSE(job.RunUntilIdle());
  ASSERT_FALSE(cluster.ok());
  EXPECT_THAT(cluster.violations()[0].what, HasSubstr("not a number"));
}

TEST(TestedJob, StandsBesideAnotherOnOneCluster) {
  Cluster cluster;
  TestedJob& left = cluster.Start(CountsOfLines());
  EXPECT_DEATH(cluster.Start(Copied()), "there is a process \"app\" already");
  TestedJob& right = cluster.Start(Copied(), {.prefix = "right-"});
  left.Feed({"a"});
  right.Feed({"b"});
  cluster.Advance(absl::Seconds(2));
  cluster.LosePower("m1");
  cluster.Advance(absl::Seconds(2));
  ASSERT_TRUE(left.RunUntilIdle() && right.RunUntilIdle()) << cluster.Explain();
  EXPECT_THAT(left.ReadSink(), ElementsAre("a,1"));
  EXPECT_THAT(right.ReadSink(), ElementsAre("b"));
  left.ExpectExactlyOnce();
  right.ExpectAtLeastOnce();
  EXPECT_TRUE(cluster.ok()) << cluster.Explain();
}

TEST(TestedJob, HoldsItsKeysInASearchToo) {
  const auto found = Explore(
      [](Cluster& cluster) {
        TestedJob& job = cluster.Start(CountsOfLines());
        job.Feed({"a", "b"});
        cluster.Advance(absl::Seconds(3));
        if (!job.RunUntilIdle()) return;
        cluster.Expect(job.State().size() == 2, "two keys are held");
      },
      {.runs = 10, .faults_until = absl::Seconds(3)});
  EXPECT_EQ(found, std::nullopt) << found->ToText();
}

// --- by chance ---

TEST(PropertyTest, OfAJobThatRemembersFromRunToRunSaysSo) {
  Job job = Copied();
  job.dstream = [calls = std::make_shared<int>(0)](runtime::StreamingContext& context,
                                                   const JobArguments& arguments) {
    context.TextFileStream(arguments.Get("input"), {.new_files_only = false})
        .Map([calls](const std::string& line) { return ++*calls == 5 ? "lost" : line; })
        .SaveAsTextFiles(arguments.Get("output") + "/copied");
  };
  const PropertyResult result = PropertyTest(job, {.runs = 40});
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.ToText(), HasSubstr("remembers something from run to run"));
}

TEST(PropertyTest, OfAJobOfOnesOwnThatIsCalledAsABuiltInOneIsOfThat) {
  Job query = CountsOfLines();
  Job stream = Copied();
  for (const char* name : {"word_count", "word_count_dstream", "line_count", "words"}) {
    query.name = stream.name = name;
    const PropertyResult of_query = PropertyTest(query, {.runs = 20});
    EXPECT_TRUE(of_query.ok()) << of_query.ToText();
    const PropertyResult of_stream = PropertyTest(stream, {.runs = 20});
    EXPECT_TRUE(of_stream.ok()) << of_stream.ToText();
  }
}

TEST(PropertyTest, HoldsForAJobThatIsRight) {
  for (const Job& job : {CountsOfLines(), Copied()}) {
    const PropertyResult result = PropertyTest(job, {.runs = 60});
    EXPECT_TRUE(result.ok()) << result.ToText();
    EXPECT_EQ(result.ToText(), "no run broke the promise\n");
  }
}

TEST(PropertyTest, FindsAMistakeAndMakesItSmall) {
  const PropertyResult result = PropertyTest(Numbered());
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_THAT(result.ToText(),
              AllOf(HasSubstr("broken: wrong_answer"), HasSubstr("schema_version: 1"),
                    HasSubstr("what led to it:"), HasSubstr("as a page: ")));
  // From the seed that it names on, it is the first.
  const PropertyResult again = PropertyTest(Numbered(), {.first_seed = result.failure->seed});
  ASSERT_TRUE(again.failure.has_value());
  EXPECT_EQ(again.failure->seed, result.failure->seed);
  EXPECT_EQ(again.failure->report.trace_hash, result.failure->report.trace_hash);
}

TEST(PropertyTest, OfAStreamThatClaimsExactlyOnceWithAnOracleFindsWhatCameTwice) {
  const PropertyResult result = PropertyTest(
      BuiltIn("word_count_dstream"), {.guarantee = kExactlyOnce,
                                      .oracle = *BuiltInJobs().OracleOf("word_count_dstream"),
                                      .runs = 1'000});
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_THAT(result.failure->report.violations,
              Contains(::testing::Field(&properties::Violation::kind, "duplicated")));
}

TEST(PropertyTest, TakesParametersAndInputsOfASchema) {
  scenarios::Records records;
  scenarios::Column& column = *records.add_column();
  column.set_name("word");
  column.mutable_list()->add_value("alpha");
  column.mutable_list()->add_value("beta");
  scenarios::ScenarioJobs jobs;
  jobs.Add(CountsOfLines());
  const auto exploration = scenarios::Exploration::Make(jobs, {.jobs = {"line_counts"},
                                                               .parameters = {{"partitions", "3"}},
                                                               .schemas = {{"input", records}}});
  ASSERT_TRUE(exploration.ok()) << exploration.status();
  exploration->Explore(
      1, [](int, const scenarios::Scenario& scenario, const scenarios::RunReport& report) {
        EXPECT_EQ(report.verdict, scenarios::Verdict::kPass) << scenarios::Summary(report);
        EXPECT_EQ(scenario.input(0).records().column(0).name(), "word");
        EXPECT_GT(scenario.input(0).records().count(), 0);
        int times = 0;
        for (const scenarios::Parameter& parameter : scenario.job().parameter()) {
          if (parameter.name() == "partitions") ++times;
        }
        EXPECT_EQ(times, 1);
        return false;
      });
  const PropertyResult refused = PropertyTest(CountsOfLines(), {.inputs = {{"inputs", records}}});
  EXPECT_EQ(refused.ToText(),
            "nothing was tested: job line_counts has no input \"inputs\": it has input: did you "
            "mean \"input\"?\n");
}

TEST(PropertyTest, SaysWhatNobodyCouldJudge) {
  EXPECT_THAT(PropertyTest(Numbered(/*deterministic=*/false)).refused,
              HasSubstr("does not say that its functions are deterministic"));
  EXPECT_THAT(PropertyTest(Copied(), {.guarantee = kExactlyOnce}).refused,
              HasSubstr("without an oracle nobody can tell what came out twice"));
  Job nothing_durable = Copied();
  nothing_durable.dstream = [](runtime::StreamingContext& context, const JobArguments& arguments) {
    context.TextFileStream(arguments.Get("input")).ForeachRDD([](const auto&) {});
  };
  EXPECT_THAT(PropertyTest(nothing_durable, {.guarantee = kAtLeastOnce}).refused,
              HasSubstr("no checker can look at that"));
  EXPECT_EQ(PropertyTest(Copied(), {.runs = 0}).refused, "no runs are asked for");
  EXPECT_THAT(PropertyTest(CountsOfLines(), {.inputs = {{"input", scenarios::Records()}}}).refused,
              HasSubstr("column"));
  EXPECT_THAT(
      PropertyTest(CountsOfLines(), {.oracle = *BuiltInJobs().OracleOf("word_count_dstream")})
          .refused,
      HasSubstr("of the other engine"));
  Job job = CountsOfLines();
  job.parameters.push_back({"limit", "a number", std::nullopt});
  EXPECT_THAT(PropertyTest(job).refused, HasSubstr("its parameter \"limit\" has no default"));
  EXPECT_EQ(PropertyTest(job, {.parameters = {{"limit", "3"}}, .runs = 2}).ToText(),
            "no run broke the promise\n");
}

}  // namespace
}  // namespace wavetank::testing
