#include "scenarios/report.h"

#include "gtest/gtest.h"

namespace wavetank::scenarios {
namespace {

TEST(ExitStatus, IsThatOfTheGravestVerdict) {
  EXPECT_EQ(ExitStatus({}), 0);
  EXPECT_EQ(ExitStatus({Verdict::kPass}), 0);
  EXPECT_EQ(ExitStatus({Verdict::kPass, Verdict::kInconclusive}), 5);
  EXPECT_EQ(ExitStatus({Verdict::kInconclusive, Verdict::kStalled}), 3);
  EXPECT_EQ(ExitStatus({Verdict::kStalled, Verdict::kViolation, Verdict::kInconclusive}), 1);
  EXPECT_EQ(ExitStatus({Verdict::kViolation, Verdict::kNondeterministic}), 4);
}

TEST(ReportJson, HasTheFieldsOfTheInterfaceInOneLine) {
  RunReport report;
  report.scenario = "a";
  report.seed = 7;
  report.verdict = Verdict::kViolation;
  report.trace_hash = 0xabc;
  report.virtual_ns = 1'500'000'000;
  report.events = 12;
  report.records = {5, 1, 0, 0, 0};
  report.violations.push_back(
      {"lost", "what\nthen", 1'000'000'000, {"r1", "\xff"}, "batch.defined"});
  EXPECT_EQ(ToJson(report),
            R"({"scenario":"a","seed":7,"verdict":"violation","trace_hash":"0000000000000abc",)"
            R"("virtual_seconds":1.5,"events":12,)"
            R"("records":{"once":5,"duplicated":1,"lost":0,"phantom":0,"reordered":0},)"
            R"("violations":[{"kind":"lost","what":"what\nthen","when":1.0,)"
            "\"records\":[\"r1\",\"\xef\xbf\xbd\"],\"step\":\"batch.defined\"}],\"reasons\":[],"
            "\"recovery_rows\":[],\"ended_by\":\"\"}");
}

TEST(Timeline, StandsInColumnsWithFaultsMarked) {
  EXPECT_EQ(Format({1'250'000'000, "app/driver", "step", "batch.defined batch=0", false}),
            "     1.250000 s  app/driver       step     batch.defined batch=0");
  EXPECT_EQ(Format({0, "m1", "fault", "power loss", true}),
            "!    0.000000 s  m1               fault    power loss");
}

}  // namespace
}  // namespace wavetank::scenarios
