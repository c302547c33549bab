// Unions, joins, what drops duplicates, and aggregates over them, under several watermarks.
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "properties/interpreter/join_bounds.h"
#include "tests/properties/interpreter/interpreted_run.h"

namespace wavetank::properties {
namespace {

using runtime::Col;
using runtime::Count;
using runtime::DataFrame;
using runtime::Session;
using runtime::Window;
using testing::ElementsAre;
using testing::IsEmpty;

std::string At(int second) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(second), absl::UTCTimeZone());
}

// Two streams under the delays, left and right, by what `on` says of their columns.
DataFrame Joined(Session& session, const runtime::Expression& on, int left_delay = 0,
                 int right_delay = 0) {
  return Stream(session, "left", absl::Seconds(left_delay))
      .Alias("l")
      .Join(Stream(session, "right", absl::Seconds(right_delay)).Alias("r"), on)
      .Select({Col("l.time").As("lt"), Col("l.key").As("lk"), Col("r.time").As("rt"),
               Col("r.key").As("rk")});
}

std::string Pair(int left, int right, const std::string& key) {
  return At(left) + "|" + key + "|" + At(right) + "|" + key;
}

const runtime::Expression kSameKey = Col("l.key") == Col("r.key");

TEST(InterpretedJoin, EachPairComesOnceWhicheverSideIsFirst) {
  Session session;
  InterpretedRun run(Joined(session, kSameKey, 100, 100), "append");
  EXPECT_THAT(run.Batch({{"1,a", "2,a", "3,b"}, {"4,a"}}),
              ElementsAre(Pair(1, 4, "a"), Pair(2, 4, "a")));
  EXPECT_THAT(run.Batch({{"1,a"}, {}}), ElementsAre(Pair(1, 4, "a")));
  EXPECT_THAT(run.Batch({{}, {"9,b", "9,c"}}), ElementsAre(Pair(3, 9, "b")));
  EXPECT_THAT(run.Batch({{"9,c", "9,c"}, {}}), ElementsAre(Pair(9, 9, "c"), Pair(9, 9, "c")));
  EXPECT_THAT(run.Batch({{}, {}}), IsEmpty());
}

TEST(InterpretedJoin, NullEqualsNothing) {
  Session session;
  InterpretedRun run(Joined(session, kSameKey), "append");
  EXPECT_THAT(run.Batch({{"1,"}, {"1,"}}), IsEmpty());
  Session other;
  InterpretedRun alike(Joined(other, Col("l.key").EqualNullSafe(Col("r.key"))), "append");
  EXPECT_THAT(alike.Batch({{"1,"}, {"1,"}}), ElementsAre(Pair(1, 1, "\\N")));
}

TEST(InterpretedJoin, AnIntervalOfTimesHoldsAtItsEnds) {
  Session session;
  const auto l = Col("l.time");
  const auto r = Col("r.time");
  InterpretedRun run(
      Joined(session, kSameKey && l >= r - absl::Seconds(1) && l < r + absl::Seconds(2), 99, 99),
      "append");
  EXPECT_THAT(run.Batch({{"3,a"}, {"1,a", "2,a", "4,a", "5,a"}}),
              ElementsAre(Pair(3, 2, "a"), Pair(3, 4, "a")));
}

TEST(InterpretedJoin, LateRowsOfEachSideAreDroppedByTheLeastWatermark) {
  Session session;
  InterpretedRun run(Joined(session, kSameKey && Col("l.time") <= Col("r.time"), 0, 5), "append");
  run.Add({{"20,x"}, {}});
  EXPECT_EQ(run.watermark(), -1);  // the right side has seen nothing
  run.Add({{}, {"15,x"}});
  EXPECT_EQ(run.watermark(), 10);
  run.Batch({{}, {}});  // what its watermark has passed is late from then on
  EXPECT_THAT(run.Add({{"10,a", "11,a"}, {"10,a", "11,a"}}), ElementsAre(Pair(11, 11, "a")));
  EXPECT_EQ(run.late, 2);
}

