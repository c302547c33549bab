#include "runtime/columnar/text_lines.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace wavetank::runtime {
namespace {

std::vector<std::string> LinesOf(std::string_view text) {
  const RecordBatch batch = TextLines(text);
  std::vector<std::string> lines;
  for (int64_t row = 0; row < batch.num_rows(); ++row) lines.push_back(batch.RowText(row));
  return lines;
}

TEST(TextLines, EndAtAnyOfTheThreeEndsOrAtTheEndOfTheText) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(LinesOf(""), Lines{});
  EXPECT_EQ(LinesOf("\n"), Lines{""});
  EXPECT_EQ(LinesOf("a\nb"), (Lines{"a", "b"}));
  EXPECT_EQ(LinesOf("a\r\nb\r\n\nc\n"), (Lines{"a", "b", "", "c"}));
  EXPECT_EQ(LinesOf("a\r"), Lines{"a"});
  EXPECT_EQ(LinesOf("a\rb\r\r\n\rc"), (Lines{"a", "b", "", "", "c"}));
  EXPECT_EQ(LinesOf(std::string(1000, 'x') + "\n"), Lines{std::string(1000, 'x')});
}

}  // namespace
}  // namespace wavetank::runtime
