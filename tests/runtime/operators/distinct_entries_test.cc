#include "runtime/operators/distinct_entries.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

#include "platform/random.h"
#include "runtime/operators/touched_entries.h"

namespace wavetank::runtime {
namespace {

std::vector<uint32_t> Listed(std::span<const uint32_t> numbers) {
  return {numbers.begin(), numbers.end()};
}

uint32_t PlaceIn(std::vector<uint32_t>& distinct, uint32_t entry) {
  const auto found = std::ranges::find(distinct, entry);
  const auto place = static_cast<uint32_t>(found - distinct.begin());
  if (found == distinct.end()) distinct.push_back(entry);
  return place;
}

// Also of entries whose slots are the same, and of batches one after the other.
TEST(DistinctEntries, AreNumberedAsTheyFirstCome) {
  DistinctEntries at_hand;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    platform::Random random(seed);
    const uint64_t most = random.OneIn(3) ? 10 : uint64_t{1} << random.Between(4, 31);
    const uint32_t step = random.OneIn(2) ? 1 : 1 << 21;
    std::vector<uint32_t> entries(random.OneIn(4) ? DistinctEntries::kMostRows
                                                  : random.Below(DistinctEntries::kMostRows));
    for (uint32_t& entry : entries) entry = static_cast<uint32_t>(random.Below(most)) * step;
    std::vector<uint32_t> distinct;
    std::vector<uint32_t> numbers;
    std::vector<uint32_t> first_rows;
    for (uint32_t row = 0; row < entries.size(); ++row) {
      numbers.push_back(PlaceIn(distinct, entries[row]));
      if (first_rows.size() < distinct.size()) first_rows.push_back(row);
    }
    at_hand.Assign(entries);
    ASSERT_EQ(Listed(at_hand.entries()), distinct) << seed;
    ASSERT_EQ(Listed(at_hand.numbers()), numbers) << seed;
    ASSERT_EQ(Listed(at_hand.first_rows()), first_rows) << seed;
    ASSERT_EQ(at_hand.size(), distinct.size());
    for (uint32_t number = 0; number < at_hand.size(); ++number) {
      ASSERT_EQ(at_hand.all()[number], number);
    }
  }
}

TEST(TouchedEntries, AreListedOnceAsTheTableGrows) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    platform::Random random(seed);
    TouchedEntries touched;
    std::vector<uint32_t> expected;
    size_t end = random.Below(300);
    for (int batch = 0; batch < 20; ++batch) {
      end += random.OneIn(3) ? random.Below(500) : 0;
      std::vector<uint32_t> entries(end == 0 ? 0 : random.Below(100));
      for (uint32_t& entry : entries) {
        entry = static_cast<uint32_t>(random.Below(end));
        PlaceIn(expected, entry);
      }
      touched.Add(entries, end);
      ASSERT_EQ(Listed(touched.entries()), expected) << seed;
      ASSERT_EQ(touched.size(), expected.size());
    }
    EXPECT_GE(touched.bytes(), static_cast<int64_t>(expected.size() * sizeof(uint32_t)));
  }
}

}  // namespace
}  // namespace wavetank::runtime
