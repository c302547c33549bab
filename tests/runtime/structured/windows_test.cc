// Windows that slide, sessions, sorted and limited tables, epoch by epoch.
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

Expression SecondsColumn(const char* column) {
  return Col(column).Cast(DataType::kInt64).Cast(DataType::kString);
}

// Lines "<seconds>,<id>", which may be `delay` late.
DataFrame Events(QueryBuilder& builder, absl::Duration delay = absl::Seconds(10)) {
  return builder.Source()
      .Select({Cast(SubstringBefore(Col("value"), ","), DataType::kTimestamp).As("time"),
               SubstringAfter(Col("value"), ",").As("id")})
      .WithWatermark("time", delay);
}

DataFrame Shown(const DataFrame& groups, const char* window) {
  const std::string name = window;
  return groups.Select({Col("id"), SecondsColumn((name + ".start").c_str()).As("start"),
                        SecondsColumn((name + ".end").c_str()).As("end"), Col("count")});
}

TEST(SlidingWindows, ARowIsInEachThatHasItsTime) {
  QueryBuilder builder;
  QueryRun run(
      Shown(Events(builder)
                .GroupBy({Window(Col("time"), absl::Seconds(10), absl::Seconds(5)), Col("id")})
                .Count(),
            "window"),
      "complete");
  EXPECT_EQ(run.Add({"12,x", "15,x"}), (Lines{"x\t10\t20\t2", "x\t15\t25\t1", "x\t5\t15\t1"}));
}

TEST(SlidingWindows, EachIsFinalAtItsOwnEnd) {
  QueryBuilder builder;
  QueryRun run(
      Shown(Events(builder)
                .GroupBy({Window(Col("time"), absl::Seconds(10), absl::Seconds(5)), Col("id")})
                .Count(),
            "window"),
      "append");
  EXPECT_THAT(run.Add({"12,x"}), IsEmpty());
  EXPECT_THAT(run.Add({"25,y"}), ElementsAre("x\t5\t15\t1")) << "the watermark is 15";
  EXPECT_THAT(run.Add({"14,x"}), IsEmpty()) << "late for one of its windows, not for both";
  EXPECT_EQ(run.dropped, 1);
  EXPECT_THAT(run.Add({"30,y"}), ElementsAre("x\t10\t20\t2"));
}

TEST(SlidingWindows, MayBeginElsewhereThanAt1970) {
  QueryBuilder builder;
  QueryRun run(
      Shown(
          Events(builder)
              .GroupBy({Window(Col("time"), absl::Seconds(10), absl::Seconds(10), absl::Seconds(3)),
                        Col("id")})
              .Count(),
          "window"),
      "complete");
  EXPECT_EQ(run.Add({"2,x", "3,x", "12,x", "no time,x"}), (Lines{"x\t-7\t3\t1", "x\t3\t13\t2"}));
  EXPECT_EQ(run.sum.rows_without_time, 1);
}

TEST(SlidingWindows, AreRefusedWhereSomeTimesWouldBeInNone) {
  QueryBuilder builder;
  const auto refusal = [&](const Expression& window) {
    return std::string(
        CompileFrame(Events(builder).GroupBy({window}).Count(), "append").status().message());
  };
  EXPECT_THAT(refusal(Window(Col("time"), absl::Seconds(5), absl::Seconds(6))),
              HasSubstr("windows slide by no more than their size"));
  EXPECT_THAT(refusal(Window(Col("time"), absl::Seconds(5), absl::Seconds(0))),
              HasSubstr("at least one"));
  EXPECT_THAT(refusal(Window(Col("time"), absl::Seconds(5), absl::Seconds(5), absl::Seconds(5))),
              HasSubstr("the start is less than the slide"));
}

DataFrame Sessions(QueryBuilder& builder, const Expression& gap = absl::Seconds(5)) {
  return Shown(Events(builder).GroupBy({SessionWindow(Col("time"), gap), Col("id")}).Count(),
               "session_window");
}

