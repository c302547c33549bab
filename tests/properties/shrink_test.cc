#include "properties/shrink.h"

#include <gtest/gtest.h>

namespace wavetank::properties {
namespace {

TEST(Shrink, LeavesOnlyWhatTheFailureNeeds) {
  const ChosenHeights shrunk = Shrink(
      {{"a", 40}, {"b", 7}, {"c", 1}, {"d", 0}},
      [](const ChosenHeights& heights) { return heights.at("a") >= 10 && heights.at("c") == 1; },
      1000);
  EXPECT_EQ(shrunk, (ChosenHeights{{"a", 10}, {"b", 0}, {"c", 1}, {"d", 0}}));
}

TEST(Shrink, GoesOnUntilAWholeRoundChangesNothing) {
  const ChosenHeights shrunk = Shrink(
      {{"a", 1}, {"b", 1}},
      [](const ChosenHeights& heights) { return heights.at("a") == 1 || heights.at("b") == 0; },
      1000);
  EXPECT_EQ(shrunk, (ChosenHeights{{"a", 0}, {"b", 0}})) << "a can go once b has gone";
}

TEST(Shrink, StopsAfterSoManyTries) {
  int tries = 0;
  const ChosenHeights heights = {{"a", 1 << 20}, {"b", 1 << 20}};
  const ChosenHeights shrunk = Shrink(
      heights,
      [&tries](const ChosenHeights&) {
        ++tries;
        return false;
      },
      3);
  EXPECT_EQ(shrunk, heights);
  EXPECT_LE(tries, 3);
}

TEST(Choices, ReplayGivesWhatWasChosenAndTheLowEndForWhatWasNot) {
  SeededChoices seeded(5);
  const int64_t chosen = seeded.Between("a", -3, 1'000'000);
  EXPECT_EQ(SeededChoices(5).Between("a", -3, 1'000'000), chosen);
  ReplayedChoices replayed(seeded.heights());
  EXPECT_EQ(replayed.Between("a", -3, 1'000'000), chosen);
  EXPECT_EQ(replayed.Between("b", 4, 9), 4);
  EXPECT_LE(replayed.Between("a", 0, 2), 2) << "a range that has become smaller";
}

TEST(Choices, OneChoiceDoesNotDependOnAnother) {
  SeededChoices both(5);
  both.Between("a", 0, 1000);
  EXPECT_EQ(both.Between("b", 0, 1000), SeededChoices(5).Between("b", 0, 1000));
}

}  // namespace
}  // namespace wavetank::properties
