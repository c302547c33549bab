#include "runtime/structured/compile_query.h"

#include <vector>

#include "gtest/gtest.h"

#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

std::shared_ptr<const StreamingQueryPlan> MustCompile(const DataFrame& frame,
                                                      const std::string& mode) {
  const auto compiled = CompileFrame(frame, mode);
  WT_CHECK(compiled.ok(), compiled.status().ToString());
  return compiled->plan;
}

DataFrame WordsOf(QueryBuilder& builder) {
  return builder.Source().Select({Explode(Split(Col("value"), " ")).As("word")});
}

// Durable and compared between processes: a change here is a change of every checkpoint's plan.
TEST(StreamingQueryPlan, FingerprintsAreStable) {
  QueryBuilder builder;
  const auto plan = MustCompile(WordsOf(builder).GroupBy({Col("word")}).Count(), "update");
  EXPECT_EQ(plan->state_fingerprint,
            "output mode update\n"
            "aggregate 0 by 1 of word: string, count(1) as count: int64\n"
            "source text\n");
}

TEST(StreamingQueryPlan, StateFingerprintAllowsFiltersButNoOtherKeysOrModes) {
  QueryBuilder builder;
  const DataFrame words = WordsOf(builder);
  const auto plan = MustCompile(words.GroupBy({Col("word")}).Count(), "update");
  const auto filtered =
      MustCompile(words.Where(Col("word") != "").GroupBy({Col("word")}).Count(), "update");
  EXPECT_NE(plan->hash, filtered->hash);
  EXPECT_EQ(plan->state_fingerprint, filtered->state_fingerprint);
  const auto other_key =
      MustCompile(words.GroupBy({Lower(Col("word")).As("word")}).Count(), "update");
  EXPECT_NE(plan->state_fingerprint, other_key->state_fingerprint);
  const auto other_mode = MustCompile(words.GroupBy({Col("word")}).Count(), "complete");
  EXPECT_NE(plan->state_fingerprint, other_mode->state_fingerprint);
}

// An older build wrote numbers and times as text otherwise: 1 for 1.0.
TEST(StreamingQueryPlan, StateFingerprintTellsOfTextThatAnOlderBuildWroteOtherwise) {
  QueryBuilder builder;
  const auto told = [&](const Expression& key) {
    const auto plan = MustCompile(builder.Source().GroupBy({key.As("k")}).Count(), "update");
    return plan->state_fingerprint.find("as in Spark") != std::string::npos;
  };
  const auto as_text = [](DataType type) {
    return Cast(Cast(Col("value"), std::move(type)), DataType::kString);
  };
  EXPECT_TRUE(told(as_text(DataType::kDouble)));
  EXPECT_TRUE(told(as_text(DataType::kTimestamp)));
  EXPECT_TRUE(told(Concat({"n", as_text(DataType::kDouble)})));
  EXPECT_FALSE(told(as_text(DataType::kInt64)));
  // What is shown is no state.
  const auto above = MustCompile(builder.Source()
                                     .GroupBy({Col("value")})
                                     .Agg({Avg(Length(Col("value"))).As("a")})
                                     .Select({Col("value"), Cast(Col("a"), DataType::kString)}),
                                 "update");
  EXPECT_EQ(above->state_fingerprint.find("as in Spark"), std::string::npos);
}

TEST(StreamingQueryPlan, OutputKeysFollowTheGroupingThroughProjections) {
  QueryBuilder builder;
  using Keys = std::optional<std::vector<int>>;
  const DataFrame counts = builder.Source()
                               .WithColumn("time", Cast(Col("value"), DataType::kTimestamp))
                               .GroupBy({Window(Col("time"), absl::Seconds(5)), Col("value")})
                               .Count();
  const auto keys = [](const DataFrame& frame) {
    return MustCompile(frame, "complete")->output_keys;
  };
  EXPECT_EQ(keys(counts), (Keys{{0, 2}}));
  EXPECT_EQ(keys(counts.Select({Col("count"), Col("value").As("v"), Col("window.end")})),
            (Keys{{2, 1}}));
  EXPECT_EQ(keys(counts.Select({Col("count"), Col("value")})), std::nullopt);
  EXPECT_EQ(keys(counts.Select({Col("window.start"), Lower(Col("value"))})), std::nullopt);
  EXPECT_EQ(keys(builder.Source().GroupBy({}).Count()), (Keys{std::vector<int>()}));
}