TEST(InterpretedJoin, TheGreatestWatermarkHoldsUnderThePolicyMax) {
  Session session;
  InterpretedRun run(Joined(session, kSameKey, 0, 5), "append", WatermarkPolicy::kMax);
  run.Add({{"20,x"}, {}});
  EXPECT_EQ(run.watermark(), 20);
  run.Add({{}, {}});
  EXPECT_THAT(run.Add({{"20,a", "21,a"}, {"20,a", "21,a"}}), ElementsAre(Pair(21, 21, "a")));
  EXPECT_EQ(run.late, 2);
}

TEST(InterpretedJoin, ARangeOfTimesIsStrictOrNot) {
  Session session;
  InterpretedRun reaches(Joined(session, kSameKey && Col("l.time") <= Col("r.time"), 99, 99),
                         "append");
  EXPECT_THAT(reaches.Batch({{"2,a"}, {"1,a", "2,a", "3,a"}}),
              ElementsAre(Pair(2, 2, "a"), Pair(2, 3, "a")));
  Session other;
  InterpretedRun strict(Joined(other, kSameKey && Col("l.time") < Col("r.time"), 99, 99), "append");
  EXPECT_THAT(strict.Batch({{"2,a"}, {"1,a", "2,a", "3,a"}}), ElementsAre(Pair(2, 3, "a")));
}

// An expression over columns 0, of the left side, and 1, of the right one.
PlainExpression Column(size_t number) {
  PlainExpression column;
  column.what = PlainExpression::What::kColumn;
  column.kind = PlainKind::kTimestamp;
  column.column = number;
  return column;
}
PlainExpression Of(const std::string& name, PlainExpression a, PlainExpression b) {
  PlainExpression call;
  call.what = PlainExpression::What::kCall;
  call.name = name;
  call.operands = {std::move(a), std::move(b)};
  return call;
}
PlainExpression Plus(PlainExpression a, int64_t micros) {
  PlainExpression by;
  by.kind = PlainKind::kInterval;
  by.literal = micros;
  PlainExpression sum = Of("add_interval", std::move(a), std::move(by));
  sum.kind = PlainKind::kTimestamp;
  return sum;
}
PlainJoinBounds Bounds(PlainExpression condition, int64_t left_span = 0, int64_t right_span = 0) {
  PlainNode left, right, join;
  left.columns = {0};
  right.columns = {1};
  left.event_times = {{0, left_span}};
  right.event_times = {{0, right_span}};
  join.expressions = {std::move(condition)};
  return JoinBounds(join, left, right);
}

TEST(JoinBounds, OfARangeTheLaterSideGoesByWhatTheOtherMayStillBring) {
  // right <= left: right rows to come are above the watermark, so a left row at it meets none.
  const PlainJoinBounds reaches = Bounds(Of("<=", Column(1), Column(0)));
  EXPECT_EQ(reaches.kept_until_micros[0], 0);
  EXPECT_EQ(reaches.kept_until_micros[1], std::nullopt);
  EXPECT_EQ(Bounds(Of("<", Column(1), Column(0))).kept_until_micros[0], 1);
  EXPECT_EQ(Bounds(Of(">", Column(0), Column(1))).kept_until_micros[0], 1);
  EXPECT_EQ(Bounds(Of(">=", Plus(Column(0), 7), Column(1))).kept_until_micros[0], -7);
  EXPECT_EQ(Bounds(Of("<=", Plus(Column(0), 7), Column(1))).kept_until_micros[1], 7);
  EXPECT_EQ(Bounds(Of("<=", Column(0), Plus(Column(1), 7))).kept_until_micros[1], -7);
}

TEST(JoinBounds, RowsGoByTheirEventTimeIfItIsBoundElseByTheFirstTimeThatIs) {
  // Columns 0 and 1 of the left side, of which 0 is the event time; 2 of the right one.
  const auto goes = [](PlainExpression condition) {
    PlainNode left, right, join;
    left.columns = {0, 1};
    right.columns = {2};
    left.event_times = {{0, 0}};
    right.event_times = {{0, 5}};
    join.expressions = {std::move(condition)};
    return JoinBounds(join, left, right).goes[0];
  };
  const auto before = [](size_t column, int64_t by) {
    return Of("<=", Plus(Column(2), by), Column(column));
  };
  EXPECT_EQ(goes(before(1, 7))->column, 1u);
  EXPECT_EQ(goes(before(1, 7))->offset_micros, 2);
  const auto both = goes(Of("and", before(1, 9), before(0, 7)));
  EXPECT_EQ(both->column, 0u);
  EXPECT_EQ(both->offset_micros, 2);
  EXPECT_EQ(goes(Of("and", before(1, 1), before(1, 9)))->offset_micros, 4);
  EXPECT_FALSE(goes(Of("<=", Column(0), Column(2))).has_value());
}

