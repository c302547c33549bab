#include "runtime/columnar/ddl.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/text.h"

namespace wavetank::runtime {
namespace {

using ::testing::HasSubstr;

std::string SchemaText(std::string_view ddl) {
  const absl::StatusOr<Schema> schema = ParseDdl(ddl);
  return schema.ok() ? schema->ToText() : schema.status().ToString();
}

TEST(Ddl, KnowsSparksNamesOfTypes) {
  EXPECT_EQ(SchemaText("a BOOLEAN, b tinyint, c Byte, d SMALLINT, e SHORT, f INT, g INTEGER, "
                       "h BIGINT, i LONG, j FLOAT, k REAL, l DOUBLE, m STRING, n BINARY, o DATE, "
                       "p TIMESTAMP, q TIMESTAMP_LTZ"),
            "a: bool, b: int8, c: int8, d: int16, e: int16, f: int32, g: int32, h: int64, "
            "i: int64, j: float, k: float, l: double, m: string, n: binary, o: date, "
            "p: timestamp, q: timestamp");
}

TEST(Ddl, TakesNestedTypes) {
  EXPECT_EQ(SchemaText("a ARRAY<STRUCT<x: INT NOT NULL COMMENT 'it''s', `y z` ARRAY<STRING>>>"),
            SchemaText("a array<struct<x int, `y z`: array<string>>>"));
  EXPECT_EQ(SchemaText("a ARRAY<STRUCT<x: INT, `y z`: ARRAY<STRING>>>"),
            "a: array<struct<x: int32, y z: array<string>>>");
}

TEST(Ddl, NamesMayBeQuotedAndColumnsHaveAttributes) {
  EXPECT_EQ(SchemaText("`a``b, c` INT NOT NULL COMMENT \"so, \\\" what\" ,\n\tid:BIGINT"),
            "a`b, c: int32, id: int64");
  EXPECT_EQ(SchemaText("int INT, n\xc3\xa4me STRING"), "int: int32, n\xc3\xa4me: string");
}

TEST(Ddl, SaysWhatIsWrongAndWhere) {
  const auto wrong = [](std::string_view ddl, std::string_view what) {
    const absl::StatusOr<Schema> schema = ParseDdl(ddl);
    EXPECT_EQ(schema.status().code(), absl::StatusCode::kInvalidArgument) << ddl;
    EXPECT_THAT(std::string(schema.status().message()), HasSubstr(std::string(what)));
  };
  wrong("", "at its end: a column's name is missing");
  wrong("a INT,", "at its end: a column's name is missing");
  wrong("a", "at its end: a type is missing");
  wrong("a INT b INT", "at character 7, 'b INT': a comma is missing");
  wrong("a INT, a STRING", "at character 7, ' a STRING': there are two columns a");
  wrong("a BIGNIT", "there is no type \"BIGNIT\": did you mean \"BIGINT\"?");
  wrong("a DECIMAL(10, 2)", "there is no type DECIMAL here: read it as STRING or DOUBLE");
  wrong("a MAP<STRING, INT>", "there is no type MAP here: read it as STRING");
  wrong("a VARCHAR(3)", "there is no type VARCHAR here: use STRING");
  wrong("a ARRAY", "at its end: ARRAY needs its elements' type");
  wrong("a ARRAY<INT", "at its end: a '>' is missing");
  wrong("a STRUCT<>", "a column's name is missing");
  wrong("a STRUCT", "STRUCT needs fields");
  wrong("`a INT", "a back quote is not closed");
  wrong("`` INT", "a column needs a name");
  wrong("a INT NOT", "NOT needs NULL behind it");
  wrong("a INT COMMENT x", "COMMENT needs a text in quotes");
  wrong("a INT COMMENT 'x", "a quote is not closed");
  wrong("a INT DEFAULT 1", "DEFAULT is not known here");
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "ARRAY<";
  wrong("a " + deep, "types are nested too deeply");
}

}  // namespace
}  // namespace wavetank::runtime
