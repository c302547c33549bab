// Columns of arrays, as Split and Array make them.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "runtime/columnar/split.h"
#include "runtime/columnar/take.h"
#include "tests/runtime/columnar/random_batch.h"

namespace wavetank::runtime {
namespace {

const DataType kStrings = DataType::Array(DataType::kString);

Column RandomArrays(platform::Random& random, int64_t rows) {
  return Split(RandomColumn(random, DataType::kString, rows, true), " ");
}

std::vector<std::string> Texts(const Column& column) {
  std::vector<std::string> texts;
  for (int64_t row = 0; row < column.size(); ++row) texts.push_back(column.CellText(row));
  return texts;
}

TEST(DataType, OfArraysIsThatOfTheirElementsToo) {
  EXPECT_EQ(DataTypeName(DataType::Array(kStrings)), "array<array<string>>");
  EXPECT_EQ(kStrings, DataType::Array(DataType::kString));
  EXPECT_FALSE(kStrings == DataType::Array(DataType::kInt64));
  EXPECT_FALSE(kStrings == DataType::kArray);
  EXPECT_FALSE(kStrings.is_storable());
  EXPECT_EQ(kStrings.element(), DataType::kString);
}

TEST(ArrayColumn, EqualityIsOfTheElements) {
  const auto of = [](std::string_view text) {
    return Split(ColumnBuilder(DataType::kString).String(text).Finish(), ",");
  };
  EXPECT_TRUE(of("a,b") == of("a,b"));
  EXPECT_FALSE(of("a,b") == of("a,c"));
  EXPECT_FALSE(of("a,b") == of("a,b,"));
  // Not of what they look like.
  EXPECT_FALSE(of("a, b") == of("a,b"));
  EXPECT_EQ(of("a, b").CellText(0), "[a,  b]");
  EXPECT_FALSE(of("a,b") == Split(ColumnBuilder(DataType::kString).String("a, b").Finish(), ";"));
}

TEST(ArrayColumn, OfArraysHoldsArrays) {
  const Column inner =
      Split(ColumnBuilder(DataType::kString).String("a,b").Null().String("").Finish(), ",");
  const Column outer = ColumnBuilder(DataType::Array(kStrings))
                           .Array(inner, 0, 2)
                           .Null()
                           .Array(inner, 2, 2)
                           .Array(inner, 2, 3)
                           .Finish();
  EXPECT_EQ(Texts(outer), (std::vector<std::string>{"[[a, b], null]", "null", "[]", "[[]]"}));
  EXPECT_EQ(Elements(outer), inner);
}

RC_GTEST_PROP(ArrayColumn, SliceHoldsTheRowsOfItsRange, (uint64_t seed)) {
  platform::Random random(seed);
  const Column whole = RandomArrays(random, random.Between(0, 300));
  const int64_t begin = random.Between(0, whole.size() / 64) * 64;
  const int64_t length = random.Between(0, whole.size() - begin);
  ColumnBuilder expected(kStrings);
  for (int64_t row = begin; row < begin + length; ++row) expected.Copy(whole, row);
  const Column slice = whole.Slice(begin, length);
  const Column copied = expected.Finish();
  RC_ASSERT(slice == copied);
  RC_ASSERT(Texts(Elements(slice)) == Texts(Elements(copied)));
  const RowNumbers rows = RowsOfElements(slice);
  RC_ASSERT(static_cast<int64_t>(rows.size()) == Elements(slice).size());
}

RC_GTEST_PROP(ArrayColumn, TakeAndConcatenateHoldTheRows, (uint64_t seed)) {
  platform::Random random(seed);
  const Column a = RandomArrays(random, random.Between(1, 100));
  const Column b = RandomArrays(random, random.Between(65, 100)).Slice(64, 1);
  const Column both = Concatenate(kStrings, {&a, &b});
  std::vector<uint32_t> rows;
  std::vector<std::string> expected;
  for (uint64_t count = random.Below(20); count > 0; --count) {
    rows.push_back(static_cast<uint32_t>(random.Below(static_cast<uint64_t>(both.size()))));
    const int64_t row = rows.back();
    expected.push_back(row < a.size() ? a.CellText(row) : b.CellText(row - a.size()));
  }
  RC_ASSERT(Texts(Take(both, rows)) == expected);
}

}  // namespace
}  // namespace wavetank::runtime