TEST(StreamingQueryPlan, UpdateModeWithoutAnAggregateIsAppendMode) {
  QueryBuilder builder;
  EXPECT_EQ(MustCompile(WordsOf(builder), "update")->mode, QueryOutputMode::kAppend);
  EXPECT_EQ(MustCompile(WordsOf(builder).GroupBy({}).Count(), "update")->mode,
            QueryOutputMode::kUpdate);
}

TEST(StreamingQueryPlan, UpdateModeShowsAllKeysAsTheyAreOrIsRefused) {
  QueryBuilder builder;
  const DataFrame counts = builder.Source()
                               .WithColumn("time", Cast(Col("value"), DataType::kTimestamp))
                               .GroupBy({Window(Col("time"), absl::Seconds(5)), Col("value")})
                               .Count();
  const auto refusal = [](const DataFrame& frame) {
    return std::string(CompileFrame(frame, "update").status().message());
  };
  EXPECT_EQ(refusal(counts.Select({Col("count"), Col("value").As("v"), Col("window.end")})), "");
  EXPECT_EQ(refusal(counts.Where(Col("count") > 1)), "");
  const std::string advice =
      " is left out or changed, so a reader could not tell which row a later one replaces: select "
      "the keys as they are, or use another mode";
  EXPECT_EQ(refusal(counts.Select({Col("count")})),
            "OutputMode(\"update\"): its output has not all keys of GroupBy, window.start, value" +
                advice);
  EXPECT_EQ(refusal(counts.Select({Col("window.start"), Lower(Col("value"))})),
            "OutputMode(\"update\"): its output has not all keys of GroupBy, value" + advice);
  EXPECT_EQ(refusal(counts.WithColumn("value", Lower(Col("value")))),
            "OutputMode(\"update\"): its output has not all keys of GroupBy, value" + advice);
  EXPECT_EQ(refusal(counts.Select(
                {Col("window.start"), Col("value"), Explode(Split(Col("value"), " ")).As("word")})),
            "OutputMode(\"update\"): Explode after GroupBy makes several rows of one group, and a "
            "reader could not tell which of them a later row replaces: explode before GroupBy, or "
            "use another mode");
}

DataFrame Timed(QueryBuilder& builder, const std::string& source, absl::Duration delay) {
  return builder.Source(source)
      .Select({Cast(Col("value"), DataType::kTimestamp).As("time")})
      .WithWatermark("time", delay);
}

// What a watermark operator of the plan has seen.
void See(const StreamingQueryPlan& plan, size_t op, absl::Time time, EpochReport& report) {
  const StreamingQueryPlan::Watermark::Place place = plan.watermarks.at(op).places.at(0);
  FragmentReport fragment;
  fragment.operators.resize(plan.fragments[place.fragment]->nodes.size());
  fragment.operators[place.node].event_times = {1, time, time};
  report.Merge(place.fragment, fragment);
}

TEST(NextWatermarks, AnOnlyOneIsTheNewestEventTimeLessTheDelayAndNeverFalls) {
  QueryBuilder builder;
  const auto plan = MustCompile(Timed(builder, "in", absl::Seconds(10)), "append");
  const absl::Time start = absl::FromUnixSeconds(100);
  const auto next = [&](const Watermarks& before, const EpochReport& report) {
    return NextWatermarks(*plan, WatermarkPolicy::kMin, before, report).of_query;
  };
  EpochReport report;
  EXPECT_EQ(next({}, report), absl::InfinitePast());
  See(*plan, 0, start, report);
  EXPECT_EQ(next({}, report), start - absl::Seconds(10));
  EXPECT_EQ(next({.of_query = start, .of_operators = {start}}, report), start);
  EpochReport finer;
  See(*plan, 0, start + absl::Microseconds(999), finer);
  EXPECT_EQ(next({}, finer), start - absl::Seconds(10)) << "as it is durable";
}

