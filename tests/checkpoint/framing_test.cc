#include "checkpoint/framing.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/crc32c.h"

namespace wavetank::checkpoint {
namespace {

const LogFile kFile{.path = "log-3", .id = 0x1234, .epoch = 3};

// Appends a group that names all of `bytes` durable, as a writer of one group at a time does.
void AppendGroup(std::string& bytes, const LogFile& file, uint64_t sequence, std::string payload) {
  Group group;
  group.kind = sequence == 0 ? GroupKind::kSeal : GroupKind::kRecords;
  group.sequence = sequence;
  group.epoch = file.epoch;
  group.durable_bytes = bytes.size();
  group.offset = bytes.size();
  group.payload = std::move(payload);
  bytes += EncodeGroup(file, group);
}

// Three groups, and the offsets where each ends.
std::string ThreeGroups(std::vector<uint64_t>* ends) {
  std::string bytes;
  for (uint64_t i = 0; i < 3; ++i) {
    AppendGroup(bytes, kFile, i, std::string(i + 1, static_cast<char>('a' + i)));
    ends->push_back(bytes.size());
  }
  return bytes;
}

TEST(Crc32c, GivesTheCheckValueOfItsPolynomial) {
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c("6789", Crc32c("12345")), 0xE3069283u);
  EXPECT_EQ(Crc32c(""), 0u);
}

TEST(Framing, ReadsBackWhatWasWritten) {
  std::vector<uint64_t> ends;
  const std::string bytes = ThreeGroups(&ends);
  const absl::StatusOr<DecodedLog> log = DecodeLog(kFile, bytes, bytes.size());
  ASSERT_TRUE(log.ok()) << log.status();
  ASSERT_EQ(log->groups.size(), 3u);
  EXPECT_EQ(log->extent.torn_bytes, 0u);
  for (uint64_t i = 0; i < 3; ++i) {
    const Group& group = log->groups[i];
    EXPECT_EQ(group.payload, std::string(i + 1, static_cast<char>('a' + i)));
    EXPECT_EQ(group.sequence, i);
    EXPECT_EQ(group.end, ends[i]);
    EXPECT_EQ(group.durable_bytes, i == 0 ? 0 : ends[i - 1]);
  }
}

TEST(Framing, StopsAtTornTailWithoutReportingDataLoss) {
  std::vector<uint64_t> ends;
  const std::string bytes = ThreeGroups(&ends);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    const absl::StatusOr<DecodedLog> log = DecodeLog(kFile, bytes.substr(0, cut), 0);
    ASSERT_TRUE(log.ok()) << log.status();
    const size_t whole = (cut >= ends[0]) + (cut >= ends[1]);
    EXPECT_EQ(log->groups.size(), whole) << cut;
    EXPECT_EQ(log->extent.torn_bytes, cut - log->extent.valid_bytes) << cut;
  }
}

TEST(Framing, ReportsWhatIsMissingBelowAKnownLength) {
  std::vector<uint64_t> ends;
  const std::string bytes = ThreeGroups(&ends);
  for (size_t cut = 0; cut < ends[1]; ++cut) {
    const absl::StatusOr<DecodedLog> log = DecodeLog(kFile, bytes.substr(0, cut), ends[1]);
    EXPECT_TRUE(absl::IsDataLoss(log.status())) << cut;
  }
}

TEST(Framing, TellsCorruptionFromATearByWhatLaterGroupsName) {
  std::vector<uint64_t> ends;
  const std::string intact = ThreeGroups(&ends);
  for (size_t at = 0; at < intact.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = intact;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      const absl::StatusOr<DecodedLog> log = DecodeLog(kFile, bytes, 0);
      if (at < ends[1]) {  // named by the last group, which stands
        EXPECT_TRUE(absl::IsDataLoss(log.status())) << at;
        EXPECT_THAT(std::string(log.status().message()), testing::HasSubstr("log-3: corrupt at"));
      } else {  // what nothing names yet equals an append that never ended
        ASSERT_TRUE(log.ok()) << log.status();
        EXPECT_EQ(log->extent.valid_bytes, ends[1]);
      }
    }
  }
}

TEST(Framing, RefusesAGroupOfAnotherFileOffsetEpochOrPlace) {
  std::string first;
  AppendGroup(first, kFile, 0, "seal");
  const auto groups_with = [&](const std::string& second) {
    const absl::StatusOr<DecodedLog> log = DecodeLog(kFile, first + second, 0);
    return log.ok() ? log->groups.size() : 0;
  };
  const auto encode = [&](LogFile file, uint64_t sequence, uint64_t offset) {
    Group group;
    group.sequence = sequence;
    group.epoch = file.epoch;
    group.offset = offset;
    group.payload = "records";
    return EncodeGroup(file, group);
  };
  EXPECT_EQ(groups_with(encode(kFile, 1, first.size())), 2u);
  EXPECT_EQ(groups_with(encode({"log-3", 0x1235, 3}, 1, first.size())), 1u);
  EXPECT_EQ(groups_with(encode({"log-3", 0x1234, 4}, 1, first.size())), 1u);
  EXPECT_EQ(groups_with(encode(kFile, 1, first.size() + 512)), 1u);
  EXPECT_EQ(groups_with(encode(kFile, 2, first.size())), 1u);
}

TEST(Framing, TakesStaleBytesBehindTheEndForATear) {
  std::string bytes;
  AppendGroup(bytes, kFile, 0, "seal");
  const uint64_t end = bytes.size();
  for (const std::string& tail : {std::string(600, '\0'), bytes, std::string("WTLG"),
                                  std::string("WTLGWTLGWTLG") + std::string(100, '\xff')}) {
    const absl::StatusOr<DecodedLog> log = DecodeLog(kFile, bytes + tail, end);
    ASSERT_TRUE(log.ok()) << log.status();
    EXPECT_EQ(log->extent.valid_bytes, end);
    EXPECT_EQ(log->extent.torn_bytes, tail.size());
  }
}

}  // namespace
}  // namespace wavetank::checkpoint
