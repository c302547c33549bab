// What LocalStore promises of a disk: what a crash, a power loss or a failed sync at every call of
// a script may leave.
#include "checkpoint/local_store.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/status_macros.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/sim_chaos.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::RunEnd;
using simulator::SimWorld;

// --- a crash or power loss at every call of a script ---

// What a store has promised so far.
struct Promises {
  std::map<std::string, std::string> begins_with;  // by path
  std::set<std::string> removed;
};

Task<void> Script(Node& node, Promises& promises) {
  LocalStore store(node, "root");
  const auto promise = [&](const absl::Status& done, std::string path, std::string content) {
    if (done.ok()) promises.begins_with[std::move(path)] = std::move(content);
  };
  // Longer than a sector, so that parts of it can be lost by themselves.
  const std::string one(700, '1');
  const std::string two(900, '2');
  const absl::Status created = co_await store.CreateIfAbsent("d/log", one);
  promise(created, "d/log", one);
  const absl::Status appended = co_await store.Append("d/log", one.size(), two);
  promise(appended, "d/log", one + two);
  const absl::Status other = co_await store.CreateIfAbsent("d/e/other", two);
  promise(other, "d/e/other", two);
  const absl::Status linked = co_await store.Link("d/e/other", "d/link");
  promise(linked, "d/link", two);
  promises.begins_with.erase("d/e/other");
  const absl::Status removed = co_await store.Remove("d/e/other");
  if (removed.ok()) promises.removed.insert("d/e/other");
  const absl::Status more = co_await store.Append("d/log", one.size() + two.size(), one);
  promise(more, "d/log", one + two + one);
}

// Promises are kept; and what this shows is promised from then on.
Task<void> CheckPromises(Node& node, Promises& promises, bool& done) {
  LocalStore store(node, "root");
  for (const auto& [path, content] : promises.begins_with) {
    const auto read = co_await store.ReadAll(path);
    EXPECT_TRUE(read.ok()) << path << ": " << read.status();
    if (read.ok()) EXPECT_EQ(read->substr(0, content.size()), content) << path;
  }
  for (const std::string directory : {"d", "d/e"}) {
    const auto listed = co_await store.List(directory);
    EXPECT_TRUE(listed.ok()) << listed.status();
    for (const StoredFile& file : *listed) {
      const std::string path = absl::StrCat(directory, "/", file.name);
      EXPECT_FALSE(promises.removed.contains(path)) << path << " is back";
      if (file.kind == platform::FileKind::kDirectory) continue;
      const auto read = co_await store.ReadAll(path);
      EXPECT_TRUE(read.ok()) << path << ": " << read.status();
      if (read.ok()) promises.begins_with[path] = *read;
      // A file that was made whole is whole.
      if (read.ok()) EXPECT_GE(read->size(), 700u) << path;
    }
  }
  done = true;
}

void CheckNow(SimWorld& world, const std::string& name, Promises& promises) {
  bool done = false;
  world.Start("m",
              {name, {{"node", [&](Node& node) { return CheckPromises(node, promises, done); }}}});
  EXPECT_EQ(world.RunUntil([&] { return done; }), RunEnd::kDone);
}

// Returns false when the script has no such call any more.
bool SurvivesStrike(int64_t at, uint64_t seed, bool power_loss) {
  SimWorld world({.seed = seed});
  world.AddMachine("m");
  Promises promises;
  bool struck = false;
  {
    StrikeOnce strike(world, at, [&](simulator::SimProcess& process) {
      if (power_loss) {
        world.LosePower("m");
      } else {
        world.Crash(process);
      }
    });
    world.Start("m", {"script", {{"node", [&](Node& node) { return Script(node, promises); }}}});
    world.RunFor(absl::Seconds(2));
    struck = strike.struck();
  }
  world.PowerOn("m");
  CheckNow(world, "check1", promises);
  // What the first check showed must outlive another loss.
  world.LosePower("m");
  world.RunFor(absl::Milliseconds(10));
  world.PowerOn("m");
  CheckNow(world, "check2", promises);
  return struck;
}

