// Queries of several sources, watermarks and operators that keep state, epoch by epoch.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Lines "<seconds>,<id>".
DataFrame Events(QueryBuilder& builder, const std::string& source, absl::Duration delay) {
  return builder.Source(source)
      .Select({Cast(SubstringBefore(Col("value"), ","), DataType::kTimestamp).As("time"),
               SubstringAfter(Col("value"), ",").As("id")})
      .WithWatermark("time", delay);
}

std::string Second(int n) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(n), absl::UTCTimeZone());
}

// --- union ---

TEST(SeveralSources, AUnionGivesTheRowsOfEachAndIsGroupedAsOne) {
  QueryBuilder builder;
  const DataFrame both = builder.Source("a").Union(builder.Source("b"));
  QueryRun rows(both, "append");
  EXPECT_EQ(rows.RunBatchOf({{"x", "y"}, {"z", "x"}}, 2), (Lines{"x", "y", "z", "x"}));
  QueryBuilder grouped;
  QueryRun counts(grouped.Source("a").Union(grouped.Source("b")).GroupBy({Col("value")}).Count(),
                  "update");
  EXPECT_EQ(counts.AddTo({{"x", "y"}, {"x"}}), (Lines{"x\t2", "y\t1"}));
  EXPECT_EQ(counts.AddTo({{}, {"y"}}), (Lines{"y\t2"}));
  EXPECT_EQ(counts.report.source_rows(counts.plan()), 1);
}

TEST(SeveralSources, OneThatIsReadTwiceIsOneSource) {
  QueryBuilder builder;
  const DataFrame lines = builder.Source();
  QueryRun run(lines.Union(lines.Where(Col("value") != "x")).Union(builder.Source()), "append");
  ASSERT_EQ(run.plan().sources.size(), 1u);
  EXPECT_EQ(run.RunBatch({"x", "y"}, 1), (Lines{"x", "y", "y", "x", "y"}));
  EXPECT_EQ(run.report.source_rows(run.plan()), 2);
  EXPECT_EQ(run.report.sink_rows(run.plan()), 5);
}

TEST(SeveralSources, ADirectoryWithTwoSetsOfOptionsIsRefused) {
  Session session;
  const DataFrame one = session.ReadStream().Format("text").Load("in");
  const DataFrame other =
      session.ReadStream().Format("text").Option("maxFilesPerTrigger", "1").Load("in");
  EXPECT_EQ(CompileFrame(one.Union(other), "append").status().message(),
            "ReadStream: two sources read in with other formats or options: read it once, and use "
            "that in both places");
}

TEST(SeveralSources, ColumnsOfAUnionGoByTheirPlaceAndAreCalledAsTheFirst) {
  QueryBuilder builder;
  QueryRun run(builder.Source("a")
                   .Select({Col("value").As("name"), Length(Col("value")).As("size")})
                   .Union(builder.Source("b").Select({Call("upper", {Col("value")}).As("other"),
                                                      Cast(Col("value"), DataType::kDouble)}))
                   .Where(Col("size") > 1)
                   .Select({Col("size"), Col("name")}),
               "append");
  EXPECT_EQ(run.RunBatchOf({{"a", "bb"}, {"2.5", "x"}}, 1), (Lines{"2\tbb", "2.5\t2.5"}));
}

// --- watermarks ---

TEST(SeveralWatermarks, ALateRowIsOneByTheEarliestOfThem) {
  QueryBuilder builder;
  const DataFrame both = Events(builder, "a", absl::Seconds(5))
                             .Union(Events(builder, "b", absl::Seconds(5)))
                             .GroupBy({Window(Col("time"), absl::Seconds(10))})
                             .Count();
  QueryRun run(both, "append");
  EXPECT_THAT(run.AddTo({{"100,x"}, {}}), IsEmpty());
  EXPECT_EQ(run.watermark(), absl::InfinitePast()) << "b has given nothing";
  EXPECT_THAT(run.AddTo({{"200,x"}, {"30,y"}}), IsEmpty());
  EXPECT_EQ(run.watermark(), absl::FromUnixSeconds(25));
  // Late for one of them, not for both.
  EXPECT_THAT(run.AddTo({{"30,x"}, {"20,y", "130,y"}}),
              ElementsAre(testing::StartsWith(Second(20)), testing::StartsWith(Second(30)),
                          testing::StartsWith(Second(100))));
  EXPECT_EQ(run.dropped, 0) << "the window of 20 ends at 30";
  EXPECT_EQ(run.watermark(), absl::FromUnixSeconds(125));
}

