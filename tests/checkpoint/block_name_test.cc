#include "checkpoint/block_name.h"

#include <string>

#include "gtest/gtest.h"

namespace wavetank::checkpoint {
namespace {

TEST(BlockName, IsReadBackFromItsText) {
  const BlockName name{.stream = 3,
                       .run = "m-1.w.worker-1.2.0123456789abcdef-7-0-0-1",
                       .number = 12,
                       .records = 345,
                       .crc32c = 0xabcd};
  EXPECT_EQ(name.Text(), "stream-3-m-1.w.worker-1.2.0123456789abcdef-7-0-0-1-12-345-0000abcd");
  EXPECT_EQ(ParseBlockName(name.Text()), name);
}

TEST(BlockName, OfAnOlderVersionOrOfNoBlockIsNone) {
  for (const char* text :
       {"", "stream-", "stream-1", "stream-1-run-0-2", "stream-1-m.d.d.1.00-3-0-0-0-17",
        "stream-1-run-0-2-123456789", "stream-1-run-0-2-1234567g", "stream-x-run-0-2-12345678",
        "stream--1-run-0-2-12345678", "stream-1-run-+1-2-12345678", "stream-1--0-2-12345678",
        "stream-1-0-2-12345678", "stream-1-run-0-2-ABCDEF01", "part-1-run-0-2-12345678"}) {
    EXPECT_FALSE(ParseBlockName(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace wavetank::checkpoint