TEST(NextWatermarks, OfSeveralAreTheLeastOrTheGreatest) {
  QueryBuilder builder;
  const auto plan = MustCompile(
      Timed(builder, "in1", absl::Seconds(10)).Union(Timed(builder, "in2", absl::Seconds(1))),
      "append");
  ASSERT_EQ(plan->watermarks.size(), 2u);
  const absl::Time start = absl::FromUnixSeconds(100);
  EpochReport report;
  See(*plan, 0, start, report);
  const Watermarks least = NextWatermarks(*plan, WatermarkPolicy::kMin, {}, report);
  EXPECT_EQ(least.of_query, absl::InfinitePast()) << "one has seen nothing";
  const Watermarks greatest = NextWatermarks(*plan, WatermarkPolicy::kMax, {}, report);
  EXPECT_EQ(greatest.of_query, plan->watermarks[0].delay == absl::Seconds(10)
                                   ? start - absl::Seconds(10)
                                   : start - absl::Seconds(1));
  EpochReport other;
  See(*plan, 1, start + absl::Seconds(100), other);
  const Watermarks after = NextWatermarks(*plan, WatermarkPolicy::kMin, least, other);
  EXPECT_EQ(after.of_query, start - plan->watermarks[0].delay) << "it remembers the first";
  EXPECT_EQ(NextWatermarks(*plan, WatermarkPolicy::kMax, greatest, other).of_query,
            start + absl::Seconds(100) - plan->watermarks[1].delay);
}

TEST(ShouldRunAnotherBatch, IfTheWatermarkRoseToWhereSomethingIsFinal) {
  const auto plan = MustCompile(QueryBuilder().Source(), "append");
  const absl::Time now = absl::UnixEpoch();
  const absl::Time later = now + absl::Seconds(1);
  EXPECT_TRUE(ShouldRunAnotherBatch(*plan, now, later, later));
  EXPECT_FALSE(ShouldRunAnotherBatch(*plan, now, later, later + absl::Microseconds(1)));
  EXPECT_FALSE(ShouldRunAnotherBatch(*plan, now, later, absl::InfiniteFuture()));
  EXPECT_FALSE(ShouldRunAnotherBatch(*plan, later, later, now)) << "it has not risen";
  EXPECT_TRUE(ShouldRunAnotherBatch(*plan, absl::InfinitePast(), now, now));
}

// As builds before did for every batch.
TEST(ShouldRunAnotherBatch, WhereNothingIsKnownWhenTheWatermarkRoseAndTheModeCares) {
  QueryBuilder builder;
  const DataFrame counts = builder.Source()
                               .Select({Cast(Col("value"), DataType::kTimestamp).As("time")})
                               .WithWatermark("time", absl::Seconds(10))
                               .GroupBy({Col("time")})
                               .Count();
  const absl::Time now = absl::UnixEpoch();
  const absl::Time later = now + absl::Seconds(1);
  for (const char* mode : {"append", "update"}) {
    EXPECT_TRUE(ShouldRunAnotherBatch(*MustCompile(counts, mode), now, later, {}));
    EXPECT_FALSE(ShouldRunAnotherBatch(*MustCompile(counts, mode), now, now, {}));
  }
  EXPECT_FALSE(ShouldRunAnotherBatch(*MustCompile(counts, "complete"), now, later, {}));
  EXPECT_FALSE(ShouldRunAnotherBatch(*MustCompile(builder.Source(), "append"), now, later, {}));
}

}  // namespace
}  // namespace wavetank::runtime
