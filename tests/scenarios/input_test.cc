#include "scenarios/input.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::scenarios {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

absl::StatusOr<InputPlan> Plan(const std::string& input, uint64_t seed = 1) {
  const auto parsed = ParseScenario("a", "schema_version: 1\ninput { " + input + " }");
  if (!parsed.ok()) return parsed.status();
  return PlanInput(*parsed, parsed->scenario->input(0), platform::Random(seed),
                   [](const std::string& path) -> absl::StatusOr<std::string> {
                     if (path == "there.txt") return "one\ntwo\n";
                     return absl::NotFoundError("no such file");
                   });
}

TEST(PlanInput, CutsLinesIntoFilesThatArriveOneAfterAnother) {
  const auto plan = Plan(
      R"(lines { line: "a" line: "b" line: "c" }
         arrival { records_each: 2 first_ms: 5 every_ms: 10 })");
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_THAT(*plan, SizeIs(2));
  EXPECT_EQ((*plan)[0].at_ms, 5);
  EXPECT_THAT((*plan)[0].lines, ElementsAre("a", "b"));
  EXPECT_EQ((*plan)[1].at_ms, 15);
  EXPECT_EQ((*plan)[1].name, "input-00001.txt");
  EXPECT_THAT((*plan)[1].lines, ElementsAre("c"));
}

TEST(PlanInput, FilesHaveTheirOwnNamesAndTimes) {
  const auto plan = Plan(
      R"(files { file { name: "z" at_ms: 20 line: "a" line: "b" } file { at_ms: 5 }
                 file { name: "y/x" at_ms: 20 line: "c" } })");
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_THAT(*plan, SizeIs(3));
  EXPECT_EQ((*plan)[0].at_ms, 5);
  EXPECT_EQ((*plan)[0].name, "input-00001.txt");
  EXPECT_EQ((*plan)[0].text, "");
  EXPECT_EQ((*plan)[1].name, "z");
  EXPECT_THAT((*plan)[1].lines, ElementsAre("a", "b"));
  EXPECT_EQ((*plan)[2].name, "y/x");
  for (const char* wrong :
       {R"(files { file { name: "z" } file { name: "z" } })", R"(files { file { name: "/z" } })",
        R"(files { file { at_ms: -1 } })", R"(files { file {} } arrival { first_ms: 3 })"}) {
    EXPECT_FALSE(Plan(wrong).ok()) << wrong;
  }
}

TEST(PlanInput, ReadsAFileOfTheHostOrSaysWhereItIsAskedFor) {
  const auto plan = Plan(R"(file: "there.txt")");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT((*plan)[0].lines, ElementsAre("one", "two"));
  EXPECT_EQ(Plan(R"(file: "gone.txt")").status().message(), "a:2:9: no such file");
}

TEST(PlanInput, GeneratedLinesCarryTheirIdAndDependOnTheSeedAlone) {
  const auto plan = Plan("generator { records: 50 }");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(RecordIds((*plan)[0].lines), SizeIs(50));
  EXPECT_EQ(Plan("generator { records: 50 }")->front().lines, plan->front().lines);
  EXPECT_NE(Plan("generator { records: 50 }", 2)->front().lines, plan->front().lines);
}

TEST(PlanInput, RefusesWhatAGeneratorCannotDraw) {
  const auto why = [](const std::string& fields) {
    return std::string(Plan("generator { records: 9 " + fields + " }").status().message());
  };
  EXPECT_EQ(why("vocabulary: 0"), "a:2:32: vocabulary is 0 and must be from 1 to 2147483647");
  EXPECT_THAT(why("words_per_line: 0"), testing::HasSubstr("words_per_line is 0 and must be from"));
  EXPECT_THAT(why("late_by_ms: -1"), testing::HasSubstr("late_by_ms is -1 and must be from"));
  EXPECT_THAT(why("late_ppm: 1000001"), testing::HasSubstr("late_ppm is 1000001 and must be"));
  EXPECT_THAT(why("disorder_ppm: -1"), testing::HasSubstr("disorder_ppm is -1 and must be from"));
  EXPECT_THAT(
      std::string(Plan("generator { records: 1000000 words_per_line: 11 }").status().message()),
      testing::HasSubstr("records times words_per_line must be at most 10000000"));
}

TEST(PlanInput, DisorderKeepsEveryRecord) {
  const std::string timed = "records: 40 event_step_ms: 1000 ";
  auto ordered = Plan("generator { " + timed + "}")->front().lines;
  auto disordered =
      Plan("generator { " + timed + "disorder_ppm: 500000 disorder_by: 5 }")->front().lines;
  EXPECT_NE(ordered, disordered);
  std::sort(ordered.begin(), ordered.end());
  std::sort(disordered.begin(), disordered.end());
  EXPECT_EQ(ordered, disordered);
}