TEST(InterpretedJoin, WhatCanMeetNothingIsNotWaitedFor) {
  Session session;
  InterpretedRun run(Joined(session,
                            kSameKey && Col("l.time") <= Col("r.time") &&
                                Col("r.time") <= Col("l.time") + absl::Seconds(3),
                            0, 0),
                     "append");
  run.Batch({{"1,"}, {"2,"}});
  EXPECT_EQ(run.answer.next_final, NaiveNextFinal()) << "null equals nothing";
  run.Batch({{"5,a"}, {"4,a"}});
  // A right row of 4 meets left rows up to 4, a left one of 5 right rows up to 8.
  EXPECT_EQ(run.answer.next_final->watermark_ms, 4000);
  EXPECT_TRUE(run.another_is_due);
  run.Batch({{}, {}});
  EXPECT_EQ(run.answer.next_final->watermark_ms, 8000);
}

TEST(JoinBounds, EqualTimesBoundBothSidesAndOfSeveralTheFirstToLetGoHolds) {
  const PlainJoinBounds equal = Bounds(Of("=", Column(0), Column(1)), 5, 3);
  EXPECT_EQ(equal.kept_until_micros[0], 2);
  EXPECT_EQ(equal.kept_until_micros[1], -2);
  const PlainJoinBounds both = Bounds(Of(
      "and", Of("<=", Plus(Column(1), 4), Column(0)),
      Of("and", Of("<", Plus(Column(1), 9), Column(0)), Of("<=", Column(0), Plus(Column(1), 20)))));
  EXPECT_EQ(both.kept_until_micros[0], 10);
  EXPECT_EQ(both.kept_until_micros[1], -20);
  EXPECT_EQ(Bounds(Of("or", Of("=", Column(0), Column(1)), Of("=", Column(0), Column(1))))
                .kept_until_micros[0],
            std::nullopt);
  EXPECT_EQ(Bounds(Of("<=", Column(0), Column(0))).kept_until_micros[0], std::nullopt);
}

TEST(InterpretedUnion, GivesTheRowsOfAllAndTheLeastWatermark) {
  Session session;
  const DataFrame both = Stream(session, "a").Union(Stream(session, "b", absl::Seconds(5)));
  InterpretedRun run(both.GroupBy({Window(Col("time"), absl::Seconds(5))}).Count(), "append");
  EXPECT_THAT(run.Add({{"1,a", "11,a"}, {"2,b"}}), IsEmpty());
  EXPECT_EQ(run.watermark(), -3);
  EXPECT_THAT(run.Add({{}, {"10,b"}}), ElementsAre(At(0) + "|" + At(5) + "|2"));
  EXPECT_EQ(run.watermark(), 5);
}

TEST(InterpretedUnion, ANodeThatIsReadTwiceGivesItsRowsTwice) {
  Session session;
  const DataFrame rows = Stream(session, "a").Select({Col("key")});
  InterpretedRun run(rows.Union(rows.Where(Col("key") != "b")), "append");
  EXPECT_THAT(run.Batch({{"1,a", "1,b", "1,"}}), ElementsAre("\\N", "a", "a", "b"));
}

TEST(InterpretedDropDuplicates, GivesTheFirstOfThoseAlikeForEver) {
  Session session;
  InterpretedRun run(Stream(session, "a").Select({Col("key")}).DropDuplicates(), "append");
  EXPECT_THAT(run.Batch({{"1,a", "2,a", "3,", "4,"}}), ElementsAre("\\N", "a"));
  EXPECT_THAT(run.Batch({{"100,a", "1,b", "1,"}}), ElementsAre("b"));
}

