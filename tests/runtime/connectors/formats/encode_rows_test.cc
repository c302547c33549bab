#include "runtime/connectors/formats/encode_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "runtime/connectors/delimited_text.h"
#include "tests/runtime/columnar/random_batch.h"
#include "tests/runtime/connectors/formats/decoding.h"

namespace wavetank::runtime {
namespace {

using ::testing::HasSubstr;

RecordBatch OneRow(std::vector<Field> fields, std::vector<Column> columns) {
  return RecordBatch(std::make_shared<const Schema>(std::move(fields)), std::move(columns), 1);
}

std::string JsonOf(DataType type, Column column) {
  std::string text;
  EncodeJson(OneRow({{"a", std::move(type)}}, {std::move(column)}), text);
  return text;
}

TEST(EncodeJson, WritesEachTypeAsSparkDoes) {
  EXPECT_EQ(JsonOf(DataType::kBool, ColumnBuilder(DataType::kBool).Bool(true).Finish()),
            "{\"a\":true}\n");
  EXPECT_EQ(JsonOf(DataType::kInt8, ColumnBuilder(DataType::kInt8).Fixed(int8_t{-7}).Finish()),
            "{\"a\":-7}\n");
  EXPECT_EQ(JsonOf(DataType::kBinary, ColumnBuilder(DataType::kBinary).String("\x01").Finish()),
            "{\"a\":\"AQ==\"}\n");
  EXPECT_EQ(JsonOf(DataType::kDate, ColumnBuilder(DataType::kDate).Fixed(int32_t{31}).Finish()),
            "{\"a\":\"1970-02-01\"}\n");
  EXPECT_EQ(JsonOf(DataType::kTimestamp, ColumnBuilder(DataType::kTimestamp).Int64(1).Finish()),
            "{\"a\":\"1970-01-01T00:00:00.000001Z\"}\n");
  const auto time = [](int64_t micros) {
    return JsonOf(DataType::kTimestamp, ColumnBuilder(DataType::kTimestamp).Int64(micros).Finish());
  };
  EXPECT_EQ(time(0), "{\"a\":\"1970-01-01T00:00:00.000Z\"}\n");
  EXPECT_EQ(time(1'500'000), "{\"a\":\"1970-01-01T00:00:01.500Z\"}\n");
  EXPECT_EQ(time(1'500), "{\"a\":\"1970-01-01T00:00:00.001500Z\"}\n");
  EXPECT_EQ(JsonOf(DataType::kString, ColumnBuilder(DataType::kString).Null().Finish()), "{}\n");
}

TEST(EncodeJson, RealNumbersAreToldFromWholeOnes) {
  const auto real = [](double value) {
    return JsonOf(DataType::kDouble, ColumnBuilder(DataType::kDouble).Double(value).Finish());
  };
  EXPECT_EQ(real(1), "{\"a\":1.0}\n");
  EXPECT_EQ(real(-0.0), "{\"a\":-0.0}\n");
  EXPECT_EQ(real(0.1), "{\"a\":0.1}\n");
  EXPECT_EQ(real(1e300), "{\"a\":1.0E300}\n");
  EXPECT_EQ(real(12345678), "{\"a\":1.2345678E7}\n");
  EXPECT_EQ(real(0.0001), "{\"a\":1.0E-4}\n");
  EXPECT_EQ(real(std::nan("")), "{\"a\":\"NaN\"}\n");
  EXPECT_EQ(real(std::numeric_limits<double>::infinity()), "{\"a\":\"Infinity\"}\n");
  EXPECT_EQ(real(-std::numeric_limits<double>::infinity()), "{\"a\":\"-Infinity\"}\n");
  EXPECT_EQ(JsonOf(DataType::kFloat, ColumnBuilder(DataType::kFloat).Fixed(0.1f).Finish()),
            "{\"a\":0.1}\n");
}

TEST(EncodeJson, StringsAreEscapedAndAreUtf8) {
  const auto string = [](std::string_view value) {
    return JsonOf(DataType::kString, ColumnBuilder(DataType::kString).String(value).Finish());
  };
  EXPECT_EQ(string("\"\\\b\f\n\r\t\x01\x1f/ \xc3\xa9"),
            "{\"a\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001F/ \xc3\xa9\"}\n");
  // Too short, too long, a surrogate, beyond the last one, a continuation alone.
  EXPECT_EQ(string("\xc3|\xc0\xaf|\xed\xa0\x80|\xf4\x90\x80\x80|\x80|\xf0\x9f\x98\x80"),
            "{\"a\":\"\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|"
            "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd|\xf0\x9f\x98\x80\"}\n");
}

TEST(EncodeJson, NestedValuesKeepNullsInArraysOnly) {
  const std::string text =
      "{\"s\":{\"b\":[\"x\",null,\"\"]},\"m\":[{\"a\":1},{},null]}\n{\"m\":[]}\n";
  const Decoded decoded = DecodeAll(
      "json", SchemaOf("s STRUCT<a: INT, b: ARRAY<STRING>>, m ARRAY<STRUCT<a: INT>>"), {}, text);
  std::string encoded;
  EncodeJson(decoded.rows, encoded);
  EXPECT_EQ(encoded, text);
}

TEST(EncodeJson, WritesNullsWhereItIsTold) {
  const std::string text = "{\"s\":{\"b\":null},\"m\":null}\n";
  const Decoded decoded =
      DecodeAll("json", SchemaOf("s STRUCT<b: INT>, m ARRAY<INT>"), {}, "{\"s\":{}}\n");
  std::string encoded;
  EncodeJson(decoded.rows, encoded, JsonNulls::kWritten);
  EXPECT_EQ(encoded, text);
}

TEST(EncodeText, ARowIsALineAsItIs) {
  std::string text;
  EncodeText(OneRow({{"a", DataType::kString}},
                    {ColumnBuilder(DataType::kString).String("x,\"y\"\\").Finish()}),
             text);
  EncodeText(OneRow({{"a", DataType::kString}}, {ColumnBuilder(DataType::kString).Null().Finish()}),
             text);
  EXPECT_EQ(text, "x,\"y\"\\\n\n");
}

TEST(Encode, TypesThatAFormatHasNotAreRefused) {
  const Schema schema({{"a", DataType::Array(DataType::kInt64)}, {"b", DataType::kInterval}});
  EXPECT_THAT(std::string(CheckEncodable("csv", schema).message()),
              HasSubstr("column \"a\" is array<int64>, which format csv does not have: select"));
  EXPECT_THAT(std::string(CheckEncodable("json", schema).message()),
              HasSubstr("column \"b\" is interval, which format json does not have: cast"));
  EXPECT_THAT(std::string(CheckEncodable("csv", *SchemaOf("a BINARY")).message()),
              HasSubstr("column \"a\" is binary, which format csv does not have: cast"));
  EXPECT_TRUE(CheckEncodable("csv", *SchemaOf("a INT")).ok());
  EXPECT_THAT(std::string(CheckEncodable("text", *SchemaOf("a STRING, n INT")).message()),
              HasSubstr("writes one string column, and there are 2 (a: string, n: int32)"));
  EXPECT_THAT(std::string(CheckEncodable("text", *SchemaOf("n INT")).message()),
              HasSubstr("writes one string column, and there are 1 (n: int32)"));
  EXPECT_TRUE(CheckEncodable("text", *SchemaOf("a STRING")).ok());
}

// Rows without what text of a column cannot say again: NaN, which is written as "nan".
RecordBatch RandomRows(platform::Random& random, bool with_reals) {
  std::vector<DataType> types(1 + random.Below(4), DataType::kString);
  for (DataType& type : types) {
    do {
      type = RandomType(random);
    } while (
        (type == DataType::kBinary || type == DataType::kTimestamp || type == DataType::kDate) ||
        (!with_reals && (type == DataType::kFloat || type == DataType::kDouble)));
  }
  const int64_t rows = random.Between(0, 50);
  return RandomBatch(random, types, rows);
}

RC_GTEST_PROP(EncodeCsv, ReadsBackAsWhatWasWritten, (uint64_t seed)) {
  platform::Random random(seed);
  const RecordBatch rows = RandomRows(random, /*with_reals=*/false);
  std::string text;
  EncodeCsv(rows, text);
  // A row of a single null is a blank line, which csv skips.
  RC_PRE(rows.schema().size() > 1);
  const Decoded decoded =
      DecodeAll("csv", rows.schema_ptr(),
                {{"escape", "\""}, {"multiLine", "true"}, {"nullValue", "\\N"}}, text, &random);
  RC_ASSERT(decoded.status.ok());
  RC_ASSERT(decoded.malformed == 0);
  RC_ASSERT(decoded.rows == rows);
  // And as the file sink's readers have it.
  std::string_view rest = text;
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    const auto fields = TakeRow(rest);
    RC_ASSERT(fields.ok());
    RC_ASSERT(static_cast<int>(fields->size()) == rows.schema().size());
    for (int i = 0; i < rows.schema().size(); ++i) {
      const TextField& field = (*fields)[static_cast<size_t>(i)];
      RC_ASSERT(field.has_value() != rows.column(i).IsNull(row));
      if (field) RC_ASSERT(*field == rows.column(i).CellText(row));
    }
  }
  RC_ASSERT(rest.empty());
}

// With letters for bytes that are no UTF-8 by themselves.
RecordBatch InAscii(const RecordBatch& rows) {
  std::vector<Column> columns;
  for (const Column& column : rows.columns()) {
    ColumnBuilder builder(column.type());
    for (int64_t row = 0; row < column.size(); ++row) {
      if (column.type() != DataType::kString || column.IsNull(row)) {
        builder.Copy(column, row);
        continue;
      }
      std::string text(column.StringAt(row));
      std::replace_if(text.begin(), text.end(), [](char c) { return c < 0; }, 'e');
      builder.String(text);
    }
    columns.push_back(builder.Finish());
  }
  return RecordBatch(rows.schema_ptr(), std::move(columns), rows.num_rows());
}

RC_GTEST_PROP(EncodeJson, ReadsBackAsWhatWasWritten, (uint64_t seed)) {
  platform::Random random(seed);
  const RecordBatch rows = InAscii(RandomRows(random, /*with_reals=*/true));
  std::string text;
  EncodeJson(rows, text);
  const Decoded decoded = DecodeAll("json", rows.schema_ptr(), {}, text, &random);
  RC_ASSERT(decoded.status.ok());
  RC_ASSERT(decoded.malformed == 0);
  RC_ASSERT(RowsShown(decoded.rows) == RowsShown(rows));
}

}  // namespace
}  // namespace wavetank::runtime