TEST(SeveralWatermarks, OneAboveAUnionSeesTheRowsOfEachInput) {
  QueryBuilder builder;
  const auto times = [&builder](const char* source) {
    return builder.Source(source).Select({Cast(Col("value"), DataType::kTimestamp).As("time")});
  };
  QueryRun run(times("a").Union(times("b")).WithWatermark("time", absl::Seconds(5)), "append");
  run.AddTo({{"10"}, {"100"}});
  EXPECT_EQ(run.watermark(), absl::FromUnixSeconds(95));
  run.AddTo({{"200"}, {"100"}});
  EXPECT_EQ(run.watermark(), absl::FromUnixSeconds(195));
}

TEST(SeveralWatermarks, OrTheLatestOfThem) {
  QueryBuilder builder;
  const DataFrame both = Events(builder, "a", absl::Seconds(5))
                             .Union(Events(builder, "b", absl::Seconds(5)))
                             .GroupBy({Window(Col("time"), absl::Seconds(10))})
                             .Count();
  QueryRun run(both, "append");
  run.policy = WatermarkPolicy::kMax;
  EXPECT_THAT(run.AddTo({{"100,x", "1,x"}, {}}), ElementsAre(HasSubstr(Second(0))));
  EXPECT_EQ(run.watermark(), absl::FromUnixSeconds(95));
  EXPECT_THAT(run.AddTo({{}, {"30,y"}}), IsEmpty());
  EXPECT_EQ(run.dropped, 1);
}

// --- an aggregate behind another ---

// How many ids there were in each window of 10 s, and how many events the busiest had.
DataFrame IdsByWindow(QueryBuilder& builder) {
  return Events(builder, "in", absl::Seconds(5))
      .GroupBy({Window(Col("time"), absl::Seconds(10)), Col("id")})
      .Agg({Count().As("events")})
      .Select({Col("window.start").As("start"), Col("events")})
      .GroupBy({Col("start")})
      .Agg({Count().As("ids"), Max(Col("events")).As("most")});
}

TEST(SecondAggregate, SeesEachGroupOnceAsItBecomesFinal) {
  QueryBuilder builder;
  QueryRun run(IdsByWindow(builder), "append");
  EXPECT_EQ(run.plan().state_operators.size(), 2u);
  EXPECT_THAT(run.Add({"1,x", "2,x", "3,y", "12,x"}), IsEmpty());
  EXPECT_THAT(run.Add({"4,z", "20,x"}), ElementsAre(Second(0) + "\t3\t2"));
  EXPECT_THAT(run.Add({"40,x"}), ElementsAre(Second(10) + "\t1\t1", Second(20) + "\t1\t1"));
  EXPECT_EQ(run.dropped, 0) << "what the first gives is not late for the second";
  EXPECT_THAT(run.Add({"12,late"}), IsEmpty());
  EXPECT_EQ(run.dropped, 1);
}

TEST(SecondAggregate, MayHaveWiderWindows) {
  QueryBuilder builder;
  QueryRun run(Events(builder, "in", absl::Seconds(0))
                   .GroupBy({Window(Col("time"), absl::Seconds(10)), Col("id")})
                   .Agg({Count().As("events")})
                   .Select({Col("window.start").As("start"), Col("events")})
                   .WithColumn("minute", Col("start"))
                   .GroupBy({Col("minute")})
                   .Agg({Sum(Col("events")).As("events")}),
               "append");
  EXPECT_THAT(run.Add({"1,x", "2,y"}), IsEmpty());
  EXPECT_THAT(run.Add({"30,x"}), ElementsAre(Second(0) + "\t2"));
}

TEST(SecondAggregate, IsRefusedWhereTheFirstChangesItsRows) {
  QueryBuilder builder;
  EXPECT_THAT(std::string(CompileFrame(IdsByWindow(builder), "update").status().message()),
              HasSubstr("another operator that keeps state reads it: use \"append\""));
}

// --- joins ---

// Views and clicks of one id, where the click comes within 10 s of the view.
DataFrame ClickedViews(QueryBuilder& builder, absl::Duration delay = absl::Seconds(5)) {
  const DataFrame views = Events(builder, "views", delay).Alias("v");
  const DataFrame clicks = Events(builder, "clicks", delay).Alias("c");
  return views
      .Join(clicks, Col("v.id") == Col("c.id") && Col("c.time") >= Col("v.time") &&
                        Col("c.time") <= Col("v.time") + absl::Seconds(10))
      .Select({Col("v.id").As("id"), Col("v.time").As("viewed"), Col("c.time").As("clicked")});
}

