#include "runtime/columnar/row_key.h"

#include <limits>

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
