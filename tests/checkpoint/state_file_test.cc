#include "checkpoint/state_file.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/crc32c.h"

namespace wavetank::checkpoint {
namespace {

using Changes = std::vector<std::pair<std::string, std::optional<std::string>>>;

std::string EncodeStateFile(StateFileHeader header, const Changes& changes) {
  header.stores = {{NamedStore(), changes.size()}};
  StateFileEncoder encoder(header);
  for (const auto& [key, value] : changes) encoder.Add(0, key, value);
  return encoder.Finish();
}

class Collected final : public StateFileVisitor {
 public:
  explicit Collected(Changes* changes) : changes_(changes) {}
  void OnEntries(size_t store, std::span<const std::string_view> keys,
                 std::span<const std::optional<std::string_view>> values) override {
    for (size_t i = 0; i < keys.size(); ++i) {
      changes_->emplace_back(std::string(keys[i]), values[i]);
    }
    EXPECT_EQ(store, 0u);
  }

 private:
  Changes* changes_;
};

absl::Status DecodeStateFile(const std::string& path, std::string_view bytes, size_t piece,
                             Changes* changes) {
  Collected collected(changes);
  StateFileDecoder decoder(path, collected);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    const absl::Status fed = decoder.Feed(bytes.substr(0, piece));
    if (!fed.ok()) return fed;
  }
  return decoder.Finish();
}

const StateFileHeader kHeader{
    .kind = StateFileKind::kDelta, .version = 7, .name = "7-a.delta", .parent = "6-b.delta"};
const Changes kChanges{{"one", "1"}, {"two", std::nullopt}, {"", ""}, {"three", "333"}};

TEST(StateFile, ReadsBackWhatWasWrittenInPiecesOfAnySize) {
  const std::string bytes = EncodeStateFile(kHeader, kChanges);
  for (const size_t piece : {size_t{1}, size_t{7}, bytes.size()}) {
    Changes changes;
    const absl::Status status = DecodeStateFile("state/7-a.delta", bytes, piece, &changes);
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(changes, kChanges);
  }
}

TEST(StateFile, SpansManyBlocks) {
  Changes many;
  for (int i = 0; i < 3000; ++i) many.emplace_back(std::to_string(i), std::string(100, 'v'));
  Changes changes;
  const absl::Status status =
      DecodeStateFile("7-a.delta", EncodeStateFile(kHeader, many), 1000, &changes);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(changes, many);
}

StateFileHeader HeaderOfTwoStores(StateCompression compression) {
  StateFileHeader header{.kind = StateFileKind::kSnapshot, .version = 7, .name = "7-a.snapshot"};
  header.stands_for = "7-b.delta";
  header.operator_fingerprint = "operator";
  header.compression = compression;
  header.stores = {{{"a", "schema a", KeyOrder::kBytes}, 2000}, {{"b", ""}, 0}, {{"c", ""}, 1}};
  return header;
}

std::string FileOfTwoStores(StateCompression compression) {
  StateFileEncoder encoder(HeaderOfTwoStores(compression));
  for (int i = 0; i < 2000; ++i) encoder.Add(0, std::to_string(i), std::string(100, 'v'));
  encoder.Add(2, "of c", "1");
  return encoder.Finish();
}

class CountedByStore final : public StateFileVisitor {
 public:
  void OnEntries(size_t store, std::span<const std::string_view> keys,
                 std::span<const std::optional<std::string_view>>) override {
    counts.resize(3);
    counts[store] += keys.size();
  }
  std::vector<size_t> counts;
};

TEST(StateFile, HoldsSeveralStoresCompressedOrNot) {
  for (const auto compression :
       {StateCompression::kNone, StateCompression::kLz4, StateCompression::kZstd}) {
    const std::string bytes = FileOfTwoStores(compression);
    if (compression != StateCompression::kNone) EXPECT_LT(bytes.size(), 60'000u);
    CountedByStore counted;
    StateFileDecoder decoder("s/7-a.snapshot", counted);
    for (size_t at = 0; at < bytes.size(); at += 1000) {
      const absl::Status fed = decoder.Feed(std::string_view(bytes).substr(at, 1000));
      ASSERT_TRUE(fed.ok()) << fed;
    }
    ASSERT_TRUE(decoder.Finish().ok());
    EXPECT_EQ(counted.counts, (std::vector<size_t>{2000, 0, 1}));
    const StateFileHeader expected = HeaderOfTwoStores(compression);
    const StateFileHeader& header = decoder.header();
    EXPECT_EQ(header.stands_for, expected.stands_for);
    EXPECT_EQ(header.operator_fingerprint, expected.operator_fingerprint);
    EXPECT_EQ(header.compression, compression);
    ASSERT_EQ(header.stores.size(), 3u);
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(header.stores[i].store, expected.stores[i].store);
  }
}

TEST(StateFile, RefusesDamageToCompressedBlocks) {
  for (const auto compression : {StateCompression::kLz4, StateCompression::kZstd}) {
    const std::string intact = FileOfTwoStores(compression);
    for (size_t at = 0; at < intact.size(); at += 37) {
      std::string bytes = intact;
      bytes[at] = static_cast<char>(bytes[at] ^ 4);
      CountedByStore counted;
      StateFileDecoder decoder("s/7-a.snapshot", counted);
      absl::Status read = decoder.Feed(bytes);
      if (read.ok()) read = decoder.Finish();
      EXPECT_TRUE(absl::IsDataLoss(read)) << at << " " << read;
    }
  }
}

TEST(StateFile, RefusesAFormatFromTheFuture) {
  std::string bytes = EncodeStateFile(kHeader, kChanges);
  bytes[4] = 3;
  const size_t header = 12 + static_cast<unsigned char>(bytes[8]);  // a short one
  const uint32_t checksum = Crc32c(std::string_view(bytes).substr(0, header - 4));
  for (size_t i = 0; i < 4; ++i) bytes[header - 4 + i] = static_cast<char>(checksum >> (8 * i));
  Changes changes;
  const absl::Status status = DecodeStateFile("7-a.delta", bytes, 64, &changes);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.ToString(), testing::HasSubstr("use a newer build"));
}

TEST(StateFileDeathTest, IsWrittenWithAsManyEntriesAsItsHeaderSays) {
  StateFileHeader header = kHeader;
  header.stores = {{NamedStore(), 2}};
  const auto one_short = [&header] {
    StateFileEncoder encoder(header);
    encoder.Add(0, "k", "v");
    (void)encoder.Finish();
  };
  EXPECT_DEATH(one_short(), "that its header says");
}

TEST(StateFile, RefusesEveryFlippedBitAndEveryTruncation) {
  const std::string intact = EncodeStateFile(kHeader, kChanges);
  for (size_t at = 0; at < intact.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = intact;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      Changes changes;
      const absl::Status status = DecodeStateFile("7-a.delta", bytes, 64, &changes);
      EXPECT_TRUE(absl::IsDataLoss(status)) << at << " " << bit << " " << status;
    }
    Changes changes;
    EXPECT_TRUE(absl::IsDataLoss(
        DecodeStateFile("7-a.delta", intact.substr(0, at), intact.size(), &changes)))
        << at;
  }
  Changes changes;
  EXPECT_TRUE(absl::IsDataLoss(DecodeStateFile("7-a.delta", intact + "x", 64, &changes)));
}

TEST(StateFile, RefusesAnotherFilesContent) {
  Changes changes;
  const absl::Status status =
      DecodeStateFile("7-other.delta", EncodeStateFile(kHeader, kChanges), 64, &changes);
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(status.ToString(), testing::HasSubstr("was written as 7-a.delta"));
}

}  // namespace
}  // namespace wavetank::checkpoint
