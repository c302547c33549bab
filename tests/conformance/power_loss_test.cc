// What disk.h states of a power loss: what the completed syncs cover is there, and of the rest
// nothing that was never there.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/disk.h"
#include "platform/task_scope.h"
#include "tests/conformance/expect.h"
#include "tests/conformance/world.h"

namespace wavetank::conformance {
namespace {

using platform::Disk;
using platform::Node;
using platform::NodeMain;
using platform::OpenMode;
using platform::Task;

class PowerLossConformance : public Conformance {
 protected:
  // Runs `before` until it loses power, then `after` on the same machine, several times over.
  void LosePower(NodeMain before, NodeMain after) {
    const std::vector<Ending> died = {{Ending::kDied}};
    for (int round = 0; round < 20; ++round) {
      EXPECT_EQ(world().Run({World::Process("alpha", "test", before)}), died);
      world().RunNode(after);
    }
  }
};
INSTANTIATE_TEST_SUITE_P(, PowerLossConformance, testing::ValuesIn(ArmsThatLosePower()), ArmName);

Task<void> RemoveAll(Disk& disk) {
  WT_CO_GET(const auto entries, co_await disk.List(""));
  for (const platform::DirectoryEntry& entry : entries) {
    if (entry.kind == platform::FileKind::kFile) WT_CO_OK(co_await disk.Remove(entry.name));
  }
  WT_CO_OK(co_await disk.SyncDirectory(""));
}

Task<void> SyncThenLosePower(Node& node) {
  Disk& disk = node.disk();
  co_await RemoveAll(disk);
  WT_CO_GET(const auto file, co_await disk.Open("f", OpenMode::kCreateNew));
  WT_CO_OK(co_await file->Append(std::string(2000, 's')));
  WT_CO_OK(co_await file->Sync());
  WT_CO_OK(co_await disk.SyncDirectory(""));
  WT_CO_OK(co_await file->Append(std::string(2000, 'u')));
  co_await node.Step(kLosePower);
}
Task<void> FindSyncedContent(Node& node) {
  WT_CO_GET(const auto file, co_await node.disk().Open("f", OpenMode::kRead));
  WT_CO_GET(const std::string content, co_await file->ReadAt(0, UINT64_MAX));
  EXPECT_EQ(content.substr(0, 2000), std::string(2000, 's'));
  EXPECT_LE(content.size(), 4000u);
}
TEST_P(PowerLossConformance, SyncedContentStaysAndTheSizeIsBetweenTheSyncedAndTheLast) {
  LosePower(SyncThenLosePower, FindSyncedContent);
}

Task<void> ReplaceThenLosePower(Node& node) {
  Disk& disk = node.disk();
  co_await RemoveAll(disk);
  for (const char* content : {"old", "new"}) {
    WT_CO_GET(const auto file, co_await disk.Open(".tmp-f", OpenMode::kCreateNew));
    WT_CO_OK(co_await file->Append(content));
    WT_CO_OK(co_await file->Sync());
    WT_CO_OK(co_await disk.Rename(".tmp-f", "f"));
    if (content == std::string("old")) WT_CO_OK(co_await disk.SyncDirectory(""));
  }
  co_await node.Step(kLosePower);
}
Task<void> FindOldOrNew(Node& node) {
  WT_CO_GET(const auto file, co_await node.disk().Open("f", OpenMode::kRead));
  WT_CO_GET(const std::string content, co_await file->ReadAt(0, 100));
  EXPECT_TRUE(content == "old" || content == "new") << content;
}
TEST_P(PowerLossConformance, ReplacementBySyncedFileAndRenameIsAtomic) {
  LosePower(ReplaceThenLosePower, FindOldOrNew);
}

Task<void> SyncNamesThenLosePower(Node& node) {
  Disk& disk = node.disk();
  co_await RemoveAll(disk);
  WT_CO_OK(co_await disk.Open("kept", OpenMode::kCreateNew));
  WT_CO_OK(co_await disk.Open("removed", OpenMode::kCreateNew));
  WT_CO_OK(co_await disk.Open("renamed", OpenMode::kCreateNew));
  WT_CO_OK(co_await disk.SyncDirectory(""));
  WT_CO_OK(co_await disk.Remove("removed"));
  WT_CO_OK(co_await disk.Rename("renamed", "moved"));
  WT_CO_OK(co_await disk.Link("kept", "linked"));
  WT_CO_OK(co_await disk.SyncDirectory(""));
  co_await node.Step(kLosePower);
}
Task<void> FindSyncedNames(Node& node) {
  WT_CO_GET(const auto entries, co_await node.disk().List(""));
  std::string names;
  for (const platform::DirectoryEntry& entry : entries) absl::StrAppend(&names, entry.name, " ");
  EXPECT_EQ(names, "kept linked moved ");
}
TEST_P(PowerLossConformance, SyncOfADirectorySettlesEveryChangeOfItsNames) {
  LosePower(SyncNamesThenLosePower, FindSyncedNames);
}

Task<void> LockThenLosePower(Node& node) {
  WT_CO_GET(const auto held, co_await node.disk().Lock("lock"));
  co_await node.Step(kLosePower);
}
Task<void> LockAgain(Node& node) { WT_CO_OK(co_await node.disk().Lock("lock")); }
TEST_P(PowerLossConformance, LockGoesWithThePower) { LosePower(LockThenLosePower, LockAgain); }

}  // namespace
}  // namespace wavetank::conformance