TEST(InterpretedDropDuplicates, OfATimeAmongTheKeysTheSameIsLateOnceItIsPast) {
  Session session;
  InterpretedRun run(Stream(session, "a").DropDuplicates(), "append");
  EXPECT_THAT(run.Batch({{"1,a", "1,a", "2,a", "none,a", "none,a"}}),
              ElementsAre(At(1) + "|a", At(2) + "|a", "\\N|a"));
  EXPECT_TRUE(run.another_is_due);
  EXPECT_THAT(run.Batch({{"1,a", "1,b", "2,b"}}), ElementsAre(At(1) + "|b", At(2) + "|b"));
  EXPECT_EQ(run.answer.dropped, 0);
  EXPECT_THAT(run.Batch({{"2,c", "3,c", "none,a"}}), ElementsAre(At(3) + "|c"));
  EXPECT_EQ(run.answer.dropped, 1);
}

TEST(InterpretedDropDuplicates, LateRowsGoThoughTheTimeIsNoKey) {
  Session session;
  InterpretedRun run(Stream(session, "a").DropDuplicates({"key"}), "append");
  EXPECT_THAT(run.Add({{"5,a", "6,a"}}), ElementsAre(At(5) + "|a"));
  EXPECT_EQ(run.answer.next_final, NaiveNextFinal()) << "nothing goes by time";
  run.Add({{}});
  EXPECT_THAT(run.Add({{"6,b", "7,b", "8,b", "9,a"}}), ElementsAre(At(7) + "|b"));
  EXPECT_EQ(run.late, 1);
}

// The first one's time and the delay, of 5 s: what comes meanwhile extends nothing.
TEST(InterpretedDropDuplicates, WithinTheWatermarkThoseAlikeAreKnownUntilItReachesTheirEnd) {
  Session session;
  InterpretedRun run(Stream(session, "a", absl::Seconds(5)).DropDuplicatesWithinWatermark({"key"}),
                     "append");
  EXPECT_THAT(run.Add({{"10,a", "11,a"}}), ElementsAre(At(10) + "|a"));
  EXPECT_THAT(run.Add({{"14,a"}}), IsEmpty());
  EXPECT_THAT(run.Add({{"19,b"}}), ElementsAre(At(19) + "|b"));
  EXPECT_THAT(run.Add({{"19,a", "20,c"}}), ElementsAre(At(20) + "|c"));
  EXPECT_EQ(run.watermark(), 15);
  EXPECT_THAT(run.Add({{"15,a", "16,a", "17,a"}}), ElementsAre(At(16) + "|a"));
  EXPECT_EQ(run.late, 1);
}

// Windows of what a join gives: the left side is kept until the right one may bring nothing to it.
TEST(InterpretedAggregate, OverAJoinGoesByWhatTheSidesStillKeep) {
  Session session;
  const DataFrame pairs = Joined(session, kSameKey && Col("l.time") == Col("r.time"));
  InterpretedRun run(pairs.GroupBy({Window(Col("lt"), absl::Seconds(5))}).Count(), "append");
  EXPECT_THAT(run.Add({{"1,a", "2,a", "9,z"}, {"1,a", "9,y"}}),
              ElementsAre(At(0) + "|" + At(5) + "|1"));
  EXPECT_THAT(run.Add({{"2,a", "12,z"}, {"9,z", "12,z"}}), IsEmpty());
  EXPECT_EQ(run.late, 2);
  EXPECT_THAT(run.Add({{"20,q"}, {"20,q"}}), ElementsAre(At(10) + "|" + At(15) + "|1"));
}

// Left rows are kept until 3 s behind the watermark, so windows over them are final 3 s later.
TEST(InterpretedAggregate, OverAJoinOfARangeIsFinalOnceNoKeptRowFallsIntoIt) {
  Session session;
  const auto l = Col("l.time");
  const auto r = Col("r.time");
  const DataFrame pairs =
      Joined(session, kSameKey && l >= r - absl::Seconds(3) && l <= r + absl::Seconds(1));
  InterpretedRun run(pairs.GroupBy({Window(Col("lt"), absl::Seconds(5))}).Count(), "append");
  EXPECT_THAT(run.Add({{"4,a", "7,q"}, {"5,a", "8,x"}}), IsEmpty());
  EXPECT_THAT(run.Add({{"8,x"}, {"7,x"}}), ElementsAre(At(0) + "|" + At(5) + "|1"));
  EXPECT_THAT(run.Add({{"20,x"}, {"7,a"}}), IsEmpty());
  EXPECT_EQ(run.late, 1);
  EXPECT_THAT(run.Add({{}, {"20,y"}}), ElementsAre(At(5) + "|" + At(10) + "|1"));
}

