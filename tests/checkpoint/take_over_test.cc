// What a take-over costs, whatever came before: syncs, files left behind, and memory.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "checkpoint/fenced_log.h"
#include "checkpoint/local_store.h"
#include "platform/check.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/compacting_list.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::SimWorld;

template <typename Main>
void RunAlone(SimWorld& world, const Main& main) {
  bool done = false;
  world.Start("m", {"p", {{"node", [&](Node& node) { return main(node, done); }}}});
  WT_CHECK(world.RunUntil([&done] { return done; }) == simulator::RunEnd::kDone);
}

// Counts the syncs, of files and of directories.
class SyncsOfTakeOvers final : public simulator::FaultHook {
 public:
  int64_t count() const { return count_; }

  void OnStep(simulator::SimNode&, const platform::StepEvent&) override {}
  const simulator::Fault* OnSeamCall(simulator::SimNode&,
                                     const simulator::SeamCall& call) override {
    const bool sync = call.kind == simulator::SeamCallKind::kSync ||
                      call.kind == simulator::SeamCallKind::kSyncDirectory;
    count_ += sync ? 1 : 0;
    return nullptr;
  }
  void OnStarted(simulator::SimProcess&) override {}
  void Freeze() override {}

 private:
  int64_t count_ = 0;
};

// How owners live, one after another.
struct Lives {
  const char* name;
  int appends = 1;
  size_t record_bytes = 100;
  bool settles = true;  // else it ends as soon as it has taken over, or appended
  size_t kept = 3;
  uint64_t copied_bytes = 400;
};
void PrintTo(const Lives& lives, std::ostream* out) { *out << lives.name; }

constexpr int kLives = 1'000;
constexpr int64_t kMostSyncs = 10;
// An epoch, a segment, a mark, what the seal refers to, and the same of an owner that ended before
// it had settled in.
constexpr size_t kMostFiles = 9;

Task<void> LiveAgainAndAgain(Node& node, Lives lives, SyncsOfTakeOvers& syncs, bool& done) {
  size_t appended = 0;
  for (int life = 0; life < kLives; ++life) {
    LocalStore store(node, "");  // as a new process has it
    CompactingList fold(lives.kept);
    const int64_t before = syncs.count();
    const auto log = co_await FencedLog::TakeOver(
        node, store, "log", fold, {.copied_bytes = lives.copied_bytes, .group_bytes = 3000});
    WT_CHECK(log.ok(), std::string(log.status().message()));
    EXPECT_LE(syncs.count() - before, kMostSyncs) << "at life " << life;
    EXPECT_EQ(fold.size(), appended) << "at life " << life;
    for (int i = 0; i < lives.appends; ++i) {
      std::vector<std::string> group{std::string(lives.record_bytes, 'x')};
      const absl::Status added = co_await (*log)->Append(std::move(group));
      WT_CHECK(added.ok(), std::string(added.message()));
      ++appended;
    }
    if (lives.settles) co_await node.clock().Sleep(absl::Milliseconds(100));
    if (testing::Test::HasFailure()) break;
  }
  LocalStore store(node, "");
  const auto names = co_await store.ListNames("log");
  WT_CHECK(names.ok());
  if (lives.settles) EXPECT_LE(names->size(), kMostFiles);
  done = true;
}

class TakeOvers : public testing::TestWithParam<Lives> {};