TEST(Sessions, GrowAndMeetOverBatchesAndComeOutOnceTheyAreOver) {
  QueryBuilder builder;
  QueryRun run(Sessions(builder), "append");
  EXPECT_THAT(run.Add({"10,x", "12,x", "20,x", "11,y"}), IsEmpty());
  EXPECT_EQ(run.sum.state_rows, 3);
  EXPECT_THAT(run.Add({"16,x"}), IsEmpty());
  EXPECT_EQ(run.sum.state_rows, 2) << "that of 16 joins two of x";
  EXPECT_THAT(run.Add({"26,z"}), ElementsAre("y\t11\t16\t1")) << "the watermark is 16";
  EXPECT_THAT(run.Add({"35,z"}), ElementsAre("x\t10\t25\t4"));
  EXPECT_THAT(run.Add({"45,z"}), ElementsAre("z\t26\t31\t1"));
  EXPECT_THAT(run.Add({"35,q", "30,q", "29,q"}), IsEmpty());
  EXPECT_EQ(run.dropped, 2) << "that of 30 ends at 35, as the watermark does";
}

TEST(Sessions, ThatTouchAreOne) {
  QueryBuilder builder;
  QueryRun run(Sessions(builder), "complete");
  EXPECT_EQ(run.Add({"10,x", "15,x"}), (Lines{"x\t10\t20\t2"}));
  EXPECT_EQ(run.Add({"26,x"}), (Lines{"x\t10\t20\t2", "x\t26\t31\t1"}));
  EXPECT_EQ(run.Add({"21,x"}), (Lines{"x\t10\t20\t2", "x\t21\t31\t2"}));
  EXPECT_EQ(run.Add({"16,x"}), (Lines{"x\t10\t31\t5"}));
}

TEST(Sessions, MayHaveAGapOfEachRow) {
  QueryBuilder builder;
  const Expression gap =
      If(Col("id") == "x", Expression(absl::Seconds(20)),
         If(Col("id") == "y", Expression(absl::Seconds(0)), Expression(absl::Seconds(1))));
  QueryRun run(Sessions(builder, gap), "complete");
  EXPECT_EQ(run.Add({"10,x", "12,x", "10,y", "10,z", "12,z"}),
            (Lines{"x\t10\t32\t2", "z\t10\t11\t1", "z\t12\t13\t1"}));
  EXPECT_EQ(run.sum.rows_without_time, 1) << "a row without a gap is in none";
}

TEST(Sorts, ATableIsSortedAndLimitedWholeEachTime) {
  QueryBuilder builder;
  const DataFrame counts = builder.Source().GroupBy({Col("value")}).Count();
  QueryRun run(counts.OrderBy({Desc(Col("count")), Col("value")}).Limit(2), "complete");
  EXPECT_EQ(run.RunBatch({"a", "b", "c", "b"}, 2), (Lines{"b\t2", "a\t1"}));
  EXPECT_EQ(run.RunBatch({"c", "c"}, 2), (Lines{"c\t3", "b\t2"}));
}

TEST(Sorts, GoByValueWithNullsAndNaNAtTheirEnds) {
  QueryBuilder builder;
  const DataFrame numbers =
      builder.Source().GroupBy({Cast(Col("value"), DataType::kDouble).As("n")}).Count();
  const auto sorted = [&](const SortColumn& by) {
    QueryRun run(numbers.OrderBy({by}).Select({Col("n")}), "complete");
    return run.RunBatch({"2", "x", "NaN", "-1", "10"}, 2);
  };
  EXPECT_EQ(sorted(Col("n")), (Lines{"null", "-1", "2", "10", "nan"}));
  EXPECT_EQ(sorted(Desc(Col("n"))), (Lines{"nan", "10", "2", "-1", "null"}));
  EXPECT_EQ(sorted({Col("n"), {.descending = false, .nulls_last = true}}),
            (Lines{"-1", "2", "10", "nan", "null"}));
}

}  // namespace
}  // namespace wavetank::runtime
