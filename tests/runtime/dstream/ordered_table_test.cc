#include "runtime/dstream/ordered_table.h"

#include <cmath>
#include <functional>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::runtime {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// How many rows come of these keys, and the sum of ones in each.
template <typename K>
std::vector<int> Counts(const std::vector<K>& keys) {
  OrderedTable<K, int> table;
  std::vector<std::pair<K, int>> ones;
  for (const K& key : keys) ones.emplace_back(key, 1);
  int64_t merged = 0;
  table.template Merge<int>(ones, std::identity(), std::plus<int>(), merged);
  EXPECT_EQ(merged, std::ssize(keys));
  std::vector<int> counts;
  for (const auto& [key, count] : table.rows()) counts.push_back(count);
  return counts;
}

// A NaN has a sign, and bits that say where it came from.
TEST(OrderedTable, EveryNaNIsOneKeyAndSoIsEveryZero) {
  const std::vector<double> numbers = {0.0, kNaN, -0.0, -kNaN, std::nan("7"), 1.5, kNaN};
  EXPECT_THAT(Counts(numbers), ::testing::ElementsAre(2, 4, 1));
  EXPECT_EQ(HashKey(kNaN), HashKey(-std::nan("7")));
  EXPECT_EQ(HashKey(0.0), HashKey(-0.0));
  EXPECT_THAT(Counts<float>({std::nanf("3"), -std::nanf("")}), ::testing::ElementsAre(2));
}

TEST(OrderedTable, GivesAKeysOwnValueInTheOrderOfFirstInsertion) {
  OrderedTable<int, std::vector<int>> table;
  for (int i = 0; i < 100; ++i) table.Of(i % 40).push_back(i);
  ASSERT_EQ(table.size(), 40U);
  EXPECT_EQ(table.rows()[3], (std::pair<int, std::vector<int>>(3, {3, 43, 83})));
}

TEST(OrderedTable, WithinPairsTuplesAndVectorsToo) {
  const std::vector<std::pair<int, double>> pairs = {{1, kNaN}, {2, kNaN}, {1, -kNaN}};
  EXPECT_THAT(Counts(pairs), ::testing::ElementsAre(2, 1));
  const std::vector<std::tuple<double, std::vector<double>>> tuples = {
      {kNaN, {1, kNaN}}, {-kNaN, {1, -kNaN}}, {kNaN, {1}}, {kNaN, {kNaN, 1}}};
  EXPECT_THAT(Counts(tuples), ::testing::ElementsAre(2, 1, 1));
}

}  // namespace
}  // namespace wavetank::runtime
