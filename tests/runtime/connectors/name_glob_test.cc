#include "runtime/connectors/name_glob.h"

#include <algorithm>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

bool MatchesAny(const std::string& pattern, const std::string& name) {
  const auto patterns = ExpandGlob(pattern);
  EXPECT_TRUE(patterns.ok()) << patterns.status();
  return std::ranges::any_of(*patterns, [&](const auto& each) { return MatchesGlob(each, name); });
}

std::string WhatIsWrong(const std::string& pattern) {
  return std::string(ExpandGlob(pattern).status().message());
}

TEST(NameGlob, StarsStandForAnyCharactersAndQuestionMarksForOne) {
  EXPECT_TRUE(MatchesAny("*.csv", "a.csv"));
  EXPECT_TRUE(MatchesAny("*.csv", ".csv"));
  EXPECT_FALSE(MatchesAny("*.csv", "a.csv.gz"));
  EXPECT_TRUE(MatchesAny("*a*b", "xaxbxb"));
  EXPECT_TRUE(MatchesAny("day-??", "day-07"));
  EXPECT_FALSE(MatchesAny("day-??", "day-7"));
  EXPECT_FALSE(MatchesAny("", "a"));
  EXPECT_TRUE(MatchesAny("*", ""));
}

TEST(NameGlob, ClassesHaveRangesAndMayBeMeantOtherwise) {
  EXPECT_TRUE(MatchesAny("[a-cx]1", "b1"));
  EXPECT_TRUE(MatchesAny("[a-cx]1", "x1"));
  EXPECT_FALSE(MatchesAny("[a-cx]1", "d1"));
  EXPECT_TRUE(MatchesAny("[^a-c]1", "d1"));
  EXPECT_FALSE(MatchesAny("[!a-c]1", "b1"));
  EXPECT_TRUE(MatchesAny("[]]", "]"));
  EXPECT_TRUE(MatchesAny("*[0-9]*", "part-3.txt")) << "behind a star, too";
}

TEST(NameGlob, BracesStandForSeveralAndMayStandInOneAnother) {
  EXPECT_THAT(*ExpandGlob("*.{csv,json}"), ElementsAre("*.csv", "*.json"));
  EXPECT_THAT(*ExpandGlob("{a,b{c,d}}{1,2}"), ElementsAre("a1", "a2", "bc1", "bc2", "bd1", "bd2"));
  EXPECT_TRUE(MatchesAny("*.csv{,.gz}", "a.csv"));
  EXPECT_TRUE(MatchesAny("*.csv{,.gz}", "a.csv.gz"));
}

TEST(NameGlob, ABackslashTakesAwayWhatACharacterMeans) {
  EXPECT_TRUE(MatchesAny("a\\*", "a*"));
  EXPECT_FALSE(MatchesAny("a\\*", "ab"));
  EXPECT_TRUE(MatchesAny("\\{a,b\\}", "{a,b}"));
}

TEST(NameGlob, SaysWhatIsWrong) {
  EXPECT_THAT(WhatIsWrong("[a"), HasSubstr("a [ in it has no ]"));
  EXPECT_THAT(WhatIsWrong("{a"), HasSubstr("a { in it has no }"));
  EXPECT_THAT(WhatIsWrong("a\\"), HasSubstr("ends with a"));
  std::string many;
  for (int i = 0; i < 10; ++i) many += "{a,b}";
  EXPECT_THAT(WhatIsWrong(many), HasSubstr("more than 1000"));
}

}  // namespace
}  // namespace wavetank::runtime
