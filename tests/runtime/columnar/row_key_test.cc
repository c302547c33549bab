#include "runtime/columnar/row_key.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "runtime/columnar/partition_of.h"
#include "tests/runtime/columnar/random_batch.h"

namespace wavetank::runtime {
namespace {

RC_GTEST_PROP(RowKey, DecodeGivesBackTheColumns, (uint64_t seed)) {
  platform::Random random(seed);
  const RecordBatch batch = RandomBatch(random);
  const Column keys = EncodeRowKeys(batch.columns(), batch.num_rows());
  std::vector<DataType> types;
  for (const Field& field : batch.schema().fields()) types.push_back(field.type);
  const auto decoded = DecodeRowKeys(keys, types);
  RC_ASSERT(decoded.ok());
  RC_ASSERT(*decoded == batch.columns());
  types.push_back(DataType::kInt64);
  if (batch.num_rows() > 0) {
    RC_ASSERT(DecodeRowKeys(keys, types).status().code() == absl::StatusCode::kDataLoss);
  }
}

RC_GTEST_PROP(RowKey, TheHashOfAKeyIsThatOfItsRow, (uint64_t seed)) {
  platform::Random random(seed);
  const RecordBatch batch = RandomBatch(random);
  const Column keys = EncodeRowKeys(batch.columns(), batch.num_rows());
  const BufferBuilder<uint64_t> hashes = HashRows(batch.columns(), batch.num_rows());
  std::vector<DataType> types;
  for (const Field& field : batch.schema().fields()) types.push_back(field.type);
  const std::vector<uint8_t> widths = RowKeyWidths(types);
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    RC_ASSERT(HashOfRowKey(keys.StringAt(row), widths) == hashes[static_cast<size_t>(row)]);
  }
}

// Durable: state would be looked for in other partitions, under other keys.
TEST(RowKey, FormatAndHashDoNotChange) {
  const Column words = ColumnBuilder(DataType::kString).String("wave").Null().Finish();
  const Column numbers = ColumnBuilder(DataType::kInt64).Int64(258).Int64(-1).Finish();
  const Column keys = EncodeRowKeys({words, numbers}, 2);
  EXPECT_EQ(keys.StringAt(0), std::string_view("\1\4\0\0\0wave\1\2\1\0\0\0\0\0\0", 18));
  EXPECT_EQ(keys.StringAt(1), std::string_view("\0\1\xff\xff\xff\xff\xff\xff\xff\xff", 10));
  EXPECT_EQ(HashRows({words}, 2)[0], 12203608717459816612U);
  EXPECT_EQ(HashRows({words}, 2)[1], 6238072747940578789U);
  EXPECT_EQ(HashRows({words, numbers}, 2)[0], 6833464091767582289U);
}

// Durable, too.
TEST(RowKey, FormatAndHashOfEveryWidthDoNotChange) {
  using std::string_literals::operator""s;
  struct Row {
    Column column;
    std::string key;
    uint64_t hash;
  };
  const auto of = [](DataType type, auto value) {
    return ColumnBuilder(type).Fixed(value).Finish();
  };
  const Row rows[] = {
      {of(DataType::kInt8, int8_t{-2}), "\1\xfe"s, 7789395919978777827U},
      {of(DataType::kInt16, int16_t{-2}), "\1\xfe\xff"s, 65244720915931959U},
      {of(DataType::kInt32, int32_t{258}), "\1\2\1\0\0"s, 12608814860890829323U},
      {of(DataType::kDate, int32_t{258}), "\1\2\1\0\0"s, 12608814860890829323U},
      {of(DataType::kFloat, 1.5f), "\1\0\0\xc0\x3f"s, 12532231060461997488U},
      {of(DataType::kDouble, 1.5), "\1\0\0\0\0\0\0\xf8\x3f"s, 2693614958850487384U},
      {of(DataType::kTimestamp, int64_t{258}), "\1\2\1\0\0\0\0\0\0"s, 16230596361028239159U},
      {ColumnBuilder(DataType::kBool).Bool(true).Finish(), "\1\1"s, 16226181191752404715U},
      {ColumnBuilder(DataType::kBinary).String("wave").Finish(), "\1\4\0\0\0wave"s,
       12203608717459816612U},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(EncodeRowKeys({row.column}, 1).StringAt(0), row.key)
        << DataTypeName(row.column.type());
    EXPECT_EQ(HashRows({row.column}, 1)[0], row.hash) << DataTypeName(row.column.type());
  }
}

TEST(RowKey, FloatsThatAreEqualAreOneKey) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Column normal = NormaliseKey(
      ColumnBuilder(DataType::kFloat).Fixed(0.0f).Fixed(-0.0f).Fixed(nan).Fixed(-nan).Finish());
  const Column keys = EncodeRowKeys({normal}, 4);
  EXPECT_EQ(keys.StringAt(0), keys.StringAt(1));
  EXPECT_EQ(keys.StringAt(2), keys.StringAt(3));
  EXPECT_NE(keys.StringAt(0), keys.StringAt(2));
}

TEST(RowKey, DoublesThatAreEqualAreOneKey) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Column doubles =
      ColumnBuilder(DataType::kDouble).Double(0.0).Double(-0.0).Double(nan).Double(-nan).Finish();
  const Column normal = NormaliseKey(doubles);
  const Column keys = EncodeRowKeys({normal}, 4);
  EXPECT_EQ(keys.StringAt(0), keys.StringAt(1));
  EXPECT_EQ(keys.StringAt(2), keys.StringAt(3));
  EXPECT_NE(keys.StringAt(0), keys.StringAt(2));
}

TEST(RowKey, PartitionsShareTheHashesEvenly) {
  for (const int partitions : {1, 3, 4, 7}) {
    std::vector<int> counts(static_cast<size_t>(partitions));
    ColumnBuilder builder(DataType::kInt64);
    for (int64_t i = 0; i < 10'000; ++i) builder.Int64(i);
    const auto hashes = HashRows({builder.Finish()}, 10'000);
    for (size_t i = 0; i < 10'000; ++i) {
      ++counts[static_cast<size_t>(PartitionOf(hashes[i], partitions))];
    }
    for (const int count : counts) EXPECT_NEAR(count, 10'000 / partitions, 500);
  }
}

}  // namespace
}  // namespace wavetank::runtime