std::string Pair(const std::string& id, int viewed, int clicked) {
  return id + "\t" + Second(viewed) + "\t" + Second(clicked);
}

TEST(Join, RowsMeetWheneverTheyCome) {
  QueryBuilder builder;
  QueryRun run(ClickedViews(builder), "append");
  EXPECT_EQ(run.AddTo({{"1,x", "2,y", "3,x"}, {"4,x"}}), (Lines{Pair("x", 1, 4), Pair("x", 3, 4)}));
  EXPECT_EQ(run.AddTo({{}, {"5,y", "20,x"}}), (Lines{Pair("y", 2, 5)})) << "20 is too late for 3";
  EXPECT_EQ(run.AddTo({{"4,y", "18,x"}, {}}), (Lines{Pair("x", 18, 20), Pair("y", 4, 5)}));
  EXPECT_THAT(run.AddTo({{}, {}}), IsEmpty());
  EXPECT_EQ(run.dropped, 0);
}

TEST(Join, RowsAlikeMeetAsOftenAsTheyCame) {
  QueryBuilder builder;
  QueryRun run(ClickedViews(builder), "append");
  EXPECT_EQ(run.AddTo({{"1,x", "1,x"}, {"2,x"}}), Lines(2, Pair("x", 1, 2)));
  EXPECT_EQ(run.AddTo({{}, {"2,x", "2,x"}}), Lines(4, Pair("x", 1, 2)));
}

TEST(Join, KeepsWhatMayStillMeetAndNoMore) {
  QueryBuilder builder;
  QueryRun run(ClickedViews(builder), "append");
  run.AddTo({{"100,x", "101,x"}, {"100,y"}});
  EXPECT_EQ(run.watermark(), absl::FromUnixSeconds(95));
  EXPECT_EQ(run.sum.state_rows, 3);
  run.AddTo({{"115,z"}, {"115,z"}});
  // The watermark is 110: views up to 100 and clicks up to 110 meet nothing that is to come.
  EXPECT_EQ(run.watermark(), absl::FromUnixSeconds(110));
  EXPECT_EQ(run.sum.state_rows, 3) << "the view of 101 and what came last";
  EXPECT_THAT(run.AddTo({{}, {"111,x"}}), ElementsAre(Pair("x", 101, 111)));
  EXPECT_THAT(run.AddTo({{}, {"110,z"}}), IsEmpty());
  EXPECT_EQ(run.dropped, 1) << "at the watermark is late";
}

TEST(Join, RowsAreLateByTheirTimeAlsoWhereNobodyReadsIt) {
  QueryBuilder builder;
  const DataFrame views = Events(builder, "views", absl::Seconds(5)).Alias("v");
  const DataFrame clicks = Events(builder, "clicks", absl::Seconds(5)).Alias("c");
  QueryRun run(views.Join(clicks, Col("v.id") == Col("c.id")).Select({Col("v.id").As("id")}),
               "append");
  EXPECT_THAT(run.AddTo({{"100,x"}, {"100,y"}}), IsEmpty());
  EXPECT_THAT(run.AddTo({{"100,z"}, {"100,z"}}), ElementsAre("z")) << "from now on 95 is late";
  EXPECT_THAT(run.AddTo({{"95,y"}, {"96,x"}}), ElementsAre("x"));
  EXPECT_EQ(run.dropped, 1);
}

TEST(Join, AWindowOfWhatWasJoinedIsFinalOnceNoPairCanStillCome) {
  QueryBuilder builder;
  QueryRun run(ClickedViews(builder)
                   .GroupBy({Window(Col("viewed"), absl::Seconds(10))})
                   .Agg({Count().As("clicks")}),
               "append");
  EXPECT_EQ(run.plan().state_operators.size(), 2u);
  run.AddTo({{"1,x"}, {"2,x"}});
  // The watermark is 12: the window of 0 to 10 is over, but views of it may still be clicked on.
  EXPECT_THAT(run.AddTo({{"17,y"}, {"17,z"}}), IsEmpty());
  EXPECT_THAT(run.AddTo({{"2,late"}, {"13,x"}}), IsEmpty());
  EXPECT_EQ(run.dropped, 1);
  EXPECT_THAT(run.AddTo({{"40,y"}, {"40,z"}}), ElementsAre(Second(0) + "\t" + Second(10) + "\t1"));
}

