// What is read from a join's condition, and how watermarks pass through a query.
#include "runtime/plan/join_shape.h"

#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/plan/analyser.h"
#include "runtime/plan/watermark_out.h"
#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

DataFrame Rows(QueryBuilder& builder, const std::string& name, std::optional<absl::Duration> delay,
               absl::Duration window = absl::ZeroDuration()) {
  DataFrame rows = builder.Source(name).Select(
      {Cast(Col("value"), DataType::kTimestamp).As("time"), Col("value").As("id")});
  if (delay) rows = rows.WithWatermark("time", *delay);
  if (window > absl::ZeroDuration()) {
    rows = rows.GroupBy({Window(Col("time"), window), Col("id")})
               .Count()
               .Select({Col("window.start").As("time"), Col("id")});
  }
  return rows.Alias(name);
}

// The root is the join, or what stands on it.
LogicalPlanPtr Analysed(const DataFrame& frame) {
  const auto plan = Analyse(frame.plan(), FunctionRegistry::BuiltIn());
  EXPECT_TRUE(plan.ok()) << plan.status();
  return *plan;
}

const absl::Duration kMicro = absl::Microseconds(1);

// "left.time + 5 s" and so on: what goes by which offset; nullopt: it is kept for ever.
struct Offsets {
  std::optional<absl::Duration> left;
  std::optional<absl::Duration> right;
};
Offsets OffsetsOf(const Expression& condition, std::optional<absl::Duration> left_delay,
                  std::optional<absl::Duration> right_delay) {
  QueryBuilder builder;
  const LogicalPlanPtr join =
      Analysed(Rows(builder, "a", left_delay)
                   .Join(Rows(builder, "b", right_delay), Col("a.id") == Col("b.id") && condition));
  const JoinShape shape = ShapeOf(*join);
  Offsets offsets;
  if (shape.sides[0].eviction) offsets.left = shape.sides[0].eviction->offset;
  if (shape.sides[1].eviction) offsets.right = shape.sides[1].eviction->offset;
  return offsets;
}

TEST(JoinShape, KeysAreEqualColumnsOfBothAndTheRestStays) {
  QueryBuilder builder;
  const LogicalPlanPtr join =
      Analysed(Rows(builder, "a", std::nullopt)
                   .Join(Rows(builder, "b", std::nullopt),
                         Lower(Col("b.id")) == Col("a.id") && Col("a.id") != Col("b.id") &&
                             Col("a.time") == Col("b.time") && Col("a.id") == Expression("x")));
  const JoinShape shape = ShapeOf(*join);
  const auto texts = [](const std::vector<ExpressionPtr>& expressions) {
    std::vector<std::string> all;
    for (const ExpressionPtr& each : expressions) all.push_back(ToText(*each));
    return all;
  };
  EXPECT_THAT(texts(shape.sides[0].keys), ElementsAre("id", "time"));
  EXPECT_THAT(texts(shape.sides[1].keys), ElementsAre("lower(id)", "time"));
  EXPECT_EQ(ToText(*shape.rest), "((id != id) && (id = 'x'))");
  EXPECT_FALSE(shape.sides[0].late || shape.sides[0].eviction);
}

TEST(JoinShape, ARangeOfTimeSaysWhenASideMayGo) {
  const absl::Duration delay = absl::Seconds(10);
  const absl::Duration hour = absl::Hours(1);
  const Expression a = Col("a.time");
  const Expression b = Col("b.time");
  // b is at or after a, by an hour at most: a row of b needs rows of a of an hour before it; a row
  // of a needs those of b that are not older.
  const Offsets range = OffsetsOf(b >= a && b <= a + hour, delay, delay);
  EXPECT_EQ(range.left, -hour);
  EXPECT_EQ(range.right, absl::ZeroDuration());
  const Offsets strict = OffsetsOf(b > a && a + hour > b, delay, delay);
  EXPECT_EQ(strict.left, -hour + kMicro);
  EXPECT_EQ(strict.right, kMicro);
  const Offsets between = OffsetsOf(a.Between(b - hour, b + hour), delay, delay);
  EXPECT_EQ(between.left, -hour);
  EXPECT_EQ(between.right, -hour);
  const Offsets equal = OffsetsOf(a == b + hour, delay, delay);
  EXPECT_EQ(equal.left, hour);
  EXPECT_EQ(equal.right, -hour);
  // The tighter of two.
  EXPECT_EQ(OffsetsOf(a >= b - hour && a >= b - absl::Minutes(1), delay, delay).left,
            -absl::Minutes(1));
}

