#include "tests/model/fencing_protocol.h"

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include "gtest/gtest.h"

namespace wavetank::model {
namespace {

// Without a reader: it tells nothing. The last two are for who has a minute (MODEL_DEPTH).
constexpr Bounds kFollowed[] = {
    {.name = "two_owners", .owners = 2, .entries = 2, .segments = 1, .answers = 0},
    {.name = "two_segments", .owners = 2, .entries = 1, .segments = 2, .answers = 0},
    {.name = "refusing", .refusing = true, .owners = 2, .entries = 2, .segments = 1, .answers = 0},
    {.name = "refusing_segments",
     .refusing = true,
     .owners = 2,
     .entries = 1,
     .segments = 2,
     .answers = 0},
    {.name = "three_owners", .owners = 3, .entries = 1, .segments = 1, .answers = 0},
    {.name = "refusing_three",
     .refusing = true,
     .owners = 3,
     .entries = 1,
     .segments = 1,
     .answers = 0,
     .losses = 0},
};

std::span<const Bounds> FollowedAtThisDepth() {
  const bool short_ones = std::getenv("MODEL_DEPTH") == nullptr;
  return std::span(kFollowed).first(short_ones ? 4 : 6);
}

class FencingFollowed : public testing::TestWithParam<Bounds> {};

// What runs are judged by (properties/fenced_log_protocol.h) allows what the protocol does, and
// nothing that it never does.
TEST_P(FencingFollowed, HoldsThatRunsAreJudgedByTheSame) {
  const FollowedVerdict verdict = FollowFencing(GetParam());
  std::printf("%s: %lld states, %lld beliefs, %lld steps\n", GetParam().name,
              static_cast<long long>(verdict.states), static_cast<long long>(verdict.beliefs),
              static_cast<long long>(verdict.steps));
  EXPECT_EQ(verdict.not_allowed, "");
  // Of three owners one may live to tell that there was no power loss, by which what another has
  // read of its seal is there for the third: that the system does not work out, and allows more.
  const bool is_beyond = GetParam().owners > 2 && !GetParam().refusing;
  if (!is_beyond) {
    EXPECT_EQ(verdict.never_told, "");
  }
}
INSTANTIATE_TEST_SUITE_P(In, FencingFollowed,
                         testing::ValuesIn(FollowedAtThisDepth().begin(),
                                           FollowedAtThisDepth().end()),
                         [](const auto& info) { return std::string(info.param.name); });

// An owner that breaks a rule is seen to by what owners tell, where they tell of it.
TEST(FencingFollowedWithout, WhatARuleForbidsIsNotAllowed) {
  struct Broken {
    Rule rule;
    const Bounds& bounds;
  };
  const Broken all[] = {
      {Rule::kCreateThenRead, kFollowed[0]},  {Rule::kSealBeforeActing, kFollowed[0]},
      {Rule::kLookAfterAppend, kFollowed[0]}, {Rule::kLookBeforeRemove, kFollowed[0]},
      {Rule::kRefuseLate, kFollowed[2]},      {Rule::kCreationWaits, kFollowed[2]},
  };
  for (const auto& [rule, bounds] : all) {
    EXPECT_NE(FollowFencing(bounds, rule).not_allowed, "") << static_cast<int>(rule);
  }
}

}  // namespace
}  // namespace wavetank::model
