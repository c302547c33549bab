#include "properties/verdict.h"

#include <gtest/gtest.h>

namespace wavetank::properties {
namespace {

TEST(CountReordered, CountsWhatCameOutBeforeAnEarlierRecord) {
  EXPECT_EQ(CountReordered({}), 0);
  EXPECT_EQ(CountReordered({0, 0, 1, 3, 3}), 0);
  EXPECT_EQ(CountReordered({1, 0, 1, 0}), 2);
  EXPECT_EQ(CountReordered({2, -1, 2}), 0) << "what never came out has no place";
}

}  // namespace
}  // namespace wavetank::properties
