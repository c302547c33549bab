#include "runtime/columnar/fixed_key_table.h"

#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "runtime/columnar/row_key.h"
#include "tests/runtime/columnar/random_batch.h"

namespace wavetank::runtime {
namespace {

DataType RandomFixedType(platform::Random& random) {
  while (true) {
    const DataType type = RandomType(random);
    if (!type.is_bytes()) return type;
  }
}

// Batches of random keys, against their row keys: numbers in the order in which they came, and the
// same keys back.
template <size_t columns>
void ExpectNumbersByRowKey(uint64_t seed) {
  platform::Random random(seed);
  std::vector<DataType> types;
  for (size_t i = 0; i < columns; ++i) types.push_back(RandomFixedType(random));
  ASSERT_TRUE(AreFixedKeys(types));
  FixedKeyTable<columns> table(types);
  std::map<std::string, uint32_t> expected;
  for (int batch = 0; batch < 4; ++batch) {
    const int64_t rows = random.Between(0, 400);
    const RecordBatch drawn = RandomBatch(random, types, rows);
    std::vector<Column> keys;
    for (const Column& column : drawn.columns()) keys.push_back(NormaliseKey(column));
    std::vector<uint32_t> groups(static_cast<size_t>(rows));
    table.Assign(keys, groups);
    const Column row_keys = EncodeRowKeys(keys, rows);
    for (int64_t row = 0; row < rows; ++row) {
      const auto next = static_cast<uint32_t>(expected.size());
      const auto at = expected.try_emplace(std::string(row_keys.StringAt(row)), next).first;
      ASSERT_EQ(groups[static_cast<size_t>(row)], at->second) << "seed " << seed;
    }
    ASSERT_EQ(table.size(), expected.size());
    const Column again = EncodeRowKeys(table.Keys(groups), rows);
    ASSERT_TRUE(again == row_keys) << "seed " << seed;
  }
}

RC_GTEST_PROP(FixedKeyTable, NumbersOneColumnInTheOrderItCame, (uint64_t seed)) {
  ExpectNumbersByRowKey<1>(seed);
}

RC_GTEST_PROP(FixedKeyTable, NumbersTwoColumnsInTheOrderTheyCame, (uint64_t seed)) {
  ExpectNumbersByRowKey<2>(seed);
}

// Neighbours, and keys that differ in their highest bits alone, so that many want the same slots.
TEST(FixedKeyTable, FindsKeysAgainAfterItHasGrown) {
  FixedKeyTable<1> table({DataType::kInt64});
  ColumnBuilder builder(DataType::kInt64);
  constexpr int64_t kKeys = 20'000;
  for (int64_t i = 0; i < kKeys; ++i) builder.Int64(i % 2 == 0 ? i : i << 44);
  const Column keys = builder.Finish();
  std::vector<uint32_t> groups(kKeys);
  for (int round = 0; round < 2; ++round) {
    table.Assign({&keys, 1}, groups);
    for (uint32_t i = 0; i < kKeys; ++i) ASSERT_EQ(groups[i], i);
  }
  EXPECT_GE(table.bytes(), size_t{kKeys} * 16);
}

TEST(FixedKeyTable, NullsAreNoZeros) {
  FixedKeyTable<2> table({DataType::kInt64, DataType::kBool});
  const Column numbers =
      ColumnBuilder(DataType::kInt64).Int64(0).Null().Int64(0).Null().Null().Finish();
  const Column bools =
      ColumnBuilder(DataType::kBool).Bool(false).Bool(false).Null().Null().Bool(false).Finish();
  const Column keys[] = {numbers, bools};
  std::vector<uint32_t> groups(5);
  table.Assign(keys, groups);
  EXPECT_EQ(groups, (std::vector<uint32_t>{0, 1, 2, 3, 1}));
}

// So many that some of a null and a zero meet on their ways through the slots.
TEST(FixedKeyTable, NullsAreNoZerosWhereTheirSlotsMeet) {
  ColumnBuilder first(DataType::kInt64);
  ColumnBuilder second(DataType::kInt64);
  for (int64_t i = 1; i <= 20'000; ++i) {
    first.Null().Int64(0).Int64(i).Int64(i);
    second.Int64(i).Int64(i).Null().Int64(0);
  }
  const Column keys[] = {first.Finish(), second.Finish()};
  FixedKeyTable<2> table({DataType::kInt64, DataType::kInt64});
  std::vector<uint32_t> groups(80'000);
  table.Assign(keys, groups);
  for (uint32_t i = 0; i < groups.size(); ++i) ASSERT_EQ(groups[i], i);
}

TEST(FixedKeyTable, TakesOneOrTwoColumnsOfFixedWidth) {
  const DataType number = DataType::kInt64;
  EXPECT_TRUE(AreFixedKeys(std::vector<DataType>{number}));
  EXPECT_TRUE(AreFixedKeys(std::vector<DataType>{DataType::kBool, DataType::kDate}));
  EXPECT_FALSE(AreFixedKeys(std::vector<DataType>{}));
  EXPECT_FALSE(AreFixedKeys(std::vector<DataType>{number, number, number}));
  EXPECT_FALSE(AreFixedKeys(std::vector<DataType>{number, DataType::kString}));
}

}  // namespace
}  // namespace wavetank::runtime
