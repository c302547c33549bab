// What a report tells besides its timeline.
#include "scenarios/run_history.h"

#include <algorithm>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "scenarios/jobs.h"
#include "scenarios/runner.h"

namespace wavetank::scenarios {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

RunReport RunText(const std::string& text, simulator::Retain retain = simulator::Retain::kVerbose) {
  ScenarioJobs jobs;
  AddBuiltInJobs(jobs);
  const auto parsed = ParseScenario("s", text);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  RunOptions options;
  options.retain = retain;
  const auto report = RunScenario(*parsed, jobs, options);
  EXPECT_TRUE(report.ok()) << report.status();
  return *report;
}

const char kQuery[] = R"(schema_version: 1
name: "s"
job { name: "word_count" }
input { name: "input" generator { records: 20 } arrival { records_each: 10 first_ms: 500 } }
)";

const char kPowerLoss[] = R"(fault { kind: "machine.power_loss" target: "m1"
  at_step { step: "sink.committed" attribute { name: "batch" value: 1 } } }
)";

TEST(RunHistory, OfAQueryTellsEachBatchFromItsDefinitionToItsDelivery) {
  const RunReport report = RunText(std::string(kQuery) + kPowerLoss);
  ASSERT_EQ(report.verdict, Verdict::kPass) << Summary(report);
  ASSERT_GE(report.batches.size(), 2U);
  for (const BatchHistory& batch : report.batches) {
    SCOPED_TRACE(batch.name);
    ASSERT_EQ(batch.attempts.size(), 1U);
    ASSERT_EQ(batch.committed_ns.size(), 1U);
    ASSERT_EQ(batch.deliveries.size(), 1U);
    EXPECT_LT(0, batch.defined_ns);
    EXPECT_LT(batch.defined_ns, batch.attempts[0].seen_ns);
    EXPECT_LT(batch.attempts[0].seen_ns, batch.deliveries[0].at_ns);
    EXPECT_LT(batch.deliveries[0].at_ns, batch.committed_ns[0]);
    EXPECT_FALSE(batch.attempts[0].state.empty());
    EXPECT_FALSE(batch.deliveries[0].rows.empty());
  }
  // Between the delivery and the commit of batch 1 lies the power loss.
  ASSERT_EQ(report.bands.size(), 1U);
  EXPECT_EQ(report.bands[0].kind, "no power");
  EXPECT_LE(report.batches[1].deliveries[0].at_ns, report.bands[0].span.begin_ns);
  EXPECT_LT(report.bands[0].span.end_ns, report.batches[1].committed_ns[0]);
}

TEST(RunHistory, LeadsARecordFromItsLineToItsRowAndItsState) {
  const RunReport report = RunText(kQuery);
  ASSERT_EQ(report.source.size(), 2U);
  const SourcePiece& piece = report.source[1];
  EXPECT_EQ(piece.at_ns, 1'500'000'000);
  ASSERT_FALSE(piece.lines.empty());
  const std::string id = piece.lines[0].substr(0, piece.lines[0].find(' '));
  const auto batch = std::find_if(
      report.batches.begin(), report.batches.end(), [&piece](const BatchHistory& each) {
        return std::count(each.input.begin(), each.input.end(), piece.name) > 0;
      });
  ASSERT_NE(batch, report.batches.end());
  EXPECT_THAT(batch->deliveries[0].rows, Contains(id + ",1"));
  std::vector<std::string> keys;
  for (const StateOfAttempt& state : batch->attempts[0].state) {
    keys.insert(keys.end(), state.keys.begin(), state.keys.end());
  }
  EXPECT_THAT(keys, Contains(HasSubstr(id)));
}

TEST(RunHistory, OfProcessesAndFaultsTellsHowLong) {
  const RunReport report = RunText(std::string(kQuery) + R"(
    fault { kind: "process.pause" target: "app" at_ms: 600 duration_ms: 200 }
    fault { kind: "process.crash" target: "app" at_ms: 1000 }
    fault { kind: "disk.slow" target: "m1" at_ms: 700 duration_ms: 50 amount: 3 })");
  ASSERT_EQ(report.lives.size(), 2U);
  const ProcessLife& first = report.lives[0];
  EXPECT_EQ(first.label, "app#1");
  EXPECT_EQ(first.machine, "m1");
  EXPECT_THAT(first.nodes, Contains("driver"));
  EXPECT_EQ(first.end, "crashes");
  EXPECT_EQ(first.lived, (TimeSpan{0, 1'000'000'000}));
  EXPECT_EQ(first.pauses, (std::vector<TimeSpan>{{600'000'000, 800'000'000}}));
  EXPECT_EQ(report.lives[1].lived, (TimeSpan{1'500'000'000, kNever}));
  std::set<std::string> kinds;
  for (const FaultBand& band : report.bands) kinds.insert(band.kind);
  EXPECT_EQ(kinds, (std::set<std::string>{"disk.slow", "process.pause"}));
}

TEST(RunHistory, OfMessagesAndSyncsTellsWhenTheyBeganAndWhoSent) {
  const RunReport report = RunText(kQuery);
  std::set<std::string> nodes;
  for (const ProcessLife& life : report.lives) {
    for (const std::string& node : life.nodes) nodes.insert(life.label + "/" + node);
  }
  int messages = 0;
  int syncs = 0;
  for (const TimelineLine& line : report.timeline) {
    if (line.kind == "message" && line.text.starts_with("message for")) {
      ++messages;
      EXPECT_TRUE(nodes.contains(line.from)) << line.text << " from " << line.from;
      EXPECT_TRUE(nodes.contains(line.to)) << line.text << " to " << line.to;
      EXPECT_LT(line.began_ns, line.time_ns);
      EXPECT_GE(line.began_ns, 0);
    } else if (line.kind == "disk" && line.text.starts_with("sync ")) {
      ++syncs;
      EXPECT_LT(line.began_ns, line.time_ns);
      EXPECT_GE(line.began_ns, 0);
    }
  }
  EXPECT_GT(messages, 10);
  EXPECT_GT(syncs, 10);
}

TEST(RunHistory, OfAStreamTellsTwoAttemptsAtOneBatch) {
  const RunReport report = RunText(R"(schema_version: 1
name: "s"
job { name: "word_count_dstream" }
input { name: "input" generator { records: 20 } arrival { records_each: 10 first_ms: 500 } }
fault { kind: "process.crash" target: "app"
  at_step { step: "dstream.output_done" } }
)");
  const auto twice =
      std::find_if(report.batches.begin(), report.batches.end(),
                   [](const BatchHistory& batch) { return batch.attempts.size() > 1; });
  ASSERT_NE(twice, report.batches.end());
  EXPECT_FALSE(twice->input.empty());
  EXPECT_EQ(twice->committed_ns.size(), 1U);
  EXPECT_EQ(twice->deliveries.size(), 2U);
}

TEST(RunHistory, IsEmptyOfARunThatIsThrownAway) {
  const RunReport report = RunText(kQuery, simulator::Retain::kNothing);
  EXPECT_TRUE(report.timeline.empty());
  EXPECT_TRUE(report.lives.empty());
  EXPECT_TRUE(report.batches.empty());
}

}  // namespace
}  // namespace wavetank::scenarios