TEST(LinesOfText, EndAtAnyOfTheThreeEnds) {
  EXPECT_THAT(LinesOfText("a\nb\r\n\r\nc\rd\r\re"), ElementsAre("a", "b", "", "c", "d", "", "e"));
  EXPECT_THAT(LinesOfText(""), SizeIs(0));
  EXPECT_THAT(LinesOfText("\n"), ElementsAre(""));
}

TEST(PlanInput, DuplicatesKeepTheirIds) {
  const auto plan = Plan("generator { records: 200 duplicate_ppm: 300000 duplicate_by: 5 }");
  ASSERT_TRUE(plan.ok()) << plan.status();
  std::vector<std::string> ids = RecordIds((*plan)[0].lines);
  EXPECT_GT(ids.size(), 220u);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  EXPECT_THAT(ids, SizeIs(200));
}

TEST(PlanInput, EndsLinesAsItIsTold) {
  const auto text = [](const std::string& ends) {
    return Plan("generator { records: 3 words_per_line: 1 line_ends: " + ends + " }")->front().text;
  };
  EXPECT_EQ(text("NEWLINE"), "r0\nr1\nr2\n");
  EXPECT_EQ(text("CRLF"), "r0\r\nr1\r\nr2\r\n");
  EXPECT_EQ(text("RETURN"), "r0\rr1\rr2\n");
}

TEST(PlanInput, MalformedTimedLinesAreNone) {
  const auto plan =
      Plan("generator { records: 100 event_step_ms: 10 malformed_ppm: 300000 time_format: ANY }");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_GT((*plan)[0].lines.size(), 110u);
  EXPECT_THAT(RecordIds((*plan)[0].lines), SizeIs(50));
}

TEST(PlanInput, BurstsStallsAndRewindsAreInOrderOfTime) {
  const auto plan = Plan(
      R"(lines { line: "a" line: "b" line: "c" line: "d" line: "e" line: "f" }
         arrival { records_each: 1 every_ms: 100 burst: 2 stall_after: 4 stall_ms: 1000
                   rewind_after: 2 rewind_files: 1 rewind_ms: 50 })");
  ASSERT_TRUE(plan.ok()) << plan.status();
  std::vector<std::string> events;
  for (const ArrivingFile& file : *plan) {
    events.push_back(std::to_string(file.at_ms) + (file.removed ? " -" : " ") +
                     (file.removed ? file.name : file.text.substr(0, 1)));
  }
  EXPECT_THAT(events, ElementsAre("0 a", "0 b", "100 c", "100 d", "100 -input-00001.txt", "150 b",
                                  "1200 e", "1200 f"));
  EXPECT_EQ(TimesInput(*plan, "input-00001.txt", 50), 2);
  EXPECT_EQ(TimesInput(*plan, "input-00001.txt", 70), 1);
  EXPECT_EQ(TimesInput(*plan, "input-00000.txt", 50), 1);
  EXPECT_TRUE(IsRewound(*plan));
}

TEST(PlanInput, RefusesWhatMakesNoSense) {
  EXPECT_THAT(
      std::string(Plan("lines { line: \"a\" } arrival { stall_after: 1 }").status().message()),
      testing::HasSubstr("stall_after and stall_ms go together"));
  EXPECT_THAT(std::string(Plan("lines { line: \"a\" } arrival { burst: 0 }").status().message()),
              testing::HasSubstr("burst is 0 and must be from 1"));

  EXPECT_EQ(Plan("name: \"x\"").status().message(),
            "a:2:9: an input needs lines, a file, files, a generator, records or a topic");
  EXPECT_EQ(Plan("generator { records: 0 }").status().message(),
            "a:2:21: records is 0 and must be from 1 to 1000000");
  EXPECT_EQ(Plan("lines { line: \"a\" } arrival { records_each: -1 }").status().message(),
            "a:2:39: records_each is -1 and must be from 1 to 2147483647");
  EXPECT_EQ(
      Plan("lines { line: \"a\" } arrival { every_ms: 9223372036854775807 }").status().message(),
      "a:2:39: every_ms is 9223372036854775807 and must be from 0 to 31536000000");
  EXPECT_EQ(Plan("lines { line: \"a\" line: \"b\" } arrival { records_each: 1 "
                 "every_ms: 31536000000 }")
                .status()
                .message(),
            "a:2:65: the last record comes after more than a year");
}

}  // namespace
}  // namespace wavetank::scenarios