TEST(LocalStoreSweep, PromisesSurviveACrashAndAPowerLossAtEveryCall) {
  int64_t calls = 0;
  for (const bool power_loss : {false, true}) {
    for (uint64_t seed = 1; seed <= 8; ++seed) {
      int64_t at = 0;
      while (SurvivesStrike(at, seed, power_loss)) {
        ++at;
        ASSERT_FALSE(testing::Test::HasFailure())
            << (power_loss ? "power loss" : "crash") << " at call " << at - 1 << ", seed " << seed;
      }
      calls = at;
    }
  }
  EXPECT_GT(calls, 30);
}

// --- failed syncs ---

constexpr simulator::FaultKind kSyncLoss = simulator::FaultKind::kSyncLoss;

TEST(LocalStoreSweep, PromisesSurviveAFailedSyncAndThenAPowerLoss) {
  for (int nth = 0; nth < 20; ++nth) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      SimWorld world({.seed = seed});
      world.AddMachine("m");
      Promises promises;
      {
        const FailOnce fail(world, nth, {.kind = kSyncLoss});
        world.Start("m",
                    {"script", {{"node", [&](Node& node) { return Script(node, promises); }}}});
        world.RunFor(absl::Seconds(2));
      }
      world.LosePower("m");
      world.RunFor(absl::Milliseconds(10));
      world.PowerOn("m");
      CheckNow(world, "check", promises);
      ASSERT_FALSE(testing::Test::HasFailure()) << "sync " << nth << ", seed " << seed;
    }
  }
}

// A sync fails, and the file reads as before, at once or later.
simulator::Fault SyncRevert(int64_t after_ms) {
  return {.kind = simulator::FaultKind::kSyncRevert, .amount = after_ms};
}

TEST(LocalStoreSweep, PromisesSurviveASyncThatRevertsAndThenAPowerLoss) {
  for (int nth = 0; nth < 20; ++nth) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      SimWorld world({.seed = seed});
      world.AddMachine("m");
      Promises promises;
      {
        const FailOnce fail(world, nth, SyncRevert(static_cast<int64_t>(seed % 4)));
        world.Start("m",
                    {"script", {{"node", [&](Node& node) { return Script(node, promises); }}}});
        world.RunFor(absl::Seconds(2));
      }
      CheckNow(world, "seen", promises);
      world.LosePower("m");
      world.RunFor(absl::Milliseconds(10));
      world.PowerOn("m");
      CheckNow(world, "check", promises);
      ASSERT_FALSE(testing::Test::HasFailure()) << "sync " << nth << ", seed " << seed;
    }
  }
}

Task<void> AppendTwice(Node& node, std::vector<absl::Status>& appended, bool& done) {
  LocalStore store(node, "");
  appended.push_back(co_await store.Append("log", 5, " second"));
  appended.push_back(co_await store.Append("log", 5, " third"));
  done = true;
}

// Some file systems give old data back after a failed sync: nothing is acknowledged upon it.
TEST(LocalStoreSync, AnAppendThatIsGoneAfterAFailedSyncIsNotAcknowledged) {
  SimWorld world({.seed = 1});
  world.AddMachine("m").disk().Put("log", "first");
  std::vector<absl::Status> appended;
  bool done = false;
  {
    const FailOnce fail(world, 0, SyncRevert(0));
    world.Start(
        "m", {"script", {{"node", [&](Node& node) { return AppendTwice(node, appended, done); }}}});
    EXPECT_EQ(world.RunUntil([&] { return done; }), RunEnd::kDone);
    EXPECT_TRUE(fail.struck());
  }
  EXPECT_TRUE(absl::IsUnavailable(appended[0])) << appended[0];
  EXPECT_THAT(std::string(appended[0].message()), testing::HasSubstr("was lost with a sync"));
  EXPECT_TRUE(appended[1].ok()) << appended[1];
  EXPECT_EQ(world.machine("m").disk().Get("log").value(), "first third");
}

