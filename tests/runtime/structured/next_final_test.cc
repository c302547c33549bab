// Batches without input: when something that a query keeps becomes final, and only then.
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/structured/batch_definition.h"
#include "tests/runtime/structured/query_jobs.h"
#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Lines "<seconds>,<id>", rows may be 5 s late.
DataFrame TimedIds(QueryBuilder& builder, const std::string& source) {
  return builder.Source(source)
      .Select({Cast(SubstringBefore(Col("value"), ","), DataType::kTimestamp).As("time"),
               SubstringAfter(Col("value"), ",").As("id")})
      .WithWatermark("time", absl::Seconds(5));
}

// The second of the watermark at which what the newest batch has left becomes final; -1: none.
double NextFinalSecond(const QueryRun& run) {
  const absl::Time next = NextFinal(run.plan(), run.report);
  return next == absl::InfiniteFuture() ? -1 : absl::ToDoubleSeconds(next - absl::UnixEpoch());
}

TEST(NextFinal, IsTheEndOfTheFirstWindowWhereverItsPartitionIs) {
  for (const char* const mode : {"append", "update"}) {
    QueryBuilder builder;
    QueryRun run(TimedIds(builder, "in")
                     .GroupBy({Window(Col("time"), absl::Seconds(10)), Col("id")})
                     .Count(),
                 mode, {.shuffle_partitions = 7});
    EXPECT_EQ((run.RunBatch({}, 1), NextFinalSecond(run)), -1);
    run.RunBatch({"21,a", "17,b", "33,c", "none,d"}, 1);
    EXPECT_EQ(NextFinalSecond(run), 20);
    run.RunBatch({}, 0);
    EXPECT_EQ(NextFinalSecond(run), 30) << "the watermark is 28";
  }
}

TEST(NextFinal, OfAWholeTableIsWhatStandsBeforeItsAggregate) {
  QueryBuilder builder;
  const DataFrame rows = TimedIds(builder, "in");
  const auto counts = [](const DataFrame& from) {
    return from.GroupBy({Window(Col("time"), absl::Seconds(10))}).Count();
  };
  QueryRun table(counts(rows), "complete");
  table.RunBatch({"1,a"}, 1);
  EXPECT_EQ(NextFinalSecond(table), -1);
  QueryRun distinct(counts(rows.DropDuplicates()), "complete");
  distinct.RunBatch({"1,a"}, 1);
  EXPECT_EQ(NextFinalSecond(distinct), 1) << "of its duplicates it forgets some";
}

TEST(NextFinal, OfDuplicatesIsWhenTheFirstIsForgotten) {
  QueryBuilder builder;
  const DataFrame rows = TimedIds(builder, "in");
  QueryRun by_time(rows.DropDuplicates(), "append");
  by_time.RunBatch({"7,a", "8,a"}, 1);
  EXPECT_EQ(NextFinalSecond(by_time), 7);
  QueryRun for_ever(rows.DropDuplicates({"id"}), "append");
  for_ever.RunBatch({"7,a", "8,a"}, 1);
  EXPECT_EQ(NextFinalSecond(for_ever), -1);
  QueryRun within(rows.DropDuplicatesWithinWatermark({"id"}), "append");
  within.RunBatch({"7,a", "6,a", "none,b"}, 1);
  EXPECT_EQ(NextFinalSecond(within), 12);
}

// Clicks within 10 s of a view, by windows of 10 s of the views.
DataFrame ClicksByWindow(QueryBuilder& builder) {
  return TimedIds(builder, "views")
      .Alias("v")
      .Join(TimedIds(builder, "clicks").Alias("c"),
            Col("v.id") == Col("c.id") && Col("c.time") >= Col("v.time") &&
                Col("c.time") <= Col("v.time") + absl::Seconds(10))
      .GroupBy({Window(Col("v.time"), absl::Seconds(10))})
      .Agg({Count().As("clicks")});
}

