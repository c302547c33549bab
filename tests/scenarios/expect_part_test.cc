// What is expected of single queries and outputs of a job.
#include "scenarios/expect_part.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "scenarios/jobs.h"
#include "scenarios/runner.h"

namespace wavetank::scenarios {
namespace {

using testing::Contains;
using testing::EndsWith;

constexpr char kTwoQueries[] = R"(schema_version: 1
name: "two"
job {
  name: "orders_and_visits"
  parameter { name: "orders" value: "orders" } parameter { name: "visits" value: "visits" }
  parameter { name: "spent" value: "spent" } parameter { name: "seen" value: "seen" }
}
input { name: "orders" lines { line: "ann,2" line: "bob,3" line: "ann,5" }
        arrival { records_each: 1 first_ms: 500 every_ms: 400 } }
input { name: "visits" lines { line: "home,1" line: "cart,2" }
        arrival { records_each: 1 first_ms: 700 every_ms: 300 } }
)";
constexpr char kReadings[] = R"(schema_version: 1
name: "readings"
job { name: "readings_dstream" }
input { name: "input" lines { line: "a,1" line: "b,2" } arrival { first_ms: 500 } }
)";

absl::StatusOr<RunReport> RunWith(const std::string& text) {
  ScenarioJobs jobs;
  AddBuiltInJobs(jobs);
  const auto parsed = ParseScenario("s", text);
  if (!parsed.ok()) return parsed.status();
  return RunScenario(*parsed, jobs, {});
}

std::string PartError(const std::string& more, const char* scenario = kTwoQueries) {
  const auto report = RunWith(scenario + more);
  return report.ok() ? "" : std::string(report.status().message());
}

// The reasons of a run in which `part` is expected.
RunReport Judged(const std::string& part, const char* scenario = kTwoQueries) {
  const auto report = RunWith(absl::StrCat(scenario, "expect { part { ", part, " } }"));
  EXPECT_TRUE(report.ok()) << report.status();
  return *report;
}

TEST(ExpectPart, HoldsOfEachQueryAlone) {
  const auto report = RunWith(absl::StrCat(kTwoQueries, R"(
      expect {
        guarantee: EXACTLY_ONCE
        part { name: "spent" row: "ann,2,7,5" row: "bob,1,3,3" batches { min: 3 max: 3 }
               rows { min: 2 max: 2 } unique { column: "customer" }
               total { column: "orders" min: 3 max: 3 } }
        part { name: "seen" row: "home,1" row: "cart,1" total { column: "count" min: 2 max: 2 } }
      })"));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->verdict, Verdict::kPass) << Summary(*report);
}

TEST(ExpectPart, SaysWhatDoesNotHoldAndOfWhich) {
  const auto why = [](const std::string& part) {
    const RunReport report = Judged(part);
    EXPECT_EQ(report.verdict, Verdict::kViolation) << Summary(report);
    return report.reasons;
  };
  EXPECT_THAT(why(R"(name: "seen" row: "home,1")"),
              Contains("seen: the rows are [cart,1 home,1], expected [home,1]"));
  EXPECT_THAT(why(R"(name: "spent" rows { max: 1 })"),
              Contains("spent: 2 rows are its answer, expected at most 1"));
  EXPECT_THAT(why(R"(name: "spent" batches { min: 4 max: 5 })"),
              Contains("spent: 3 batches have ended, expected at least 4 at most 5"));
  EXPECT_THAT(why(R"(name: "spent" late_dropped { min: 1 })"),
              Contains("spent: 0 records were dropped as late, expected at least 1"));
  EXPECT_THAT(why(R"(name: "seen" unique { column: "count" })"),
              Contains("seen: two rows of its answer have the count 1"));
  EXPECT_THAT(why(R"(name: "spent" total { column: "orders" min: 4 })"),
              Contains("spent: the column orders adds up to 3, expected at least 4"));
  EXPECT_THAT(why(R"(name: "spent" error: "vanished")"),
              Contains("query spent did not stop with an error that says \"vanished\""));
}

TEST(ExpectPart, IsOfAStreamsOutputByItsPrefix) {
  EXPECT_EQ(Judged(R"x(name: "output/totals" row: "(a,1)" row: "(b,2)")x", kReadings).verdict,
            Verdict::kPass);
  const RunReport report = Judged(R"(name: "output/sizes" rows { max: 1 })", kReadings);
  EXPECT_THAT(report.reasons, Contains("output/sizes: 2 rows are its answer, expected at most 1"));
}

TEST(ExpectPart, RefusesWhatIsNotThereOrSaysNothing) {
  const auto error = [](const std::string& part, const char* scenario = kTwoQueries) {
    return PartError("expect { part { " + part + " } }", scenario);
  };
  EXPECT_EQ(error(R"(name: "spend" rows { min: 1 })"),
            "s:12:17: the job has no query or output \"spend\": did you mean \"spent\"?");
  EXPECT_EQ(error(R"(name: "spent")"), "s:12:17: nothing is expected of spent");
  EXPECT_THAT(error(R"(name: "spent" unique { column: "custmer" })"),
              EndsWith("query spent has no column \"custmer\": did you mean \"customer\"?"));
  EXPECT_THAT(error(R"(name: "spent" unique {})"), EndsWith("unique needs a column"));
  EXPECT_THAT(error(R"(name: "spent" total { column: "spent" min: 1 })"),
              EndsWith("column \"spent\" is no int64"));
  EXPECT_THAT(error(R"(name: "spent" total { column: "orders" })"),
              EndsWith("a total needs a min or max"));
  EXPECT_THAT(error(R"(name: "spent" rows { min: 1 } } part { name: "spent" rows { min: 2 })"),
              EndsWith("spent is given twice"));
  EXPECT_THAT(error(R"(name: "output/sizes" unique { column: "a" })", kReadings),
              EndsWith("the rows of a stream have no columns"));
  EXPECT_THAT(error(R"(name: "output/sizes" error: "x")", kReadings),
              EndsWith("an output of a stream does not stop alone: say `error` of `expect`"));
  EXPECT_THAT(error(R"(name: "query-1" error: "x")",
                    "schema_version: 1 name: \"one\" job { name: \"spend_by_customer\" }\n"),
              EndsWith("the job has no other query that goes on: say `error` of `expect`"));
}

}  // namespace
}  // namespace wavetank::scenarios