// The union's watermark is that of its input that is furthest behind.
TEST(InterpretedUnion, OfAJoinGoesByWhatThatStillKeeps) {
  Session session;
  const auto l = Col("l.time");
  const auto r = Col("r.time");
  const DataFrame pairs =
      Joined(session, kSameKey && l >= r - absl::Seconds(3) && l <= r + absl::Seconds(1))
          .Select({Col("lt").As("time"), Col("lk").As("key")});
  const DataFrame all = pairs.Union(Stream(session, "third"));
  InterpretedRun run(all.GroupBy({Window(Col("time"), absl::Seconds(5))}).Count(), "append");
  EXPECT_THAT(run.Add({{"7,x"}, {"7,x"}, {"1,a", "7,a"}}), IsEmpty());
  EXPECT_THAT(run.Add({{"8,x"}, {"8,y"}, {"8,a", "3,a"}}), ElementsAre(At(0) + "|" + At(5) + "|2"));
  EXPECT_EQ(run.late, 0);
}

// Whose spans differ is no event time.
TEST(InterpretedUnion, OfWindowsOfTwoSizesHasNoEventTime) {
  Session session;
  const auto starts = [&](const std::string& path, int size) {
    return Stream(session, path)
        .GroupBy({Window(Col("time"), absl::Seconds(size)), Col("key")})
        .Count()
        .Select({Col("window.start").As("start"), Col("key")});
  };
  runtime::StreamingQueryDefinition definition;
  definition.plan = starts("a", 5).Union(starts("b", 20)).GroupBy({Col("start")}).Count().plan();
  EXPECT_EQ(scenarios::InterpretQuery(definition).status().code(),
            absl::StatusCode::kInvalidArgument);
  definition.plan = starts("a", 5).Union(starts("b", 20)).DropDuplicates().plan();
  const auto query = scenarios::InterpretQuery(definition);
  ASSERT_TRUE(query.ok());
  EXPECT_THAT(
      (*query)->Run(AsFiles({.lines = {"1,a"}, .other_inputs = {{.lines = {"1,a", "21,a"}}}})).rows,
      IsEmpty());
  EXPECT_THAT((*query)->Run({.lines = {}, .watermark_ms = 30'000, .other_inputs = {{}}}).rows,
              ElementsAre(NaiveRow{At(0), "a"}));
  // By the start and the lesser size it would be late.
  EXPECT_THAT((*query)
                  ->Run({.lines = {},
                         .late_watermark_ms = 30'000,
                         .watermark_ms = 40'000,
                         .other_inputs = {{}}})
                  .rows,
              ElementsAre(NaiveRow{At(20), "a"}));
}

TEST(InterpretedAggregate, OverAnAggregateCountsWhatThatHasMadeFinal) {
  Session session;
  const DataFrame counts = Stream(session, "in")
                               .GroupBy({Window(Col("time"), absl::Seconds(5)), Col("key")})
                               .Agg({Count().As("n")});
  InterpretedRun run(counts.GroupBy({Col("window.start")})
                         .Agg({Count().As("keys"), runtime::Sum(Col("n")).As("rows")}),
                     "append");
  EXPECT_THAT(run.Add({{"1,a", "2,a", "3,b", "7,a"}}), ElementsAre(At(0) + "|2|3"));
  EXPECT_THAT(run.Add({{"4,c", "10,a"}}), ElementsAre(At(5) + "|1|1"));
  ASSERT_EQ(run.answer.late_rows.size(), 2u);
  EXPECT_EQ(run.late, 1);
}

TEST(Interpreter, SaysWhatItDoesNotKnow) {
  Session session;
  runtime::StreamingQueryDefinition definition;
  definition.plan = Stream(session, "a")
                        .Union(Stream(session, "b"))
                        .GroupBy({Col("key")})
                        .Agg({runtime::MinBy(Col("time"), Col("key")).As("first")})
                        .plan();
  definition.output_mode = "update";
  const auto query = scenarios::InterpretQuery(definition);
  EXPECT_EQ(query.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(query.status().message(),
            "the interpreter does not know in which order rows come to min_by");
}

}  // namespace
}  // namespace wavetank::properties
