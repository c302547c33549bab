#include <map>
#include <set>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "platform/random.h"
#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

DataFrame Timed(QueryBuilder& builder, absl::Duration delay) {
  return builder.Source()
      .Select({Cast(Col("value"), DataType::kTimestamp).As("time")})
      .WithWatermark("time", delay);
}

TEST(LateRows, ARowAtTheWatermarkIsLate) {
  QueryBuilder builder;
  QueryRun run(Timed(builder, absl::Seconds(10)).GroupBy({Col("time")}).Count(), "update");
  run.Add({"30"});      // the watermark becomes 20,
  run.RunBatch({}, 0);  // and what a batch under it has passed is late in the next
  EXPECT_EQ(run.Add({"20"}), Lines{});
  EXPECT_EQ(run.dropped, 1);
  EXPECT_EQ(run.Add({"21"}), Lines{"1970-01-01T00:00:21Z\t1"});
  EXPECT_EQ(run.dropped, 1);
}

TEST(LateRows, AWindowThatEndsAtTheWatermarkIsLateAndOneThatEndsAfterItIsNot) {
  QueryBuilder builder;
  QueryRun run(
      Timed(builder, absl::Seconds(10)).GroupBy({Window(Col("time"), absl::Seconds(5))}).Count(),
      "update");
  run.Add({"30"});
  run.RunBatch({}, 0);
  EXPECT_EQ(run.Add({"19"}), Lines{});
  EXPECT_EQ(run.dropped, 1);
  EXPECT_EQ(run.Add({"20"}).size(), 1U);  // [20, 25)
  EXPECT_EQ(run.dropped, 1);
}

TEST(LateRows, AreCountedByRawRow) {
  QueryBuilder builder;
  QueryRun run(
      Timed(builder, absl::Seconds(0)).GroupBy({Window(Col("time"), absl::Seconds(5))}).Count(),
      "append");
  run.Add({"100"});
  run.RunBatch({}, 0);
  run.Add({"1", "1", "2", "3", "99", "100"}, 2);
  EXPECT_EQ(run.dropped, 5);
}

// The watermark that a batch runs under says what is final, the one before it what is late: a row
// between the two still counts, since its window was not final before.
TEST(LateRows, ARowThatOnlyTheNewWatermarkPassesStillCounts) {
  QueryBuilder builder;
  QueryRun run(Timed(builder, absl::Seconds(0))
                   .GroupBy({Window(Col("time"), absl::Seconds(5))})
                   .Count()
                   .Select({Cast(Col("window.start"), DataType::kInt64), Col("count")}),
               "append");
  run.RunBatch({"1", "12"}, 1);
  EXPECT_EQ(run.RunBatch({"2"}, 1), Lines{"0\t2"});
  EXPECT_EQ(run.dropped, 0);
  EXPECT_EQ(run.RunBatch({"3"}, 1), Lines{});
  EXPECT_EQ(run.dropped, 1);
}

TEST(LateRows, MoveTheEventTimesTheyPassed) {
  QueryBuilder builder;
  QueryRun run(Timed(builder, absl::Seconds(0)).GroupBy({Col("time")}).Count(), "update");
  run.Add({"50"});
  run.RunBatch({"7", "60", "x", "9"}, 2);
  const EventTimeStats& stats = run.sum.event_times;
  EXPECT_EQ(stats.rows, 3);
  EXPECT_EQ(stats.min, absl::FromUnixSeconds(7));
  EXPECT_EQ(stats.max, absl::FromUnixSeconds(60));
  EXPECT_EQ(run.sum.rows_late, 2);
}

TEST(LateRows, RowsWithoutATimeAreInNoWindowAndAreCountedInEveryMode) {
  for (const char* mode : {"append", "update", "complete"}) {
    QueryBuilder builder;
    QueryRun run(Timed(builder, absl::Seconds(0))
                     .GroupBy({Window(Col("time"), absl::Seconds(5))})
                     .Agg({Count().As("n"), Max(Col("time"))}),
                 mode);
    run.RunBatch({"none", "7", "", "8", "2026-13-01"}, 2);
    EXPECT_EQ(run.sum.rows_without_time, 3) << mode;
    EXPECT_EQ(run.sum.rows_late, 0) << mode;
    EXPECT_EQ(run.report.fragments[1].input_rows[0], 2) << mode;  // a group of each source task
  }
}

