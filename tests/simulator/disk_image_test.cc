#include "simulator/disk_image.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

namespace wavetank::simulator {
namespace {

using platform::OpenMode;
using platform::Random;

void MustDo(const absl::Status& status) { ASSERT_TRUE(status.ok()) << status; }

void MakeFile(DiskImage& image, const std::string& path, const std::string& content) {
  const auto inode = image.Open(path, OpenMode::kCreateNew);
  ASSERT_TRUE(inode.ok()) << inode.status();
  (*inode)->file.Write(0, content);
  (*inode)->file.Sync((*inode)->file.SyncPoint());
}

void SyncNames(DiskImage& image, const std::string& directory = "") {
  image.SyncDirectory(*image.FindDirectory("sync", directory), image.SyncPoint());
}

std::string Names(const DiskImage& image) { return absl::StrJoin(image.Files(""), " "); }

template <typename Prepare>
std::set<std::string> NamesAfterPowerLoss(Prepare prepare) {
  std::set<std::string> outcomes;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    DiskImage image;
    prepare(image);
    image.PowerLoss(Random(seed));
    outcomes.insert(Names(image));
  }
  return outcomes;
}

using Set = std::set<std::string>;

TEST(DiskImage, CreationIsPendingUntilTheDirectoryIsSynced) {
  EXPECT_EQ(NamesAfterPowerLoss([](DiskImage& image) { MakeFile(image, "f", "x"); }),
            (Set{"", "f"}));
  EXPECT_EQ(NamesAfterPowerLoss([](DiskImage& image) {
              MakeFile(image, "f", "x");
              SyncNames(image);
            }),
            Set{"f"});
}

TEST(DiskImage, RemovalIsPendingUntilTheDirectoryIsSynced) {
  const auto remove = [](DiskImage& image) {
    MakeFile(image, "f", "x");
    SyncNames(image);
    MustDo(image.Remove("f"));
  };
  EXPECT_EQ(NamesAfterPowerLoss(remove), (Set{"", "f"}));
  EXPECT_EQ(NamesAfterPowerLoss([&](DiskImage& image) {
              remove(image);
              SyncNames(image);
            }),
            Set{""});
}

TEST(DiskImage, RenameShowsTheOldOrTheNewName) {
  EXPECT_EQ(NamesAfterPowerLoss([](DiskImage& image) {
              MakeFile(image, "old", "x");
              SyncNames(image);
              MustDo(image.Rename("old", "new"));
            }),
            (Set{"old", "new"}));
}

TEST(DiskImage, RenameOverAFileShowsItsOldOrItsNewContent) {
  std::set<std::string> contents;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    DiskImage image;
    MakeFile(image, "f", "old");
    SyncNames(image);
    MakeFile(image, "f.tmp", "new");
    MustDo(image.Rename("f.tmp", "f"));
    image.PowerLoss(Random(seed));
    contents.insert((*image.Find("find", "f"))->file.content());
  }
  EXPECT_EQ(contents, (Set{"old", "new"}));
}

TEST(DiskImage, LinkIsPendingUntilTheDirectoryIsSynced) {
  EXPECT_EQ(NamesAfterPowerLoss([](DiskImage& image) {
              MakeFile(image, "a", "x");
              SyncNames(image);
              MustDo(image.Link("a", "b"));
            }),
            (Set{"a", "a b"}));
}

TEST(DiskImage, NamesAreDecidedEachByItself) {
  EXPECT_EQ(NamesAfterPowerLoss([](DiskImage& image) {
              MakeFile(image, "a", "x");
              MakeFile(image, "b", "x");
            }),
            (Set{"", "a", "b", "a b"}));
}

TEST(DiskImage, SyncOfADirectoryDoesNotMakeItsOwnNameDurable) {
  EXPECT_EQ(NamesAfterPowerLoss([](DiskImage& image) {
              MustDo(image.MakeDirectory("d"));
              MakeFile(image, "d/f", "x");
              SyncNames(image, "d");
            }),
            (Set{"", "d/f"}));
}

