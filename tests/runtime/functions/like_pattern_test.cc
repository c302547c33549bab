#include "runtime/functions/like_pattern.h"

#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "platform/random.h"
#include "runtime/functions/code_points.h"

namespace wavetank::runtime {
namespace {

bool Like(std::string_view text, std::string_view pattern) {
  EXPECT_EQ(LikePattern::Refuses(pattern), "");
  return LikePattern(pattern).Matches(text);
}

TEST(LikePattern, IsOfTheWholeText) {
  EXPECT_TRUE(Like("Spark", "Spark"));
  EXPECT_FALSE(Like("Sparks", "Spark"));
  EXPECT_TRUE(Like("", ""));
  EXPECT_FALSE(Like("a", ""));
  EXPECT_TRUE(Like("", "%"));
  EXPECT_TRUE(Like("a\nb", "a%b"));
  EXPECT_TRUE(Like("a\nb", "a_b"));
}

TEST(LikePattern, AnUnderscoreIsOneCodePoint) {
  EXPECT_TRUE(Like("h\xc3\xb6he", "h_he"));
  EXPECT_FALSE(Like("h\xc3\xb6he", "h__he"));
  EXPECT_TRUE(Like("h\xc3\xb6", "%_"));
  EXPECT_TRUE(Like("\xc3\xb6h", "_%h"));
  EXPECT_FALSE(Like("\xc3\xb6", "__"));
  EXPECT_FALSE(Like("", "_"));
}

TEST(LikePattern, ABackslashMakesTheNextOneItself) {
  EXPECT_TRUE(Like("100%", "100\\%"));
  EXPECT_FALSE(Like("1000", "100\\%"));
  EXPECT_TRUE(Like("a_b", "a\\_b"));
  EXPECT_FALSE(Like("acb", "a\\_b"));
  EXPECT_TRUE(Like("a\\b", "a\\\\b"));
  // As in Spark, what it stands before is one of those.
  EXPECT_NE(LikePattern::Refuses("a\\b"), "");
  EXPECT_NE(LikePattern::Refuses("a\\"), "");
}

TEST(LikePattern, PartsDoNotOverlap) {
  EXPECT_FALSE(Like("aba", "ab%ba"));
  EXPECT_TRUE(Like("abba", "ab%ba"));
  EXPECT_FALSE(Like("aba", "%ab%ba%"));
  EXPECT_TRUE(Like("xabyaabz", "%ab%a_b%"));
  EXPECT_TRUE(Like("xabyaab", "%ab%a_b%"));
  EXPECT_FALSE(Like("xaabyab", "%ab%a_b%"));
}

// By its definition: each % takes any number of bytes, each _ from one boundary to the next.
bool Naive(std::string_view text, size_t at, std::string_view pattern) {
  if (pattern.empty()) return at == text.size();
  if (pattern[0] == '%') {
    for (size_t next = at; next <= text.size(); ++next) {
      if (Naive(text, next, pattern.substr(1))) return true;
    }
    return false;
  }
  if (at == text.size()) return false;
  if (pattern[0] == '_') {
    if (!IsBoundary(text, at)) return false;
    do ++at;
    while (!IsBoundary(text, at));
    return Naive(text, at, pattern.substr(1));
  }
  if (pattern[0] == '\\') pattern.remove_prefix(1);
  return text[at] == pattern[0] && Naive(text, at + 1, pattern.substr(1));
}

std::string RandomOf(platform::Random& random, std::string_view letters, uint64_t most) {
  std::string text(random.Below(most + 1), ' ');
  for (char& c : text) c = letters[random.Below(letters.size())];
  return text;
}

RC_GTEST_PROP(LikePattern, EqualsItsDefinition, (uint64_t seed)) {
  platform::Random random(seed);
  for (int i = 0; i < 100; ++i) {
    const std::string pattern = RandomOf(random, "ab%_%_\\\xc3\xb6", 7);
    const std::string text = RandomOf(random, "aabb%\xc3\xb6\xb6", 9);
    if (!LikePattern::Refuses(pattern).empty()) continue;
    if (LikePattern(pattern).Matches(text) != Naive(text, 0, pattern)) {
      RC_FAIL(text + " like " + pattern);
    }
  }
}

}  // namespace
}  // namespace wavetank::runtime
