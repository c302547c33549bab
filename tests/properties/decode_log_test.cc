#include "properties/decode_log.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/framing.h"
#include "platform/random.h"

namespace wavetank::properties {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(PlainCrc32c, GivesTheCheckValueOfCastagnoli) {
  EXPECT_EQ(PlainCrc32c("123456789"), 0xE3069283u);
}

std::string Number(uint32_t value) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}

std::string EpochFile(const std::string& owner) {
  std::string bytes = "WTEP" + Number(1) + static_cast<char>(owner.size()) + owner;
  return bytes + Number(PlainCrc32c(bytes));
}

std::string Texts(const std::vector<std::string>& texts) {
  std::string bytes(1, static_cast<char>(texts.size()));
  for (const std::string& text : texts) bytes += static_cast<char>(text.size()) + text;
  return bytes;
}

using Bytes = std::map<std::string, std::string>;

absl::StatusOr<std::optional<std::vector<std::string>>> Decode(const Bytes& bytes) {
  return DecodeFencedLog(DurableFiles(bytes.begin(), bytes.end()), "q");
}

// Builds log files with the product's encoder: two implementations of one format meet here.
class LogBuilder {
 public:
  LogBuilder(Bytes& files, int64_t epoch, int64_t segment = 0) : files_(files), epoch_(epoch) {
    const std::string owner = "owner-" + std::to_string(epoch);
    files_["q/epoch-" + std::to_string(epoch)] = EpochFile(owner);
    const std::string number = std::to_string(segment);
    file_ = {"q/log-" + std::to_string(epoch) + (segment == 0 ? "" : "." + number),
             platform::StableHash(segment == 0 ? owner : owner + "/" + number), epoch};
  }
  // A base of the segment, instead of the segment itself.
  static LogBuilder Base(Bytes& files, int64_t epoch, int64_t segment) {
    LogBuilder base(files, epoch, segment);
    base.file_ = {
        "q/base-" + std::to_string(epoch) + "." + std::to_string(segment),
        platform::StableHash("owner-" + std::to_string(epoch) + "/base/" + std::to_string(segment)),
        epoch};
    return base;
  }
  // Gives the length of the file after the group.
  uint64_t Add(checkpoint::GroupKind kind, std::string payload) {
    std::string& bytes = files_[file_.path];
    checkpoint::Group group;
    group.kind = kind;
    group.sequence = sequence_++;
    group.epoch = epoch_;
    group.offset = bytes.size();
    group.payload = std::move(payload);
    bytes += EncodeGroup(file_, group);
    return bytes.size();
  }

 private:
  Bytes& files_;
  const int64_t epoch_;
  checkpoint::LogFile file_;
  uint64_t sequence_ = 0;
};

const std::string kEmptySeal(1, '\0');

TEST(DecodeFencedLog, CountsTheGroupsOfTheOnlyEpochAndCutsATear) {
  Bytes files;
  LogBuilder log(files, 1);
  log.Add(checkpoint::GroupKind::kSeal, kEmptySeal);
  log.Add(checkpoint::GroupKind::kRecords, Texts({"a", "b"}));
  log.Add(checkpoint::GroupKind::kRecords, Texts({"c"}));
  EXPECT_THAT(Decode(files)->value(), ElementsAre("a", "b", "c"));
  files["q/log-1"].pop_back();
  EXPECT_THAT(Decode(files)->value(), ElementsAre("a", "b"));
}

TEST(DecodeFencedLog, HasNoAnswerUntilTheNewestEpochHasSealed) {
  Bytes files;
  EXPECT_FALSE(Decode(files)->has_value());
  LogBuilder first(files, 1);
  first.Add(checkpoint::GroupKind::kSeal, kEmptySeal);
  EXPECT_THAT(Decode(files)->value(), ElementsAre());
  LogBuilder second(files, 2);
  EXPECT_FALSE(Decode(files)->has_value());
}

