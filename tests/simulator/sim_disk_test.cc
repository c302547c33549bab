#include "simulator/sim_disk.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

#include "simulator/fault_injector.h"
#include "simulator/sim_world.h"

namespace wavetank::simulator {
namespace {

using platform::Node;
using platform::NodeMain;
using platform::OpenMode;
using platform::StepName;
using platform::Task;

constexpr StepName kDiskHere{"test.disk_here", "", "Where a test lets a disk fault act."};

// Runs `main` as the one node of machine "m" until nothing is left to do.
void RunDiskMain(SimWorld& world, NodeMain main) {
  if (!world.HasMachine("m")) world.AddMachine("m");
  world.Start("m", {"p", {{"n", std::move(main)}}});
  EXPECT_TRUE(world.RunUntilIdle());
}

std::string ContentOf(SimWorld& world) {
  return world.machine("m").disk().Get("f").value_or("(no file)");
}

Task<void> WriteUnsynced(Node& node) {
  auto file = co_await node.disk().Open("f", OpenMode::kCreateNew);
  (co_await (*file)->Append("unsynced")).IgnoreError();
}

TEST(SimDisk, PageCacheSurvivesProcessesAndNotPower) {
  std::set<std::string> after_power_loss;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SimWorld world({.seed = seed});
    RunDiskMain(world, WriteUnsynced);
    EXPECT_EQ(ContentOf(world), "unsynced");
    world.LosePower("m");
    after_power_loss.insert(ContentOf(world));
  }
  EXPECT_TRUE(after_power_loss.contains("unsynced"));
  EXPECT_TRUE(after_power_loss.contains(""));
  EXPECT_TRUE(after_power_loss.contains("(no file)"));
}

Task<void> WriteAbc(Node& node) {
  auto file = co_await node.disk().Open("f", OpenMode::kCreateNew);
  (co_await (*file)->Append("abc")).IgnoreError();
}

TEST(SimDisk, CallInFlightAtACrashIsNotPartlyOrWhollyDone) {
  std::set<std::string> outcomes;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SimWorld world({.seed = seed});
    FaultInjector injector(
        world, {.listed = {{AtSeamCall{"p", "n", 2}, Fault{.kind = FaultKind::kCrash}}}});
    RunDiskMain(world, WriteAbc);
    EXPECT_TRUE(injector.Unfired().empty());
    outcomes.insert(ContentOf(world));
  }
  EXPECT_EQ(outcomes, (std::set<std::string>{"", "a", "ab", "abc"}));
}

struct DiskAnswers {
  std::vector<absl::StatusCode> codes;
  std::string read;
};

// Appends, syncs and reads twice after the step at which faults act.
Task<void> UseDisk(Node& node, DiskAnswers* answers) {
  auto file = co_await node.disk().Open("f", OpenMode::kCreateNew);
  (co_await (*file)->Append("before ")).IgnoreError();
  (co_await (*file)->Sync()).IgnoreError();
  (co_await node.disk().SyncDirectory("")).IgnoreError();
  co_await node.Step(kDiskHere);
  for (int round = 0; round < 2; ++round) {
    const auto appended = co_await (*file)->Append("after ");
    answers->codes.push_back(appended.status().code());
    const absl::Status synced = co_await (*file)->Sync();
    answers->codes.push_back(synced.code());
    const auto read = co_await (*file)->ReadAt(0, 1000);
    answers->codes.push_back(read.status().code());
    if (read.ok()) answers->read = *read;
  }
}

using Codes = std::vector<absl::StatusCode>;
constexpr auto kOk = absl::StatusCode::kOk;
constexpr auto kUnavailable = absl::StatusCode::kUnavailable;

// Runs UseDisk with one fault at its step.
DiskAnswers UseDiskWith(uint64_t seed, Fault fault, std::string* after_power_loss = nullptr) {
  SimWorld world({.seed = seed});
  DiskAnswers answers;
  FaultInjector injector(world, {.listed = {{AtStep{"test.disk_here"}, std::move(fault)}}});
  RunDiskMain(world, [&](Node& node) { return UseDisk(node, &answers); });
  EXPECT_TRUE(injector.Unfired().empty());
  if (after_power_loss != nullptr) {
    world.LosePower("m");
    *after_power_loss = ContentOf(world);
  }
  return answers;
}

TEST(SimDisk, ReadErrorFailsOneRead) {
  const DiskAnswers answers = UseDiskWith(1, {.kind = FaultKind::kReadError});
  EXPECT_EQ(answers.codes, (Codes{kOk, kOk, kUnavailable, kOk, kOk, kOk}));
}

TEST(SimDisk, UnreadableFileIsDataLossUntilWrittenAgain) {
  const DiskAnswers answers = UseDiskWith(1, {.kind = FaultKind::kUnreadable});
  EXPECT_EQ(answers.codes, (Codes{kOk, kOk, absl::StatusCode::kDataLoss, kOk, kOk, kOk}));
}

TEST(SimDisk, WriteErrorMayHaveWrittenAPrefix) {
  std::set<std::string> contents;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const DiskAnswers answers = UseDiskWith(seed, {.kind = FaultKind::kWriteError});
    EXPECT_EQ(answers.codes, (Codes{kUnavailable, kOk, kOk, kOk, kOk, kOk}));
    contents.insert(answers.read);
  }
  EXPECT_TRUE(contents.contains("before after "));
  EXPECT_TRUE(contents.contains("before afafter "));
}