TEST(LateRows, OnlyAggregatesDropThem) {
  QueryBuilder builder;
  QueryRun run(Timed(builder, absl::Seconds(0)), "append");
  run.Add({"50"});
  EXPECT_EQ(run.Add({"7"}), Lines{"1970-01-01T00:00:07Z"});
  EXPECT_EQ(run.dropped, 0);
}

TEST(LateRows, AWatermarkThatIsNotOfTheGroupingDropsAndRemovesNothing) {
  QueryBuilder builder;
  QueryRun run(builder.Source()
                   .Select({Col("value"), Cast(Col("value"), DataType::kTimestamp).As("time")})
                   .WithWatermark("time", absl::ZeroDuration())
                   .GroupBy({Col("value")})
                   .Count(),
               "update");
  run.Add({"50"});
  EXPECT_EQ(run.Add({"7"}), Lines{"7\t1"});
  EXPECT_EQ(run.Add({"50"}), Lines{"50\t2"});
  EXPECT_EQ(run.dropped, 0);
}

TEST(LateRows, RowsWithoutATimeAreInNoWindowAndAreNotLate) {
  QueryBuilder builder;
  QueryRun run(
      Timed(builder, absl::Seconds(0)).GroupBy({Window(Col("time"), absl::Seconds(5))}).Count(),
      "update");
  EXPECT_EQ(run.Add({"x", "y"}), Lines{});
  EXPECT_EQ(run.dropped, 0);
  EXPECT_EQ(run.sum.state_rows, 0);
}

TEST(LateRows, NullTimesGroupedByThemselvesAreNeverLateNorFinal) {
  QueryBuilder builder;
  QueryRun run(Timed(builder, absl::Seconds(0)).GroupBy({Col("time")}).Count(), "update");
  run.Add({"50"});
  EXPECT_EQ(run.Add({"x"}), Lines{"null\t1"});
  run.Add({"99"});
  EXPECT_EQ(run.Add({"x"}), Lines{"null\t2"});
  EXPECT_EQ(run.dropped, 0);
}

// Append mode against a naive evaluator that knows the watermarks only: each window once, with the
// rows that were not late when they came.
RC_GTEST_PROP(LateRows, AppendModeShowsEachWindowOnceWithItsRowsInTime, (uint64_t seed)) {
  platform::Random random(seed);
  const int64_t delay = random.Between(0, 12);
  const int64_t size = random.Between(1, 7);
  QueryBuilder builder;
  QueryRun run(Timed(builder, absl::Seconds(delay))
                   .GroupBy({Window(Col("time"), absl::Seconds(size))})
                   .Count()
                   .Select({Cast(Col("window.end"), DataType::kInt64), Col("count")}),
               "append", {.shuffle_partitions = static_cast<int>(random.Between(1, 3))});
  constexpr int64_t kNone = std::numeric_limits<int64_t>::min();
  int64_t late = kNone, current = kNone, next = kNone;
  std::map<int64_t, int64_t> open;
  int64_t dropped = 0;
  for (int batch = 0; batch < 12; ++batch) {
    late = current;
    current = next;
    Lines lines;
    const int64_t count = random.Between(0, 6);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t time = random.Between(-5, 5) + batch * 3;
      lines.push_back(std::to_string(time));
      next = std::max(next, time - delay);
      const int64_t start = time - ((time % size) + size) % size;
      if (start + size <= late)
        ++dropped;
      else
        ++open[start + size];
    }
    std::multiset<std::string> expected;
    while (!open.empty() && open.begin()->first <= current) {
      expected.insert(std::to_string(open.begin()->first) + "\t" +
                      std::to_string(open.begin()->second));
      open.erase(open.begin());
    }
    const Lines rows = run.RunBatch(lines, static_cast<int>(random.Between(1, 3)));
    RC_ASSERT(std::multiset<std::string>(rows.begin(), rows.end()) == expected);
    RC_ASSERT(run.dropped == dropped);
    RC_ASSERT(run.sum.state_rows == static_cast<int64_t>(open.size()));
  }
}

}  // namespace
}  // namespace wavetank::runtime
