#include "runtime/columnar/column.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "tests/runtime/columnar/random_batch.h"

namespace wavetank::runtime {
namespace {

TEST(Column, NullsAreKeptApartFromValues) {
  Column column = ColumnBuilder(DataType::kString).String("a").Null().String("").Finish();
  EXPECT_EQ(column.size(), 3);
  EXPECT_EQ(column.null_count(), 1);
  EXPECT_FALSE(column.IsNull(0));
  EXPECT_TRUE(column.IsNull(1));
  EXPECT_FALSE(column.IsNull(2));
  EXPECT_EQ(column.StringAt(0), "a");
  EXPECT_EQ(column.StringAt(1), "");
}

TEST(Column, WithoutNullsHasNoValidity) {
  EXPECT_EQ(ColumnBuilder(DataType::kInt64).Int64(1).Finish().validity(), nullptr);
}

TEST(Column, CellTextIsWhatPeopleRead) {
  EXPECT_EQ(ColumnBuilder(DataType::kInt64).Int64(-12).Finish().CellText(0), "-12");
  EXPECT_EQ(ColumnBuilder(DataType::kDouble).Double(0.1).Finish().CellText(0), "0.1");
  const Column nans = ColumnBuilder(DataType::kDouble).Double(NAN).Double(-NAN).Finish();
  EXPECT_EQ(nans.CellText(0), "nan");
  EXPECT_EQ(nans.CellText(1), "nan");
  EXPECT_EQ(ColumnBuilder(DataType::kBool).Bool(true).Finish().CellText(0), "true");
  EXPECT_EQ(ColumnBuilder(DataType::kBool).Null().Finish().CellText(0), "null");
  const Column times = ColumnBuilder(DataType::kTimestamp).Int64(0).Int64(1'500'000).Finish();
  EXPECT_EQ(times.CellText(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(times.CellText(1), "1970-01-01T00:00:01.5Z");
}

TEST(Column, InfiniteTimesAreTheEndsOfTheRange) {
  EXPECT_EQ(ToMicros(absl::InfinitePast()), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(ToMicros(absl::InfiniteFuture()), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(FromMicros(ToMicros(absl::InfinitePast())), absl::InfinitePast());
  EXPECT_EQ(FromMicros(-1), absl::UnixEpoch() - absl::Microseconds(1));
}

RC_GTEST_PROP(Column, SliceHoldsTheRowsOfItsRange, (uint64_t seed)) {
  platform::Random random(seed);
  const int64_t rows = random.Between(0, 300);
  const Column whole = RandomColumn(random, RandomType(random), rows, true);
  const int64_t begin = random.Between(0, rows / 64) * 64;
  const int64_t length = random.Between(0, rows - begin);
  ColumnBuilder expected(whole.type());
  for (int64_t row = begin; row < begin + length; ++row) expected.Copy(whole, row);
  RC_ASSERT(whole.Slice(begin, length) == expected.Finish());
}

RC_GTEST_PROP(Column, ConcatenationHoldsTheRowsOfAllPartsInOrder, (uint64_t seed)) {
  platform::Random random(seed);
  const DataType type = RandomType(random);
  const bool nulls = random.Below(2) == 0;
  std::vector<Column> parts;
  ColumnBuilder expected(type);
  for (uint64_t count = random.Below(4); count > 0; --count) {
    const Column whole = RandomColumn(random, type, random.Between(64, 200), nulls);
    parts.push_back(whole.Slice(64, whole.size() - 64));
    for (int64_t row = 64; row < whole.size(); ++row) expected.Copy(whole, row);
  }
  std::vector<const Column*> pointers;
  for (const Column& part : parts) pointers.push_back(&part);
  RC_ASSERT(Concatenate(type, pointers) == expected.Finish());
}

}  // namespace
}  // namespace wavetank::runtime