// What a look at a file shows: its content, its size and time in a list, or that of a link to it.
using Look = Task<absl::StatusOr<std::string>> (*)(Store&);

Task<absl::StatusOr<std::string>> LookByRead(Store& store) { return store.ReadAll("log"); }
Task<absl::StatusOr<std::string>> LookByList(Store& store) {
  WT_CO_ASSIGN_OR_RETURN(const std::vector<StoredFile> files, co_await store.List(""));
  for (const StoredFile& file : files) {
    if (file.name == "log") {
      co_return absl::StrCat(file.size_bytes, " bytes of ", absl::FormatTime(file.modified));
    }
  }
  co_return absl::NotFoundError("log");
}
Task<absl::StatusOr<std::string>> LookByLink(Store& store) {
  WT_CO_RETURN_IF_ERROR(co_await store.Link("log", "link"));
  co_return co_await store.ReadAll("link");
}

// Bytes that a dead process wrote and never synced.
Task<void> LeaveUnsynced(Node& node, bool& done) {
  const auto file = co_await node.disk().Open("log", platform::OpenMode::kWrite);
  (co_await (*file)->WriteAt(4, "BBBB")).IgnoreError();
  done = true;
}

Task<void> LookTwice(Node& node, Look look, std::vector<std::string>& shown, bool& done) {
  const auto store = co_await LocalStore::OpenExclusive(node, "");
  EXPECT_TRUE(store.ok()) << store.status();
  if (!store.ok()) co_return;
  for (int times = 0; times < 2; ++times) {
    const absl::StatusOr<std::string> seen = co_await look(**store);
    EXPECT_TRUE(seen.ok()) << seen.status();
    shown.push_back(seen.value_or(""));
    co_await node.clock().Sleep(absl::Milliseconds(200));
  }
  done = true;
}

// What was shown stays, although the cache gave other bytes back after the sync failed.
void CheckThatWhatIsShownStays(Look look) {
  for (const int64_t after_ms : {0, 1, 2, 100}) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      SCOPED_TRACE(absl::StrCat("after ", after_ms, " ms, seed ", seed));
      SimWorld world({.seed = seed});
      world.AddMachine("m").disk().Put("log", "AAAA");
      bool left = false;
      world.Start("m", {"dies", {{"node", [&](Node& node) { return LeaveUnsynced(node, left); }}}});
      EXPECT_EQ(world.RunUntil([&] { return left; }), RunEnd::kDone);
      world.Stop("dies");
      std::vector<std::string> shown;
      const auto run = [&](const char* name) {
        bool done = false;
        world.Start(
            "m",
            {name, {{"node", [&](Node& node) { return LookTwice(node, look, shown, done); }}}});
        EXPECT_EQ(world.RunUntil([&] { return done; }), RunEnd::kDone);
        world.LosePower("m");
        world.RunFor(absl::Milliseconds(10));
        world.PowerOn("m");
      };
      {
        const FailOnce fail(world, 0, SyncRevert(after_ms));
        run("looks");
        EXPECT_TRUE(fail.struck());
      }
      run("looks again");
      EXPECT_THAT(shown, testing::Each(shown.front()));
    }
  }
}
TEST(LocalStoreSync, WhatAReadShowsStaysAfterASyncThatReverts) {
  CheckThatWhatIsShownStays(LookByRead);
}
TEST(LocalStoreSync, WhatAListShowsStaysAfterASyncThatReverts) {
  CheckThatWhatIsShownStays(LookByList);
}
TEST(LocalStoreSync, WhatALinkShowsStaysAfterASyncThatReverts) {
  CheckThatWhatIsShownStays(LookByLink);
}

}  // namespace
}  // namespace wavetank::checkpoint
