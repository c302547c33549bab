// Aggregates, windows, watermarks and modes, worked by hand.
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/properties/interpreter/interpreted_run.h"

namespace wavetank::properties {
namespace {

using runtime::Avg;
using runtime::Col;
using runtime::Count;
using runtime::DataFrame;
using runtime::DataType;
using runtime::Max;
using runtime::MaxBy;
using runtime::Min;
using runtime::MinBy;
using runtime::Session;
using runtime::Sum;
using runtime::Window;
using testing::ElementsAre;
using testing::IsEmpty;

// "1970-01-01T00:00:05Z|1970-01-01T00:00:10Z|" of 5 and 10.
std::string Times(int start, int end) {
  const auto text = [](int second) {
    return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ|", absl::FromUnixSeconds(second),
                            absl::UTCTimeZone());
  };
  return text(start) + text(end);
}

DataFrame Windows(Session& session, absl::Duration delay) {
  return Stream(session, "in", delay).GroupBy({Window(Col("time"), absl::Seconds(5))}).Count();
}

// Example 1 of the reference's worked examples (EventTimeWatermarkSuite).
TEST(InterpretedAggregate, AppendGivesTheReferencesExample) {
  Session session;
  InterpretedRun run(Windows(session, absl::Seconds(10)), "append");
  EXPECT_THAT(run.Add({{"10,", "11,", "12,", "13,", "14,", "15,"}}), IsEmpty());
  EXPECT_EQ(run.watermark(), 5);
  EXPECT_THAT(run.Add({{"25,"}}), ElementsAre(Times(10, 15) + "5"));
  EXPECT_THAT(run.Add({{"10,"}}), IsEmpty());
  EXPECT_EQ(run.late, 1);
}

TEST(InterpretedAggregate, AWindowThatEndsAtTheWatermarkIsFinalAndItsRowsAreLate) {
  Session session;
  InterpretedRun run(Windows(session, absl::ZeroDuration()), "append");
  EXPECT_THAT(run.Add({{"1970-01-01T00:00:04.999999,", "1970-01-01T00:00:09.999999,"}}),
              ElementsAre(Times(0, 5) + "1"));
  EXPECT_EQ(run.watermark(), 9.999);  // in whole milliseconds
  EXPECT_THAT(run.Add({{"9,"}}), IsEmpty());
  EXPECT_EQ(run.late, 0);
  EXPECT_THAT(run.Add({{"10,"}}), ElementsAre(Times(5, 10) + "2"));
  EXPECT_THAT(run.Add({{"1970-01-01T00:00:09.999999,", "10,"}}), IsEmpty());
  EXPECT_EQ(run.late, 1);
}

TEST(InterpretedAggregate, RowsAreLateByTheWatermarkOfTheBatchBefore) {
  Session session;
  InterpretedRun run(Windows(session, absl::ZeroDuration()), "append");
  run.Batch({{"20,"}});
  // Under the watermark 20 what ends by then is final, but not late yet.
  EXPECT_THAT(run.Batch({{"1,"}}), ElementsAre(Times(0, 5) + "1"));
  EXPECT_EQ(run.answer.dropped, 0);
  EXPECT_THAT(run.Batch({{"1,"}}), IsEmpty());
  EXPECT_EQ(run.answer.dropped, 1);
}

TEST(InterpretedAggregate, AnotherBatchIsDueWhenTheWatermarkMakesSomethingFinal) {
  for (const char* const mode : {"append", "update"}) {
    Session session;
    InterpretedRun run(Windows(session, absl::ZeroDuration()), mode);
    run.Batch({{"3,"}});
    EXPECT_EQ(run.answer.next_final->watermark_ms, 5000);
    EXPECT_FALSE(run.another_is_due) << "nothing ends by 3";
    run.Batch({{"6,"}});
    EXPECT_TRUE(run.another_is_due);
    run.Batch({{}});
    EXPECT_EQ(run.answer.next_final->watermark_ms, 10'000) << "what was final is gone";
    EXPECT_FALSE(run.another_is_due);
    run.Batch({{"10,"}});
    EXPECT_TRUE(run.another_is_due) << "at exactly the end";
  }
}

TEST(InterpretedAggregate, LateRowsMoveTheWatermarkNowhereAndRowsWithoutTimeAreCounted) {
  Session session;
  InterpretedRun run(Windows(session, absl::ZeroDuration()), "append");
  run.Batch({{"20,"}});
  run.Batch({{}});  // nothing is final in it, but what its watermark has passed is late
  run.Batch({{"1,", "never,", "x"}});
  EXPECT_EQ(run.answer.dropped, 1);
  EXPECT_EQ(run.answer.without_time, 2);
  ASSERT_EQ(run.answer.seen.size(), 1u);
  EXPECT_EQ(run.answer.seen[0].max_micros, 1'000'000);
  EXPECT_EQ(run.watermark(), 20);
}

TEST(InterpretedAggregate, UpdateGivesWhatChangedThenForgetsWhatIsFinal) {
  Session session;
  InterpretedRun run(Windows(session, absl::Seconds(10)), "update");
  EXPECT_THAT(run.Add({{"1,", "6,", "2,"}}), ElementsAre(Times(0, 5) + "2", Times(5, 10) + "1"));
  EXPECT_THAT(run.Add({{"3,", "20,"}}), ElementsAre(Times(0, 5) + "3", Times(20, 25) + "1"));
  EXPECT_THAT(run.Add({{"4,", "11,"}}), ElementsAre(Times(10, 15) + "1"));
  EXPECT_EQ(run.late, 1);
}

TEST(InterpretedAggregate, CompleteGivesAllAndDropsNothing) {
  Session session;
  InterpretedRun run(Windows(session, absl::ZeroDuration()), "complete");
  EXPECT_THAT(run.Add({{"1,", "20,"}}), ElementsAre(Times(0, 5) + "1", Times(20, 25) + "1"));
  EXPECT_EQ(run.answer.next_final, NaiveNextFinal());
  EXPECT_THAT(run.Add({{"2,"}}), ElementsAre(Times(0, 5) + "2", Times(20, 25) + "1"));
  EXPECT_EQ(run.late, 0);
}

TEST(InterpretedAggregate, NullIsAKeyAsAnyOtherAndATimeThatIsNullIsNeverFinal) {
  Session session;
  InterpretedRun run(Stream(session, "in").GroupBy({Col("time"), Col("key")}).Count(), "append");
  EXPECT_THAT(run.Add({{"1,", "1,", "1,a", "none,a", "2,a"}}),
              ElementsAre(Times(1, 1).substr(21) + "\\N|2", Times(1, 1).substr(21) + "a|1",
                          Times(2, 2).substr(21) + "a|1"));
  EXPECT_EQ(run.answer.without_time, 0);
  EXPECT_THAT(run.Add({{"none,a", "2,b", "9,b"}}), ElementsAre(Times(9, 9).substr(21) + "b|1"));
  EXPECT_EQ(run.late, 1);
}

TEST(InterpretedAggregate, TheGroupOfAllRowsIsThereWithoutAny) {
  Session session;
  const DataFrame lines = Stream(session, "in");
  InterpretedRun run(lines.GroupBy({}).Agg({Count().As("n"), Min(Col("key"))}), "update");
  EXPECT_THAT(run.Batch({{}}), ElementsAre("0|\\N"));
  EXPECT_THAT(run.Batch({{"1,b", "2,a", "3,"}}), ElementsAre("3|a"));
}

TEST(InterpretedAggregate, EachGivesItsValueAndTheFirstOfEquals) {
  Session session;
  const DataFrame rows =
      Stream(session, "in")
          .WithColumn("number", runtime::SubstringAfter(Col("key"), ":").Cast(DataType::kInt64));
  InterpretedRun run(
      rows.GroupBy({}).Agg({Count(Col("number")).As("n"), Sum(Col("number")), Avg(Col("number")),
                            Min(Col("number")), Max(Col("number")),
                            MinBy(Col("key"), Col("number")), MaxBy(Col("key"), Col("number"))}),
      "complete");
  EXPECT_THAT(run.Batch({{"1,a", "2,b"}}), ElementsAre("0|\\N|\\N|\\N|\\N|\\N|\\N"));
  EXPECT_THAT(run.Batch({{"1,a:4", "1,b:1", "1,c:1", "1,d:x"}}), ElementsAre("3|6|2|1|4|b:1|a:4"));
  EXPECT_THAT(run.Batch({{"1,e:4", "1,f:9223372036854775807"}}),
              ElementsAre("5|-9223372036854775799|1844674407370955264|1|9223372036854775807|"
                          "b:1|f:9223372036854775807"));
}

}  // namespace
}  // namespace wavetank::properties