TEST(SimDisk, SyncFailsOnceThenSucceedsWithThePagesGone) {
  std::set<std::string> contents;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    std::string left;
    const DiskAnswers answers = UseDiskWith(seed, {.kind = FaultKind::kSyncLoss}, &left);
    EXPECT_EQ(answers.codes, (Codes{kOk, kUnavailable, kOk, kOk, kOk, kOk}));
    EXPECT_EQ(answers.read, "before after after ");
    contents.insert(left);
  }
  // One sector: written again, so whole again (SectorFile tests the sectors that are not).
  EXPECT_EQ(contents, std::set<std::string>{"before after after "});
}

TEST(SimDisk, LyingSyncReportsSuccessAndKeepsNothing) {
  std::set<std::string> contents;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    std::string left;
    const DiskAnswers answers =
        UseDiskWith(seed, {.kind = FaultKind::kLyingSync, .target = "m"}, &left);
    EXPECT_EQ(answers.codes, Codes(6, kOk));
    contents.insert(left);
  }
  EXPECT_TRUE(contents.contains("before "));
  EXPECT_TRUE(contents.contains("before after after "));
}

TEST(SimDisk, FullDiskRefusesAndMayHaveWrittenWhatFits) {
  std::set<std::string> contents;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const DiskAnswers answers =
        UseDiskWith(seed, {.kind = FaultKind::kNoSpace, .target = "m", .amount = 3});
    EXPECT_EQ(answers.codes[0], absl::StatusCode::kResourceExhausted);
    EXPECT_LE(answers.read.size(), 10u);
    contents.insert(answers.read);
  }
  EXPECT_TRUE(contents.contains("before aft"));
  EXPECT_GT(contents.size(), 1u);
}

// Virtual time that UseDisk takes with a fault.
absl::Duration TimeWith(const std::vector<ListedFault>& faults) {
  SimWorld world({.seed = 1});
  DiskAnswers answers;
  FaultInjector injector(world, {.listed = faults});
  RunDiskMain(world, [&](Node& node) { return UseDisk(node, &answers); });
  EXPECT_EQ(answers.codes, Codes(6, kOk));
  return world.now();
}

TEST(SimDisk, SlowAndStalledDisksTakeLonger) {
  const absl::Duration usual = TimeWith({});
  const absl::Duration slow = TimeWith({{AtTime{},
                                         {.kind = FaultKind::kSlowDisk,
                                          .target = "m",
                                          .duration = absl::Seconds(100),
                                          .amount = 50}}});
  const absl::Duration stalled =
      TimeWith({{AtTime{absl::Microseconds(100)},
                 {.kind = FaultKind::kStalledDisk, .target = "m", .duration = absl::Seconds(7)}}});
  EXPECT_LT(usual, absl::Milliseconds(100));
  EXPECT_GT(slow, 10 * usual);
  EXPECT_GT(stalled, absl::Seconds(7));
}

Task<void> HoldLock(Node& node) {
  auto lock = co_await node.disk().Lock("lock");
  EXPECT_TRUE(lock.ok());
  co_await node.clock().Sleep(absl::Hours(1));
}
Task<void> TryLock(Node& node, absl::StatusCode* code) {
  auto lock = co_await node.disk().Lock("lock");
  *code = lock.status().code();
}

TEST(SimDisk, LockOutlivesAPauseAndGoesWithItsProcess) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  world.Start("m", {"holder", {{"n", HoldLock}}});
  world.RunFor(absl::Seconds(1));
  world.Pause("holder");
  const auto attempt = [&] {
    absl::StatusCode code = kUnavailable;
    world.Start("m", {"other", {{"n", [&](Node& node) { return TryLock(node, &code); }}}});
    world.RunFor(absl::Seconds(1));
    return code;
  };
  EXPECT_EQ(attempt(), absl::StatusCode::kFailedPrecondition);
  world.Crash("holder");
  EXPECT_EQ(attempt(), kOk);
}

TEST(SimDisk, SubscribersHearOfEverySyncBelowTheirPrefix) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  SimDisk& disk = world.machine("m").disk();
  std::vector<std::string> heard;
  disk.Subscribe({"f"}, [&](std::string_view path) {
    heard.push_back(std::string(path) + "=" +
                    std::string(disk.image().DurableContent("f").value_or("(none)")));
  });
  DiskAnswers answers;
  RunDiskMain(world, [&](Node& node) { return UseDisk(node, &answers); });
  EXPECT_EQ(heard, (std::vector<std::string>{"f=(none)", "=before ", "f=before after ",
                                             "f=before after after "}));
}

TEST(SimDisk, DiskLossLeavesAnEmptyDisk) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  world.machine("m").disk().Put("d/f", "there");
  FaultInjector injector(
      world,
      {.listed = {{AtTime{absl::Seconds(1)}, {.kind = FaultKind::kDiskLoss, .target = "m"}}}});
  world.RunFor(absl::Seconds(2));
  EXPECT_EQ(world.machine("m").disk().image().Files(""), std::vector<std::string>{});
}

}  // namespace
}  // namespace wavetank::simulator
