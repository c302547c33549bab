#include "simulator/sim_disk.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "platform/text.h"
#include "simulator/fault_injector.h"
#include "simulator/sector_file.h"
#include "simulator/sim_world.h"
#include "tests/simulator/disk_main.h"

namespace wavetank::simulator {
namespace {

using platform::Node;
using platform::OpenMode;
using platform::Task;

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

struct Looks {
  std::vector<std::string> names;
  absl::Status read;
  uint64_t directory = 0;
};

Task<void> LookThreeTimes(Node& node, std::vector<Looks>& looks) {
  for (int look = 0; look < 3; ++look) {
    Looks& seen = looks.emplace_back();
    const auto listed = co_await node.disk().List("d");
    if (listed.ok()) {
      for (const platform::DirectoryEntry& entry : *listed) seen.names.push_back(entry.name);
    }
    seen.read = (co_await node.disk().Open("d/f", OpenMode::kRead)).status();
    const auto info = co_await node.disk().Stat("d");
    if (info.ok()) seen.directory = info->id.number;
    co_await node.clock().Sleep(absl::Seconds(1));
  }
}

TEST(SimDisk, ADirectoryIsAwayForAWhileAndThenBackAsItWas) {
  for (const int64_t another : {0, 1}) {
    SimWorld world({.seed = 1});
    world.AddMachine("m").disk().Put("d/f", "x");
    FaultInjector injector(
        world,
        {.listed = {{AtTime{absl::Milliseconds(500)}, Fault{.kind = FaultKind::kDirectoryAway,
                                                            .target = "m",
                                                            .files = "d",
                                                            .duration = absl::Seconds(1),
                                                            .amount = another}}}});
    std::vector<Looks> looks;
    RunDiskMain(world, [&looks](Node& node) { return LookThreeTimes(node, looks); });
    ASSERT_EQ(looks.size(), 3u);
    EXPECT_TRUE(looks[0].read.ok());
    EXPECT_EQ(looks[0].names, std::vector<std::string>{"f"});
    EXPECT_TRUE(absl::IsNotFound(looks[1].read));
    EXPECT_TRUE(looks[1].names.empty());
    EXPECT_NE(looks[1].directory, looks[0].directory);
    EXPECT_EQ(looks[1].directory != 0, another == 1);
    EXPECT_TRUE(looks[2].read.ok());
    EXPECT_EQ(looks[2].names, looks[0].names);
    EXPECT_EQ(looks[2].directory, looks[0].directory);
  }
}

TEST(SimDisk, AShortListingMissesNamesOnce) {
  SimWorld world({.seed = 1});
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  for (int i = 0; i < 20; ++i) disk.Put("d/f" + std::to_string(i), "x");
  disk.Put("d/f", "x");
  FaultInjector injector(
      world, {.listed = {{AtTime{absl::ZeroDuration()},
                          Fault{.kind = FaultKind::kShortListing, .target = "m", .files = "d"}}}});
  std::vector<Looks> looks;
  RunDiskMain(world, [&looks](Node& node) { return LookThreeTimes(node, looks); });
  EXPECT_TRUE(injector.Unfired().empty());
  EXPECT_LT(looks[0].names.size(), 21u);
  EXPECT_EQ(looks[1].names.size(), 21u);
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

TEST(SimDisk, UnreadableFileStaysSoUntilWrittenAgain) {
  const DiskAnswers answers = UseDiskWith(1, {.kind = FaultKind::kUnreadable});
  EXPECT_EQ(answers.codes, (Codes{kOk, kOk, kUnavailable, kOk, kOk, kOk}));
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

TEST(SimDisk, SyncFailsOnceAndWhatWasThereBeforeIsReadAgain) {
  const DiskAnswers answers = UseDiskWith(1, {.kind = FaultKind::kSyncRevert, .amount = 0});
  EXPECT_EQ(answers.codes, (Codes{kOk, kUnavailable, kOk, kOk, kOk, kOk}));
  EXPECT_EQ(answers.read, "before after ");
}

Task<void> SyncThroughThreeHandles(Node& node, Codes* codes) {
  const auto first = co_await node.disk().Open("f", OpenMode::kCreateNew);
  const auto second = co_await node.disk().Open("f", OpenMode::kWrite);
  (co_await (*second)->WriteAt(0, "lost")).IgnoreError();
  co_await node.Step(kDiskHere);
  codes->push_back((co_await (*first)->Sync()).code());
  const auto later = co_await node.disk().Open("f", OpenMode::kWrite);
  for (const auto* file : {&first, &later, &second, &second}) {
    codes->push_back((co_await (**file)->Sync()).code());
  }
}

TEST(SimDisk, AFailedSyncIsToldOnceThroughEachHandleThatWasOpenThen) {
  SimWorld world({.seed = 1});
  Codes codes;
  const FaultInjector injector(world,
                               {.listed = {{AtStep{"test.disk_here"}, {FaultKind::kSyncLoss}}}});
  RunDiskMain(world, [&](Node& node) { return SyncThroughThreeHandles(node, &codes); });
  EXPECT_EQ(codes, (Codes{kUnavailable, kOk, kOk, kUnavailable, kOk}));
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

// A sector, and a byte of the next; each is synced.
Task<void> SyncTwoSectors(Node& node, Codes* codes) {
  auto file = co_await node.disk().Open("f", OpenMode::kCreateNew);
  (co_await node.disk().SyncDirectory("")).IgnoreError();
  co_await node.Step(kDiskHere);
  for (const size_t bytes : {size_t{kSectorBytes}, size_t{1}}) {
    (co_await (*file)->Append(std::string(bytes, 'x'))).IgnoreError();
    codes->push_back((co_await (*file)->Sync()).code());
  }
}

TEST(SimDisk, AnUnsyncedFileReportsSuccessOnceAndMayHaveLostItEvenAfterLaterSyncs) {
  std::set<std::string> contents;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SimWorld world({.seed = seed});
    Codes codes;
    const FaultInjector injector(
        world, {.listed = {{AtStep{"test.disk_here"}, {FaultKind::kUnsyncedFile}}}});
    RunDiskMain(world, [&](Node& node) { return SyncTwoSectors(node, &codes); });
    EXPECT_EQ(codes, Codes(2, kOk)) << "nobody is told";
    world.LosePower("m");
    contents.insert(ContentOf(world));
  }
  const std::string lost = std::string(kSectorBytes, '\0') + "x";
  EXPECT_EQ(contents, (std::set<std::string>{lost, std::string(kSectorBytes + 1, 'x')}));
}

Task<void> LookAtOddEntries(Node& node, std::vector<std::string>* seen, Codes* codes) {
  const auto listed = co_await node.disk().List("d");
  for (const platform::DirectoryEntry& entry : *listed) {
    seen->push_back(absl::StrCat(entry.name, " ", static_cast<int>(entry.kind)));
  }
  for (const char* name : {"d/fifo", "d/mine"}) {
    const auto info = co_await node.disk().Stat(name);
    seen->push_back(info.ok() ? absl::StrCat(static_cast<int>(info->kind)) : "nothing");
    const auto opened = co_await node.disk().Open(name, OpenMode::kRead);
    codes->push_back(opened.status().code());
  }
}

TEST(SimDisk, OddEntriesAreListedAndCannotBeOpened) {
  SimWorld world({.seed = 1});
  SimDisk& disk = world.AddMachine("m").disk();
  disk.Put("d/a", "x");
  disk.Put("d/z", "x");
  EXPECT_TRUE(disk.HasRoomForOddEntry("d/fifo"));
  EXPECT_FALSE(disk.HasRoomForOddEntry("d/a")) << "there is a file";
  EXPECT_FALSE(disk.HasRoomForOddEntry("e/fifo")) << "there is no such directory";
  disk.PutOddEntry("d/fifo", SimDisk::OddEntry::kFifo);
  disk.PutOddEntry("d/mine", SimDisk::OddEntry::kForbiddenFile);
  std::vector<std::string> seen;
  Codes codes;
  RunDiskMain(world, [&](Node& node) { return LookAtOddEntries(node, &seen, &codes); });
  EXPECT_EQ(seen, (std::vector<std::string>{"a 0", "fifo 2", "mine 0", "z 0", "2", "0"}));
  EXPECT_EQ(codes,
            (Codes{absl::StatusCode::kFailedPrecondition, absl::StatusCode::kPermissionDenied}));
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

// The second handle's sync makes its bytes durable, and gives the error of the first one's.
Task<void> SyncAfterAnothersFailure(Node& node, Codes* codes) {
  const auto first = co_await node.disk().Open("f", OpenMode::kCreateNew);
  const auto second = co_await node.disk().Open("f", OpenMode::kWrite);
  (co_await node.disk().SyncDirectory("")).IgnoreError();
  co_await node.Step(kDiskHere);
  codes->push_back((co_await (*first)->Sync()).code());
  (co_await (*second)->WriteAt(0, "after")).IgnoreError();
  codes->push_back((co_await (*second)->Sync()).code());
}

TEST(SimDisk, SubscribersHearOfEverySyncBelowTheirPrefix) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  SimDisk& disk = world.machine("m").disk();
  std::vector<std::string> heard;
  disk.Subscribe({"f"}, [&](const SimDisk::DurableNews& news) {
    const auto file = news.files.find("f");
    heard.push_back(absl::StrCat(platform::ToAbsl(news.path), "=",
                                 file == news.files.end() ? "(none)" : file->second,
                                 news.changed.contains("f") ? "" : ", as before"));
  });
  DiskAnswers answers;
  RunDiskMain(world, [&](Node& node) { return UseDisk(node, &answers); });
  EXPECT_EQ(heard, (std::vector<std::string>{"f=(none), as before", "=before ", "f=before after ",
                                             "f=before after after "}));
}

TEST(SimDisk, SubscribersHearOfASyncThatIsToldOfAnothersFailure) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  SimDisk& disk = world.machine("m").disk();
  std::vector<std::string> heard;
  disk.Subscribe({"f"}, [&](const SimDisk::DurableNews&) {
    heard.emplace_back(disk.image().DurableContent("f").value_or("(none)"));
  });
  Codes codes;
  const FaultInjector injector(world,
                               {.listed = {{AtStep{"test.disk_here"}, {FaultKind::kSyncLoss}}}});
  RunDiskMain(world, [&](Node& node) { return SyncAfterAnothersFailure(node, &codes); });
  EXPECT_EQ(codes, (Codes{kUnavailable, kUnavailable}));
  EXPECT_EQ(heard, (std::vector<std::string>{"", "after"}));
}

TEST(SimDisk, SubscribersHearOfAllThatHasChangedSinceTheyHeardLast) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  SimDisk& disk = world.machine("m").disk();
  std::string heard;
  disk.Subscribe({"a/", "b/"}, [&](const SimDisk::DurableNews& news) {
    absl::StrAppend(&heard, absl::StrJoin(news.changed, "+"), " ");
  });
  disk.Put("a/1", "x");
  disk.Put("c/1", "x");
  disk.Put("b/1", "x");
  disk.Put("b/1", "x");
  disk.LoseFile("a/1");
  disk.Erase();
  EXPECT_EQ(heard, "a/1 b/1  a/1 b/1 ");
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

// A synced sector, then a write at the end and one over the sector, which the power cuts.
Task<void> WriteTwoSectors(Node& node, bool over) {
  auto file = co_await node.disk().Open("f", OpenMode::kCreateNew);
  if (!file.ok()) co_return;  // started again
  (co_await (*file)->Append(std::string(kSectorBytes, 'a'))).status().IgnoreError();
  (co_await (*file)->Sync()).IgnoreError();
  (co_await node.disk().SyncDirectory("")).IgnoreError();
  co_await node.Step(kDiskHere);
  if (over) {
    (co_await (*file)->WriteAt(0, std::string(kSectorBytes, 'b'))).IgnoreError();
  } else {
    (co_await (*file)->Append(std::string(kSectorBytes, 'b'))).status().IgnoreError();
  }
}

TEST(SimDisk, ATornWriteLeavesJustSoManyOfItsBytes) {
  const auto left = [](bool over, int64_t amount) {
    SimWorld world({.seed = 1});
    FaultInjector injector(world, {.listed = {{AtStep{"test.disk_here"},
                                               {.kind = FaultKind::kTornWrite,
                                                .target = "m",
                                                .restart_after = absl::Milliseconds(100),
                                                .amount = amount}}}});
    RunDiskMain(world, [&](Node& node) { return WriteTwoSectors(node, over); });
    EXPECT_TRUE(injector.Unfired().empty());
    EXPECT_EQ(world.process("p").incarnation().value(), 2) << "it lost power, and is there again";
    return world.machine("m").disk().Get("f").value_or("gone");
  };
  const std::string sector(kSectorBytes, 'a');
  EXPECT_EQ(left(false, 0), sector);
  EXPECT_EQ(left(false, 3), sector + "bbb");
  EXPECT_EQ(left(false, static_cast<int64_t>(kSectorBytes) + 1 + 7), sector + "bbbbbbb") << "round";
  EXPECT_EQ(left(true, 3), sector) << "a sector is whole";
}

TEST(SimDisk, APowerLossAtWorstLeavesWhatIsSyncedAndNothingElse) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SimWorld world({.seed = seed});
    FaultInjector injector(world,
                           {.listed = {{AtTime{absl::Seconds(1)},
                                        {.kind = FaultKind::kPowerLossAtWorst, .target = "m"}}}});
    RunDiskMain(world, [&](Node& node) { return WriteTwoSectors(node, false); });
    world.RunFor(absl::Seconds(2));
    EXPECT_EQ(world.machine("m").disk().Get("f").value_or("gone"), std::string(kSectorBytes, 'a'));
  }
}

}  // namespace
}  // namespace wavetank::simulator
