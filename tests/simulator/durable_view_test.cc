// The durable view against what power losses leave: every one of them, item by item.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "rapidcheck.h"
#include "rapidcheck/gtest.h"

#include "simulator/disk_image.h"

namespace wavetank::simulator {
namespace {

using platform::OpenMode;
using Contents = std::map<std::string, std::string>;

Contents FilesOf(const DiskImage& image) {
  Contents files;
  for (const std::string& path : image.Files("")) {
    files[path] = (*image.Find("find", path))->file.content();
  }
  return files;
}

Contents ViewOf(const DiskImage& image) {
  Contents files;
  for (const auto& file : image.DurableView("")) files[file.path] = std::string(file.content);
  return files;
}

// Keeps of `both` what `other` has too, as far as it is alike.
void Intersect(Contents& both, const Contents& other) {
  std::erase_if(both, [&](const auto& entry) { return !other.contains(entry.first); });
  for (auto& [path, content] : both) {
    const std::string& there = other.at(path);
    const auto differ =
        std::mismatch(content.begin(), content.end(), there.begin(), there.end()).first;
    content.erase(differ, content.end());
  }
}

Contents LeftByEveryPowerLoss(const DiskImage& image) {
  std::optional<Contents> left;
  EveryLoss loss;
  do {
    DiskImage copy;
    copy.CopyFrom(image);
    copy.PowerLoss(loss, std::string(kSectorBytes, '?'));
    if (!left.has_value()) {
      left = FilesOf(copy);
    } else {
      Intersect(*left, FilesOf(copy));
    }
  } while (loss.Advance());
  return *std::move(left);
}

class AllDone final : public LossChoices {
 public:
  size_t Choose(size_t count) override { return count - 1; }
};

enum class Call {
  kWrite,
  kTruncate,
  kSync,
  kFailSync,
  kRename,
  kLink,
  kRemove,
  kMakeDirectory,
  kRemoveDirectory,
  kSyncDirectory,
  kFailSyncDirectory,
  kForgetLost,
  // Beyond the contract.
  kLose,
  kDamage,
  kPowerLoss,
  kErase,
  kLoad,  // a copy of what another disk has
};
constexpr int kCallsWithinTheContract = static_cast<int>(Call::kFailSyncDirectory);
constexpr int kAllCalls = static_cast<int>(Call::kLoad) + 1;

struct Operation {
  Call call;
  std::string path;
  std::string to;
  int number;
};

std::ostream& operator<<(std::ostream& out, const Operation& operation) {
  return out << static_cast<int>(operation.call) << " " << operation.path << " " << operation.to
             << " " << operation.number;
}

rc::Gen<Operation> ArbitraryOperation(int calls) {
  return rc::gen::exec([calls] {
    const auto path = rc::gen::element<std::string>("a", "b", "d", "e", "d/a", "d/b", "e/a");
    Operation operation;
    operation.call = static_cast<Call>(*rc::gen::inRange(0, calls));
    operation.path = *path;
    operation.to = *path;
    operation.number = *rc::gen::inRange(0, 4);
    return operation;
  });
}

// What cannot be done changes nothing.
void Do(const Operation& operation, DiskImage& image) {
  const std::string& path = operation.path;
  const auto found = image.Find("find", path);
  const bool file = found.ok() && (*found)->kind == platform::FileKind::kFile;
  switch (operation.call) {
    case Call::kWrite: {
      const auto opened = image.OpenOrCreate("open", path);
      if (!opened.ok()) return;
      // Few values, so that some writes give what was there.
      const std::string text(1 + static_cast<size_t>(operation.number), operation.to[0]);
      (*opened)->file.Write(operation.number % 2 == 0 ? 0 : (*opened)->file.size(), text);
      return;
    }
    case Call::kTruncate:
      if (file) (*found)->file.Truncate(static_cast<uint64_t>(operation.number));
      return;
    case Call::kSync:
      if (file) (*found)->file.Sync((*found)->file.SyncPoint());
      return;
    case Call::kFailSync:
      if (file) (*found)->file.FailSync((*found)->file.SyncPoint());
      return;
    case Call::kRename:
      return image.Rename(path, operation.to).IgnoreError();
    case Call::kLink:
      return image.Link(path, operation.to).IgnoreError();
    case Call::kRemove:
      return image.Remove(path).IgnoreError();
    case Call::kMakeDirectory:
      return image.MakeDirectory(path).IgnoreError();
    case Call::kRemoveDirectory:
      return image.RemoveDirectory(path).IgnoreError();
    case Call::kSyncDirectory: {
      const auto directory = image.FindDirectory("sync", operation.number < 2 ? "" : path);
      if (directory.ok()) image.SyncDirectory(*directory, image.SyncPoint());
      return;
    }
    case Call::kFailSyncDirectory: {
      const auto directory = image.FindDirectory("sync", operation.number < 2 ? "" : path);
      if (directory.ok()) image.FailSyncDirectory(*directory, image.SyncPoint());
      return;
    }
    case Call::kForgetLost:
      if (file) (*found)->file.ForgetLost();
      return;
    case Call::kLose:
      if (file) image.Lose(path);
      return;
    case Call::kDamage:
      if (file) (*found)->file.Damage(static_cast<uint64_t>(operation.number), "!");
      return;
    case Call::kPowerLoss:
      return image.PowerLoss(platform::Random(static_cast<uint64_t>(operation.number)));
    case Call::kErase:
      if (operation.number == 0) image.Erase();
      return;
    case Call::kLoad: {
      DiskImage copy;
      copy.CopyFrom(image);
      image.CopyFrom(copy);
      return;
    }
  }
}

RC_GTEST_PROP(DurableView, IsWhatEveryPowerLossLeaves, ()) {
  constexpr size_t kItemsMost = 6;  // so that every loss can be tried
  const auto operations = *rc::gen::resize(
      40, rc::gen::container<std::vector<Operation>>(ArbitraryOperation(kCallsWithinTheContract)));
  DiskImage image;
  for (const Operation& operation : operations) {
    if (image.PendingItems() >= kItemsMost) break;
    Do(operation, image);
  }
  const Contents view = ViewOf(image);
  RC_CLASSIFY(!view.empty());
  RC_ASSERT(view == LeftByEveryPowerLoss(image));
  for (const auto& [path, content] : FilesOf(image)) {
    const auto sure = view.find(path);
    const auto durable = image.DurableContent(path);
    RC_ASSERT(durable.has_value() == (sure != view.end()));
    if (durable.has_value()) RC_ASSERT(*durable == sure->second);
  }
}

RC_GTEST_PROP(DurableView, IsWhatAKeptViewShows, ()) {
  const auto operations = *rc::gen::resize(
      80, rc::gen::container<std::vector<Operation>>(ArbitraryOperation(kAllCalls)));
  DiskImage image;
  Contents before;
  std::set<std::string> changed;
  image.KeptDurableView(changed);
  for (const Operation& operation : operations) {
    Do(operation, image);
    if (operation.number == 3) continue;  // what has changed adds up
    const auto& kept = image.KeptDurableView(changed);
    const Contents now(kept.begin(), kept.end());
    RC_ASSERT(now == ViewOf(image));
    std::set<std::string> differ;
    for (const auto& [path, content] : now) {
      const auto was = before.find(path);
      if (was == before.end() || was->second != content) differ.insert(path);
    }
    for (const auto& [path, content] : before) {
      if (!now.contains(path)) differ.insert(path);
    }
    RC_ASSERT(changed == differ);
    before = now;
  }
}

TEST(DurableView, IsKeptUpWithEveryChangeOfAFile) {
  DiskImage image;
  const auto opened = image.Open("f", OpenMode::kCreateNew);
  SectorFile& file = (*opened)->file;
  image.SyncDirectory(*image.FindDirectory("sync", ""), image.SyncPoint());
  std::set<std::string> changed;
  const auto now = [&] { return image.KeptDurableView(changed).at("f"); };
  EXPECT_EQ(now(), "");
  file.Write(0, "abcd");
  file.Sync(file.SyncPoint());
  EXPECT_EQ(now(), "abcd");
  file.Write(2, "xx");
  EXPECT_EQ(now(), "ab") << "what is pending may be lost or not";
  file.FailSync(file.SyncPoint());
  EXPECT_EQ(now(), "ab");
  file.ForgetLost();
  EXPECT_EQ(now(), "abcd");
  file.Truncate(3);
  EXPECT_EQ(now(), "abc");
  file.Damage(0, "?");
  EXPECT_EQ(now(), "?bc");
  file.Write(0, "b");
  file.FailSync(file.SyncPoint());
  file.Write(1, "-");
  EXPECT_EQ(now(), "");
  AllDone done;
  image.PowerLoss(done, "");
  EXPECT_EQ(now(), "b-c");
}

// The image of a file that is written anew, as a log is after a failed sync.
TEST(DurableView, HoldsANameWhileARenameOverItIsPending) {
  DiskImage image;
  const auto write = [&](const char* path, const char* content) {
    DiskImage::Inode& file = **image.Open(path, OpenMode::kCreateNew);
    file.file.Write(0, content);
    file.file.Sync(file.file.SyncPoint());
  };
  write("log", "one two");
  image.SyncDirectory(*image.FindDirectory("sync", ""), image.SyncPoint());
  write("log.tmp", "one two three");
  ASSERT_TRUE(image.Rename("log.tmp", "log").ok());
  EXPECT_EQ(ViewOf(image), (Contents{{"log", "one two"}}));
  EXPECT_EQ(image.DurableContent("log"), "one two");
  ASSERT_TRUE(image.Remove("log").ok());
  EXPECT_EQ(ViewOf(image), Contents{}) << "now nothing may be left";
}

}  // namespace
}  // namespace wavetank::simulator
