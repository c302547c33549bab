#include "runtime/connectors/real/locked_memory.h"

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace wavetank::runtime {
namespace {

SchemaPtr NumberSchema() {
  return std::make_shared<const Schema>(std::vector<Field>{{"n", DataType::kInt64}});
}

RecordBatch Number(int64_t number) {
  return RecordBatch(NumberSchema(), {ColumnBuilder(DataType::kInt64).Int64(number).Finish()}, 1);
}

// A program's thread appends as fast as there is room; another reads and commits.
TEST(LockedMemory, EachRowPassesOnceBetweenThreads) {
  constexpr int64_t kCount = 5000;
  LockedMemoryStream stream(NumberSchema(), /*max_bytes=*/1000);
  LockedMemoryTables tables;
  std::thread program([&stream] {
    for (int64_t i = 0; i < kCount; ++i) {
      ASSERT_EQ(stream.AppendWithin(absl::Seconds(60), Number(i)), absl::OkStatus());
    }
  });
  std::vector<int64_t> seen;
  int64_t batch = 0;
  while (static_cast<int64_t>(seen.size()) < kCount) {
    const auto begin = static_cast<int64_t>(seen.size());
    const int64_t end = stream.extent().end;
    const auto rows = stream.Read(begin, end);
    ASSERT_TRUE(rows.ok()) << rows.status();
    for (const RecordBatch& some : *rows) {
      for (int64_t row = 0; row < some.num_rows(); ++row) {
        seen.push_back(some.column(0).Int64At(row));
      }
    }
    ASSERT_EQ(tables.Apply({.name = "q", .id = "q"}, batch++, *rows), absl::OkStatus());
    stream.Release(end);
  }
  program.join();
  for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(seen[static_cast<size_t>(i)], i);
  int64_t shown = 0;
  for (const RecordBatch& some : tables.Read("q")->rows) shown += some.num_rows();
  EXPECT_EQ(shown, kCount);
}

TEST(LockedMemory, WhoeverWaitsForRoomInVainIsRefused) {
  LockedMemoryStream stream(NumberSchema(), /*max_bytes=*/1);
  ASSERT_EQ(stream.AppendWithin(absl::Milliseconds(1), Number(1)), absl::OkStatus());
  EXPECT_EQ(stream.AppendWithin(absl::Milliseconds(1), Number(2)).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(LockedMemory, NoTwoProcessesHaveOneIncarnation) {
  const LockedMemoryStream one(NumberSchema());
  const LockedMemoryStream other(NumberSchema());
  EXPECT_NE(one.incarnation(), other.incarnation());
}

}  // namespace
}  // namespace wavetank::runtime
