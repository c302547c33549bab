#include "properties/naive_query.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::properties {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(NaiveWordCount, UpdateGivesTheChangedWordsAndCompleteGivesAll) {
  const auto update = NaiveWordCount(NaiveMode::kUpdate);
  const auto complete = NaiveWordCount(NaiveMode::kComplete);
  for (const auto& query : {update.get(), complete.get()}) query->Run({{"a b a"}, 0, 0});
  EXPECT_THAT(update->Run({{"b c"}, 0, 0}).rows,
              UnorderedElementsAre(NaiveRow{"b", "2"}, NaiveRow{"c", "1"}));
  EXPECT_THAT(complete->Run({{"b c"}, 0, 0}).rows,
              UnorderedElementsAre(NaiveRow{"a", "2"}, NaiveRow{"b", "2"}, NaiveRow{"c", "1"}));
}

TEST(NaiveWordCount, TwoSpacesMakeAnEmptyWord) {
  EXPECT_THAT(NaiveWordCount(NaiveMode::kUpdate)->Run({{"a  b"}, 0, 0}).rows,
              UnorderedElementsAre(NaiveRow{"", "1"}, NaiveRow{"a", "1"}, NaiveRow{"b", "1"}));
}

// Example 1 of the reference's worked examples (EventTimeWatermarkSuite, append mode): windows of
// 5 s, delay 10 s.
TEST(NaiveWindowedCount, GivesTheReferencesAppendExample) {
  const auto query = NaiveWindowedCount(5'000, 10'000);
  const auto lines = [](std::initializer_list<int> seconds) {
    std::vector<std::string> out;
    for (const int second : seconds) out.push_back(std::to_string(second) + ",x");
    return out;
  };
  EXPECT_THAT(query->Run({lines({10, 11, 12, 13, 14, 15}), 0, 0}).rows, IsEmpty());
  const NaiveAnswer later = query->Run({lines({25}), 0, 5'000});
  EXPECT_THAT(later.rows, IsEmpty());
  EXPECT_EQ(later.max_event_ms, 25'000);
  EXPECT_THAT(
      query->Run({{}, 5'000, 15'000}).rows,
      UnorderedElementsAre(NaiveRow{"1970-01-01T00:00:10Z", "1970-01-01T00:00:15Z", "x", "5"}));
  const NaiveAnswer late = query->Run({lines({10}), 15'000, 15'000});
  EXPECT_THAT(late.rows, IsEmpty());
  EXPECT_EQ(late.dropped, 1);
}

TEST(NaiveWindowedCount, AWindowBefore1970HoldsTheTimesOfItsRows) {
  const auto query = NaiveWindowedCount(5'000, 0);
  query->Run({{"-7,x", "-5,x", "-1,x", "0,x"}, {}, {}});
  EXPECT_THAT(
      query->Run({{}, {}, 5'000}).rows,
      UnorderedElementsAre(NaiveRow{"1969-12-31T23:59:50Z", "1969-12-31T23:59:55Z", "x", "1"},
                           NaiveRow{"1969-12-31T23:59:55Z", "1970-01-01T00:00:00Z", "x", "2"},
                           NaiveRow{"1970-01-01T00:00:00Z", "1970-01-01T00:00:05Z", "x", "1"}));
}

TEST(NaiveWindowedCount, TakesTimesInEveryFormAndDropsLinesThatAreNone) {
  const auto query = NaiveWindowedCount(10'000, 0);
  const NaiveAnswer answer = query->Run(
      {{"1795844823,a", "1795844824000,a", "1795844825000000,a,b", "2026-11-28T05:47:06Z,a",
        "2026-11-28T07:47:07.5+02:00,a", "2026-11-28 05:47:08,a", " +1795844829 ,a", "none", ",a",
        "2026-13-01,a", "0x10,a", "1.5,a", ""},
       0,
       0});
  EXPECT_EQ(answer.without_time, 6);
  EXPECT_EQ(answer.max_event_ms, 1'795'844'829'000);
  EXPECT_THAT(
      query->Run({{}, 0, 2'000'000'000'000}).rows,
      UnorderedElementsAre(NaiveRow{"2026-11-28T05:47:00Z", "2026-11-28T05:47:10Z", "a", "6"},
                           NaiveRow{"2026-11-28T05:47:00Z", "2026-11-28T05:47:10Z", "a,b", "1"}));
}

}  // namespace
}  // namespace wavetank::properties