TEST(DiskImage, SyncOfTheTargetDirectorySettlesAMoveBothWays) {
  EXPECT_EQ(NamesAfterPowerLoss([](DiskImage& image) {
              MustDo(image.MakeDirectory("from"));
              MustDo(image.MakeDirectory("to"));
              SyncNames(image);
              MakeFile(image, "from/f", "x");
              MustDo(image.Rename("from/f", "to/f"));
              SyncNames(image, "to");
            }),
            Set{"to/f"});
}

TEST(DiskImage, StaleBytesMayBeThoseOfARemovedFile) {
  bool seen = false;
  for (uint64_t seed = 0; seed < 300 && !seen; ++seed) {
    DiskImage image;
    MakeFile(image, "old", std::string(kSectorBytes, 'S'));
    MakeFile(image, "new", "");
    SyncNames(image);
    MustDo(image.Remove("old"));
    (*image.Find("find", "new"))->file.Write(0, std::string(kSectorBytes, 'n'));
    image.PowerLoss(Random(seed));
    seen = (*image.Find("find", "new"))->file.content() == std::string(kSectorBytes, 'S');
  }
  EXPECT_TRUE(seen);
}

TEST(DiskImage, ALockWhoseNameWasBeingRemovedIsFreeAfterAPowerLoss) {
  bool back = false;
  for (uint64_t seed = 0; seed < 50 && !back; ++seed) {
    DiskImage image;
    MakeFile(image, "lock", "");
    SyncNames(image);
    (*image.Find("find", "lock"))->locked_by = LifeId(7);
    MustDo(image.Remove("lock"));
    image.ReleaseLocks(LifeId(7));
    image.PowerLoss(Random(seed));
    const auto lock = image.Find("find", "lock");
    back = lock.ok();
    if (back) EXPECT_EQ((*lock)->locked_by, LifeId(0));
  }
  EXPECT_TRUE(back);
}

TEST(DiskImage, EveryLossDoesAndUndoesEachPendingChangeOfNames) {
  DiskImage image;
  for (const char* name : {"a", "b"}) {
    const auto inode = image.Open(name, OpenMode::kCreateNew);
    ASSERT_TRUE(inode.ok());
    (*inode)->file.Write(0, name);
    (*inode)->file.Sync((*inode)->file.SyncPoint());
  }
  EXPECT_EQ(image.PendingItems(), 2u);
  const uint64_t before = image.Fingerprint(DiskImage::Depth::kPendingToo);
  std::set<std::vector<std::string>> outcomes;
  EveryLoss loss;
  do {
    DiskImage copy;
    copy.CopyFrom(image);
    EXPECT_EQ(copy.Fingerprint(DiskImage::Depth::kPendingToo), before);
    copy.PowerLoss(loss, "");
    EXPECT_EQ(copy.PendingItems(), 0u);
    outcomes.insert(copy.Files(""));
  } while (loss.Advance());
  EXPECT_EQ(outcomes, (std::set<std::vector<std::string>>{{}, {"a"}, {"b"}, {"a", "b"}}));
  EXPECT_EQ(image.Fingerprint(DiskImage::Depth::kPendingToo), before) << "a copy shares nothing";
}

TEST(DiskImage, FingerprintsTellWhatIsPendingFromWhatIsDurable) {
  DiskImage pending;
  ASSERT_TRUE(pending.Open("a", OpenMode::kCreateNew).ok());
  DiskImage durable;
  durable.CopyFrom(pending);
  SyncNames(durable, "");
  using enum DiskImage::Depth;
  EXPECT_EQ(pending.Fingerprint(kSeen), durable.Fingerprint(kSeen));
  EXPECT_NE(pending.Fingerprint(kPendingToo), durable.Fingerprint(kPendingToo));
  EXPECT_NE(pending.Fingerprint(kSeen), DiskImage().Fingerprint(kSeen));
}

}  // namespace
}  // namespace wavetank::simulator
