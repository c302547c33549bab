// The test kit: a cluster driven by hand, and the search for faults that break a promise.
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/disk.h"
#include "platform/node.h"
#include "platform/status_macros.h"
#include "scenarios/testing/explore.h"

namespace wavetank::testing {
namespace {

using platform::Node;
using platform::OpenMode;
using platform::Task;
using ::testing::HasSubstr;

constexpr platform::StepName kWritten{"counter.written", "n", "A mark was added to the file."};

// Adds a mark to a file every 100 ms, counts those that are durable as it is told, and forgets to
// sync every fifth.
Task<absl::Status> Count(Node& node, int& marks, bool syncs_all) {
  auto file = co_await node.disk().Open("marks", OpenMode::kCreateNew);
  if (absl::IsAlreadyExists(file.status())) {
    file = co_await node.disk().Open("marks", OpenMode::kWrite);
  }
  WT_CO_RETURN_IF_ERROR(file.status());
  WT_CO_RETURN_IF_ERROR(co_await node.disk().SyncDirectory(""));
  while (true) {
    WT_CO_RETURN_IF_ERROR((co_await (*file)->Append("x")).status());
    co_await node.Step(kWritten, {{"n", marks}});
    if (syncs_all || marks % 5 != 4) WT_CO_RETURN_IF_ERROR(co_await (*file)->Sync());
    ++marks;
    co_await node.clock().Sleep(absl::Milliseconds(100));
  }
}
Task<void> Counter(Node& node, int& marks, bool syncs_all) {
  const absl::Status ended = co_await Count(node, marks, syncs_all);
  node.Log(platform::LogLevel::kWarning, std::string(ended.message()));
  node.Exit(1);
}

Task<void> Failing(Node& node, int& starts) {
  ++starts;
  co_return node.Exit(1);
}

void CounterTest(Cluster& cluster, bool syncs_all) {
  int marks = 0;
  cluster.Start("counter",
                [&marks, syncs_all](Node& node) { return Counter(node, marks, syncs_all); });
  cluster.Advance(absl::Seconds(10));
  const auto content = cluster.world().machine("counter").disk().Get("marks");
  cluster.Expect(marks == 0 || (content.ok() && content->size() >= static_cast<size_t>(marks)),
                 "every mark that was counted is in the file");
}

TEST(Cluster, LosesPowerAtAStepAndGoesOn) {
  int marks = 0;
  Cluster cluster;
  cluster.Start("counter", [&marks](Node& node) { return Counter(node, marks, true); });
  cluster.LosePowerAt("counter", {.step = "counter.written", .occurrence = 3});
  cluster.Advance(absl::Milliseconds(500));
  EXPECT_EQ(marks, 2);
  cluster.Advance(absl::Seconds(2));
  EXPECT_GT(marks, 5);
  ASSERT_EQ(cluster.faults().size(), 1U);
  EXPECT_TRUE(cluster.violations().empty());
  const scenarios::RunReport report = cluster.Report("counter");
  ASSERT_EQ(report.lives.size(), 2U);
  EXPECT_EQ(report.lives[0].end, "loses power");
  ASSERT_EQ(report.bands.size(), 1U);
  EXPECT_EQ(report.bands[0].span,
            (scenarios::TimeSpan{report.lives[0].lived.end_ns, report.lives[1].lived.begin_ns}));
}

TEST(Cluster, WhoseFaultNeverCameHasShownNothing) {
  int marks = 0;
  Cluster cluster;
  cluster.Start("counter", [&marks](Node& node) { return Counter(node, marks, true); });
  cluster.CrashAt("counter", {.step = "counter.writen"});
  EXPECT_DEATH(
      cluster.Start("counter", [&marks](Node& node) { return Counter(node, marks, true); }),
      "there is a program \"counter\" already");
  cluster.Advance(absl::Seconds(1));
  EXPECT_TRUE(cluster.violations().empty());
  EXPECT_FALSE(cluster.ok());
  EXPECT_THAT(cluster.Explain(), HasSubstr("never came: process.crash counter"));
  EXPECT_DEATH(cluster.Crash("count"), "there is no process \"count\".*did you mean \"counter\"");
  EXPECT_DEATH(cluster.Partition("counter", "m7"), "there is no machine \"m7\"");
}

TEST(Cluster, LeavesAMachineOffWhoseProcessHadFailed) {
  Cluster cluster;
  int starts = 0;
  cluster.Start("failing", [&starts](Node& node) { return Failing(node, starts); });
  cluster.Advance(absl::Milliseconds(500));
  cluster.LosePower("failing");
  cluster.Advance(absl::Seconds(5));
  EXPECT_EQ(starts, 1);
  cluster.PowerOn("failing");
  cluster.Advance(absl::Milliseconds(4'500));
  EXPECT_GE(starts, 3);
}

TEST(Explore, OfATestThatRemembersSaysSo) {
  int runs = 0;
  const auto found = Explore(
      [&runs](Cluster& cluster) {
        cluster.Advance(absl::Seconds(1));
        cluster.Expect(++runs != 3, "it is not the third run");
      },
      {.runs = 5});
  ASSERT_TRUE(found.has_value());
  EXPECT_FALSE(found->again);
  EXPECT_THAT(found->ToText(), HasSubstr("remembers something from run to run"));
}

TEST(Cluster, SaysWhatNeverComes) {
  Cluster cluster;
  EXPECT_FALSE(cluster.RunUntil([] { return false; }, "the answer"));
  ASSERT_EQ(cluster.violations().size(), 1U);
  EXPECT_EQ(cluster.violations()[0].promise, "the answer comes once everything works");
  const scenarios::RunReport report = cluster.Report("waiting");
  EXPECT_EQ(report.verdict, scenarios::Verdict::kViolation);
  ASSERT_EQ(report.violations.size(), 1U);
  EXPECT_EQ(report.violations[0].time_ns, report.virtual_ns);
}

TEST(Explore, FindsTheOneFaultThatBreaksAPromise) {
  const ClusterTest test = [](Cluster& cluster) { CounterTest(cluster, /*syncs_all=*/false); };
  const auto found = Explore(test, {.name = "counter"});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->faults.size(), 1U) << found->ToText();
  EXPECT_GE(found->faults_before, 1U);
  EXPECT_THAT(found->ToText(), HasSubstr("every mark that was counted is in the file"));
  // What it says is seen again, event for event.
  const scenarios::RunReport again = RunOnce(test, found->seed, found->faults);
  EXPECT_EQ(again.trace_hash, found->report.trace_hash);
  EXPECT_EQ(again.reasons, found->report.reasons);
}

TEST(Explore, FindsNothingInAProgramThatKeepsItsPromise) {
  const ClusterTest test = [](Cluster& cluster) { CounterTest(cluster, /*syncs_all=*/true); };
  const auto found = Explore(test, {.name = "counter", .runs = 300});
  EXPECT_EQ(found, std::nullopt) << found->ToText();
}

}  // namespace
}  // namespace wavetank::testing
