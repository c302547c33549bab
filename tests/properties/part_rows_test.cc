#include "properties/part_rows.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "properties/plain_json.h"
#include "runtime/connectors/manifest.pb.h"

namespace wavetank::properties {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

runtime::ManifestEntry EntryOf(const std::vector<std::pair<std::string, std::string>>& columns) {
  runtime::ManifestEntry entry;
  for (const auto& [name, type] : columns) {
    runtime::ManifestColumn& column = *entry.add_columns();
    column.set_name(name);
    column.set_type(type);
  }
  return entry;
}

runtime::ManifestPart PartOf(runtime::PartDialect dialect, uint64_t header_bytes = 0) {
  runtime::ManifestPart part;
  part.set_dialect(dialect);
  part.set_header_bytes(header_bytes);
  return part;
}

TEST(RowsOfPart, JsonGivesWhatCsvWouldShow) {
  const auto entry = EntryOf({{"n", "int64"},
                              {"r", "double"},
                              {"f", "float"},
                              {"t", "timestamp"},
                              {"b", "binary"},
                              {"s", "string"},
                              {"a", "array<int64>"}});
  const auto rows = RowsOfPart(
      entry, PartOf(runtime::PART_DIALECT_JSON),
      "{\"n\":-1,\"r\":1.0E10,\"f\":0.1,\"t\":\"2026-01-31T00:00:00.500Z\",\"b\":\"Af8=\","
      "\"s\":\"\\u00e9\\n\",\"a\":[1,2]}\n"
      "{\"r\":\"NaN\",\"t\":\"2026-01-31T00:00:00.000Z\",\"s\":null}\n");
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_THAT(*rows, ElementsAre(ElementsAre("-1", "1e+10", "0.1", "2026-01-31T00:00:00.5Z",
                                             "X'01FF'", "\xc3\xa9\n", "[1,2]"),
                                 ElementsAre("\\N", "nan", "\\N", "2026-01-31T00:00:00Z", "\\N",
                                             "\\N", "\\N")));
}

TEST(RowsOfPart, JsonThatNoWriterMakesIsDamage) {
  const auto entry = EntryOf({{"n", "int64"}});
  for (const char* text : {"{\"n\":\"1\"}\n", "{\"m\":1}\n", "[1]\n", "{\"n\":1\n", "\n"}) {
    EXPECT_TRUE(
        absl::IsDataLoss(RowsOfPart(entry, PartOf(runtime::PART_DIALECT_JSON), text).status()))
        << text;
  }
}

TEST(RowsOfPart, AHeaderIsNoRowAndNamesTheColumns) {
  const auto entry = EntryOf({{"a", "string"}, {"b,c", "string"}});
  const auto part = PartOf(runtime::PART_DIALECT_RFC4180, 8);
  EXPECT_THAT(RowsOfPart(entry, part, "a,\"b,c\"\n1,2\n").value(),
              ElementsAre(ElementsAre("1", "2")));
  EXPECT_THAT(std::string(RowsOfPart(entry, part, "b,\"b,c\"\n1,2\n").status().message()),
              HasSubstr("header"));
}

TEST(RowsOfPart, TextIsLines) {
  const auto entry = EntryOf({{"a", "string"}});
  EXPECT_THAT(RowsOfPart(entry, PartOf(runtime::PART_DIALECT_TEXT), "x\n\n\\N\n").value(),
              ElementsAre(ElementsAre("x"), ElementsAre(""), ElementsAre("")));
  EXPECT_THAT(AsLines({{"\\N"}, {"x\ny"}}),
              ElementsAre(ElementsAre(""), ElementsAre("x"), ElementsAre("y")));
}

TEST(PlainJson, ReadsDocumentsAndNothingElse) {
  const auto compact = [](const char* text) {
    const auto json = ParsePlainJson(text);
    return json ? json->Compact() : "none";
  };
  EXPECT_EQ(compact(" { \"a\" : [ 1 , -0.5e3, NaN, \"\\ud83d\\ude00\\/\" ] , \"b\" : {} } "),
            "{\"a\":[1,-0.5e3,NaN,\"\xf0\x9f\x98\x80/\"],\"b\":{}}");
  for (const char* text : {"", "{", "01", "1.", "nul", "truex", "\"\n\"", "\"\\ud83d\"", "[1,]",
                           "{\"a\"}", "1 2", "'a'"}) {
    EXPECT_EQ(compact(text), "none") << text;
  }
}

}  // namespace
}  // namespace wavetank::properties