TEST(Join, OfAStreamWithItself) {
  QueryBuilder builder;
  const DataFrame events = Events(builder, "in", absl::Seconds(5));
  const DataFrame pairs =
      events.Alias("a")
          .Join(events.Alias("b"), Col("a.id") == Col("b.id") && Col("b.time") > Col("a.time") &&
                                       Col("b.time") <= Col("a.time") + absl::Seconds(2))
          .Select({Col("a.id").As("id"), Col("a.time").As("first"), Col("b.time").As("second")});
  QueryRun run(pairs, "append");
  ASSERT_EQ(run.plan().sources.size(), 1u);
  EXPECT_EQ(run.Add({"1,x", "2,x", "3,y"}), (Lines{Pair("x", 1, 2)}));
  EXPECT_EQ(run.Add({"3,x", "4,x"}),
            (Lines{Pair("x", 1, 3), Pair("x", 2, 3), Pair("x", 2, 4), Pair("x", 3, 4)}));
}

TEST(Join, OfThreeStreams) {
  QueryBuilder builder;
  const auto within = [](const char* earlier, const char* later) {
    return Col(later) >= Col(earlier) && Col(later) <= Col(earlier) + absl::Seconds(10);
  };
  const DataFrame ab =
      Events(builder, "a", absl::Seconds(5))
          .Alias("a")
          .Join(Events(builder, "b", absl::Seconds(5)).Alias("b"),
                Col("a.id") == Col("b.id") && within("a.time", "b.time"))
          .Select({Col("a.id").As("id"), Col("a.time").As("one"), Col("b.time").As("two")});
  const DataFrame abc = ab.Join(Events(builder, "c", absl::Seconds(5)).Alias("c"),
                                Col("id") == Col("c.id") && within("one", "c.time"))
                            .Select({Col("c.id").As("id"), Col("one"), Col("c.time").As("three")});
  const absl::Status status = CompileFrame(abc, "append").status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("several columns are called \"id\""));
  QueryRun run(ab.Alias("ab")
                   .Join(Events(builder, "c", absl::Seconds(5)).Alias("c"),
                         Col("ab.id") == Col("c.id") && within("ab.one", "c.time"))
                   .Select({Col("c.id").As("id"), Col("ab.one"), Col("c.time").As("three")}),
               "append");
  EXPECT_EQ(run.AddTo({{"1,x"}, {"2,x"}, {"3,x"}}), (Lines{Pair("x", 1, 3)}));
  EXPECT_EQ(run.AddTo({{"1,y"}, {"4,y", "5,x"}, {}}), (Lines{Pair("x", 1, 3)}));
  EXPECT_EQ(run.AddTo({{}, {}, {"6,y", "7,x"}}),
            (Lines{Pair("x", 1, 7), Pair("x", 1, 7), Pair("y", 1, 6)}));
}

TEST(Join, OfWindowsThatBecomeFinalTogether) {
  QueryBuilder builder;
  const auto windows = [&builder](const char* source) {
    return Events(builder, source, absl::Seconds(5))
        .GroupBy({Window(Col("time"), absl::Seconds(10)), Col("id")})
        .Count()
        .Select({Col("window.start").As("start"), Col("id"), Col("count")})
        .Alias(source);
  };
  const DataFrame joined =
      windows("a")
          .Join(windows("b"), Col("a.id") == Col("b.id") && Col("a.start") == Col("b.start"))
          .Select({Col("a.start").As("start"), Col("a.count").As("one"), Col("b.count").As("two")});
  QueryRun run(joined, "append");
  EXPECT_THAT(run.AddTo({{"1,x", "9,x"}, {"9,x"}}), IsEmpty());
  EXPECT_EQ(run.watermark(), absl::FromUnixSeconds(4)) << "past the window's start";
  EXPECT_EQ(run.AddTo({{"30,x"}, {"30,x"}}), (Lines{Second(0) + "\t2\t1"}));
  EXPECT_EQ(run.dropped, 0) << "a window is late by its end";
  EXPECT_EQ(run.AddTo({{"50,x"}, {"50,x"}}), (Lines{Second(30) + "\t1\t1"}));
  EXPECT_EQ(run.sum.state_rows, 2) << "the windows of 50, and none that was joined";
}

