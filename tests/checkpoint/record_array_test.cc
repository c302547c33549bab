#include "checkpoint/record_array.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace wavetank::checkpoint {
namespace {

void AddNumbers(RecordArray& records, size_t end) {
  while (records.size() < end) {
    const uint64_t number = records.size();
    char* const record = records.Add();
    ASSERT_EQ(reinterpret_cast<uintptr_t>(record) % 4, 0U);
    std::memset(record, static_cast<int>(number % 251), records.record_bytes());
    std::memcpy(record, &number, sizeof number);
  }
}

void ExpectNumbers(const RecordArray& records) {
  for (size_t at = 0; at < records.size(); ++at) {
    uint64_t number;
    std::memcpy(&number, records.At(at), sizeof number);
    ASSERT_EQ(number, at);
    for (size_t byte = sizeof number; byte < records.record_bytes(); ++byte) {
      ASSERT_EQ(static_cast<uint8_t>(records.At(at)[byte]), at % 251);
    }
  }
}

TEST(RecordArray, HoldsWhatWasAddedAsItGrowsIsCutAndCleared) {
  for (const size_t bytes : {8, 12, 48}) {
    RecordArray records(bytes);
    for (const size_t end : {1, 15, 16, 17, 16'384, 16'385, 40'000, 5, 16'384, 70'000}) {
      if (end < records.size()) records.Truncate(end / 2);
      AddNumbers(records, end);
      ASSERT_NO_FATAL_FAILURE(ExpectNumbers(records));
      if (end % 2 == 0) records.Clear();
    }
  }
}

// From and to wherever, across chunks.
TEST(RecordArray, ShowsRecordsInTheirOrder) {
  RecordArray records(12);
  AddNumbers(records, 200'000);
  for (const size_t begin : {0, 1, 15, 16, 31, 65'535, 65'536, 131'073, 200'000}) {
    for (const size_t end : {0, 1, 16, 17, 65'536, 65'537, 199'999, 200'000}) {
      size_t next = begin;
      records.ForEach(begin, end, [&](const char* record) {
        ASSERT_EQ(record, std::as_const(records).At(next++));
      });
      EXPECT_EQ(next, std::max(begin, end));
    }
  }
}

TEST(RecordArray, GrowsWithoutMovingWhatItHolds) {
  RecordArray records(16);
  std::vector<const char*> places;
  for (size_t number = 0; number < 20'000; ++number) {
    AddNumbers(records, number + 1);
    places.push_back(records.At(number));
  }
  for (size_t number = 0; number < places.size(); ++number) {
    ASSERT_EQ(records.At(number), places[number]);
  }
  ExpectNumbers(records);
}

}  // namespace
}  // namespace wavetank::checkpoint
