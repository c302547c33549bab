#include "scenarios/records.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "scenarios/input.h"

namespace wavetank::scenarios {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::SizeIs;

using Lines = std::vector<std::string>;

absl::StatusOr<Lines> Draw(const std::string& fields, uint64_t seed = 1) {
  const auto parsed = ParseScenario("a", "schema_version: 1\ninput { records { " + fields + " } }");
  if (!parsed.ok()) return parsed.status();
  const auto plan = PlanInput(*parsed, parsed->scenario->input(0), platform::Random(seed), nullptr);
  if (!plan.ok()) return plan.status();
  return plan->front().lines;
}

Lines LinesOf(const std::string& fields, uint64_t seed = 1) {
  const auto lines = Draw(fields, seed);
  EXPECT_TRUE(lines.ok()) << lines.status();
  return lines.value_or(Lines());
}

std::string RecordsError(const std::string& fields) {
  return std::string(Draw(fields).status().message());
}

std::map<std::string, int> Counts(const Lines& lines) {
  std::map<std::string, int> counts;
  for (const std::string& line : lines) ++counts[line];
  return counts;
}

// A column's values, of lines of plain columns.
Lines ColumnOf(const Lines& lines, size_t column) {
  Lines values;
  for (const std::string& line : lines) {
    const std::vector<std::string> fields = absl::StrSplit(line, ',');
    values.push_back(fields.at(column));
  }
  return values;
}

TEST(Records, HoldTheirColumnsInOrder) {
  EXPECT_THAT(
      LinesOf(R"(count: 3
                         column { name: "id" type: INT64 sequential {} first: 7 step: -2 }
                         column { name: "price" type: DOUBLE sequential {} first: -1500 step: 1400 }
                         column { name: "new" type: BOOLEAN sequential {} }
                         column { name: "city" sequential { distinct: 2 } }
                         column { name: "of" constant: "here" }
                         column { name: "on" type: DATE sequential {} first: -1 step: 30 })"),
      ElementsAre("7,-1.500,false,city0,here,1969-12-31", "5,-0.100,true,city1,here,1970-01-30",
                  "3,1.300,false,city0,here,1970-03-01"));
  EXPECT_THAT(LinesOf(R"(count: 1 separator: " | "
                         column { name: "a" constant: "x" } column { name: "b" constant: "y" })"),
              ElementsAre("x | y"));
}

TEST(Records, DependOnTheSeedAndEachColumnOnItsNameAlone) {
  const std::string city = R"(column { name: "city" uniform { distinct: 9 } })";
  const Lines alone = LinesOf("count: 50 " + city);
  EXPECT_EQ(LinesOf("count: 50 " + city), alone);
  EXPECT_NE(LinesOf("count: 50 " + city, 2), alone);
  const Lines beside = LinesOf(
      R"(count: 50 column { name: "x" uniform { distinct: 9 } empty_ppm: 300000 } )" + city);
  EXPECT_EQ(ColumnOf(beside, 1), alone);
}

TEST(Records, DrawEachKeyAsOftenAsItsDistributionSays) {
  const std::map<std::string, int> uniform =
      Counts(LinesOf(R"(count: 4000 column { name: "k" uniform { distinct: 4 } })"));
  EXPECT_THAT(uniform, SizeIs(4));
  for (const auto& [key, count] : uniform) EXPECT_NEAR(count, 1000, 150) << key;
  std::map<std::string, int> zipf =
      Counts(LinesOf(R"(count: 8000 column { name: "k" zipf { distinct: 100 } })"));
  EXPECT_NEAR(zipf["k0"], 2 * zipf["k1"], 300);
  EXPECT_NEAR(zipf["k0"], 4 * zipf["k3"], 450);
  std::map<std::string, int> steep =
      Counts(LinesOf(R"(count: 8000 column { name: "k" zipf { distinct: 100 exponent: 3 } })"));
  EXPECT_GT(steep["k0"], 6000);
  EXPECT_THAT(Counts(LinesOf(R"(count: 300 column { name: "k" list { value: "a" value: "b" } })")),
              SizeIs(2));
}

TEST(Records, FillStringsUpToASizeOfEachValue) {
  const Lines lines = LinesOf(
      R"(count: 300 column { name: "k" uniform { distinct: 5 } min_bytes: 3 max_bytes: 12 })");
  std::map<std::string, int> counts = Counts(lines);
  EXPECT_THAT(counts, SizeIs(5)) << "one size a value";
  for (const auto& [key, count] : counts) {
    EXPECT_GE(key.size(), 3u);
    EXPECT_LE(key.size(), 12u);
  }
  EXPECT_THAT(LinesOf(R"(count: 2 column { name: "k" sequential {} min_bytes: 4 })"),
              ElementsAre("k0xx", "k1xx"));
}

TEST(Records, AdvanceInEventTimeWithinTheirJitterUnlessTheyAreLate) {
  const std::string time = R"(count: 1000 column { name: "at" type: TIMESTAMP event_time {
                                start_ms: 1800000000000 step_ms: 1000 format: MILLISECONDS )";
  const auto behind = [](const Lines& lines) {
    std::vector<int64_t> all;
    for (size_t i = 0; i < lines.size(); ++i) {
      int64_t at = 0;
      EXPECT_TRUE(absl::SimpleAtoi(lines[i], &at));
      all.push_back(1'800'000'000'000 + static_cast<int64_t>(i) * 1000 - at);
    }
    return all;
  };
  EXPECT_THAT(behind(LinesOf(time + "} }")), Each(0));
  const std::vector<int64_t> jittered = behind(LinesOf(time + "jitter_ms: 5000 } }"));
  EXPECT_GE(std::ranges::min(jittered), 0);
  EXPECT_LE(std::ranges::max(jittered), 5000);
  EXPECT_GT(std::ranges::max(jittered), 4000);
  const std::vector<int64_t> late =
      behind(LinesOf(time + "jitter_ms: 5000 late_ppm: 100000 late_by_ms: 60000 } }"));
  const auto number = std::ranges::count_if(late, [](int64_t ms) { return ms > 5000; });
  EXPECT_NEAR(number, 100, 40);
  for (const int64_t ms : late) EXPECT_TRUE(ms <= 5000 || (ms >= 60'000 && ms <= 125'000)) << ms;
  EXPECT_THAT(LinesOf(R"(count: 1 column { name: "at" type: TIMESTAMP
                                           event_time { format: ISO_8601 } })"),
              ElementsAre("2027-01-15T08:00:00.000Z"));
}

