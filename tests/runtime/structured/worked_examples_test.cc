// Worked examples of the reference engine: event times in seconds, windows of 5 s, a watermark
// delay of 10 s, output (window start, count).
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"

#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

DataFrame WindowsAndCounts(QueryBuilder& builder) {
  return builder.Source()
      .Select({Cast(Col("value"), DataType::kTimestamp).As("time")})
      .WithWatermark("time", absl::Seconds(10))
      .GroupBy({Window(Col("time"), absl::Seconds(5))})
      .Count();
}

DataFrame TumblingCount(QueryBuilder& builder) {
  return WindowsAndCounts(builder).Select(
      {Cast(Col("window.start"), DataType::kInt64), Col("count")});
}

// A row of WindowsAndCounts; seconds since 1970.
std::string Row(int start, int count) {
  const auto text = [](int seconds) { return absl::StrFormat("1970-01-01T00:00:%02dZ", seconds); };
  return absl::StrCat(text(start), "\t", text(start + 5), "\t", count);
}

TEST(TumblingCount, InAppendModeShowsAWindowOnceTheWatermarkHasPassedIt) {
  QueryBuilder builder;
  QueryRun run(TumblingCount(builder), "append");
  EXPECT_EQ(run.Add({"10", "11", "12", "13", "14", "15"}), Lines{});
  EXPECT_EQ(run.Add({"25"}), Lines{"10\t5"});
  EXPECT_EQ(run.watermark(), absl::FromUnixSeconds(15));
  EXPECT_EQ(run.sum.state_rows, 2);
  EXPECT_EQ(run.dropped, 0);
  EXPECT_EQ(run.Add({"10"}), Lines{});
  EXPECT_EQ(run.sum.state_rows, 2);
  EXPECT_EQ(run.dropped, 1);
}

TEST(TumblingCount, InUpdateModeShowsWhatChangedAndDropsWhatIsLate) {
  QueryBuilder builder;
  QueryRun run(WindowsAndCounts(builder), "update");
  EXPECT_EQ(run.Add({"10", "11", "12", "13", "14", "15"}), (Lines{Row(10, 5), Row(15, 1)}));
  EXPECT_EQ(run.Add({"25"}), Lines{Row(25, 1)});
  EXPECT_EQ(run.sum.state_rows, 2);
  EXPECT_EQ(run.Add({"10", "25"}), Lines{Row(25, 2)});
  EXPECT_EQ(run.dropped, 1);
  EXPECT_EQ(run.Add({"10"}), Lines{});
  EXPECT_EQ(run.dropped, 2);
}

TEST(TumblingCount, InCompleteModeShowsTheWholeTableAndDropsNothing) {
  QueryBuilder builder;
  QueryRun run(TumblingCount(builder), "complete");
  EXPECT_EQ(run.Add({"10", "11", "12"}), Lines{"10\t3"});
  EXPECT_EQ(run.Add({"25"}), (Lines{"10\t3", "25\t1"}));
  EXPECT_EQ(run.Add({"25"}), (Lines{"10\t3", "25\t2"}));
  EXPECT_EQ(run.Add({"10"}), (Lines{"10\t4", "25\t2"}));
  EXPECT_EQ(run.Add({"25"}), (Lines{"10\t4", "25\t3"}));
  EXPECT_EQ(run.dropped, 0);
}

// Of equals the first that came wins, also when it came in an earlier batch.
TEST(WorkedExamples, TheFirstOfEqualsWinsAcrossBatches) {
  QueryBuilder builder;
  QueryRun run(builder.Source().GroupBy({}).Agg({MinBy(Col("value"), Length(Col("value"))),
                                                 MaxBy(Col("value"), Length(Col("value")))}),
               "complete", {.shuffle_partitions = 1});
  EXPECT_EQ(run.RunBatch({"aa", "bb"}, 2), (Lines{"aa\taa"}));
  EXPECT_EQ(run.RunBatch({"cc"}, 1), (Lines{"aa\taa"}));
}

}  // namespace
}  // namespace wavetank::runtime