TEST(Join, KeysThatAreNullMeetNothingAndThoseThatAreEqualMeet) {
  QueryBuilder builder;
  const auto rows = [&builder](const char* source) {
    const Expression first = SubstringBefore(Col("value"), ",");
    return builder.Source(source)
        .Select({If(first == "", Null(DataType::kString), first).As("id"),
                 Cast(SubstringAfter(Col("value"), ","), DataType::kDouble).As("n")})
        .Alias(source);
  };
  QueryRun run(rows("a")
                   .Join(rows("b"), Col("a.id") == Col("b.id") && Col("a.n") == Col("b.n"))
                   .Select({Col("a.id").As("id"), Col("a.n").As("n"), Col("b.n").As("m")}),
               "append");
  EXPECT_EQ(run.AddTo({{",1", "x,none", "x,0.0", "y,NaN"}, {",1", "x,none", "x,-0.0", "y,NaN"}}),
            (Lines{"x\t0\t-0", "y\tnan\tnan"}));
}

TEST(Join, ConditionsOfTheBatchAreThoseOfTheLaterRow) {
  QueryBuilder builder;
  const DataFrame a = Events(builder, "a", absl::Seconds(5)).Alias("a");
  const DataFrame b = Events(builder, "b", absl::Seconds(5)).Alias("b");
  const auto now = [](const Expression& then) {
    return If(Col("a.time") < CurrentTimestamp(), then, Expression("none"));
  };
  const DataFrame joined = a.Join(b, Col("a.id") == Col("b.id") && now(Col("a.id")) == Col("b.id"))
                               .Select({Col("a.id").As("id")});
  QueryRun run(joined, "append");
  run.SetTimestamp(absl::FromUnixSeconds(0));
  EXPECT_THAT(run.AddTo({{"10,x"}, {}}), IsEmpty());
  run.SetTimestamp(absl::FromUnixSeconds(20));
  EXPECT_EQ(run.AddTo({{}, {"11,x"}}), (Lines{"x"}));
}

TEST(Join, WhatItCannotDoIsRefusedByName) {
  QueryBuilder builder;
  const auto refusal = [](const DataFrame& frame) {
    return std::string(CompileFrame(frame, "append").status().message());
  };
  const DataFrame a = Events(builder, "a", absl::Seconds(5)).Alias("a");
  const DataFrame b = Events(builder, "b", absl::Seconds(5)).Alias("b");
  const auto shown = [](const DataFrame& joined) { return joined.Select({Col("a.id").As("id")}); };
  EXPECT_THAT(refusal(shown(a.Join(b, Col("a.time") < Col("b.time")))),
              HasSubstr("Join: streams are joined by equal columns"));
  const DataFrame listed = builder.Source("c").Select({Split(Col("value"), " ").As("words")});
  EXPECT_THAT(refusal(a.Join(listed.Alias("c"), Col("a.id") == Col("c.words").At(Expression(0)))
                          .Select({Col("a.id").As("id"), Explode(Col("c.words")).As("word")})),
              HasSubstr("Join: \"words\" is array<string>, which no join keeps"));
  EXPECT_THAT(
      std::string(
          CompileFrame(shown(a.Join(b, Col("a.id") == Col("b.id"))), "update").status().message()),
      HasSubstr("a join of streams shows a row once, and never changes it"));
}

// --- duplicates ---

TEST(DropDuplicates, OfAllTimeWhereNoKeyIsATime) {
  QueryBuilder builder;
  QueryRun run(builder.Source().DropDuplicates(), "append");
  EXPECT_EQ(run.RunBatch({"x", "y", "x"}, 1).size(), 2u);
  EXPECT_EQ(run.Add({"x", "z"}), (Lines{"z"}));
  EXPECT_EQ(run.sum.state_rows, 3);
}

TEST(DropDuplicates, UntilTheWatermarkHasPassedTheirTime) {
  QueryBuilder builder;
  QueryRun run(Events(builder, "in", absl::Seconds(5)).DropDuplicates({"id", "time"}), "append");
  EXPECT_EQ(run.Add({"1,x", "1,x", "2,x"}).size(), 2u);
  EXPECT_EQ(run.Add({"1,x", "20,x"}), (Lines{Second(20) + "\tx"}));
  EXPECT_EQ(run.sum.state_rows, 1) << "those of 1 and 2 are forgotten";
  EXPECT_THAT(run.Add({"1,x", "15,z"}), IsEmpty()) << "late, at the watermark too";
  EXPECT_EQ(run.dropped, 2);
}

