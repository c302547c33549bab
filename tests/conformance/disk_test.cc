// What disk.h states of the content of files, and of what outlives a process.
#include "platform/disk.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/task_scope.h"
#include "tests/conformance/expect.h"
#include "tests/conformance/world.h"

namespace wavetank::conformance {
namespace {

using platform::Disk;
using platform::File;
using platform::FileLock;
using platform::Node;
using platform::OpenMode;
using platform::Task;
using platform::TaskScope;

class DiskConformance : public Conformance {};
INSTANTIATE_TEST_SUITE_P(, DiskConformance, testing::ValuesIn(AllArms()), ArmName);

Task<void> ReadsWithinAndBeyond(Node& node) {
  WT_CO_GET(const auto file, co_await node.disk().Open("f", OpenMode::kCreateNew));
  WT_CO_OK(co_await file->WriteAt(0, "0123456789"));
  WT_CO_GET(const std::string middle, co_await file->ReadAt(2, 3));
  EXPECT_EQ(middle, "234");
  WT_CO_GET(const std::string tail, co_await file->ReadAt(8, 100));
  EXPECT_EQ(tail, "89");
  WT_CO_GET(const std::string beyond, co_await file->ReadAt(10, 1));
  EXPECT_EQ(beyond, "");
  WT_CO_GET(const std::string far, co_await file->ReadAt(1 << 20, 1));
  EXPECT_EQ(far, "");
  WT_CO_GET(const std::string nothing, co_await file->ReadAt(3, 0));
  EXPECT_EQ(nothing, "");
  WT_CO_GET(const std::string all, co_await file->ReadAt(0, UINT64_MAX));
  EXPECT_EQ(all, "0123456789");
}
TEST_P(DiskConformance, ReadGivesFewerBytesOnlyAtTheEnd) { world().RunNode(ReadsWithinAndBeyond); }

Task<void> WritesAndGaps(Node& node) {
  WT_CO_GET(const auto file, co_await node.disk().Open("f", OpenMode::kCreateNew));
  WT_CO_OK(co_await file->WriteAt(5, "abc"));
  WT_CO_GET(const std::string gap, co_await file->ReadAt(0, 8));
  EXPECT_EQ(gap, std::string(5, '\0') + "abc");
  WT_CO_OK(co_await file->WriteAt(6, "XYZ"));
  WT_CO_OK(co_await file->WriteAt(2, ""));
  WT_CO_GET(const std::string over, co_await file->ReadAt(5, 10));
  EXPECT_EQ(over, "aXYZ");
  WT_CO_GET(const uint64_t size, co_await file->Size());
  EXPECT_EQ(size, 9u);
}
TEST_P(DiskConformance, WriteOverwritesAndAGapReadsAsZeros) { world().RunNode(WritesAndGaps); }

Task<void> Truncates(Node& node) {
  WT_CO_GET(const auto file, co_await node.disk().Open("f", OpenMode::kCreateNew));
  WT_CO_OK(co_await file->WriteAt(0, "0123456789"));
  WT_CO_OK(co_await file->Truncate(4));
  WT_CO_OK(co_await file->Truncate(6));
  WT_CO_GET(const std::string content, co_await file->ReadAt(0, 10));
  EXPECT_EQ(content, std::string("0123\0\0", 6));
  WT_CO_GET(const uint64_t end, co_await file->Append("!"));
  EXPECT_EQ(end, 6u);
}
TEST_P(DiskConformance, TruncateCutsAndExtendsWithZeros) { world().RunNode(Truncates); }

// So large that two which did not wait for each other would be seen to overlap.
constexpr size_t kAppendBytes = 100'000;

Task<void> AppendMany(File& file, char fill, int count, std::vector<uint64_t>& offsets) {
  for (int i = 0; i < count; ++i) {
    WT_CO_GET(const uint64_t offset, co_await file.Append(std::string(kAppendBytes, fill)));
    offsets.push_back(offset);
  }
}

Task<void> AppendsOverlap(Node& node) {
  constexpr int kWriters = 5;
  constexpr int kAppends = 10;
  WT_CO_GET(const auto file, co_await node.disk().Open("log", OpenMode::kCreateNew));
  std::vector<std::vector<uint64_t>> offsets(kWriters);
  TaskScope scope(node.executor());
  for (int w = 0; w < kWriters; ++w) {
    scope.Spawn("append", AppendMany(*file, static_cast<char>('a' + w), kAppends, offsets[w]));
  }
  co_await scope.Join();
  WT_CO_GET(const uint64_t size, co_await file->Size());
  EXPECT_EQ(size, kWriters * kAppends * kAppendBytes);
  for (int w = 0; w < kWriters; ++w) {
    EXPECT_EQ(offsets[w].size(), size_t{kAppends});
    EXPECT_TRUE(std::is_sorted(offsets[w].begin(), offsets[w].end()));
    for (const uint64_t offset : offsets[w]) {
      WT_CO_GET(const std::string content, co_await file->ReadAt(offset, kAppendBytes));
      EXPECT_TRUE(content == std::string(kAppendBytes, static_cast<char>('a' + w)));
    }
  }
}
TEST_P(DiskConformance, OverlappingAppendsLandOneAfterAnother) { world().RunNode(AppendsOverlap); }

Task<void> TwoHandles(Node& node) {
  WT_CO_GET(const auto writer, co_await node.disk().Open("f", OpenMode::kCreateNew));
  WT_CO_GET(const auto reader, co_await node.disk().Open("f", OpenMode::kRead));
  std::string expected;
  for (int i = 0; i < 20; ++i) {
    const std::string line = absl::StrCat("line ", i, "\n");
    WT_CO_OK(co_await writer->Append(line));
    expected += line;
    WT_CO_GET(const std::string content, co_await reader->ReadAt(0, 10'000));
    EXPECT_EQ(content, expected);
  }
}
TEST_P(DiskConformance, ReadSeesEveryCompletedWriteThroughAnyHandle) {
  world().RunNode(TwoHandles);
}

Task<void> ReadsInOneCall(Node& node) {
  WT_CO_GET(const auto writer, co_await node.disk().Open("f", OpenMode::kCreateNew));
  WT_CO_OK(co_await writer->Append("one two three"));
  WT_CO_GET(const platform::BytesOfFile read, co_await node.disk().Read("f", 4, 3));
  EXPECT_EQ(read.bytes, "two");
  EXPECT_EQ(read.info.kind, platform::FileKind::kFile);
  EXPECT_EQ(read.info.size_bytes, 13u);
  WT_CO_GET(const platform::BytesOfFile end, co_await node.disk().Read("f", 8, 100));
  EXPECT_EQ(end.bytes, "three");
  WT_CO_GET(const platform::BytesOfFile behind, co_await node.disk().Read("f", 20, 100));
  EXPECT_EQ(behind.bytes, "");
  WT_EXPECT_CODE(kNotFound, (co_await node.disk().Read("none", 0, 1)).status());
  WT_EXPECT_CODE(kInvalidArgument, (co_await node.disk().Read("", 0, 1)).status());
}
TEST_P(DiskConformance, BytesCanBeReadInOneCall) { world().RunNode(ReadsInOneCall); }

Task<void> SyncsInOneCall(Node& node) {
  WT_CO_OK(co_await node.disk().MakeDirectory("d"));
  std::vector<std::string> paths;
  for (int i = 0; i < 100; ++i) {
    paths.push_back(absl::StrCat("d/f", i));
    WT_CO_GET(const auto file, co_await node.disk().Open(paths.back(), OpenMode::kCreateNew));
    WT_CO_OK(co_await file->Append(std::string(static_cast<size_t>(i), 'x')));
  }
  paths.push_back("d/none");
  const std::vector<platform::SyncOutcome> outcomes = co_await node.disk().SyncFiles(paths);
  EXPECT_EQ(outcomes.size(), 101u);
  if (outcomes.size() != 101) co_return;
  for (size_t i = 0; i < 100; ++i) {
    WT_CO_OK(outcomes[i].opened);
    WT_CO_OK(outcomes[i].synced);
    EXPECT_EQ(outcomes[i].info.size_bytes, i);
  }
  WT_EXPECT_CODE(kNotFound, outcomes[100].opened);
  WT_EXPECT_CODE(kFailedPrecondition, outcomes[100].synced);
  const std::vector<absl::StatusOr<platform::FileInfo>> infos =
      co_await node.disk().StatFiles({"d/f7", "d/none", "d"});
  EXPECT_EQ(infos.size(), 3u);
  if (infos.size() != 3) co_return;
  EXPECT_EQ(infos[0]->size_bytes, 7u);
  WT_EXPECT_CODE(kNotFound, infos[1].status());
  EXPECT_EQ(infos[2]->kind, platform::FileKind::kDirectory);
}
TEST_P(DiskConformance, ManyFilesCanBeSyncedInOneCall) { world().RunNode(SyncsInOneCall); }

Task<void> SetsATime(Node& node) {
  const absl::Time then = absl::FromUnixNanos(1'000'000'000'500'000'123);
  WT_CO_GET(const auto file, co_await node.disk().Open("f", OpenMode::kCreateNew));
  WT_CO_OK(co_await file->WriteAt(0, "text"));
  WT_CO_OK(co_await file->SetModified(then));
  WT_CO_OK(co_await file->Sync());
  WT_CO_GET(const platform::FileInfo info, co_await node.disk().Stat("f"));
  EXPECT_EQ(info.modified, then);
  WT_CO_OK(co_await file->WriteAt(4, "more"));
  WT_CO_GET(const platform::FileInfo written, co_await node.disk().Stat("f"));
  EXPECT_GT(written.modified, then);
}
TEST_P(DiskConformance, AFileShowsTheTimeThatItIsGiven) { world().RunNode(SetsATime); }

Task<void> LargeContent(Node& node) {
  std::string large(3'000'017, '\0');
  for (size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 2654435761u >> 24);
  WT_CO_GET(const auto file, co_await node.disk().Open("f", OpenMode::kCreateNew));
  WT_CO_OK(co_await file->WriteAt(1, large));
  WT_CO_OK(co_await file->Sync());
  WT_CO_GET(const std::string content, co_await file->ReadAt(1, large.size()));
  EXPECT_TRUE(content == large);
}
TEST_P(DiskConformance, LargeWriteIsWhole) { world().RunNode(LargeContent); }

Task<void> WriteAll(File& file, std::string data) {
  WT_CO_OK(co_await file.WriteAt(0, std::move(data)));
}

Task<void> DestroyWritersAtAnyTime(Node& node) {
  const std::string data(100'000, 'x');
  for (int turns = 0; turns < 20; ++turns) {
    const std::string path = absl::StrCat("f", turns);
    WT_CO_GET(const auto file, co_await node.disk().Open(path, OpenMode::kCreateNew));
    {
      TaskScope scope(node.executor());
      scope.Spawn("writer", WriteAll(*file, data));
      for (int i = 0; i < turns; ++i) co_await node.executor().Yield();
    }
    // Nothing, a part or all of it: whatever is there is what was written.
    WT_CO_GET(const std::string content, co_await file->ReadAt(0, data.size()));
    for (const char c : content) {
      if (c != 'x' && c != '\0') ADD_FAILURE() << "found a byte that nobody wrote";
    }
  }
}
TEST_P(DiskConformance, AbandonedWriteOwnsItsBytes) { world().RunNode(DestroyWritersAtAnyTime); }

Task<void> LeaveEverythingUnsynced(Node& node) {
  Disk& disk = node.disk();
  WT_CO_GET(const auto file, co_await disk.Open("written", OpenMode::kCreateNew));
  WT_CO_OK(co_await file->WriteAt(0, "0123456789"));
  WT_CO_OK(co_await file->Truncate(8));
  WT_CO_OK(co_await file->Append("end"));
  WT_CO_OK(co_await disk.MakeDirectory("made"));
  WT_CO_OK(co_await disk.Link("written", "made/linked"));
  WT_CO_OK(co_await disk.Open("old", OpenMode::kCreateNew));
  WT_CO_OK(co_await disk.Rename("old", "new"));
  WT_CO_OK(co_await disk.Open("gone", OpenMode::kCreateNew));
  WT_CO_OK(co_await disk.Remove("gone"));
  co_await node.Step(kDie);
}

Task<void> FindEverything(Node& node) {
  Disk& disk = node.disk();
  WT_CO_GET(const auto entries, co_await disk.List(""));
  std::string names;
  for (const platform::DirectoryEntry& entry : entries) absl::StrAppend(&names, entry.name, " ");
  EXPECT_EQ(names, "made new written ");
  WT_CO_GET(const auto file, co_await disk.Open("made/linked", OpenMode::kRead));
  WT_CO_GET(const std::string content, co_await file->ReadAt(0, 100));
  EXPECT_EQ(content, "01234567end");
}

TEST_P(DiskConformance, DeathOfAProcessTakesNothingThatACompletedCallDid) {
  const std::vector<Ending> died = {{Ending::kDied}};
  EXPECT_EQ(world().Run({World::Process("alpha", "writer", LeaveEverythingUnsynced)}), died);
  world().RunNode(FindEverything);
}

Task<void> MakeFile(Node& node, std::string path) {
  WT_CO_OK(co_await node.disk().Open(path, OpenMode::kCreateNew));
}
Task<void> MissFile(Node& node, std::string path) {
  WT_EXPECT_CODE(kNotFound, co_await node.disk().Stat(path));
}

TEST_P(DiskConformance, EachMachineHasADiskOfItsOwn) {
  world().RunNode([](Node& node) { return MakeFile(node, "f"); });
  const std::vector<Ending> fine = {{}};
  EXPECT_EQ(world().Run(
                {World::Process("beta", "other", [](Node& node) { return MissFile(node, "f"); })}),
            fine);
}

Task<void> LockTwice(Node& node) {
  {
    WT_CO_GET(const auto held, co_await node.disk().Lock("lock"));
    WT_EXPECT_CODE(kFailedPrecondition, co_await node.disk().Lock("lock"));
    WT_CO_GET(const auto other, co_await node.disk().Lock("another"));
  }
  WT_CO_GET(const auto again, co_await node.disk().Lock("lock"));
}
TEST_P(DiskConformance, LockExcludesItsOwnNodeUntilReleased) { world().RunNode(LockTwice); }

Task<void> LockThenPause(Node& node) {
  WT_CO_GET(const auto held, co_await node.disk().Lock("lock"));
  WT_CO_OK(co_await node.disk().Open("held", OpenMode::kCreateNew));
  co_await node.Step(kPause);
}
Task<void> FindLocked(Node& node) {
  while (true) {
    const auto found = co_await node.disk().Stat("held");
    if (found.ok()) break;
    co_await node.clock().Sleep(absl::Milliseconds(1));
  }
  WT_EXPECT_CODE(kFailedPrecondition, co_await node.disk().Lock("lock"));
}
TEST_P(DiskConformance, LockExcludesOtherProcessesOfTheMachine) {
  const std::vector<Ending> expected = {{Ending::kPaused}, {Ending::kFinished}};
  EXPECT_EQ(world().Run({World::Process("alpha", "holder", LockThenPause),
                         World::Process("alpha", "other", FindLocked)}),
            expected);
}

Task<void> LockThenDie(Node& node) {
  WT_CO_GET(const auto held, co_await node.disk().Lock("lock"));
  co_await node.Step(kDie);
}
Task<void> LockOnce(Node& node) { WT_CO_OK(co_await node.disk().Lock("lock")); }

TEST_P(DiskConformance, LockGoesWithItsProcess) {
  const std::vector<Ending> died = {{Ending::kDied}};
  EXPECT_EQ(world().Run({World::Process("alpha", "holder", LockThenDie)}), died);
  world().RunNode(LockOnce);
}

}  // namespace
}  // namespace wavetank::conformance
