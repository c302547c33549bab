// What oracles read in files, held against what the engine's decoders read in the same lines: each
// is written without the other.
#include "properties/interpreter/plain_files.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/columnar/ddl.h"
#include "runtime/connectors/formats/row_decoder.h"

namespace wavetank::properties {
namespace {

using Options = std::map<std::string, std::string>;
using testing::ElementsAre;
using testing::HasSubstr;

runtime::SchemaPtr SchemaOfDdl(const std::string& ddl) {
  return std::make_shared<const runtime::Schema>(runtime::ParseDdl(ddl).value());
}

std::vector<PlainColumn> ColumnsOf(const runtime::Schema& schema) {
  std::vector<PlainColumn> columns;
  for (const runtime::Field& field : schema.fields()) {
    columns.push_back({field.name, static_cast<PlainKind>(field.type.kind())});
  }
  return columns;
}

std::vector<std::string> ByOracle(const std::string& format, const Options& options,
                                  const runtime::Schema& schema,
                                  const std::vector<std::string>& lines) {
  const auto files = MakePlainFiles(format, options, ColumnsOf(schema));
  EXPECT_TRUE(files.ok()) << files.status();
  std::vector<std::string> rows;
  const auto read = (*files)({.lines = lines, .file_ends = {lines.size()}});
  for (const PlainRow& row : read.front().rows) {
    std::string& text = rows.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) {
      const PlainKind kind = static_cast<PlainKind>(schema.field(static_cast<int>(i)).type.kind());
      absl::StrAppend(&text, row[i].is_null() ? "null" : TextOf(row[i], kind), "|");
    }
  }
  return rows;
}

std::vector<std::string> ByEngine(const std::string& format, const Options& options,
                                  const runtime::SchemaPtr& schema,
                                  const std::vector<std::string>& lines) {
  const auto decoder = runtime::MakeDecoder(format, schema, options);
  EXPECT_TRUE(decoder.ok()) << decoder.status();
  std::string text;
  for (const std::string& line : lines) absl::StrAppend(&text, line, "\n");
  std::vector<std::string> rows;
  for (const auto& batch : {(*decoder)->Decode(text), (*decoder)->Finish()}) {
    EXPECT_TRUE(batch.ok()) << batch.status();
    for (int64_t row = 0; batch.ok() && row < batch->num_rows(); ++row) {
      std::string& shown = rows.emplace_back();
      for (const runtime::Column& column : batch->columns()) {
        absl::StrAppend(&shown, column.IsNull(row) ? "null" : column.CellText(row), "|");
      }
    }
  }
  return rows;
}

constexpr char kColumns[] = "a STRING, b TINYINT, c DOUBLE, d BOOLEAN, e TIMESTAMP, f DATE";

TEST(PlainFiles, CsvIsWhatTheEngineReads) {
  const std::vector<std::string> lines = {
      "a,b,c,d,e,f",
      "one,1,1.5,true,2026-01-31,2026-01-31",
      "\"x, \"\"y\",127,-.5e3,FALSE,2026-01-31T10:00:00+02:00,2026-1-1",
      "\"quoted \\\" and \\\\\" ,-128,NaN,True,1700000000,2026",
      "\"not \"closed, -1,Inf,no,x,2026-02-30",
      "\"never closed, 1",
      "",
      " , 1,1 ,,,",
      "-,+5,-Inf,,,-",
      "\"\",128,1e400,,,2026-01-31 10:00",
      "1,2,3,true,2026-01-31,2026-01-31,7",
      "a\\,b,1"};
  const runtime::SchemaPtr schema = SchemaOfDdl(kColumns);
  for (const Options& options :
       {Options{}, Options{{"header", "true"}, {"nullValue", "-"}},
        Options{{"mode", "DROPMALFORMED"}}, Options{{"escape", "\""}}, Options{{"quote", ""}}}) {
    EXPECT_EQ(ByOracle("csv", options, *schema, lines), ByEngine("csv", options, schema, lines));
  }
  const std::vector<std::string> bars = {"a||1||2.5", "||\"x||y\"||"};
  const runtime::SchemaPtr three = SchemaOfDdl("a STRING, b STRING, c DOUBLE");
  EXPECT_EQ(ByOracle("csv", {{"sep", "||"}}, *three, bars),
            ByEngine("csv", {{"sep", "||"}}, three, bars));
}

TEST(PlainFiles, JsonIsWhatTheEngineReads) {
  const std::vector<std::string> lines = {
      "{\"a\":\"x\",\"b\":1,\"c\":1,\"d\":true,\"e\":\"2026-01-31T00:00:00Z\",\"f\":\"2026-01-"
      "31\"}",
      "{\"f\":null,\"a\":{\"k\": [1, 2.5, \"e\"]},\"b\":128,\"c\":\"NaN\"}",
      "{\"b\":1.0,\"c\":-Infinity,\"e\":1700000000,\"d\":\"true\"}",
      "[{\"a\":1},{\"a\":true,\"a\":null}]",
      "[]",
      "5",
      "{\"a\":\"unfinished",
      "",
      "{\"c\":1e400,\"e\":\"soon\",\"b\":-128} ",
      "{\"a\":\"\\ud83d\\ude00\",\"c\":+INF}"};
  const runtime::SchemaPtr schema = SchemaOfDdl(kColumns);
  for (const Options& options : {Options{}, Options{{"mode", "DROPMALFORMED"}}}) {
    EXPECT_EQ(ByOracle("json", options, *schema, lines), ByEngine("json", options, schema, lines));
  }
}

TEST(PlainFiles, RateCountsUpWithinEachSecond) {
  const auto files = MakePlainFiles("rate", {{"rowsPerSecond", "2"}}, {});
  ASSERT_TRUE(files.ok()) << files.status();
  const auto rows = (*files)({.lines = {}, .from = "10:4", .to = "12:8"}).front().rows;
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[1][0].number(), 10'500'000);
  EXPECT_EQ(rows[3][1].number(), 7);
}

TEST(PlainFiles, WhatTheyDoNotReadTheyName) {
  const auto why = [](const std::string& format, const Options& options,
                      std::vector<PlainColumn> columns) {
    return std::string(MakePlainFiles(format, options, std::move(columns)).status().message());
  };
  EXPECT_THAT(why("csv", {{"multiLine", "true"}}, {}), HasSubstr("csv by the option multiLine"));
  EXPECT_THAT(why("json", {{"lineSep", ";"}}, {}), HasSubstr("json by the option lineSep"));
  EXPECT_THAT(why("text", {{"wholetext", "true"}}, {}), HasSubstr("text by the option wholetext"));
  EXPECT_THAT(why("csv", {{"mode", "FAILFAST"}}, {}), HasSubstr("FAILFAST"));
  EXPECT_THAT(why("json", {}, {{"a", PlainKind::kArray}}), HasSubstr("arrays and structs"));
  EXPECT_THAT(why("json", {}, {{"_corrupt_record", PlainKind::kString}}),
              HasSubstr("_corrupt_record"));
  EXPECT_THAT(why("socket", {}, {}), HasSubstr("a source of format socket"));
}

}  // namespace
}  // namespace wavetank::properties
