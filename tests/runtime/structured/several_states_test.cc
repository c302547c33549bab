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
