#include "properties/decode_log.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/framing.h"
#include "tests/properties/log_builder.h"

namespace wavetank::properties {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(PlainCrc32c, GivesTheCheckValueOfCastagnoli) {
  EXPECT_EQ(PlainCrc32c("123456789"), 0xE3069283u);
}

using Bytes = DurableFiles;

absl::StatusOr<std::optional<std::vector<std::string>>> Decode(const Bytes& bytes) {
  return DecodeFencedLog(bytes, "q");
}

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

TEST(DecodeFencedLog, AGroupThatNamesMoreAsDurableThanStandsBeforeItDoesNotCount) {
  Bytes files;
  LogBuilder log(files, 1);
  log.Add(checkpoint::GroupKind::kSeal, kEmptySeal);
  const uint64_t length = log.Add(checkpoint::GroupKind::kRecords, Texts({"a"}));
  log.Add(checkpoint::GroupKind::kRecords, Texts({"b"}));
  log.NameAsDurable(length);
  EXPECT_THAT(Decode(files)->value(), ElementsAre("a", "b"));
  log.NameAsDurable(length + 1);
  EXPECT_THAT(Decode(files)->value(), ElementsAre("a"));
}

TEST(DecodeFencedLog, CountsThroughTheSegmentOfTheHighestNumberWhicheverNameSortsLast) {
  Bytes files;
  for (const int64_t segment : {9, 10}) {
    LogBuilder log(files, 1, segment);
    log.Add(checkpoint::GroupKind::kSeal, kEmptySeal);
    log.Add(checkpoint::GroupKind::kRecords, Texts({"of " + std::to_string(segment)}));
  }
  EXPECT_THAT(Decode(files)->value(), ElementsAre("of 10"));
}

TEST(DecodeFencedLog, SaysThatAnEpochFileIsDamaged) {
  Bytes files;
  LogBuilder log(files, 1);
  log.Add(checkpoint::GroupKind::kSeal, kEmptySeal);
  const std::string whole(files["q/epoch-1"]);
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] ^= 0x20;
    files["q/epoch-1"] = damaged;
    EXPECT_THAT(std::string(Decode(files).status().message()),
                HasSubstr("q/epoch-1: is no whole epoch file"))
        << "byte " << i;
  }
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
