#include "platform/random.h"

#include <array>
#include <cstdint>
#include <numeric>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::platform {
namespace {

using testing::ElementsAre;

template <typename Draw>
std::vector<uint64_t> Draws(int count, Draw draw) {
  std::vector<uint64_t> values;
  for (int i = 0; i < count; ++i) values.push_back(draw());
  return values;
}

// The values were computed by an implementation of the published algorithms in another language.
// Scenario files depend on them: they never change.
TEST(Random, SequencesAreThePublishedOnes) {
  Random zero(0);
  EXPECT_THAT(
      Draws(4, [&] { return zero.Next(); }),
      ElementsAre(0x99ec5f36cb75f2b4, 0xbf6e1f784956452a, 0x1a5f849d4933e6e0, 0x6aa594f1262d2d2c));
  Random answer(42);
  EXPECT_THAT(
      Draws(4, [&] { return answer.Next(); }),
      ElementsAre(0x15780b2e0c2ec716, 0x6104d9866d113a7e, 0xae17533239e499a1, 0xecb8ad4703b360a1));
}

TEST(Random, HashesArePinned) {
  EXPECT_EQ(MixBits(1), 0x5692161d100b05e5u);
  EXPECT_EQ(StableHash(""), 0xf52a15e9a9b5e89bu);
  EXPECT_EQ(StableHash("wavetank"), 0xd243808784993b19u);
}

TEST(Random, ForksArePinnedByNameAndByTheOrderOfTheirKeys) {
  const Random root(42);
  Random one = root.Fork("delay", {7, 3});
  EXPECT_THAT(Draws(3, [&] { return one.Next(); }),
              ElementsAre(0x7d1565f569811e2d, 0x73a86210483441ef, 0x8104d51571d92c5e));
  EXPECT_EQ(root.Fork("delay", {3, 7}).Next(), 0x5e9ddf94a790e799u);
  EXPECT_EQ(root.Fork("disk").Next(), 0x4bfafc5f93f4f0e2u);
}

TEST(Random, DistributionsArePinned) {
  Random below(42);
  EXPECT_THAT(Draws(12, [&] { return below.Below(10); }),
              ElementsAre(2, 2, 9, 3, 6, 4, 4, 7, 8, 5, 9, 3));
  Random between(42);
  std::vector<int64_t> values;
  for (int i = 0; i < 8; ++i) values.push_back(between.Between(-5, 5));
  EXPECT_THAT(values, ElementsAre(-5, 2, -3, 0, 0, 0, 1, 3));
  Random shuffle(42);
  std::vector<int> cards(10);
  std::iota(cards.begin(), cards.end(), 0);
  shuffle.Shuffle(cards);
  EXPECT_THAT(cards, ElementsAre(7, 3, 8, 9, 5, 6, 4, 1, 0, 2));
}

TEST(Random, ForkNeitherAdvancesItsParentNorDependsOnHowFarItWasDrawn) {
  Random drawn(7);
  Random fresh(7);
  for (int i = 0; i < 10; ++i) drawn.Next();
  EXPECT_EQ(drawn.Fork("x").Next(), fresh.Fork("x").Next());
  Random untouched(7);
  EXPECT_EQ(fresh.Next(), untouched.Next());
}

TEST(Random, BelowIsUniformWhereRemaindersAreNot) {
  // With a bound of 3/4 of the range, a plain remainder would give the lowest third half of all
  // draws.
  const uint64_t bound = uint64_t{3} << 62;
  Random random(1);
  std::array<int, 3> thirds = {};
  for (int i = 0; i < 30'000; ++i) ++thirds[random.Below(bound) >> 62];
  for (const int count : thirds) EXPECT_NEAR(count, 10'000, 400);
}

TEST(Random, BetweenTakesBothEndsAndTheWholeRange) {
  Random random(3);
  EXPECT_EQ(random.Between(9, 9), 9);
  bool low = false;
  bool high = false;
  for (int i = 0; i < 1000; ++i) {
    const int64_t value = random.Between(-1, 1);
    low |= value == -1;
    high |= value == 1;
  }
  EXPECT_TRUE(low && high);
  Random raw(3);
  Random whole(3);
  EXPECT_EQ(whole.Between(INT64_MIN, INT64_MAX), static_cast<int64_t>(raw.Next()));
}

TEST(Random, PartsPerMillionKeepsItsEnds) {
  Random random(5);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(random.PartsPerMillion(0));
    EXPECT_TRUE(random.PartsPerMillion(1'000'000));
    EXPECT_TRUE(random.OneIn(1));
  }
}

}  // namespace
}  // namespace wavetank::platform