TEST_P(TakeOvers, SyncAFewTimesHoweverManyThereWere) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  SyncsOfTakeOvers syncs;
  world.SetFaultHook(&syncs);
  RunAlone(world, [&](Node& node, bool& done) {
    return LiveAgainAndAgain(node, GetParam(), syncs, done);
  });
  world.SetFaultHook(nullptr);
}
INSTANTIATE_TEST_SUITE_P(
    After, TakeOvers,
    testing::Values(Lives{.name = "Idle", .appends = 0}, Lives{.name = "ShortLives"},
                    Lives{.name = "LongerLives", .appends = 8},
                    Lives{.name = "NothingDropped",
                          .appends = 1,
                          .kept = CompactingList::kNothing,
                          .copied_bytes = 200'000},
                    Lives{.name = "SuddenEnds", .appends = 0, .settles = false},
                    Lives{.name = "SuddenEndsAfterAppends", .appends = 6, .settles = false}),
    [](const auto& info) { return std::string(info.param.name); });

// Keeps what it is given, and how much it was given and asked for at once.
class MeasuringStore : public Store {
 public:
  Task<absl::Status> CreateIfAbsent(std::string path, std::string content) override {
    written_ += content.size();
    largest_write_ = std::max(largest_write_, content.size());
    co_return files_.try_emplace(path, std::move(content)).second ? absl::OkStatus()
                                                                  : absl::AlreadyExistsError(path);
  }
  Task<absl::Status> Append(std::string path, uint64_t offset, std::string bytes) override {
    std::string& file = files_.at(path);
    WT_CHECK(file.size() == offset);
    written_ += bytes.size();
    largest_write_ = std::max(largest_write_, bytes.size());
    file += bytes;
    co_return absl::OkStatus();
  }
  Task<absl::StatusOr<std::string>> Read(std::string path, uint64_t offset,
                                         uint64_t length) override {
    const auto file = files_.find(path);
    if (file == files_.end()) co_return absl::NotFoundError(path);
    largest_read_ = std::max(largest_read_, std::min<size_t>(length, file->second.size()));
    co_return file->second.substr(std::min<size_t>(offset, file->second.size()), length);
  }
  Task<absl::StatusOr<std::vector<StoredFile>>> List(std::string directory) override {
    std::vector<StoredFile> files;
    for (const auto& [path, content] : files_) {
      files.push_back({.name = path.substr(directory.size() + 1),
                       .size_bytes = content.size(),
                       .modified = absl::UnixEpoch()});
    }
    co_return files;
  }
  Task<absl::StatusOr<std::string>> Identify(std::string directory) override {
    co_return directory;
  }
  Task<absl::Status> Link(std::string, std::string) override {
    co_return absl::UnimplementedError("a log links nothing");
  }
  Task<absl::Status> Remove(std::string path) override {
    files_.erase(path);
    co_return absl::OkStatus();
  }

  size_t written() const { return written_; }
  size_t TakeLargestWrite() { return std::exchange(largest_write_, 0); }
  size_t largest_read() const { return largest_read_; }

 private:
  std::map<std::string, std::string> files_;
  size_t written_ = 0;
  size_t largest_write_ = 0;
  size_t largest_read_ = 0;
};

constexpr size_t kMiB = size_t{1} << 20;

// Record `number` of a log, of 1 MiB.
std::string LongRecord(size_t number) {
  return absl::StrCat(number, ":") + std::string(kMiB, static_cast<char>('a' + number % 26));
}

// Has nothing in memory: its base is made of numbers. Measures how much of a base is asked for
// before it is written.
class LongRecords final : public LogFold {
 public:
  explicit LongRecords(const MeasuringStore& store) : store_(store) {}

  void Clear() override { count_ = 0; }
  absl::Status Add(std::string_view record) override {
    if (record != LongRecord(count_)) return absl::DataLossError(absl::StrCat("not ", count_));
    ++count_;
    return absl::OkStatus();
  }
  std::optional<platform::Generator<std::string>> Base() const override { return All(); }

  size_t count() const { return count_; }
  size_t most_ahead() const { return most_ahead_; }
  int bases() const { return bases_; }

 private:
  platform::Generator<std::string> All() const {
    ++bases_;
    const size_t before = store_.written();
    size_t asked = 0;
    for (size_t i = 0; i < count_; ++i) {
      std::string record = LongRecord(i);
      asked += record.size();
      const size_t written = store_.written() - before;
      most_ahead_ = std::max(most_ahead_, asked > written ? asked - written : 0);
      co_yield std::move(record);
    }
  }

  const MeasuringStore& store_;
  size_t count_ = 0;
  mutable size_t most_ahead_ = 0;
  mutable int bases_ = 0;
};

Task<void> AppendLong(FencedLog& log, size_t first, size_t count) {
  std::vector<std::string> group;
  for (size_t i = 0; i < count; ++i) group.push_back(LongRecord(first + i));
  const absl::Status appended = co_await log.Append(std::move(group));
  WT_CHECK(appended.ok(), std::string(appended.message()));
}

// A base of 301 MiB, and 150 MiB appended at once by an owner that then ends.
Task<void> TakeOverMuch(Node& node, bool& done) {
  constexpr size_t kFirst = 150;
  constexpr size_t kBase = 301;  // more than doubles what was there: the next segment begins
  constexpr size_t kLast = 150;
  const FencedLogOptions options;
  const size_t most = options.group_bytes + 2 * kMiB;
  MeasuringStore store;
  LongRecords fold(store);
  {
    const auto log = co_await FencedLog::TakeOver(node, store, "log", fold, options);
    WT_CHECK(log.ok(), std::string(log.status().message()));
    co_await AppendLong(**log, 0, kFirst);
    co_await AppendLong(**log, kFirst, kBase - kFirst);
    co_await AppendLong(**log, kBase, kLast);
    EXPECT_EQ(fold.bases(), 2);
  }
  (void)store.TakeLargestWrite();
  for (size_t owner = 0; owner < 2; ++owner) {
    const auto log = co_await FencedLog::TakeOver(node, store, "log", fold, options);
    WT_CHECK(log.ok(), std::string(log.status().message()));
    EXPECT_EQ(fold.count(), kBase + kLast + owner * 4);
    co_await node.clock().Sleep(absl::Seconds(1));
    EXPECT_LE(fold.most_ahead(), most);
    const int bases = fold.bases();
    for (size_t i = 0; i < 4; ++i) co_await AppendLong(**log, kBase + kLast + owner * 4 + i, 1);
    EXPECT_EQ(fold.bases(), bases) << "a base is not made again at each append";
    EXPECT_LE(store.TakeLargestWrite(), most);
  }
  EXPECT_LE(store.largest_read(), kMiB);
  done = true;
}

TEST(TakeOver, OfMoreThanAGroupHoldsWritesItInGroups) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  RunAlone(world, [](Node& node, bool& done) { return TakeOverMuch(node, done); });
}

