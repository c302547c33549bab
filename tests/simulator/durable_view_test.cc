// The durable view against what power losses leave: every one of them, item by item.
#include <algorithm>
#include <map>
#include <optional>
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
};

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

rc::Gen<Operation> ArbitraryOperation() {
  return rc::gen::exec([] {
    const auto path = rc::gen::element<std::string>("a", "b", "d", "e", "d/a", "d/b", "e/a");
    Operation operation;
    operation.call = static_cast<Call>(*rc::gen::inRange(0, 10));
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
  }
}

RC_GTEST_PROP(DurableView, IsWhatEveryPowerLossLeaves, ()) {
  constexpr size_t kItemsMost = 6;  // so that every loss can be tried
  const auto operations =
      *rc::gen::resize(40, rc::gen::container<std::vector<Operation>>(ArbitraryOperation()));
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