TEST(DropDuplicates, WithinTheWatermarkByOtherColumnsThanTimes) {
  QueryBuilder builder;
  const DataFrame first =
      Events(builder, "in", absl::Seconds(5)).DropDuplicatesWithinWatermark({"id"});
  QueryRun run(first, "append");
  EXPECT_EQ(run.Add({"10,x", "12,x"}), (Lines{Second(10) + "\tx"}));
  EXPECT_THAT(run.Add({"14,x"}), IsEmpty());
  // The watermark is 15: what was alike to that of 10 is alike no more.
  EXPECT_EQ(run.Add({"20,y"}), (Lines{Second(20) + "\ty"}));
  EXPECT_EQ(run.Add({"21,x"}), (Lines{Second(21) + "\tx"}));
  EXPECT_EQ(
      std::string(CompileFrame(builder.Source("other").DropDuplicatesWithinWatermark(), "append")
                      .status()
                      .message()),
      "DropDuplicatesWithinWatermark: its rows have no event time: call WithWatermark before "
      "it");
}

// A window comes out once it is over: what is alike to it is known for the delay from then on.
TEST(DropDuplicates, WithinTheWatermarkAfterWindows) {
  QueryBuilder builder;
  const DataFrame windows = Events(builder, "in", absl::Seconds(15))
                                .GroupBy({Window(Col("time"), absl::Seconds(10)), Col("id")})
                                .Count();
  for (const bool in_two_steps : {false, true}) {
    QueryRun run(windows.DropDuplicatesWithinWatermark({"id"}), "append");
    EXPECT_THAT(run.Add({"1,a"}), IsEmpty());
    EXPECT_EQ(run.Add({"26,b", "12,a"}), (Lines{Second(0) + "\t" + Second(10) + "\ta\t1"}));
    if (in_two_steps) EXPECT_THAT(run.Add({"31,b"}), IsEmpty());
    EXPECT_THAT(run.Add({"36,b"}), IsEmpty()) << "the watermark is 21, and 25 ends it";
  }
}

TEST(DropDuplicates, AnAggregateBehindItCountsEachOnce) {
  QueryBuilder builder;
  QueryRun run(Events(builder, "in", absl::Seconds(5))
                   .DropDuplicates()
                   .GroupBy({Window(Col("time"), absl::Seconds(10))})
                   .Count(),
               "append");
  EXPECT_THAT(run.Add({"1,x", "1,x", "2,x"}), IsEmpty());
  EXPECT_THAT(run.Add({"1,x", "30,x"}), ElementsAre(Second(0) + "\t" + Second(10) + "\t2"));
}

TEST(CompleteMode, ShowsNoRowsThatComePastTheAggregate) {
  QueryBuilder builder;
  const DataFrame lines = builder.Source();
  const DataFrame counts = lines.GroupBy({Col("value")}).Count();
  const DataFrame raw = builder.Source("other").WithColumn("count", Expression(1));
  for (const DataFrame& both : {counts.Union(raw), raw.Union(counts)}) {
    EXPECT_THAT(std::string(CompileFrame(both, "complete").status().message()),
                HasSubstr("rows of a source come into it past the aggregate"));
  }
}

TEST(AppendMode, SaysWhatLosesTheEventTime) {
  QueryBuilder builder;
  const auto refusal = [](const DataFrame& frame) {
    return std::string(
        CompileFrame(frame.GroupBy({Window(Col("time"), absl::Seconds(1))}).Count(), "append")
            .status()
            .message());
  };
  const DataFrame a = Events(builder, "a", absl::Seconds(5));
  const DataFrame b = Events(builder, "b", absl::Seconds(5)).Alias("b");
  EXPECT_THAT(refusal(a.Alias("a").Join(b, Col("a.id") == Col("b.id")).Select({Col("a.time")})),
              HasSubstr("the Join below it keeps rows for ever"));
  const DataFrame without = builder.Source("c").Select(
      {Cast(Col("value"), DataType::kTimestamp).As("time"), Col("value").As("id")});
  EXPECT_THAT(refusal(a.Union(without)), HasSubstr("an input of the Union below it"));
}

TEST(SharedState, IsRefusedByName) {
  QueryBuilder builder;
  const DataFrame counts = Events(builder, "in", absl::Seconds(5))
                               .GroupBy({Window(Col("time"), absl::Seconds(10))})
                               .Count();
  const absl::Status status = CompileFrame(counts.Union(counts), "append").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("what GroupBy gives is read in two places"));
}

}  // namespace
}  // namespace wavetank::runtime
