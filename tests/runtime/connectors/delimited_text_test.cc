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

std::string Line(const TextRow& row) {
  std::string line;
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) line += ',';
    if (row[i]) {
      AppendTextField(*row[i], line);
    } else {
      AppendNullField(line);
    }
  }
  return line;
}

TEST(DelimitedText, OrdinaryFieldsStandAsTheyAre) {
  EXPECT_EQ(Line({"the", "12", "na\xc3\xafve \"text\""}), "the,12,na\xc3\xafve \"text\"");
}

TEST(DelimitedText, NullAndEmptyTextAndTheirEscapesAreToldApart) {
  EXPECT_EQ(Line({std::nullopt, "", "\\N"}), "\\N,,\\\\N");
  EXPECT_THAT(*ParseTextRow("\\N,,\\\\N"),
              ElementsAre(Eq(std::nullopt), TextField(""), TextField("\\N")));
}

TEST(DelimitedText, AnyRowReadsBackAndStaysOnOneLine) {
  platform::Random random(7);
  const std::string alphabet = "ab,\\\n\rN\xff";
  for (int trial = 0; trial < 2000; ++trial) {
    TextRow row(1 + random.Below(4));
    for (TextField& field : row) {
      if (random.OneIn(5)) continue;
      field.emplace();
      for (uint64_t left = random.Below(6); left > 0; --left) {
        *field += alphabet[random.Below(alphabet.size())];
      }
    }
    const std::string line = Line(row);
    EXPECT_EQ(line.find_first_of("\n\r"), std::string::npos);
    EXPECT_EQ(*ParseTextRow(line), row) << line;
  }
}

TEST(DelimitedText, EscapesThatNoWriterMakesAreDamage) {
  for (const char* line : {"a\\", "\\x", "a\\N", "\\Na"}) {
    EXPECT_EQ(ParseTextRow(line).status().code(), absl::StatusCode::kDataLoss) << line;
  }
}

}  // namespace
}  // namespace wavetank::runtime