TEST(Records, MayLackAValueOrHoldWhatIsNone) {
  const Lines lines = LinesOf(R"(count: 1000
      column { name: "at" type: TIMESTAMP event_time {} empty_ppm: 200000 malformed_ppm: 200000 }
      column { name: "n" type: INT64 constant: "5" malformed_ppm: 300000 })");
  const Lines times = ColumnOf(lines, 0);
  EXPECT_NEAR(std::ranges::count(times, ""), 200, 60);
  EXPECT_NEAR(std::ranges::count_if(
                  times, [](const auto& text) { return !text.empty() && text.size() != 10; }),
              160, 60);
  EXPECT_NEAR(std::ranges::count(ColumnOf(lines, 1), "5"), 700, 70);
}

TEST(Records, ComeAgainInOtherPlacesAndWithLinesBetween) {
  const std::string column = R"(count: 200 column { name: "k" sequential {} } )";
  const Lines plain = LinesOf(column);
  Lines moved = LinesOf(column + "disorder_ppm: 400000 disorder_by: 5");
  EXPECT_NE(moved, plain);
  EXPECT_THAT(moved, testing::UnorderedElementsAreArray(plain));
  const Lines again = LinesOf(column + "duplicate_ppm: 300000 duplicate_by: 5");
  EXPECT_GT(again.size(), 230u);
  EXPECT_THAT(Counts(again), SizeIs(200));
  const Lines between = LinesOf(column + "empty_ppm: 200000 malformed_ppm: 200000");
  EXPECT_THAT(between, Contains(""));
  EXPECT_THAT(between, Contains("no_record"));
  EXPECT_GT(between.size(), 240u);
}