TEST(JoinShape, WithoutAWatermarkOfTheOtherSideRowsAreKept) {
  const absl::Duration delay = absl::Seconds(10);
  const Expression range = Col("a.time") >= Col("b.time") && Col("a.time") <= Col("b.time");
  const Offsets left_only = OffsetsOf(range, delay, std::nullopt);
  EXPECT_EQ(left_only.left, std::nullopt);
  EXPECT_EQ(left_only.right, absl::ZeroDuration());
  const Offsets none = OffsetsOf(Expression(true), delay, delay);
  EXPECT_FALSE(none.left || none.right);
  // "or" bounds nothing.
  const Offsets either = OffsetsOf(range || Col("a.id") == Expression("x"), delay, delay);
  EXPECT_FALSE(either.left || either.right);
}

TEST(JoinShape, TheStartOfAWindowIsLateByItsEnd) {
  QueryBuilder builder;
  const absl::Duration size = absl::Seconds(10);
  const LogicalPlanPtr join =
      Analysed(Rows(builder, "a", absl::Seconds(1), size)
                   .Join(Rows(builder, "b", absl::Seconds(1), size),
                         Col("a.id") == Col("b.id") && Col("a.time") == Col("b.time")));
  const JoinShape shape = ShapeOf(*join);
  for (const JoinShape::Side& side : shape.sides) {
    ASSERT_TRUE(side.late && side.eviction);
    EXPECT_EQ(side.late->span, size);
    EXPECT_EQ(side.eviction->offset, -size) << "start + size at or below the watermark";
  }
  EXPECT_EQ(join->event_times.size(), 2u);
}

// --- watermarks ---

WatermarkLag LagOf(const LogicalPlanPtr& node) {
  std::vector<WatermarkLag> inputs;
  for (const LogicalPlanPtr& input : node->inputs) inputs.push_back(LagOf(input));
  return WatermarkOut(*node, inputs);
}

TEST(WatermarkOut, PassesThroughAllButAJoinThatKeepsRows) {
  QueryBuilder builder;
  const DataFrame timed = Rows(builder, "a", absl::Seconds(5));
  const DataFrame untimed = Rows(builder, "c", std::nullopt);
  EXPECT_EQ(LagOf(Analysed(untimed)), std::nullopt);
  EXPECT_EQ(LagOf(Analysed(timed)), absl::ZeroDuration());
  EXPECT_EQ(LagOf(Analysed(timed.Where(Col("id") != "").DropDuplicates())), absl::ZeroDuration());
  EXPECT_EQ(LagOf(Analysed(timed.Union(untimed))), absl::ZeroDuration())
      << "of those that have one";
  EXPECT_EQ(LagOf(Analysed(timed.GroupBy({Col("time")}).Count())), absl::ZeroDuration());
}

TEST(WatermarkOut, RowsThatAJoinKeptComeOutLater) {
  QueryBuilder builder;
  const absl::Duration hour = absl::Hours(1);
  const DataFrame a = Rows(builder, "a", absl::Seconds(5));
  const DataFrame b = Rows(builder, "b", absl::Seconds(5));
  const Expression same = Col("a.id") == Col("b.id");
  const auto join = [&](const Expression& range) { return Analysed(a.Join(b, same && range)); };
  const LogicalPlanPtr range =
      join(Col("b.time") >= Col("a.time") && Col("b.time") <= Col("a.time") + hour);
  EXPECT_EQ(LagOf(range), hour) << "of the left, rows of up to an hour before the watermark";
  EXPECT_EQ(range->event_times.size(), 2u);
  EXPECT_EQ(LagOf(join(Col("a.time") == Col("b.time"))), absl::ZeroDuration());
  // One side is kept for ever: its times say nothing of what is still to come.
  const LogicalPlanPtr half = join(Col("b.time") >= Col("a.time"));
  ASSERT_EQ(half->event_times.size(), 1u);
  EXPECT_EQ(half->event_times[0].attribute, ShapeOf(*half).sides[1].late->attribute);
  EXPECT_EQ(LagOf(half), absl::ZeroDuration());
  const LogicalPlanPtr all = join(Expression(true));
  EXPECT_THAT(all->event_times, IsEmpty());
  EXPECT_EQ(LagOf(all), std::nullopt);
}

TEST(WatermarkOut, LagsOfJoinsAddUp) {
  QueryBuilder builder;
  const absl::Duration hour = absl::Hours(1);
  const DataFrame a = Rows(builder, "a", absl::Seconds(5));
  const DataFrame b = Rows(builder, "b", absl::Seconds(5));
  const DataFrame c = Rows(builder, "c", absl::Seconds(5));
  const DataFrame ab = a.Join(b, Col("a.id") == Col("b.id") && Col("b.time") >= Col("a.time") &&
                                     Col("b.time") <= Col("a.time") + hour)
                           .Select({Col("a.time").As("time"), Col("a.id").As("id")})
                           .Alias("ab");
  const LogicalPlanPtr abc =
      Analysed(ab.Join(c, Col("ab.id") == Col("c.id") && Col("c.time") >= Col("ab.time") &&
                              Col("c.time") <= Col("ab.time") + hour));
  EXPECT_EQ(LagOf(abc), 2 * hour);
}

}  // namespace
}  // namespace wavetank::runtime
