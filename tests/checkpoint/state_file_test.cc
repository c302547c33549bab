#include "checkpoint/state_file.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

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
