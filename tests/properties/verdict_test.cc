#include "properties/verdict.h"

#include <gtest/gtest.h>

namespace wavetank::properties {
namespace {

TEST(CountRecords, ARecordThatWasGivenTwiceIsTwoRecords) {
  struct Row {
    int64_t given, came, once, duplicated, lost;
  };
  for (const Row& row : {Row{2, 0, 0, 0, 2}, Row{2, 1, 1, 0, 1}, Row{2, 2, 2, 0, 0},
                         Row{2, 3, 1, 1, 0}, Row{1, 1, 1, 0, 0}, Row{1, 3, 0, 1, 0}}) {
    const RecordCounts counts = CountRecords({{"a", row.given}}, {{"a", row.came}});
    EXPECT_EQ(counts.once, row.once) << row.given << " came " << row.came;
    EXPECT_EQ(counts.duplicated, row.duplicated) << row.given << " came " << row.came;
    EXPECT_EQ(counts.lost, row.lost) << row.given << " came " << row.came;
  }
}

TEST(CountReordered, CountsWhatCameOutBeforeAnEarlierRecord) {
  EXPECT_EQ(CountReordered({}), 0);
  EXPECT_EQ(CountReordered({0, 0, 1, 3, 3}), 0);
  EXPECT_EQ(CountReordered({1, 0, 1, 0}), 2);
  EXPECT_EQ(CountReordered({2, -1, 2}), 0) << "what never came out has no place";
}

}  // namespace
}  // namespace wavetank::properties
