// Outer and semi joins of streams, epoch by epoch: which row comes out with which watermark.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Lines "<seconds>,<id>", which may be 10 s late; a line without an id has none.
DataFrame Events(QueryBuilder& builder, const std::string& source) {
  const Expression id = SubstringAfter(Col("value"), ",");
  return builder.Source(source)
      .Select({Cast(SubstringBefore(Col("value"), ","), DataType::kTimestamp).As("time"),
               If(id == "", Null(DataType::kString), id).As("id")})
      .WithWatermark("time", absl::Seconds(10))
      .Alias(source);
}

Expression Seconds(const char* column) {
  return Col(column).Cast(DataType::kInt64).Cast(DataType::kString);
}

// Events of one id within 10 s of one another: "<left second>|<right second>".
DataFrame Joined(QueryBuilder& builder, JoinType type, const Expression& more = Expression(true)) {
  const DataFrame joined =
      Events(builder, "l")
          .Join(Events(builder, "r"),
                Col("l.id") == Col("r.id") && Col("r.time") >= Col("l.time") - absl::Seconds(10) &&
                    Col("r.time") <= Col("l.time") + absl::Seconds(10) && more,
                type);
  if (type == JoinType::kLeftSemi) return joined.Select({Seconds("l.time").As("l")});
  return joined.Select({Seconds("l.time").As("l"), Seconds("r.time").As("r")});
}

TEST(OuterJoins, ARowThatMetNoneComesOnceTheWatermarkSaysThatNoneIsToCome) {
  QueryBuilder builder;
  QueryRun run(Joined(builder, JoinType::kLeft), "append");
  EXPECT_EQ(run.AddTo({{"1,x", "2,y"}, {"3,x"}}), (Lines{"1\t3"}));
  EXPECT_THAT(run.AddTo({{"21,z"}, {"22,z"}}), ElementsAre("21\t22")) << "the watermark is 11";
  // At 12 the row of 2 is passed: in a batch without input.
  EXPECT_EQ(run.RunBatchOf({{"22,q"}, {}}, 1), Lines());
  EXPECT_EQ(run.watermark(), absl::FromUnixSeconds(12));
  EXPECT_THAT(run.AddTo({{}, {}}), ElementsAre("2\tnull"));
  EXPECT_THAT(run.AddTo({{"60,a"}, {"60,b"}}), ElementsAre("22\tnull"));
  EXPECT_THAT(run.AddTo({{}, {}}), IsEmpty());
  EXPECT_EQ(run.dropped, 0);
}

TEST(OuterJoins, OfBothSidesInEachType) {
  const auto shown = [](JoinType type) {
    QueryBuilder builder;
    QueryRun run(Joined(builder, type), "append");
    Lines rows = run.AddTo({{"1,x", "2,y", "2,y"}, {"3,x", "4,z"}});
    for (std::string& row : run.AddTo({{"60,a"}, {"60,b"}})) rows.push_back(std::move(row));
    return rows;
  };
  EXPECT_EQ(shown(JoinType::kLeft), (Lines{"1\t3", "2\tnull", "2\tnull"}));
  EXPECT_EQ(shown(JoinType::kRight), (Lines{"1\t3", "null\t4"}));
  EXPECT_EQ(shown(JoinType::kFull), (Lines{"1\t3", "2\tnull", "2\tnull", "null\t4"}));
  EXPECT_EQ(shown(JoinType::kLeftSemi), (Lines{"1"}));
}

TEST(OuterJoins, ASemiJoinShowsARowAsItFirstMeetsOneAndKeepsItNoLonger) {
  QueryBuilder builder;
  QueryRun run(Joined(builder, JoinType::kLeftSemi), "append");
  EXPECT_THAT(run.AddTo({{"1,x", "1,x", "2,y"}, {}}), IsEmpty());
  EXPECT_EQ(run.sum.state_rows, 2);
  EXPECT_EQ(run.AddTo({{}, {"3,x", "4,x"}}), (Lines{"1", "1"}));
  EXPECT_EQ(run.sum.state_rows, 3) << "that of y, and two right rows";
  EXPECT_EQ(run.AddTo({{"5,x"}, {"5,x"}}), (Lines{"5"})) << "and none again";
}

TEST(OuterJoins, NullKeysMeetNothingAndComeOutAlone) {
  QueryBuilder builder;
  QueryRun run(Joined(builder, JoinType::kFull), "append");
  EXPECT_THAT(run.AddTo({{"1,"}, {"1,"}}), IsEmpty());
  EXPECT_EQ(run.AddTo({{"60,a"}, {"60,b"}}), (Lines{"1\tnull", "null\t1"}));
}

TEST(OuterJoins, WhatIsSaidOfOneSideAloneDecidesAtOnce) {
  QueryBuilder builder;
  QueryRun run(Joined(builder, JoinType::kLeft, Col("l.id") != "x" && Col("r.id") != "y"),
               "append");
  EXPECT_EQ(run.AddTo({{"1,x", "2,y", "3,z"}, {"1,x", "2,y", "3,z"}}), (Lines{"1\tnull", "3\t3"}));
  EXPECT_EQ(run.sum.state_rows, 4) << "y and z of the left side, x and z of the right one";
  EXPECT_EQ(run.AddTo({{"60,a"}, {"60,b"}}), (Lines{"2\tnull"}));
}

TEST(OuterJoins, LateRowsAreDroppedAndNotShownAlone) {
  QueryBuilder builder;
  QueryRun run(Joined(builder, JoinType::kFull), "append");
  run.AddTo({{"50,a"}, {"50,a"}});
  run.AddTo({{"50,a"}, {}});
  EXPECT_THAT(run.AddTo({{"40,x"}, {"40,y"}}), IsEmpty());
  EXPECT_EQ(run.dropped, 2);
  EXPECT_THAT(run.AddTo({{"90,b"}, {"90,b"}}), ElementsAre("90\t90"));
}

// Rows that come alone are above the watermark of what stands behind the join.
TEST(OuterJoins, AnAggregateBehindOneCountsTheRowsThatComeAlone) {
  QueryBuilder builder;
  const DataFrame joined = Events(builder, "l")
                               .Join(Events(builder, "r"),
                                     Col("l.id") == Col("r.id") && Col("r.time") >= Col("l.time") &&
                                         Col("r.time") <= Col("l.time") + absl::Seconds(10),
                                     JoinType::kLeft);
  QueryRun run(joined.GroupBy({Window(Col("l.time"), absl::Seconds(10))})
                   .Agg({Count().As("all"), Count(Col("r.id")).As("met")})
                   .Select({Seconds("window.start").As("start"), Col("all"), Col("met")}),
               "append");
  EXPECT_THAT(run.AddTo({{"1,x", "2,y", "9,z"}, {"5,x"}}), IsEmpty());
  EXPECT_THAT(run.AddTo({{"29,a"}, {"29,b"}}), IsEmpty()) << "rows up to 9 are gone at 19";
  EXPECT_THAT(run.AddTo({{"30,a"}, {"30,b"}}), ElementsAre("0\t3\t1"));
  EXPECT_EQ(run.dropped, 0);
}

}  // namespace
}  // namespace wavetank::runtime
