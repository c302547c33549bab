#include "runtime/columnar/key_table.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "runtime/columnar/row_key.h"
#include "tests/runtime/columnar/random_batch.h"

namespace wavetank::runtime {
namespace {

RC_GTEST_PROP(KeyTable, NumbersKeysInTheOrderTheyCame, (uint64_t seed)) {
  platform::Random random(seed);
  KeyTable table;
  std::map<std::optional<std::string>, uint32_t> expected;
  for (int batch = 0; batch < 3; ++batch) {
    const Column keys = RandomColumn(random, DataType::kString, random.Between(0, 400), true);
    const auto hashes = HashRows({keys}, keys.size());
    std::vector<uint32_t> groups(static_cast<size_t>(keys.size()));
    table.Assign(keys, hashes.data(), groups.data());
    for (int64_t row = 0; row < keys.size(); ++row) {
      std::optional<std::string> key;
      if (!keys.IsNull(row)) key = keys.StringAt(row);
      const auto at = expected.try_emplace(key, static_cast<uint32_t>(expected.size())).first;
      const uint32_t group = groups[static_cast<size_t>(row)];
      RC_ASSERT(group == at->second);
      RC_ASSERT(table.IsNull(group) == !key.has_value());
      RC_ASSERT(table.Key(group) == key.value_or(""));
      RC_ASSERT(table.Hash(group) == hashes[static_cast<size_t>(row)]);
    }
  }
  RC_ASSERT(table.size() == expected.size());
}

TEST(KeyTable, KeysOfEqualHashStayApart) {
  ColumnBuilder builder(DataType::kString);
  for (int i = 0; i < 3000; ++i) builder.String(std::to_string(i) + std::string(i % 20, 'x'));
  const Column keys = builder.Finish();
  const std::vector<uint64_t> hashes(3000, 42);
  std::vector<uint32_t> groups(3000);
  KeyTable table;
  table.Assign(keys, hashes.data(), groups.data());
  for (uint32_t i = 0; i < 3000; ++i) ASSERT_EQ(groups[i], i);
}

// Keys that differ in one place only: in length, within the first 4 bytes, in the next 8, behind
// them; and the null.
TEST(KeyTable, KeysOfEqualHashAreFoundAgainAlsoAfterTheTableHasGrown) {
  ColumnBuilder builder(DataType::kString);
  builder.Null().String("");
  for (const char* key :
       {"abc", "abcd", "abcde", "xbcd", "abcx", "abcdefghijkl", "abcdefghijkx", "abcxefghijkl",
        "abcdefghijklm", "abcdefghijklx", "abcdefghijklmn", "xbcdefghijklm", "abcdxfghijklm"}) {
    builder.String(key);
  }
  const Column keys = builder.Finish();
  const auto count = static_cast<size_t>(keys.size());
  const std::vector<uint64_t> hashes(count, 7);
  KeyTable table;
  std::vector<uint32_t> first(count);
  table.Assign(keys, hashes.data(), first.data());
  EXPECT_EQ(table.size(), count);
  std::vector<uint32_t> again(count);
  table.Assign(keys, hashes.data(), again.data());
  EXPECT_EQ(again, first);

  ColumnBuilder others(DataType::kString);
  for (int i = 0; i < 2000; ++i) others.String(absl::StrCat("other", i));
  const Column many = others.Finish();
  const BufferBuilder<uint64_t> many_hashes = HashRows({many}, many.size());
  std::vector<uint32_t> groups(2000);
  table.Assign(many, many_hashes.data(), groups.data());
  table.Assign(keys, hashes.data(), again.data());
  EXPECT_EQ(again, first);
  EXPECT_EQ(table.size(), count + 2000);
}

TEST(KeyTable, ZeroBytesCount) {
  const Column keys = ColumnBuilder(DataType::kString)
                          .String("a")
                          .String(std::string_view("a\0", 2))
                          .String("")
                          .String(std::string_view("\0", 1))
                          .Null()
                          .Finish();
  const std::vector<uint64_t> hashes(5, 0);
  std::vector<uint32_t> groups(5);
  KeyTable table;
  table.Assign(keys, hashes.data(), groups.data());
  EXPECT_EQ(groups, (std::vector<uint32_t>{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace wavetank::runtime
