#include "scenarios/junit_report.h"

#include <string>

#include "gtest/gtest.h"

namespace wavetank::scenarios {
namespace {

TEST(JUnit, ShowsEachVerdictAsATestCase) {
  RunReport passed;
  passed.scenario = "fine";
  passed.file = "scenarios/structured/fine.textproto";
  passed.verdict = Verdict::kPass;
  passed.seed = 7;
  RunReport failed = passed;
  failed.scenario = "a<b>\"&";
  failed.verdict = Verdict::kViolation;
  failed.reasons = {"lost: r1 & r2", "phantom"};
  RunReport unsure = passed;
  unsure.verdict = Verdict::kInconclusive;
  const std::string xml = ToJUnit({passed, failed, unsure});
  EXPECT_NE(xml.find("tests=\"3\" failures=\"1\" errors=\"1\""), std::string::npos) << xml;
  EXPECT_NE(xml.find("<testcase classname=\"scenarios/structured\" name=\"fine\""),
            std::string::npos);
  EXPECT_NE(xml.find("<property name=\"seed\" value=\"7\"/>"), std::string::npos);
  EXPECT_NE(xml.find("name=\"a&lt;b&gt;&quot;&amp;\""), std::string::npos);
  EXPECT_NE(xml.find("<failure type=\"violation\" message=\"lost: r1 &amp; r2; phantom\">"),
            std::string::npos);
  EXPECT_NE(xml.find("<error type=\"inconclusive\""), std::string::npos);
}

TEST(JUnit, HoldsOnlyWhatXmlCanHold) {
  EXPECT_EQ(EscapeXml("a\tb\nc\rd"), "a\tb\nc&#13;d");
  const std::string replaced = "\xEF\xBF\xBD";
  EXPECT_EQ(EscapeXml(std::string("\0\x1b", 2)), replaced + replaced);
  EXPECT_EQ(EscapeXml("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x8c\x8a"),
            "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x8c\x8a");
  // Cut short, too long, a surrogate, beyond the last one, no character.
  EXPECT_EQ(EscapeXml("\xc3"), replaced);
  EXPECT_EQ(EscapeXml("\xc0\x80"), replaced + replaced);
  EXPECT_EQ(EscapeXml("\xed\xa0\x80"), replaced);
  EXPECT_EQ(EscapeXml("\xf5\x80\x80\x80"), replaced + replaced + replaced + replaced);
  EXPECT_EQ(EscapeXml("\xef\xbf\xbf"), replaced);
}

}  // namespace
}  // namespace wavetank::scenarios
