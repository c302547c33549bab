#include "runtime/columnar/split.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "tests/runtime/columnar/random_batch.h"

namespace wavetank::runtime {
namespace {

std::vector<std::string> SplitOne(std::string_view text, std::string_view separator) {
  const Column column = ColumnBuilder(DataType::kString).String(text).Finish();
  const Column split = Elements(Split(column, separator));
  std::vector<std::string> parts;
  for (int64_t i = 0; i < split.size(); ++i) parts.emplace_back(split.StringAt(i));
  return parts;
}

using Strings = std::vector<std::string>;

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(SplitOne("a b", " "), (Strings{"a", "b"}));
  EXPECT_EQ(SplitOne(" a  b ", " "), (Strings{"", "a", "", "b", ""}));
  EXPECT_EQ(SplitOne("", " "), (Strings{""}));
  EXPECT_EQ(SplitOne("a, b,c", ", "), (Strings{"a", "b,c"}));
  EXPECT_EQ(SplitOne("aaa", "aa"), (Strings{"", "a"}));
}

TEST(Split, NullHasNoParts) {
  const Column column = ColumnBuilder(DataType::kString).Null().String("x").Null().Finish();
  const Column split = Split(column, " ");
  EXPECT_TRUE(split.IsNull(0));
  EXPECT_EQ(split.CellText(1), "[x]");
  EXPECT_EQ(Elements(split).size(), 1);
  const RowNumbers rows = RowsOfElements(split);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0], 1U);
}

RC_GTEST_PROP(Split, EqualsANaiveLoop, (uint64_t seed)) {
  platform::Random random(seed);
  const Column text = RandomColumn(random, DataType::kString, random.Between(0, 40), true);
  const std::string separator = random.Below(2) == 0 ? " " : "b ";
  Strings expected;
  std::vector<uint32_t> rows;
  for (int64_t row = 0; row < text.size(); ++row) {
    if (text.IsNull(row)) continue;
    std::string rest(text.StringAt(row));
    for (size_t at; (at = rest.find(separator)) != std::string::npos;) {
      expected.push_back(rest.substr(0, at));
      rows.push_back(static_cast<uint32_t>(row));
      rest = rest.substr(at + separator.size());
    }
    expected.push_back(rest);
    rows.push_back(static_cast<uint32_t>(row));
  }
  const Column split = Split(text, separator);
  const Column parts = Elements(split);
  const RowNumbers from = RowsOfElements(split);
  RC_ASSERT(parts.size() == static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    RC_ASSERT(parts.StringAt(static_cast<int64_t>(i)) == expected[i]);
    RC_ASSERT(from[i] == rows[i]);
  }
}

}  // namespace
}  // namespace wavetank::runtime