// While an owner takes over, before it reads its base, another does so and settles.
class OvertakenStore final : public MeasuringStore {
 public:
  explicit OvertakenStore(Node& node) : node_(node) {}

  Task<absl::Status> CreateIfAbsent(std::string path, std::string content) override {
    if (path == "log/epoch-1" && !std::exchange(removed_, true)) {
      // Another's, which is gone when one looks.
      co_return absl::AlreadyExistsError(path);
    }
    co_return co_await MeasuringStore::CreateIfAbsent(std::move(path), std::move(content));
  }
  Task<absl::StatusOr<std::string>> Read(std::string path, uint64_t offset,
                                         uint64_t length) override {
    if (path == "log/log-1" && std::exchange(overtake_, false)) {
      RecordList fold;
      const auto other = co_await FencedLog::TakeOver(node_, *this, "log", fold);
      WT_CHECK(other.ok(), std::string(other.status().message()));
      std::vector<std::string> group{"b"};
      const absl::Status appended = co_await (*other)->Append(std::move(group));
      WT_CHECK(appended.ok(), std::string(appended.message()));
    }
    co_return co_await MeasuringStore::Read(std::move(path), offset, length);
  }
  void Overtake() { overtake_ = true; }

 private:
  Node& node_;
  bool removed_ = false;
  bool overtake_ = false;
};

Task<void> BeOvertaken(Node& node, bool& done) {
  OvertakenStore store(node);
  RecordList fold;
  {
    const auto log = co_await FencedLog::TakeOver(node, store, "log", fold);
    WT_CHECK(log.ok(), std::string(log.status().message()));
    EXPECT_EQ((*log)->epoch(), Epoch(1)) << "what is gone again is no reason to stop";
    std::vector<std::string> group{"a"};
    const absl::Status appended = co_await (*log)->Append(std::move(group));
    WT_CHECK(appended.ok(), std::string(appended.message()));
  }
  store.Overtake();
  const auto log = co_await FencedLog::TakeOver(node, store, "log", fold);
  EXPECT_TRUE(absl::IsAborted(log.status())) << log.status();
  done = true;
}

TEST(TakeOver, SaysThatItWasOvertakenWhenItsBaseIsGone) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  RunAlone(world, [](Node& node, bool& done) { return BeOvertaken(node, done); });
}

// The directory of a log goes away under its owner.
Task<void> LoseTheLog(Node& node, bool& done) {
  LocalStore store(node, "");
  RecordList fold;
  const auto log = co_await FencedLog::TakeOver(node, store, "log", fold);
  WT_CHECK(log.ok());
  const auto names = co_await store.ListNames("log");
  WT_CHECK(names.ok());
  for (const std::string& name : *names) {
    if (name == "log-1") continue;
    const absl::Status removed = co_await store.Remove("log/" + name);
    WT_CHECK(removed.ok());
  }
  std::vector<std::string> group{"a"};
  const absl::Status appended = co_await (*log)->Append(std::move(group));
  EXPECT_TRUE(absl::IsDataLoss(appended)) << appended;
  EXPECT_NE(appended.message().find("log/epoch-1 is missing"), std::string::npos) << appended;
  done = true;
}

TEST(FencedLog, IsMissedByItsOwnerBeforeAnythingIsAcknowledged) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  RunAlone(world, [](Node& node, bool& done) { return LoseTheLog(node, done); });
}

}  // namespace
}  // namespace wavetank::checkpoint