TEST(NextFinal, OfSeveralOperatorsIsTheFirstInTermsOfTheQuerysWatermark) {
  QueryBuilder builder;
  QueryRun run(ClicksByWindow(builder), "append");
  run.RunBatchOf({{"1,x"}, {"2,x"}}, 1);
  EXPECT_EQ(NextFinalSecond(run), 2) << "views before the click are late from then on";
  run.AddTo({{"17,y"}, {"17,z"}});
  EXPECT_EQ(run.watermark(), absl::FromUnixSeconds(12));
  EXPECT_EQ(NextFinalSecond(run), 17);
  // The window of 0 to 10 lags by as long as a view may be clicked on.
  run.AddTo({{"24,y"}, {"24,z"}});
  EXPECT_EQ(run.watermark(), absl::FromUnixSeconds(19));
  EXPECT_EQ(NextFinalSecond(run), 20);
  EXPECT_EQ(run.AddTo({{"25,y"}, {"25,z"}}).size(), 1u);
}

TEST(NextFinal, WhatOneOperatorGivesReachesTheNextInTheSameBatch) {
  QueryBuilder builder;
  QueryRun run(TimedIds(builder, "in")
                   .GroupBy({Window(Col("time"), absl::Seconds(10)), Col("id")})
                   .Agg({Count().As("events")})
                   .Select({Col("window.start").As("start"), Col("events")})
                   .GroupBy({Col("start")})
                   .Agg({Sum(Col("events")).As("events")}),
               "append");
  EXPECT_THAT(run.Add({"1,a", "2,b", "14,a"}), IsEmpty());
  EXPECT_EQ(NextFinalSecond(run), 10);
  EXPECT_EQ(run.Add({"15,a"}).size(), 1u);
  EXPECT_EQ(NextFinalSecond(run), 20) << "neither has kept anything of the first window";
}

TEST(NextFinal, IsLoggedWhereverStateGoesByAWatermark) {
  QueryBuilder builder;
  const DataFrame rows = TimedIds(builder, "in");
  const auto joined_by = [&](const Expression& range) {
    return rows.Alias("a").Join(TimedIds(builder, "other").Alias("b"),
                                Col("a.id") == Col("b.id") && range);
  };
  const auto logs = [](const DataFrame& frame) {
    checkpoint::Prepared prepared;
    SetNextFinal(*CompileFrame(frame, "append")->plan, absl::InfiniteFuture(), prepared);
    EXPECT_FALSE(prepared.next_final().has_watermark_ms());
    return prepared.has_next_final();
  };
  EXPECT_TRUE(logs(rows.GroupBy({Col("time")}).Count()));
  EXPECT_TRUE(logs(rows.DropDuplicates()));
  EXPECT_TRUE(logs(joined_by(Col("a.time") >= Col("b.time")).Select({Col("a.id")})));
  EXPECT_TRUE(logs(joined_by(Col("a.time") <= Col("b.time")).Select({Col("a.id")})));
  EXPECT_FALSE(logs(joined_by(Col("a.id") != "x").Select({Col("a.id")})));
  EXPECT_FALSE(logs(rows.DropDuplicates({"id"})));
  EXPECT_FALSE(logs(rows));
}

TEST(NextFinal, IsLoggedAsTheFirstWatermarkThatReachesIt) {
  QueryBuilder builder;
  const auto plan =
      CompileFrame(TimedIds(builder, "in").GroupBy({Col("time")}).Count(), "append")->plan;
  const auto logged = [&](int64_t micros) {
    checkpoint::Prepared prepared;
    prepared.set_plan_hash("p");
    SetNextFinal(*plan, absl::FromUnixMicros(micros), prepared);
    EXPECT_EQ(NextFinalOf(prepared, "p"),
              absl::FromUnixMillis(prepared.next_final().watermark_ms()));
    EXPECT_FALSE(NextFinalOf(prepared, "another").has_value());
    return prepared.next_final().watermark_ms();
  };
  EXPECT_EQ(logged(5000), 5);
  EXPECT_EQ(logged(5001), 6);
  EXPECT_EQ(logged(5999), 6);
  EXPECT_EQ(logged(-5000), -5);
  EXPECT_EQ(logged(-5001), -5);
  checkpoint::Prepared prepared;
  EXPECT_FALSE(NextFinalOf(prepared, "").has_value()) << "of an older build";
  prepared.mutable_next_final();
  EXPECT_EQ(NextFinalOf(prepared, ""), absl::InfiniteFuture());
}

