// A program is read as it is written, what is wrong with one is said, and windows keep their rules.
#include "properties/programs/program.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "properties/programs/draw_program.h"
#include "properties/programs/program_rules.h"

namespace wavetank::properties {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(StreamProgram, IsReadAsItIsWritten) {
  const auto program = ParseProgram(R"(
      lines = text in; more = socket 9001
      both = union lines more; lately = reduceByKeyAndWindowFiltered both sum 3 1 above:2 4
      save lately;; save both)");
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_EQ(ToText(*program),
            "lines = text in; more = socket 9001; both = union lines more; "
            "lately = reduceByKeyAndWindowFiltered both sum 3 1 above:2 4; save lately; save both");
  EXPECT_EQ(program->lines.back().Number(2), 1);
  EXPECT_EQ(program->lines.back().Partitions(), 4);
}

TEST(StreamProgram, WhatIsWrongIsSaid) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"a = text in", "it puts nothing out"},
      {"a = text in; save b", "no line before makes a stream \"b\""},
      {"a = text in; b = count c; save b", "no line before makes a stream \"c\""},
      {"a = text in; a = count a; save a", "a line before has that name"},
      {"a = text in; save a; save a", "it is saved already"},
      {"a = text in; b = contu a; save b", "did you mean \"count\"?"},
      {"a = text; save a", "text takes 0 streams and 1 arguments"},
      {"a = text in; b = count a 3; save b", "count takes 1 streams and 0 arguments"},
      {"a = text in; b = union; save b", "union takes one or more streams"},
      {"a = text in; b = map a odd; save b", "\"odd\" is none of add, times"},
      {"a = text in; b = map a add; save b", "add takes a number from -1000000 to 1000000"},
      {"a = text in; b = map a swap:1; save b", "swap takes no number"},
      {"a = text in; b = window a 3 x; save b", "\"x\" is no number from 0 to 1000"},
      {"a = text in; b = partitionBy a 17; save b", "\"17\" is no number from 1 to 16"},
      {"a = socket 0; save a", "\"0\" is no number from 1 to 65535"},
      {"a = text in; b = snapshots a; save b", "a is no mapWithState"},
      {"a - text in; save a", "give NAME = CALL"},
      {"a/b = text in; save a/b", "of letters and digits"},
  };
  for (const auto& [text, why] : wrong) {
    const auto program = ParseProgram(text);
    ASSERT_FALSE(program.ok()) << text;
    EXPECT_THAT(std::string(program.status().message()), HasSubstr(why)) << text;
  }
}

std::string RefusalOf(const std::string& text) {
  return StreamsOf(ParseProgram("a = text in; " + text + "; save z").value()).refused;
}

TEST(ProgramRules, WindowsAreOfWholeStepsAndOfNoState) {
  EXPECT_THAT(RefusalOf("z = window a 3 2"), IsEmpty());
  EXPECT_THAT(RefusalOf("z = window a 0 1"), HasSubstr("a window of 0 batches every 1"));
  EXPECT_THAT(RefusalOf("b = window a 2 2; z = window b 4 2"), IsEmpty());
  EXPECT_THAT(RefusalOf("b = window a 2 2; z = countByWindow b 3 2"), HasSubstr("rows every 2"));
  EXPECT_THAT(RefusalOf("b = window a 2 2; z = window b 2 1"), HasSubstr("rows every 2"));
  EXPECT_THAT(RefusalOf("b = updateStateByKey a total; c = count b; z = window c 1 1"),
              HasSubstr("a window of what comes of a state"));
  EXPECT_THAT(RefusalOf("b = reduceByKeyAndWindowWithInverse a sum 2 1; z = window b 1 1"),
              HasSubstr("a window of what comes of a state"));
}

TEST(ProgramRules, WhatMeetsHasRowsAlike) {
  EXPECT_THAT(RefusalOf("b = window a 2 2; z = join a b"), HasSubstr("every 1 batches"));
  EXPECT_THAT(RefusalOf("b = window a 2 2; c = window a 4 2; z = join b c"), IsEmpty());
  EXPECT_THAT(RefusalOf("b = window a 2 2; c = constant k 1; z = union b c"), IsEmpty());
}

TEST(DrawnPrograms, CanBeReadKeepTheRulesAndHaveEachCall) {
  std::set<std::string> calls;
  int refused = 0;
  for (uint64_t seed = 1; seed <= 2'000; ++seed) {
    const StreamProgram program = DrawProgram(Choices(seed), {});
    const auto read = ParseProgram(ToText(program));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(ToText(*read), ToText(program));
    EXPECT_THAT(StreamsOf(program).refused, IsEmpty()) << ToText(program);
    for (const ProgramLine& line : program.lines) calls.insert(line.call);
    const StreamProgram any = DrawProgram(Choices(seed), {.keeps_rules = false});
    EXPECT_TRUE(ParseProgram(ToText(any)).ok()) << ToText(any);
    if (!StreamsOf(any).refused.empty()) ++refused;
  }
  EXPECT_EQ(calls.size(), ProgramCalls().size());
  EXPECT_GT(refused, 200);
}

}  // namespace
}  // namespace wavetank::properties
