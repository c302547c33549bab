// The faults of names on a disk: each does what its row in the fault table says, and no more.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "simulator/fault_injector.h"
#include "simulator/sim_world.h"

namespace wavetank::simulator {
namespace {

using platform::Node;
using platform::OpenMode;
using platform::Task;

constexpr platform::StepName kHere{"test.names_here", "", "Faults begin here."};

using Statuses = std::map<std::string, absl::Status>;

// A directory "d" with the files "d/there", "d/from" and "d/gone", an empty directory "d/empty",
// all durable; then each call once, in the order of their names.
Task<void> CallEach(Node& node, Statuses* statuses) {
  platform::Disk& disk = node.disk();
  (co_await disk.MakeDirectory("d")).IgnoreError();
  (co_await disk.MakeDirectory("d/empty")).IgnoreError();
  for (const char* name : {"d/there", "d/from", "d/gone"}) {
    const auto file = co_await disk.Open(name, OpenMode::kCreateNew);
    (co_await (*file)->Append("0123456789")).status().IgnoreError();
    (co_await (*file)->Sync()).IgnoreError();
  }
  (co_await disk.SyncDirectory("d")).IgnoreError();
  (co_await disk.SyncDirectory("")).IgnoreError();
  const auto file = co_await disk.Open("d/there", OpenMode::kWrite);
  co_await node.Step(kHere);
  Statuses& got = *statuses;
  const auto created = co_await disk.Open("d/new", OpenMode::kCreateNew);
  got["create"] = created.status();
  const auto opened = co_await disk.Open("d/there", OpenMode::kRead);
  got["open"] = opened.status();
  const auto written = co_await disk.Open("d/there", OpenMode::kWrite);
  got["open for writing"] = written.status();
  got["append"] = (co_await (*file)->Append("x")).status();
  got["truncate"] = co_await (*file)->Truncate(5);
  got["set time"] = co_await (*file)->SetModified(absl::UnixEpoch());
  got["read"] = (co_await (*file)->ReadAt(0, 3)).status();
  got["sync"] = co_await (*file)->Sync();
  got["rename"] = co_await disk.Rename("d/from", "d/to");
  got["link"] = co_await disk.Link("d/there", "d/second");
  got["remove"] = co_await disk.Remove("d/gone");
  got["make directory"] = co_await disk.MakeDirectory("d/made");
  got["remove directory"] = co_await disk.RemoveDirectory("d/empty");
  got["sync directory"] = co_await disk.SyncDirectory("d");
  got["list"] = (co_await disk.List("d")).status();
  got["stat"] = (co_await disk.Stat("d/there")).status();
  const auto lock = co_await disk.Lock("d/lock");
  got["lock"] = lock.status();
}

// The calls that fail, with their codes, when the fault befalls every call that it can.
std::map<std::string, absl::StatusCode> Failing(FaultKind kind, uint64_t seed = 1,
                                                std::string* names = nullptr) {
  SimWorld world({.seed = seed});
  world.AddMachine("m");
  Statuses statuses;
  FaultPlan plan;
  if (kind == FaultKind::kReadOnly) {
    plan.listed = {{AtStep{"test.names_here"}, {.kind = kind, .target = "m"}}};
  } else {
    // The nth call of each kind from the step on: all of them.
    for (int call = 0; call < 20; ++call) {
      plan.listed.push_back({AtStep{"test.names_here"}, {.kind = kind, .target = "m"}});
    }
  }
  FaultInjector injector(world, std::move(plan));
  world.Start("m", {"p", {{"n", [&](Node& node) { return CallEach(node, &statuses); }}}});
  world.RunFor(absl::Seconds(1));
  EXPECT_EQ(statuses.size(), 17u) << "every call was made";
  std::map<std::string, absl::StatusCode> failing;
  for (const auto& [call, status] : statuses) {
    if (!status.ok()) failing[call] = status.code();
  }
  if (names != nullptr) {
    names->clear();
    for (const std::string& path : world.machine("m").disk().image().Files("")) {
      absl::StrAppend(names, path, " ");
    }
  }
  return failing;
}

using enum absl::StatusCode;

std::map<std::string, absl::StatusCode> All(std::vector<const char*> calls, absl::StatusCode code) {
  std::map<std::string, absl::StatusCode> failing;
  for (const char* call : calls) failing[call] = code;
  return failing;
}

TEST(NamesFaults, WithoutOneEveryCallSucceeds) {
  EXPECT_EQ(Failing(FaultKind::kSlowNode), All({}, kUnavailable));
}

TEST(NamesFaults, AnIoErrorFailsEachCallOnNamesWhichMayHaveBeenDone) {
  bool done = false;
  bool undone = false;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::string names;
    EXPECT_EQ(Failing(FaultKind::kNamesError, seed, &names),
              All({"create", "open", "open for writing", "truncate", "set time", "rename", "link",
                   "remove", "make directory", "remove directory", "list", "stat", "lock"},
                  kUnavailable));
    done = done || names.find("d/to") != std::string::npos;
    undone = undone || names.find("d/from") != std::string::npos;
    EXPECT_EQ(names.find("lock"), std::string::npos);
  }
  EXPECT_TRUE(done);
  EXPECT_TRUE(undone);
}

TEST(NamesFaults, TooManyFilesFailsWhatNeedsADescriptor) {
  EXPECT_EQ(
      Failing(FaultKind::kTooManyFiles),
      All({"create", "open", "open for writing", "list", "lock", "sync directory"}, kUnavailable));
}

TEST(NamesFaults, AccessDeniedFailsEachCallOnNamesAndDoesNothing) {
  std::string names;
  EXPECT_EQ(Failing(FaultKind::kAccessDenied, 1, &names),
            All({"create", "open", "open for writing", "truncate", "set time", "rename", "link",
                 "remove", "make directory", "remove directory", "list", "stat", "lock"},
                kPermissionDenied));
  EXPECT_EQ(names, "d/from d/gone d/there ");
}

TEST(NamesFaults, NoSpaceForNamesFailsWhatNeedsANewName) {
  std::string names;
  EXPECT_EQ(Failing(FaultKind::kNoSpaceForNames, 1, &names),
            All({"create", "rename", "link", "make directory", "lock"}, kResourceExhausted));
  EXPECT_EQ(names, "d/from d/there ");
}

TEST(NamesFaults, AReadOnlyDiskIsReadAndNotChangedUntilItIsOver) {
  std::string names;
  EXPECT_EQ(Failing(FaultKind::kReadOnly, 1, &names),
            All({"create", "open for writing", "append", "truncate", "set time", "rename", "link",
                 "remove", "make directory", "remove directory", "lock"},
                kUnavailable));
  EXPECT_EQ(names, "d/from d/gone d/there ");
}

TEST(NamesFaults, NoSpaceAtASyncFailsItByThatName) {
  EXPECT_EQ(Failing(FaultKind::kNoSpaceAtSync), All({"sync"}, kResourceExhausted));
}

TEST(NamesFaults, ASyncOfADirectoryThatFailsIsToldOnce) {
  EXPECT_EQ(Failing(FaultKind::kNamesLost), All({"sync directory"}, kUnavailable));
  EXPECT_EQ(Failing(FaultKind::kDirectorySyncError), All({"sync directory"}, kUnavailable));
}

// What is there already fails by itself, whatever the disk lacks.
Task<void> MakeWhatIsThere(Node& node, Statuses* statuses) {
  (co_await node.disk().MakeDirectory("d")).IgnoreError();
  co_await node.Step(kHere);
  (*statuses)["made"] = co_await node.disk().MakeDirectory("d");
  (*statuses)["removed"] = co_await node.disk().Remove("none");
}

TEST(NamesFaults, WhatTheNamesForbidIsSaidFirst) {
  for (const FaultKind kind : {FaultKind::kReadOnly, FaultKind::kNoSpaceForNames}) {
    SimWorld world({.seed = 1});
    world.AddMachine("m");
    Statuses statuses;
    FaultInjector injector(
        world, {.listed = {{AtStep{"test.names_here"}, {.kind = kind, .target = "m"}}}});
    world.Start("m", {"p", {{"n", [&](Node& node) { return MakeWhatIsThere(node, &statuses); }}}});
    world.RunFor(absl::Seconds(1));
    EXPECT_EQ(statuses["made"].code(), kAlreadyExists);
    EXPECT_EQ(statuses["removed"].code(), kNotFound);
  }
}

// A name whose sync was lost: later syncs succeed and leave it to the next power loss, until the
// name changes again.
Task<void> CreateOverALostSync(Node& node, bool link_again, std::vector<bool>* synced) {
  const auto file = co_await node.disk().Open("f", OpenMode::kCreateNew);
  (co_await (*file)->Sync()).IgnoreError();
  co_await node.Step(kHere);
  for (int time = 0; time < 3; ++time) {
    const absl::Status status = co_await node.disk().SyncDirectory("");
    synced->push_back(status.ok());
  }
  if (!link_again) co_return;
  (co_await node.disk().Rename("f", "g")).IgnoreError();
  const absl::Status status = co_await node.disk().SyncDirectory("");
  synced->push_back(status.ok());
}

std::map<std::string, int> NamesAfterAFailedSync(FaultKind kind, bool link_again) {
  std::map<std::string, int> outcomes;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SimWorld world({.seed = seed});
    world.AddMachine("m");
    std::vector<bool> synced;
    FaultInjector injector(
        world, {.listed = {{AtStep{"test.names_here"}, {.kind = kind, .target = "m"}}}});
    world.Start(
        "m",
        {"p", {{"n", [&](Node& node) { return CreateOverALostSync(node, link_again, &synced); }}}});
    world.RunFor(absl::Seconds(1));
    std::vector<bool> expected{false, true, true};
    if (link_again) expected.push_back(true);
    EXPECT_EQ(synced, expected);
    world.LosePower("m");
    std::string names;
    for (const std::string& path : world.machine("m").disk().image().Files("")) {
      absl::StrAppend(&names, path, " ");
    }
    ++outcomes[names];
  }
  return outcomes;
}

TEST(NamesFaults, ALostNameIsLeftToThePowerLossUntilItChangesAgain) {
  const auto left = NamesAfterAFailedSync(FaultKind::kNamesLost, false);
  EXPECT_EQ(left.size(), 2u);
  EXPECT_GT(left.count("f "), 0u);
  EXPECT_GT(left.count(""), 0u);
  EXPECT_EQ(NamesAfterAFailedSync(FaultKind::kNamesLost, true),
            (std::map<std::string, int>{{"g ", 40}}));
}

TEST(NamesFaults, WhatAFailedSyncLeavesTheNextOneCovers) {
  EXPECT_EQ(NamesAfterAFailedSync(FaultKind::kDirectorySyncError, false),
            (std::map<std::string, int>{{"f ", 40}}));
}

}  // namespace
}  // namespace wavetank::simulator