TEST(DecodeFencedLog, CountsWhatTheSealRefersToAndCarriesAndNothingElse) {
  Bytes files;
  LogBuilder first(files, 1);
  first.Add(checkpoint::GroupKind::kSeal, kEmptySeal);
  const uint64_t length = first.Add(checkpoint::GroupKind::kRecords, Texts({"a"}));
  first.Add(checkpoint::GroupKind::kRecords, Texts({"carried"}));
  first.Add(checkpoint::GroupKind::kRecords, Texts({"beyond the seal"}));
  LogBuilder second(files, 2);
  ASSERT_LT(length, 128u);
  std::string seal = {2, 1, 1, static_cast<char>(length), 2};
  seal += Texts({"carried"});
  second.Add(checkpoint::GroupKind::kSeal, seal);
  second.Add(checkpoint::GroupKind::kRecords, Texts({"d"}));
  EXPECT_THAT(Decode(files)->value(), ElementsAre("a", "carried", "d"));

  files["q/log-1"][length - 1] ^= 1;
  const auto damaged = Decode(files);
  EXPECT_THAT(std::string(damaged.status().message()), HasSubstr("q/log-1: counts up to"));
}

TEST(DecodeFencedLog, CountsThroughTheNewestSegmentWhichRefersToOthersOrHoldsWhatIsLeft) {
  Bytes files;
  LogBuilder first(files, 1);
  first.Add(checkpoint::GroupKind::kSeal, kEmptySeal);
  first.Add(checkpoint::GroupKind::kRecords, Texts({"a"}));
  LogBuilder second(files, 1, 1);
  const std::string dropped = std::string({1, 2}) + Texts({"what is left"});
  second.Add(checkpoint::GroupKind::kSeal, dropped);
  const uint64_t length = second.Add(checkpoint::GroupKind::kRecords, Texts({"b"}));
  EXPECT_THAT(Decode(files)->value(), ElementsAre("what is left", "b"));

  ASSERT_LT(length, 128u);
  LogBuilder third(files, 1, 2);
  third.Add(checkpoint::GroupKind::kSeal, std::string({2, 2}) + Texts({"what is left"}) +
                                              std::string({3, 1, 1, static_cast<char>(length)}));
  third.Add(checkpoint::GroupKind::kRecords, Texts({"c"}));
  EXPECT_THAT(Decode(files)->value(), ElementsAre("what is left", "b", "c"));
  files.erase("q/log-1");  // nothing refers to it
  EXPECT_THAT(Decode(files)->value(), ElementsAre("what is left", "b", "c"));
  files.erase("q/log-1.1");
  EXPECT_THAT(std::string(Decode(files).status().message()), HasSubstr("q/log-1.1: is gone"));
}

// An item of a seal that names the owner of what it refers to.
std::string Owned(char tag, char epoch, char segment, uint64_t length, const std::string& owner) {
  std::string item = {tag, epoch, segment};
  if (length >= 128) item += static_cast<char>(length % 128 + 128);
  item += static_cast<char>(length >= 128 ? length / 128 : length);
  return item + static_cast<char>(owner.size()) + owner;
}

TEST(DecodeFencedLog, CountsBasesAndSegmentsWhoseEpochIsGone) {
  Bytes files;
  LogBuilder base = LogBuilder::Base(files, 3, 1);
  base.Add(checkpoint::GroupKind::kRecords, Texts({"a", "b"}));
  const uint64_t base_length = base.Add(checkpoint::GroupKind::kRecords, Texts({"c"}));
  LogBuilder old(files, 3, 1);
  old.Add(checkpoint::GroupKind::kSeal,
          std::string(1, '\1') + Owned(5, 3, 1, base_length, "owner-3"));
  const uint64_t length = old.Add(checkpoint::GroupKind::kRecords, Texts({"d"}));
  EXPECT_THAT(Decode(files)->value(), ElementsAre("a", "b", "c", "d"));

  LogBuilder now(files, 12);
  now.Add(checkpoint::GroupKind::kSeal,
          std::string(1, '\3') + Owned(5, 3, 1, base_length, "owner-3") +
              Owned(4, 3, 1, length, "owner-3") + "\2" + Texts({"e"}));
  now.Add(checkpoint::GroupKind::kRecords, Texts({"f"}));
  files.erase("q/epoch-3");
  EXPECT_THAT(Decode(files)->value(), ElementsAre("a", "b", "c", "d", "e", "f"));
  LogBuilder late(files, 5);  // below the newest
  EXPECT_THAT(Decode(files)->value(), ElementsAre("a", "b", "c", "d", "e", "f"));

  files["q/base-3.1"].pop_back();
  EXPECT_THAT(std::string(Decode(files).status().message()), HasSubstr("q/base-3.1: counts up to"));
  files.erase("q/base-3.1");
  EXPECT_THAT(std::string(Decode(files).status().message()), HasSubstr("q/base-3.1: is gone"));
}

}  // namespace
}  // namespace wavetank::properties
