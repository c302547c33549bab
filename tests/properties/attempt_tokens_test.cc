#include "properties/attempt_tokens.h"

#include "gtest/gtest.h"

namespace wavetank::properties {
namespace {

TEST(MixedAttempts, HasNothingAgainstOneAttemptAtEachTask) {
  EXPECT_EQ(MixedAttempts({}), "");
  EXPECT_EQ(MixedAttempts({"m.app.driver.1-3-0-0-1", "m.app.driver.1-3-0-0-1"}), "");
  EXPECT_EQ(MixedAttempts({"d-1-3-0-0-2", "d-1-3-0-1-0", "d-1-3-1-0-0"}), "");
}

TEST(MixedAttempts, NamesTwoAttemptsAtOneTask) {
  EXPECT_EQ(MixedAttempts({"d-3-0-0-0", "d-3-0-1-0", "d-3-0-0-1"}),
            "rows of two attempts at one task: d-3-0-0-0 and d-3-0-0-1");
  EXPECT_EQ(MixedAttempts({"d-3-0-0-0", "d-3-1-0-0"}), "") << "two stages";
}

TEST(MixedAttempts, NamesTwoRunsOfTheBatch) {
  EXPECT_EQ(MixedAttempts({"d-3-0-0-0", "d-4-0-1-0"}),
            "rows of two runs of the batch: d-3-0-0-0 and d-4-0-1-0");
  EXPECT_EQ(MixedAttempts({"d-3-0-0-0", "e-3-0-1-0"}),
            "rows of two runs of the batch: d-3-0-0-0 and e-3-0-1-0");
}

TEST(MixedAttempts, TakesNothingElseForAToken) {
  for (const char* text : {"", "d", "d-3-0-0", "d-3-0-0-", "d-3-0-0-x", "d-x-0-0-1"}) {
    EXPECT_NE(MixedAttempts({text}), "") << text;
  }
}

}  // namespace
}  // namespace wavetank::properties
