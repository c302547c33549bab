// What disk.h states of names: files, directories, links, and the errors of each call.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/disk.h"
#include "platform/event.h"
#include "platform/task_scope.h"
#include "tests/conformance/expect.h"
#include "tests/conformance/world.h"

namespace wavetank::conformance {
namespace {

using platform::DirectoryEntry;
using platform::DirectoryWatch;
using platform::Disk;
using platform::File;
using platform::FileInfo;
using platform::FileKind;
using platform::Node;
using platform::OpenMode;
using platform::Task;
using platform::TaskScope;

class DiskNamesConformance : public Conformance {};
INSTANTIATE_TEST_SUITE_P(, DiskNamesConformance, testing::ValuesIn(AllArms()), ArmName);

Task<absl::Status> WriteFile(Disk& disk, std::string path, std::string content) {
  WT_CO_ASSIGN_OR_RETURN(const auto file, co_await disk.Open(path, OpenMode::kCreateNew));
  co_return co_await file->WriteAt(0, std::move(content));
}
Task<absl::StatusOr<std::string>> ReadFile(Disk& disk, std::string path) {
  WT_CO_ASSIGN_OR_RETURN(const auto file, co_await disk.Open(path, OpenMode::kRead));
  co_return co_await file->ReadAt(0, 1 << 20);
}

Task<void> OpenModes(Node& node) {
  Disk& disk = node.disk();
  WT_EXPECT_CODE(kNotFound, co_await disk.Open("f", OpenMode::kRead));
  WT_EXPECT_CODE(kNotFound, co_await disk.Open("f", OpenMode::kWrite));
  WT_CO_OK(co_await WriteFile(disk, "f", "content"));
  WT_EXPECT_CODE(kAlreadyExists, co_await disk.Open("f", OpenMode::kCreateNew));
  WT_CO_GET(const auto file, co_await disk.Open("f", OpenMode::kWrite));
  WT_CO_OK(co_await file->WriteAt(0, "C"));
  WT_CO_GET(const std::string content, co_await ReadFile(disk, "f"));
  EXPECT_EQ(content, "Content");
}
TEST_P(DiskNamesConformance, OpenModesDifferInWhatMustExist) { world().RunNode(OpenModes); }

Task<void> BadPaths(Node& node) {
  Disk& disk = node.disk();
  WT_CO_OK(co_await disk.MakeDirectory("d"));
  for (const char* path : {"/f", "d//f", "./f", "d/./f", "../f", "d/..", "d/", ".", ".."}) {
    WT_EXPECT_CODE(kInvalidArgument, co_await disk.Open(path, OpenMode::kCreateNew));
    WT_EXPECT_CODE(kInvalidArgument, co_await disk.MakeDirectory(path));
    WT_EXPECT_CODE(kInvalidArgument, co_await disk.Remove(path));
    WT_EXPECT_CODE(kInvalidArgument, co_await disk.RemoveDirectory(path));
    WT_EXPECT_CODE(kInvalidArgument, co_await disk.SyncDirectory(path));
    WT_EXPECT_CODE(kInvalidArgument, co_await disk.List(path));
    WT_EXPECT_CODE(kInvalidArgument, co_await disk.Stat(path));
    WT_EXPECT_CODE(kInvalidArgument, co_await disk.Lock(path));
    WT_EXPECT_CODE(kInvalidArgument, co_await disk.Rename(path, "g"));
    WT_EXPECT_CODE(kInvalidArgument, co_await disk.Rename("d", path));
    WT_EXPECT_CODE(kInvalidArgument, co_await disk.Link(path, "g"));
    WT_EXPECT_CODE(kInvalidArgument, co_await disk.Link("d", path));
  }
  WT_EXPECT_CODE(kInvalidArgument, co_await disk.Open("", OpenMode::kCreateNew));
}
TEST_P(DiskNamesConformance, PathsOutsideTheFormAreRefused) { world().RunNode(BadPaths); }

Task<void> NoParent(Node& node) {
  Disk& disk = node.disk();
  WT_CO_OK(co_await WriteFile(disk, "f", ""));
  WT_EXPECT_CODE(kNotFound, co_await disk.Open("no/f", OpenMode::kCreateNew));
  WT_EXPECT_CODE(kNotFound, co_await disk.MakeDirectory("no/d"));
  WT_EXPECT_CODE(kNotFound, co_await disk.Link("f", "no/f"));
  WT_EXPECT_CODE(kNotFound, co_await disk.Rename("f", "no/f"));
  WT_EXPECT_CODE(kNotFound, co_await disk.Lock("no/lock"));
  WT_EXPECT_CODE(kFailedPrecondition, co_await disk.Open("f/g", OpenMode::kCreateNew));
}
TEST_P(DiskNamesConformance, DirectoryMustExistBeforeSomethingIsMadeInIt) {
  world().RunNode(NoParent);
}

Task<void> WrongKinds(Node& node) {
  Disk& disk = node.disk();
  WT_CO_OK(co_await WriteFile(disk, "f", ""));
  WT_CO_OK(co_await disk.MakeDirectory("d"));
  WT_EXPECT_CODE(kFailedPrecondition, co_await disk.Open("d", OpenMode::kRead));
  WT_EXPECT_CODE(kFailedPrecondition, co_await disk.Open("d", OpenMode::kWrite));
  WT_EXPECT_CODE(kAlreadyExists, co_await disk.Open("d", OpenMode::kCreateNew));
  WT_EXPECT_CODE(kAlreadyExists, co_await disk.MakeDirectory("f"));
  WT_EXPECT_CODE(kFailedPrecondition, co_await disk.Remove("d"));
  WT_EXPECT_CODE(kFailedPrecondition, co_await disk.RemoveDirectory("f"));
  WT_EXPECT_CODE(kFailedPrecondition, co_await disk.List("f"));
  WT_EXPECT_CODE(kFailedPrecondition, co_await disk.SyncDirectory("f"));
  WT_EXPECT_CODE(kFailedPrecondition, co_await disk.Link("d", "e"));
  WT_EXPECT_CODE(kFailedPrecondition, co_await disk.Rename("f", "d"));
  WT_EXPECT_CODE(kFailedPrecondition, co_await disk.Lock("d"));
}
TEST_P(DiskNamesConformance, WrongKindIsRefusedByEveryCall) { world().RunNode(WrongKinds); }

Task<void> Renames(Node& node) {
  Disk& disk = node.disk();
  WT_CO_OK(co_await WriteFile(disk, "a", "new"));
  WT_CO_OK(co_await WriteFile(disk, "b", "old"));
  WT_CO_OK(co_await disk.Rename("a", "b"));
  WT_CO_GET(const std::string replaced, co_await ReadFile(disk, "b"));
  EXPECT_EQ(replaced, "new");
  WT_EXPECT_CODE(kNotFound, co_await disk.Stat("a"));
  WT_EXPECT_CODE(kNotFound, co_await disk.Rename("a", "c"));
  WT_CO_OK(co_await disk.MakeDirectory("d"));
  WT_CO_OK(co_await disk.Rename("b", "d/b"));
  WT_CO_OK(co_await disk.Rename("d", "e"));
  WT_CO_GET(const std::string moved, co_await ReadFile(disk, "e/b"));
  EXPECT_EQ(moved, "new");
}
TEST_P(DiskNamesConformance, RenameMovesAndReplacesAFile) { world().RunNode(Renames); }

Task<void> Links(Node& node) {
  Disk& disk = node.disk();
  WT_CO_OK(co_await WriteFile(disk, ".tmp-a", "content"));
  WT_CO_OK(co_await disk.Link(".tmp-a", "a"));
  WT_EXPECT_CODE(kAlreadyExists, co_await disk.Link(".tmp-a", "a"));
  WT_EXPECT_CODE(kNotFound, co_await disk.Link("none", "b"));
  WT_CO_OK(co_await disk.Remove(".tmp-a"));
  WT_CO_GET(const std::string content, co_await ReadFile(disk, "a"));
  EXPECT_EQ(content, "content");
}
TEST_P(DiskNamesConformance, LinkGivesASecondNameAndNeverReplaces) { world().RunNode(Links); }

Task<void> TryToCreate(Disk& disk, std::string from, int& winners) {
  const absl::Status linked = co_await disk.Link(from, "the-one");
  if (linked.ok()) {
    ++winners;
  } else {
    EXPECT_EQ(linked.code(), absl::StatusCode::kAlreadyExists) << linked;
  }
}
Task<void> RaceToCreate(Node& node) {
  WT_CO_OK(co_await WriteFile(node.disk(), "mine", ""));
  int winners = 0;
  TaskScope scope(node.executor());
  for (int i = 0; i < 20; ++i) scope.Spawn("racer", TryToCreate(node.disk(), "mine", winners));
  co_await scope.Join();
  EXPECT_EQ(winners, 1);
}
TEST_P(DiskNamesConformance, CreateIfAbsentHasOneWinner) { world().RunNode(RaceToCreate); }

Task<void> Removals(Node& node) {
  Disk& disk = node.disk();
  WT_EXPECT_CODE(kNotFound, co_await disk.Remove("f"));
  WT_EXPECT_CODE(kNotFound, co_await disk.RemoveDirectory("d"));
  WT_CO_OK(co_await disk.MakeDirectory("d"));
  WT_EXPECT_CODE(kAlreadyExists, co_await disk.MakeDirectory("d"));
  WT_CO_OK(co_await WriteFile(disk, "d/f", ""));
  WT_EXPECT_CODE(kFailedPrecondition, co_await disk.RemoveDirectory("d"));
  WT_CO_OK(co_await disk.Remove("d/f"));
  WT_CO_OK(co_await disk.RemoveDirectory("d"));
  WT_EXPECT_CODE(kNotFound, co_await disk.Stat("d"));
}
TEST_P(DiskNamesConformance, RemovalNeedsAFileOrAnEmptyDirectory) { world().RunNode(Removals); }

Task<void> Listings(Node& node) {
  Disk& disk = node.disk();
  WT_EXPECT_CODE(kNotFound, co_await disk.List("d"));
  WT_CO_OK(co_await disk.MakeDirectory("d"));
  WT_CO_GET(const auto empty, co_await disk.List("d"));
  EXPECT_TRUE(empty.empty());
  for (const char* name : {"b", "a", "10", "9", "B", ".tmp-x"}) {
    WT_CO_OK(co_await WriteFile(disk, absl::StrCat("d/", name), ""));
  }
  WT_CO_OK(co_await disk.MakeDirectory("d/c"));
  WT_CO_GET(const auto entries, co_await disk.List("d"));
  const std::vector<DirectoryEntry> expected = {
      {".tmp-x", FileKind::kFile}, {"10", FileKind::kFile}, {"9", FileKind::kFile},
      {"B", FileKind::kFile},      {"a", FileKind::kFile},  {"b", FileKind::kFile},
      {"c", FileKind::kDirectory}};
  EXPECT_TRUE(entries == expected);
  WT_CO_GET(const auto root, co_await disk.List(""));
  EXPECT_EQ(root.size(), 1u);
}
TEST_P(DiskNamesConformance, ListIsOrderedByName) { world().RunNode(Listings); }

Task<void> Stats(Node& node) {
  Disk& disk = node.disk();
  WT_EXPECT_CODE(kNotFound, co_await disk.Stat("f"));
  WT_CO_OK(co_await WriteFile(disk, "f", "12345"));
  WT_CO_OK(co_await disk.MakeDirectory("d"));
  WT_CO_GET(const FileInfo file, co_await disk.Stat("f"));
  EXPECT_EQ(file.kind, FileKind::kFile);
  EXPECT_EQ(file.size_bytes, 5u);
  WT_CO_GET(const FileInfo directory, co_await disk.Stat("d"));
  EXPECT_EQ(directory.kind, FileKind::kDirectory);
  WT_CO_GET(const FileInfo root, co_await disk.Stat(""));
  EXPECT_EQ(root.kind, FileKind::kDirectory);
}
TEST_P(DiskNamesConformance, StatTellsKindAndSize) { world().RunNode(Stats); }

Task<void> KeepWaiting(DirectoryWatch& watch, platform::Event& woken) {
  co_await watch.Wait();
  woken.Set();
}

// Whether a watch that is waited for says so of a name that then comes. It may miss one, so: of one
// of several.
Task<bool> Wakes(Node& node, DirectoryWatch& watch, const std::string& name, bool by_link) {
  Disk& disk = node.disk();
  platform::Event woken;
  platform::TaskScope scope(node.executor());
  scope.Spawn("wait for names", KeepWaiting(watch, woken));
  for (int i = 0; i < 20 && !woken.is_set(); ++i) {
    const std::string came = absl::StrCat(name, i);
    EXPECT_TRUE((co_await WriteFile(disk, "made", "")).ok());
    const absl::Status moved =
        by_link ? co_await disk.Link("made", came) : co_await disk.Rename("made", came);
    EXPECT_TRUE(moved.ok()) << moved;
    if (by_link) EXPECT_TRUE((co_await disk.Remove("made")).ok());
    co_await woken.WaitFor(node.clock(), absl::Milliseconds(500));
  }
  co_return woken.is_set();
}

Task<void> Watches(Node& node) {
  Disk& disk = node.disk();
  WT_EXPECT_CODE(kNotFound, co_await disk.Watch("d"));
  WT_CO_OK(co_await disk.MakeDirectory("d"));
  WT_CO_GET(const auto watch, co_await disk.Watch("d"));
  EXPECT_TRUE(co_await Wakes(node, *watch, "d/renamed", /*by_link=*/false));
  EXPECT_TRUE(co_await Wakes(node, *watch, "d/linked", /*by_link=*/true));
  // What came while nobody waited is not lost; what comes elsewhere, or goes, is no news.
  platform::Event woken;
  platform::TaskScope scope(node.executor());
  scope.Spawn("wait for names", KeepWaiting(*watch, woken));
  co_await woken.WaitFor(node.clock(), absl::Milliseconds(50));
  scope.DestroyChildren();
  woken.Reset();
  scope.Spawn("wait for names", KeepWaiting(*watch, woken));
  WT_CO_OK(co_await WriteFile(disk, "elsewhere", ""));
  WT_CO_GET(const auto entries, co_await disk.List("d"));
  for (const DirectoryEntry& entry : entries) {
    WT_CO_OK(co_await disk.Remove(absl::StrCat("d/", entry.name)));
  }
  EXPECT_FALSE(co_await woken.WaitFor(node.clock(), absl::Milliseconds(50)));
}
TEST_P(DiskNamesConformance, AWatchTellsOfNamesThatCome) { world().RunNode(Watches); }

Task<void> DirectorySyncs(Node& node) {
  Disk& disk = node.disk();
  WT_EXPECT_CODE(kNotFound, co_await disk.SyncDirectory("d"));
  WT_CO_OK(co_await disk.MakeDirectory("d"));
  WT_CO_OK(co_await disk.SyncDirectory("d"));
  WT_CO_OK(co_await disk.SyncDirectory(""));
}
TEST_P(DiskNamesConformance, DirectoriesCanBeSyncedTheRootToo) { world().RunNode(DirectorySyncs); }

Task<void> Messages(Node& node) {
  const absl::Status missing = (co_await node.disk().Open("some/file", OpenMode::kRead)).status();
  EXPECT_NE(missing.message().find("some/file"), absl::string_view::npos) << missing;
}
TEST_P(DiskNamesConformance, ErrorsNameThePath) { world().RunNode(Messages); }

}  // namespace
}  // namespace wavetank::conformance
