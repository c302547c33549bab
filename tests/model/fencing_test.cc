// The protocol holds in every interleaving within the bounds, and breaks without any one of its
// rules. MODEL_DEPTH=full or deep: larger bounds (README.md).
#include "tests/model/fencing.h"

#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace wavetank::model {

void PrintTo(const Bounds& bounds, std::ostream* out) { *out << bounds.name; }
void PrintTo(const RuleText& rule, std::ostream* out) { *out << rule.name; }

namespace {

Depth Asked() {
  const char* asked = std::getenv("MODEL_DEPTH");
  const std::string_view depth = asked == nullptr ? "" : asked;
  if (depth == "deep") return Depth::kDeep;
  return depth == "full" ? Depth::kFull : Depth::kShort;
}

class Fencing : public testing::TestWithParam<Bounds> {};

TEST_P(Fencing, Holds) {
  const Verdict verdict = Exhaust(GetParam(), std::nullopt);
  std::printf("%s: %lld states\n", GetParam().name, static_cast<long long>(verdict.states));
  EXPECT_EQ(verdict.broken, "");
  for (const std::string& line : verdict.story) std::printf("  %s\n", line.c_str());
}
INSTANTIATE_TEST_SUITE_P(In, Fencing, testing::ValuesIn(InstancesOf(Asked())),
                         [](const auto& info) { return std::string(info.param.name); });

class FencingWithout : public testing::TestWithParam<RuleText> {};

TEST_P(FencingWithout, Breaks) {
  const Verdict verdict = Exhaust(GetParam().breaks_in, GetParam().rule);
  EXPECT_NE(verdict.broken, "") << "it is no rule";
  std::printf("without %s (%s), after %zu steps (%lld states): %s\n", GetParam().name,
              GetParam().text, verdict.story.size(), static_cast<long long>(verdict.states),
              verdict.broken.c_str());
  for (const std::string& line : verdict.story) std::printf("  %s\n", line.c_str());
}
INSTANTIATE_TEST_SUITE_P(Rule, FencingWithout, testing::ValuesIn(Rules().begin(), Rules().end()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace wavetank::model