// How many rows each batch read.
std::vector<int64_t> InputRows(const QueryWorld& world) {
  std::vector<int64_t> rows;
  for (const StreamingQueryProgress& batch : world.progress) rows.push_back(batch.num_input_rows);
  return rows;
}

std::vector<std::string> WindowsShown(QueryWorld& world) {
  const auto table = world.Table();
  EXPECT_TRUE(table.ok()) << table.status();
  return table.ok() ? WindowsOf(*table) : std::vector<std::string>();
}

TEST(BatchWithoutInput, ComesOnlyWhenTheWatermarkReachesTheEndOfAWindow) {
  QueryWorld world(3, WindowedJob, AvailableNow());
  for (const char* const lines : {"10\n", "22\n", "24\n", "25\n", "26\n"}) {
    world.Put(std::string(lines, 2), lines);
    ASSERT_TRUE(world.RunToTheEnd().ok());
  }
  // Of the watermarks 0, 12, 14, 15 and 16 one ends the window from 10 on.
  EXPECT_THAT(InputRows(world), ElementsAre(1, 1, 1, 1, 0, 1));
  EXPECT_THAT(WindowsShown(world), ElementsAre("10 1"));
}

TEST(BatchWithoutInput, ComesBefore1970Too) {
  QueryWorld world(3, WindowedJob, AvailableNow());
  for (const char* const lines : {"-40\n", "-25\n"}) {
    world.Put(std::string(lines, 3), lines);
    ASSERT_TRUE(world.RunToTheEnd().ok());
  }
  EXPECT_THAT(WindowsShown(world), ElementsAre("-40 1"));
}

TEST(BatchWithoutInput, IsDefinedByTheDriverThatReadsInTheLogThatItIsDue) {
  for (const char* const step : {"batch.prepared", "sink.committed", "batch.committed"}) {
    SCOPED_TRACE(step);
    QueryWorld world(3, WindowedJob, AvailableNow());
    world.Put("1", "10\n");
    world.Put("2", "25\n");
    world.SetFault({.step = step, .process = "", .number = 2, .power_loss = true});
    ASSERT_FALSE(world.RunDriver().has_value());
    EXPECT_THAT(WindowsShown(world), IsEmpty());
    EXPECT_EQ(world.History()->batches().at(1).prepared->next_final().watermark_ms(), 15'000);
    ASSERT_TRUE(world.RunToTheEnd().ok());
    EXPECT_THAT(WindowsShown(world), ElementsAre("10 1"));
    EXPECT_EQ(world.History()->newest_batch(), 2);
  }
}

// With another delay the plan is another one.
TEST(BatchWithoutInput, ComesAfterABatchOfAnotherPlanOnceTheWatermarkHasRisen) {
  QueryWorld world(3, WindowedJob, AvailableNow());
  world.Put("1", "10\n");
  ASSERT_TRUE(world.RunToTheEnd().ok());
  const auto changed = [](Session& session) { WindowedJobWith(absl::Seconds(9), session); };
  std::optional<absl::Status> ended;
  world.RunAside([&](platform::Node& node) {
    return world.DriverMain(node, "m:7000", AvailableNow(), ended, changed);
  });
  ASSERT_TRUE(ended && ended->ok());
  EXPECT_EQ(world.History()->newest_batch(), 1) << "what it leaves is known again";
  EXPECT_THAT(WindowsShown(world), IsEmpty());
}

}  // namespace
}  // namespace wavetank::runtime
