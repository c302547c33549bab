#include "runtime/connectors/delimited_text.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/random.h"

namespace wavetank::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;

std::string Written(const TextRow& row) {
  std::string line;
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) line += ',';
    AppendField(row[i], line);
  }
  return line + "\n";
}

absl::StatusOr<TextRow> Only(absl::StatusOr<TextRow> (*take)(std::string_view&),
                             std::string_view text) {
  absl::StatusOr<TextRow> row = take(text);
  if (row.ok()) EXPECT_EQ(text, "");
  return row;
}

TEST(DelimitedText, OrdinaryFieldsStandAsTheyAre) {
  EXPECT_EQ(Written({"the", "12", "na\xc3\xafve \\N"}), "the,12,na\xc3\xafve \\N\n");
}

TEST(DelimitedText, QuotesWhatRfc4180Does) {
  EXPECT_EQ(Written({"a \"b\"", "1,2", "c\nd", "e\rf", "\""}),
            "\"a \"\"b\"\"\",\"1,2\",\"c\nd\",\"e\rf\",\"\"\"\"\n");
}

TEST(DelimitedText, NullAndEmptyTextAreToldApart) {
  EXPECT_EQ(Written({std::nullopt, "", "\\N"}), ",\"\",\\N\n");
  EXPECT_THAT(*Only(TakeRow, ",\"\",\\N\n"),
              ElementsAre(Eq(std::nullopt), TextField(""), TextField("\\N")));
  EXPECT_THAT(*Only(TakeRow, "\n"), ElementsAre(Eq(std::nullopt)));
}

TEST(DelimitedText, AnyRowsReadBack) {
  platform::Random random(7);
  const std::string alphabet = "ab,\\\n\r\"N\xff";
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<TextRow> rows(1 + random.Below(3));
    std::string text;
    for (TextRow& row : rows) {
      row.resize(1 + random.Below(4));
      for (TextField& field : row) {
        if (random.OneIn(5)) continue;
        field.emplace();
        for (uint64_t left = random.Below(6); left > 0; --left) {
          *field += alphabet[random.Below(alphabet.size())];
        }
      }
      text += Written(row);
    }
    std::string_view left = text;
    for (const TextRow& row : rows) EXPECT_EQ(*TakeRow(left), row) << text;
    EXPECT_EQ(left, "");
  }
}

TEST(DelimitedText, WhatNoWriterMakesIsDamage) {
  for (const char* text : {"a", "\"a", "\"a\"", "a\"b\"\n", "\"a\"b\n", "a\rb\n", "\"a\"\r\n"}) {
    EXPECT_EQ(Only(TakeRow, text).status().code(), absl::StatusCode::kDataLoss) << text;
  }
}

TEST(EscapedText, NullAndEmptyTextAndTheirEscapesAreToldApart) {
  EXPECT_THAT(
      *Only(TakeEscapedRow, "\\N,,\\\\N,a\\,\\n\\r\"\n"),
      ElementsAre(Eq(std::nullopt), TextField(""), TextField("\\N"), TextField("a,\n\r\"")));
}

TEST(EscapedText, EscapesThatNoWriterMadeAreDamage) {
  for (const char* text : {"a\\\n", "\\x\n", "a\\N\n", "\\Na\n", "a"}) {
    EXPECT_EQ(Only(TakeEscapedRow, text).status().code(), absl::StatusCode::kDataLoss) << text;
  }
}

}  // namespace
}  // namespace wavetank::runtime
