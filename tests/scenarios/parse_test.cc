#include "scenarios/parse.h"

#include "gtest/gtest.h"

namespace wavetank::scenarios {
namespace {

std::string ErrorOf(const std::string& text) {
  const auto parsed = ParseScenario("a.textproto", text);
  return parsed.ok() ? "" : std::string(parsed.status().message());
}

TEST(ParseScenario, NamesTheNearestFieldWithFileLineAndColumn) {
  EXPECT_EQ(ErrorOf("schema_version: 1\njob {\n  nane: \"x\"\n}\n"),
            "a.textproto:3:3: Job has no field \"nane\": did you mean \"name\"?");
}

TEST(ParseScenario, ListsTheFieldsWhenNoneIsNear) {
  EXPECT_EQ(ErrorOf("schema_version: 1\njob { zzzzzzzz: 1 }\n"),
            "a.textproto:2:7: Job has no field \"zzzzzzzz\"; there are name, parameter, change");
}

TEST(ParseScenario, NamesTheNearestEnumValue) {
  EXPECT_EQ(ErrorOf("schema_version: 1\nexpect { guarantee: EXACTLY_ONE }\n"),
            "a.textproto:2:21: guarantee has no value \"EXACTLY_ONE\": did you mean "
            "\"EXACTLY_ONCE\"?");
}

TEST(ParseScenario, RefusesAMissingOrUnknownSchemaVersion) {
  EXPECT_EQ(ErrorOf("name: \"x\"\n"),
            "a.textproto:1:1: schema_version is missing: begin with schema_version: 1");
  EXPECT_EQ(ErrorOf("name: \"x\"\nschema_version: 9\n"),
            "a.textproto:2:1: schema_version 9 is not one that this program knows (1): use a newer "
            "wavetank");
}

TEST(ParseScenario, RefusesTextThatIsNoScenario) {
  EXPECT_EQ(ErrorOf("schema_version 1"), "a.textproto:1:16: Expected \":\", found \"1\".");
}

TEST(ParseScenario, PlacesErrorsOfMeaningAtTheirField) {
  const auto parsed = ParseScenario(
      "a.textproto", "schema_version: 1\nfault { kind: \"a\" }\nfault {\n  kind: \"b\"\n}\n");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->ErrorAt(parsed->scenario->fault(1), "kind", 0, "no such kind").message(),
            "a.textproto:4:3: no such kind");
  EXPECT_EQ(parsed->ErrorAt(parsed->scenario->fault(1), "target", 0, "no target").message(),
            "a.textproto:3:1: no target");
}

}  // namespace
}  // namespace wavetank::scenarios
