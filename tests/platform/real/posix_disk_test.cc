// What disk.h says, where the system below is not as kind as it mostly is.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "platform/disk.h"
#include "platform/event.h"
#include "platform/real/file_system_sync.h"
#include "platform/real/real_process.h"
#include "platform/task_scope.h"
#include "tests/conformance/expect.h"

namespace wavetank::platform {
namespace {

using conformance::StatusOf;

// Files of a test, below a root that is gone with it.
class PosixDiskTest : public testing::Test {
 protected:
  PosixDiskTest() : root_(absl::StrCat(testing::TempDir(), "/wavetank-posix-disk-", ::getpid())) {
    std::filesystem::create_directories(root_);
  }
  ~PosixDiskTest() override { std::filesystem::remove_all(root_); }

  // To its end, over the disk at `root`.
  static void RunAt(const std::string& root, NodeMain main) {
    RealProcessOptions options;
    options.disk_root = root;
    options.log_level = LogLevel::kError;
    EXPECT_EQ(RunNode(std::move(main), options).value(), 0);
  }
  void Run(NodeMain main) const { RunAt(root_, std::move(main)); }

  const std::string root_;
};

// So much that the others have looked for the file's end before one is done.
constexpr size_t kLongAppend = size_t{1} << 20;

Task<void> AppendLong(File& file, char fill, std::vector<uint64_t>& offsets) {
  WT_CO_GET(const uint64_t offset, co_await file.Append(std::string(kLongAppend, fill)));
  offsets.push_back(offset);
}
Task<void> AppendLongAtOnce(Node& node) {
  constexpr size_t kAppends = 8;
  for (int round = 0; round < 10; ++round) {
    WT_CO_GET(const auto file,
              co_await node.disk().Open(absl::StrCat("log-", round), OpenMode::kCreateNew));
    std::vector<uint64_t> offsets;
    {
      TaskScope scope(node.executor());
      for (size_t i = 0; i < kAppends; ++i) {
        scope.Spawn("append", AppendLong(*file, static_cast<char>('a' + i), offsets));
      }
      co_await scope.Join();
    }
    WT_CO_GET(const uint64_t size, co_await file->Size());
    EXPECT_EQ(size, kAppends * kLongAppend);
    WT_CO_OK(co_await node.disk().Remove(absl::StrCat("log-", round)));
  }
}
TEST_F(PosixDiskTest, AppendsThatOverlapLandOneAfterTheOther) { Run(AppendLongAtOnce); }

// While it lives a file of this process may grow to so many bytes, and a write beyond is cut short.
class MostFileBytes {
 public:
  explicit MostFileBytes(rlim_t most) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit now{.rlim_cur = most, .rlim_max = before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &now), 0);
  }
  MostFileBytes(const MostFileBytes&) = delete;
  MostFileBytes& operator=(const MostFileBytes&) = delete;
  ~MostFileBytes() {
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before_), 0);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*const handler_)(int);
  rlimit before_;
};

Task<void> WriteWhatDoesNotFit(Node& node) {
  WT_CO_GET(const auto file, co_await node.disk().Open("f", OpenMode::kCreateNew));
  const std::string data(10'000, 'x');
  WT_EXPECT_CODE(kResourceExhausted, co_await file->WriteAt(0, data));
  WT_CO_GET(const uint64_t size, co_await file->Size());
  EXPECT_EQ(size, 4096u) << "it was cut short there";
  WT_EXPECT_CODE(kResourceExhausted, co_await file->Append(data));
  WT_CO_OK(co_await file->Truncate(0));
  const WriteOutcome outcome = co_await file->WriteAndSync(0, data);
  EXPECT_EQ(outcome.written.code(), absl::StatusCode::kResourceExhausted) << outcome.written;
}
TEST_F(PosixDiskTest, AWriteThatIsCutShortIsAnError) {
  const MostFileBytes most(4096);
  Run(WriteWhatDoesNotFit);
}

Task<void> ListLinks(Node& node, std::vector<DirectoryEntry> expected) {
  WT_CO_GET(const std::vector<DirectoryEntry> entries, co_await node.disk().List("d"));
  EXPECT_EQ(entries.size(), expected.size());
  for (size_t i = 0; i < std::min(entries.size(), expected.size()); ++i) {
    EXPECT_EQ(entries[i].name, expected[i].name);
    EXPECT_EQ(entries[i].kind, expected[i].kind) << entries[i].name;
  }
}
TEST_F(PosixDiskTest, AListingShowsWhatLinksLeadTo) {
  namespace fs = std::filesystem;
  fs::create_directories(root_ + "/d");
  // Alone, so that it is the last that the system tells of.
  fs::create_symlink("nothing", root_ + "/d/dangling");
  Run([](Node& node) { return ListLinks(node, {{"dangling", FileKind::kOther}}); });
  fs::create_symlink("/dev/null", root_ + "/d/device");
  fs::create_directory_symlink("..", root_ + "/d/directory");
  fs::create_symlink("/proc/self/status", root_ + "/d/file");
  Run([](Node& node) {
    return ListLinks(node, {{"dangling", FileKind::kOther},
                            {"device", FileKind::kOther},
                            {"directory", FileKind::kDirectory},
                            {"file", FileKind::kFile}});
  });
}

Task<void> SyncWhatCannotBeSynced(Node& node) {
  const absl::Status synced = co_await node.disk().SyncDirectory("self");
  EXPECT_FALSE(synced.ok()) << "fsync(2) of a directory of /proc fails";
}
TEST_F(PosixDiskTest, ADirectoryThatCouldNotBeSyncedIsTold) {
  RunAt("/proc", SyncWhatCannotBeSynced);
}

Task<void> HoldUntil(Node& node, std::unique_ptr<FileLock> lock, Event& answered) {
  // Whoever waits for it comes to its turn, and is seen.
  co_await answered.WaitFor(node.clock(), absl::Seconds(10));
  lock.reset();
}
Task<void> LockWhatIsHeld(Node& node) {
  WT_CO_GET(auto held, co_await node.disk().Lock("lock"));
  Event answered;
  TaskScope scope(node.executor());
  scope.Spawn("holder", HoldUntil(node, std::move(held), answered));
  WT_EXPECT_CODE(kFailedPrecondition, co_await node.disk().Lock("lock"));
  answered.Set();
  co_await scope.Join();
  WT_CO_OK(co_await node.disk().Lock("lock"));
}
TEST_F(PosixDiskTest, ALockThatIsHeldIsNotWaitedFor) { Run(LockWhatIsHeld); }

TEST(FileSystemSync, IsUsedWhereTheKernelTellsThatOneFailed) {
  EXPECT_TRUE(TellsFailedSyncs("5.8.0"));
  EXPECT_TRUE(TellsFailedSyncs("6.1.0-18-amd64"));
  EXPECT_FALSE(TellsFailedSyncs("5.7.19"));
  EXPECT_FALSE(TellsFailedSyncs("4.19.0-26-amd64"));
  EXPECT_FALSE(TellsFailedSyncs("unknown"));
}

}  // namespace
}  // namespace wavetank::platform