TEST(Records, QuoteAsCsvWhatNeedsIt) {
  EXPECT_THAT(LinesOf(R"(count: 1 quoting: CSV
                         column { name: "a" constant: "x,\"y\"" }
                         column { name: "b" constant: " z" }
                         column { name: "c" constant: "plain" })"),
              ElementsAre(R"("x,""y"""," z",plain)"));
}

TEST(Records, EndLinesAsTheyAreTold) {
  const auto parsed = ParseScenario("a", R"(schema_version: 1
      input { records { count: 2 line_ends: CRLF column { name: "k" sequential {} } } })");
  ASSERT_TRUE(parsed.ok());
  const auto plan = PlanInput(*parsed, parsed->scenario->input(0), platform::Random(1), nullptr);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->front().text, "k0\r\nk1\r\n");
}

TEST(Records, RefuseWhatContradictsItselfByItsPlace) {
  const std::string k = R"(column { name: "k" sequential {} } )";
  EXPECT_EQ(RecordsError("count: 1"), "a:2:19: records need a column: say what a line holds");
  EXPECT_EQ(RecordsError("count: 0 " + k), "a:2:19: count is 0 and must be from 1 to 1000000");
  EXPECT_EQ(RecordsError("count: 1 colum {}"),
            "a:2:28: Records has no field \"colum\": did you mean \"column\"?");
  EXPECT_EQ(
      RecordsError(R"(count: 1 column { name: "k" type: FLOAT })"),
      "a:2:53: type has no value \"FLOAT\"; there are STRING, INT64, DOUBLE, BOOLEAN, TIMESTAMP, "
      "DATE");
  EXPECT_EQ(RecordsError(R"(count: 1 column { name: "k" })"),
            "a:2:37: column \"k\" needs values: uniform, zipf, sequential, constant, list or "
            "event_time");
  EXPECT_EQ(RecordsError("count: 1 " + k + k), "a:2:72: two columns are called \"k\"");
  EXPECT_THAT(RecordsError("count: 1 " + k + "duplicate_by: 3"),
              HasSubstr("duplicate_ppm and duplicate_by go together"));
  EXPECT_THAT(RecordsError("count: 1 " + k + "disorder_ppm: 3"),
              HasSubstr("disorder_ppm and disorder_by go together"));
  EXPECT_THAT(RecordsError("count: 1 separator: \";\" " + k),
              HasSubstr("a separator does nothing beside one column"));
  EXPECT_THAT(RecordsError(R"(count: 1 separator: "\n")" + k), HasSubstr("a record is a line"));
  EXPECT_THAT(RecordsError(R"(count: 1 quoting: CSV separator: "::")" + k),
              HasSubstr("CSV needs a separator of one byte"));
  EXPECT_THAT(RecordsError("count: 1000000 " +
                           std::string(R"(column { name: "k" sequential {} min_bytes: 9000 })")),
              HasSubstr("lines of up to 9000 bytes, of which there may be at most 29826"));
}

TEST(Records, RefuseWhatAColumnCannotHoldOrDoesNothing) {
  const auto error = [](const std::string& column) {
    return RecordsError(R"(count: 1 column { name: "other" constant: "x" } column { name: "k" )" +
                        column + " }");
  };
  EXPECT_THAT(error(R"(type: INT64 constant: "x")"),
              MatchesRegex("a:2:[0-9]+: \"x\" is no INT64, which is the type of column \"k\""));
  EXPECT_THAT(error(R"(type: DOUBLE list { value: "1" value: "1.x" })"),
              HasSubstr("\"1.x\" is no DOUBLE"));
  EXPECT_THAT(error(R"(type: BOOLEAN constant: "yes")"), HasSubstr("\"yes\" is no BOOLEAN"));
  EXPECT_THAT(error(R"(type: TIMESTAMP constant: "noon")"), HasSubstr("\"noon\" is no TIMESTAMP"));
  EXPECT_EQ(error(R"(type: TIMESTAMP constant: "1800000000")"), "");
  EXPECT_THAT(error(R"(type: DATE constant: "2026-02-29")"), HasSubstr("is no DATE"));
  EXPECT_THAT(error("type: DATE uniform { distinct: 9 } first: 2932890"),
              HasSubstr("dates of the year 10000: they are of the years 1 to 9999"));
  EXPECT_THAT(error(R"(constant: "a,b")"), HasSubstr("\"a,b\" holds the separator \",\""));
  EXPECT_THAT(error(R"(constant: "a\nb")"), HasSubstr("no value of it holds the end of one"));
  EXPECT_THAT(error(R"(list { })"), HasSubstr("a list needs a value"));
  EXPECT_THAT(error("event_time {}"), HasSubstr("event_time needs type: TIMESTAMP"));
  EXPECT_THAT(error("type: TIMESTAMP sequential {}"),
              HasSubstr("the values of a TIMESTAMP are event_time, constant or list"));
  EXPECT_THAT(error("type: TIMESTAMP event_time { late_ppm: 5 }"),
              HasSubstr("late_ppm and late_by_ms go together"));
  EXPECT_THAT(error(R"(type: INT64 sequential {} prefix: "x")"),
              HasSubstr("prefix is of a STRING with uniform, zipf or sequential"));
  EXPECT_THAT(error(R"(constant: "x" min_bytes: 5)"), HasSubstr("min_bytes is of a STRING with"));
  EXPECT_THAT(error("sequential {} first: 5"), HasSubstr("first is of a number with"));
  EXPECT_THAT(error("sequential {} malformed_ppm: 5"),
              HasSubstr("malformed_ppm is of another type than STRING, of which any text is one"));
  EXPECT_THAT(error("sequential {} min_bytes: 9 max_bytes: 8"),
              HasSubstr("min_bytes is above max_bytes"));
}

}  // namespace
}  // namespace wavetank::scenarios
