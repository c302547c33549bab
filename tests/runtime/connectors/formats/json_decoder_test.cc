#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/connectors/formats/decoding.h"

namespace wavetank::runtime {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> Json(std::string_view ddl, std::string_view text,
                              const DecoderOptions& options = {}) {
  return Shown("json", ddl, options, text);
}

TEST(JsonDecoder, ReadsEachType) {
  EXPECT_THAT(
      Json(
          "a BOOLEAN, b BYTE, c SHORT, d INT, e BIGINT, f FLOAT, g DOUBLE, h STRING, i BINARY, "
          "j DATE, k TIMESTAMP",
          "{\"a\":true,\"b\":-128,\"c\":7,\"d\":-0,\"e\":-9223372036854775808,\"f\":1.5,\"g\":1e3,"
          "\"h\":\"x\",\"i\":\"AQ==\",\"j\":\"2026-01-31\",\"k\":\"2026-01-31T10:11:12.5+01:00\"}\n"
          "{\"k\": 3, \"g\": 12, \"a\": false}\n"),
      ElementsAre("true|-128|7|0|-9223372036854775808|1.5|1000|'x'|X'01'|2026-01-31|"
                  "2026-01-31T09:11:12.5Z",
                  "false|null|null|null|null|null|12|null|null|null|1970-01-01T00:00:03Z"));
}

TEST(JsonDecoder, FieldsAreFoundByNameAndTheLastOfEqualNamesCounts) {
  EXPECT_THAT(Json("a INT, b STRING",
                   "{\"b\":\"x\",\"a\":1}\n{\"c\":{\"a\":7},\"a\":2}\n{}\n{\"a\":null}\n"
                   "{\"A\":1,\"\\u0061\":3}\n{\"a\":1,\"b\":\"y\",\"a\":2}\n"),
              ElementsAre("1|'x'", "2|null", "null|null", "null|null", "3|null", "2|'y'"));
  EXPECT_THAT(Json("`a\\b` INT, `\"` INT", "{\"a\\\\b\":1,\"\\\"\":2,\"a\\b\":3}\n"),
              ElementsAre("1|2"));
}

TEST(JsonDecoder, StringsHaveEscapes) {
  EXPECT_THAT(
      Json("s STRING", "{\"s\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00 \xc3\xa9\"}"),
      ElementsAre("'\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x98\x80 \xc3\xa9'"));
  EXPECT_THAT(Json("s STRING", "{\"s\":\"\\x\"}\n{\"s\":\"\\u12\"}\n{\"s\":\"\\ud800\"}\n"),
              ElementsAre("null", "null", "null", "3 malformed"));
}

TEST(JsonDecoder, AStringColumnHasTheJsonOfAnythingElse) {
  EXPECT_THAT(Json("s STRING",
                   "{\"s\": 1.50 }\n{\"s\":true}\n{\"s\" : { \"a\" : [ 1 , \"x y\" ] , \"b\":{}}}\n"
                   "{\"s\":[]}\n{\"s\":null}\n"),
              ElementsAre("'1.50'", "'true'", "'{\"a\":[1,\"x y\"],\"b\":{}}'", "'[]'", "null"));
}

TEST(JsonDecoder, AValueThatItsColumnCannotHaveIsNullAndTheOthersStay) {
  for (const std::string value :
       {"128", "-129", "1.0", "1e2", "\"1\"", "true", "{\"x\":1}", "[1]", "99999999999999999999"}) {
    EXPECT_THAT(Json("a BYTE, b INT", "{\"a\":" + value + ",\"b\":2}"),
                ElementsAre("null|2", "1 malformed"))
        << value;
  }
  EXPECT_THAT(Json("a BIGINT", "{\"a\":9223372036854775808}\n{\"a\":-9223372036854775809}\n"),
              ElementsAre("null", "null", "2 malformed"));
  EXPECT_THAT(Json("a BOOLEAN", "{\"a\":1}\n{\"a\":\"true\"}"),
              ElementsAre("null", "null", "2 malformed"));
  EXPECT_THAT(Json("a DATE, b TIMESTAMP, c BINARY, d DOUBLE",
                   "{\"a\":1,\"b\":1.5,\"c\":\"*\",\"d\":\"1\"}\n"
                   "{\"a\":\"x\",\"b\":\"x\",\"c\":1,\"d\":\"\"}\n"
                   "{\"b\":9223372036854775807,\"a\":[],\"c\":{},\"d\":{}}\n"),
              ElementsAre("null|null|null|null", "null|null|null|null", "null|null|null|null",
                          "3 malformed"));
}

TEST(JsonDecoder, NumbersThatAreNoneMayBeNamed) {
  EXPECT_THAT(Json("a DOUBLE",
                   "{\"a\":NaN}\n{\"a\":-Infinity}\n{\"a\":\"+INF\"}\n{\"a\":\"-INF\"}\n"
                   "{\"a\":Infinity}\n{\"a\":1e999}\n"),
              ElementsAre("nan", "-inf", "inf", "-inf", "inf", "inf"));
  EXPECT_THAT(Json("a DOUBLE, b INT", "{\"b\":1,\"a\":NaN}\n{\"b\":1,\"a\":\"NaN\"}\n",
                   {{"allowNonNumericNumbers", "false"}}),
              ElementsAre("null|null", "null|1", "2 malformed"));
  EXPECT_THAT(Json("b INT", "{\"a\":NaN,\"b\":-Infinity}\n"), ElementsAre("null", "1 malformed"));
}

TEST(JsonDecoder, StructsAndArraysAreReadPartByPart) {
  EXPECT_THAT(
      Json("s STRUCT<a: INT, b: ARRAY<STRING>>, n ARRAY<ARRAY<INT>>",
           "{\"s\":{\"b\":[\"x\",null,1],\"a\":1,\"z\":[{}]},\"n\":[[1,2],[],null]}\n"
           "{\"s\":{},\"n\":[]}\n{\"s\":null}\n"),
      ElementsAre("{1, ['x', null, '1']}|[[1, 2], [], null]", "{null, null}|[]", "null|null"));
}

TEST(JsonDecoder, OfNestedValuesWhatCanBeReadStays) {
  const std::string ddl = "s STRUCT<a: INT, b: INT>, n ARRAY<INT>, m ARRAY<STRUCT<a: INT, b: INT>>";
  EXPECT_THAT(Json(ddl, "{\"s\":{\"a\":\"x\",\"b\":2},\"n\":[1,2]}\n"),
              ElementsAre("{null, 2}|[1, 2]|null", "1 malformed"));
  EXPECT_THAT(Json(ddl, "{\"n\":[1,\"x\",2],\"s\":{\"a\":1,\"b\":2}}\n{\"n\":[3]}\n"),
              ElementsAre("{1, 2}|null|null", "null|[3]|null", "1 malformed"));
  EXPECT_THAT(Json(ddl, "{\"m\":[{\"a\":1},{\"a\":\"x\",\"b\":2}]}\n{\"m\":[{\"a\":1},7]}\n"),
              ElementsAre("null|null|[{1, null}, {null, 2}]", "null|null|null", "2 malformed"));
  EXPECT_THAT(Json(ddl, "{\"s\":1,\"n\":{},\"m\":\"\"}\n"),
              ElementsAre("null|null|null", "1 malformed"));
}

TEST(JsonDecoder, WhatIsNoJsonIsARowOfNulls) {
  for (const std::string line : {"x",
                                 "{",
                                 "}",
                                 "{\"a\"}",
                                 "{\"a\":}",
                                 "{\"a\":1",
                                 "{\"a\":1,}",
                                 "{\"a\":1]",
                                 "{,}",
                                 "{\"a\":1 \"b\":2}",
                                 "{\"a\":01}",
                                 "{\"a\":1.}",
                                 "{\"a\":.5}",
                                 "{\"a\":+1}",
                                 "{\"a\":tru}",
                                 "{\"a\":nul}",
                                 "{'a':1}",
                                 "{a:1}",
                                 "{\"a\":\"x}",
                                 "{\"a\":1}{\"a\":2}",
                                 "{\"a\":1} x",
                                 "{\"z\":tru}",
                                 "{\"z\":[1,]}",
                                 "{\"z\":[1 2]}",
                                 "{\"z\":{\"q\":\"\\x\"}}",
                                 "1",
                                 "null",
                                 "\"a\"",
                                 "[1]",
                                 "[{\"a\":1},2]",
                                 "[{\"a\":1}",
                                 "[{\"a\":1}]]",
                                 "{\"a\":\"\x01\"}",
                                 "{\"a\":\"\xff\"}",
                                 "\xff",
                                 "{\"a\":1}\xff"}) {
    EXPECT_THAT(Json("a INT, _corrupt_record STRING", line + "\n{\"a\":1}\n"),
                ElementsAre("null|'" + line + "'", "1|null", "1 malformed"))
        << line;
  }
  const std::string nul("{\"a\":1}\0", 8);
  EXPECT_THAT(Json("a INT", nul), ElementsAre("null", "1 malformed"));
}

TEST(JsonDecoder, DepthIsBounded) {
  const auto nested = [](size_t depth) {
    return "{\"z\":" + std::string(depth, '[') + std::string(depth, ']') + ",\"a\":1}\n";
  };
  EXPECT_THAT(Json("a INT", nested(900)), ElementsAre("1"));
  EXPECT_THAT(Json("a INT", nested(100'000)), ElementsAre("null", "1 malformed"));
}

TEST(JsonDecoder, ALineMayBeAnArrayOfObjectsAndBlankOnesAreNone) {
  EXPECT_THAT(Json("a INT", "[{\"a\":1}, {\"a\":2}]\n\n \t \n[]\n{\"a\":3}"),
              ElementsAre("1", "2", "3"));
  EXPECT_THAT(Json("a INT, _corrupt_record STRING", "[{\"a\":1},{\"a\":\"x\"}]\n"),
              ElementsAre("1|'[{\"a\":1},{\"a\":\"x\"}]'", "null|'[{\"a\":1},{\"a\":\"x\"}]'",
                          "1 malformed"));
}

TEST(JsonDecoder, ModesSayWhatBecomesOfMalformedRecords) {
  const std::string text =
      "{\"a\":1}\n{\"a\":x}\n{\"a\":\"x\"}\n[{\"a\":5},{\"a\":[]}]\n{\"a\":4}\n";
  EXPECT_THAT(Json("a INT", text),
              ElementsAre("1", "null", "null", "5", "null", "4", "3 malformed"));
  EXPECT_THAT(Json("a INT", text, {{"mode", "dropMalformed"}}),
              ElementsAre("1", "4", "3 malformed"));
  EXPECT_THAT(Json("a INT", text, {{"mode", "FAILFAST"}}),
              ElementsAre(HasSubstr("line 2 is malformed: it is no JSON object, nor an array of "
                                    "such, in '{\\\"a\\\":x}'; the mode is FAILFAST")));
  EXPECT_THAT(Json("a INT", "\n{\"a\":\"x\"}\n", {{"mode", "FAILFAST"}}),
              ElementsAre(HasSubstr("line 2 is malformed: \\\"x\\\" is no int32")));
  EXPECT_THAT(Json("a INT", "{\"a\":\"x}\n", {{"mode", "FAILFAST"}}),
              ElementsAre(HasSubstr("line 1 is malformed: it is not UTF-8, or has a string that is "
                                    "not closed")));
}

TEST(JsonDecoder, AColumnOfCorruptRecordsIsNoField) {
  EXPECT_THAT(Json("bad STRING, a INT", "{\"bad\":\"x\",\"a\":1}\n",
                   {{"columnNameOfCorruptRecord", "bad"}}),
              ElementsAre("null|1"));
}

TEST(JsonDecoder, LinesEndInThreeWaysOrAsIsSaid) {
  EXPECT_THAT(Json("a INT", "\xef\xbb\xbf{\"a\":1}\r\n{\"a\":2}\r{\"a\":3}\n{\"a\":4}"),
              ElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(Json("a INT", "{\"a\":\n1};{\"a\":2};", {{"lineSep", ";"}}), ElementsAre("1", "2"));
  EXPECT_THAT(Json("a INT", "{\"a\":1}\n{\"a\":\n2}\n"),
              ElementsAre("1", "null", "null", "2 malformed"));
}

TEST(JsonDecoder, LongLinesAndManyAreRead) {
  const std::string pad(200'000, 'x');
  std::string text;
  for (int i = 0; i < 20; ++i) {
    text += "{\"pad\":\"" + (i % 5 == 0 ? pad : std::string("y")) + "\",\"a\":7}\n";
  }
  EXPECT_THAT(Json("a INT", text), Each("7"));
  EXPECT_EQ(Json("a INT", text).size(), 20u);
  EXPECT_THAT(Json("a INT", ""), IsEmpty());
}

TEST(JsonDecoder, RefusesColumnsThatItCannotFill) {
  const auto schema = std::make_shared<const Schema>(
      std::vector<Field>{{"a", DataType::Array(DataType::kInterval)}});
  EXPECT_THAT(std::string(MakeDecoder("json", schema, {}).status().message()),
              HasSubstr("column a is of type array<interval>, which format json does not have"));
}

}  // namespace
}  // namespace wavetank::runtime
