// What LocalStore knows, and what it leaves on the disk: what dead ones left, which directories it
// syncs, and that what is asked for twice is durable.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "platform/task_scope.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/sim_chaos.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::RunEnd;
using simulator::SimWorld;

using Body = Task<void> (*)(Node&);

void RunToItsEnd(SimWorld& world, const std::string& name, Body body) {
  bool done = false;
  struct Main {
    static Task<void> Run(Node& node, Body body, bool& done) {
      co_await body(node);
      done = true;
    }
  };
  world.Start("m", {name, {{"node", [&](Node& node) { return Main::Run(node, body, done); }}}});
  EXPECT_EQ(world.RunUntil([&] { return done; }), RunEnd::kDone);
}

Task<void> KnowNoMoreThanIsThere(Node& node) {
  LocalStore store(node, "root");
  LocalStore other(node, "root");
  size_t at_first = 0;
  for (int round = 0; round < 50; ++round) {
    const std::string kept = absl::StrCat("d/", round % 2, "/f");
    for (const std::string& path : {kept, absl::StrCat("d/x-", round)}) {
      const absl::Status created = co_await store.CreateIfAbsent(path, "text");
      EXPECT_TRUE(created.ok()) << created;
    }
    // Somebody else removes it; what is listed is seen to be gone.
    (co_await other.Remove(kept)).IgnoreError();
    (co_await other.Remove(absl::StrCat("d/x-", round))).IgnoreError();
    (co_await node.disk().RemoveDirectory(absl::StrCat("root/d/", round % 2))).IgnoreError();
    (co_await store.List("d")).IgnoreError();
    (co_await store.ReadAll(kept)).IgnoreError();
    if (round == 10) at_first = store.paths_known();
  }
  EXPECT_LE(store.paths_known(), at_first);
  EXPECT_LE(other.paths_known(), at_first);
}
// What is there for good, as the output of a stream, and what is listed again and again.
Task<void> ForgetWhatIsWrittenOnce(Node& node) {
  LocalStore store(node, "root");
  for (int i = 0; i < 300; ++i) {
    (co_await store.CreateIfAbsent(absl::StrCat("in/", i), "text")).IgnoreError();
  }
  size_t most = 0;
  for (int batch = 0; batch < 3'000; ++batch) {
    const std::string path = absl::StrCat("out/", batch, "/attempt-1/part");
    const absl::Status created = co_await store.CreateIfAbsent(path, "text");
    EXPECT_TRUE(created.ok()) << created;
    most = std::max(most, store.paths_known());
    if (batch % 100 > 0) continue;
    const auto listed = co_await store.List("in");
    EXPECT_TRUE(listed.ok() && listed->size() == 300);
  }
  EXPECT_LE(most, 2 * KnownFiles::kFew + 600);
  const auto written = co_await store.ReadAll("out/0/attempt-1/part");
  EXPECT_TRUE(written.ok()) << written.status();
  const absl::Status again = co_await store.CreateIfAbsent("out/0/attempt-1/part", "other");
  EXPECT_TRUE(absl::IsAlreadyExists(again)) << again;
}
TEST(LocalStore, ForgetsWhatItIsNotAskedAboutAnyMore) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  RunToItsEnd(world, "store", ForgetWhatIsWrittenOnce);
}

TEST(LocalStore, KnowsNoMoreThanIsThere) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  RunToItsEnd(world, "store", KnowNoMoreThanIsThere);
}

Task<void> CreateUntilItDies(Node& node) {
  LocalStore store(node, "root");
  for (int i = 0;; ++i) {
    (co_await store.CreateIfAbsent(absl::StrCat("d/", i), std::string(700, 'x'))).IgnoreError();
  }
}
Task<void> CreateOne(Node& node) {
  LocalStore store(node, "root");
  const absl::Status created = co_await store.CreateIfAbsent("d/next", "next");
  EXPECT_TRUE(created.ok()) << created;
}

std::vector<std::string> Temporaries(SimWorld& world) {
  std::vector<std::string> found;
  for (const std::string& path : world.machine("m").disk().image().Files("")) {
    if (path.find("/.tmp-") != std::string::npos) found.push_back(path);
  }
  return found;
}

TEST(LocalStore, RemovesWhatADeadOneLeftAndNothingElse) {
  int left_behind = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SimWorld world({.seed = seed});
    simulator::SimDisk& disk = world.AddMachine("m").disk();
    const std::vector<std::string> others = {"root/d/.tmp-notes", "root/d/.tmp-0123456789ABCDEF",
                                             "root/other/.tmp-0123456789abcdef"};
    for (const std::string& path : others) disk.Put(path, "of somebody else");
    world.Start("m", {"dies", {{"node", CreateUntilItDies}}});
    world.RunFor(absl::Milliseconds(20) + absl::Microseconds(37 * static_cast<int64_t>(seed)));
    world.Crash(world.process("dies"));
    left_behind += Temporaries(world).size() > others.size();
    RunToItsEnd(world, "next", CreateOne);
    EXPECT_THAT(Temporaries(world), testing::UnorderedElementsAreArray(others));
  }
  EXPECT_GT(left_behind, 10);
}

// As who runs out of room, is cancelled where it waits, or returns early.
Task<void> GiveUpAndCreate(Node& node) {
  LocalStore store(node, "root");
  {
    const auto staged = co_await store.Stage("d/staged");
    EXPECT_TRUE(staged.ok()) << staged.status();
    EXPECT_TRUE((co_await (*staged)->Append("half")).ok());
    platform::TaskScope scope(node.executor());
    scope.Spawn("create", [](LocalStore& store) -> Task<void> {
      (co_await store.CreateIfAbsent("d/cancelled", std::string(1 << 20, 'x'))).IgnoreError();
    }(store));
    co_await node.clock().Sleep(absl::Microseconds(200));
  }
  const auto given_up = co_await node.disk().List("root/d");
  EXPECT_TRUE(given_up.ok()) << given_up.status();
  EXPECT_EQ(given_up->size(), 2U);
  const absl::Status created = co_await store.CreateIfAbsent("d/next", "next");
  EXPECT_TRUE(created.ok()) << created;
  const auto left = co_await node.disk().List("root/d");
  EXPECT_EQ(left->size(), 1U) << left->front().name;
  // Somebody else's from now on, whatever they are called.
  for (const platform::DirectoryEntry& entry : *given_up) {
    const auto file = co_await node.disk().Open(absl::StrCat("root/d/", entry.name),
                                                platform::OpenMode::kCreateNew);
    EXPECT_TRUE(file.ok()) << file.status();
  }
  const absl::Status one_more = co_await store.CreateIfAbsent("d/last", "last");
  EXPECT_TRUE(one_more.ok()) << one_more;
}
TEST(LocalStore, RemovesWhatItsWritersGaveUpOnceBeforeItMakesMore) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  RunToItsEnd(world, "store", GiveUpAndCreate);
  EXPECT_EQ(Temporaries(world).size(), 2U);
}

Task<void> CreateHundred(Node& node) {
  LocalStore store(node, "root");
  for (int i = 0; i < 100; ++i) {
    const std::string path = absl::StrCat("d/", node.process(), "-", i);
    const std::string content = absl::StrCat(path, std::string(700, 'x'));
    const absl::Status created = co_await store.CreateIfAbsent(path, content);
    EXPECT_TRUE(created.ok()) << created;
    const auto read = co_await store.ReadAll(path);
    EXPECT_EQ(read.value_or(""), content);
  }
}
Task<void> OpenManyStores(Node& node) {
  for (int i = 0; i < 100; ++i) {
    LocalStore store(node, "root");
    const absl::Status created = co_await store.CreateIfAbsent(absl::StrCat("d/many-", i), "text");
    EXPECT_TRUE(created.ok()) << created;
  }
}
TEST(LocalStore, LeavesAloneWhatALiveOneIsWriting) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SimWorld world({.seed = seed});
    world.AddMachine("m");
    world.Start("m", {"one", {{"node", CreateHundred}}});
    world.Start("m", {"two", {{"node", CreateHundred}}});
    RunToItsEnd(world, "many", OpenManyStores);
    world.RunFor(absl::Seconds(5));
    EXPECT_EQ(world.machine("m").disk().image().Files("root/d/").size(), 300u);
  }
}

// Which directories are synced, in the order of their syncs.
class DirectorySyncs final : public simulator::FaultHook {
 public:
  explicit DirectorySyncs(SimWorld& world) : world_(world) { world_.SetFaultHook(this); }
  ~DirectorySyncs() override { world_.SetFaultHook(nullptr); }
  void OnStep(simulator::SimNode&, const platform::StepEvent&) override {}
  const simulator::Fault* OnSeamCall(simulator::SimNode&,
                                     const simulator::SeamCall& call) override {
    if (call.kind == simulator::SeamCallKind::kSyncDirectory) synced_.emplace_back(call.target);
    return nullptr;
  }
  void OnStarted(simulator::SimProcess&) override {}
  void Freeze() override {}
  const std::vector<std::string>& synced() const { return synced_; }

 private:
  SimWorld& world_;
  std::vector<std::string> synced_;
};

Task<void> CreateDeepDown(Node& node) {
  LocalStore store(node, "home/user/data");
  for (const std::string path : {"job/log/1", "job/log/2"}) {
    const absl::Status created = co_await store.CreateIfAbsent(path, "text");
    EXPECT_TRUE(created.ok()) << created;
  }
}
TEST(LocalStore, SyncsTheDirectoriesThatItMadeAndTheirParentsAndNoneAbove) {
  SimWorld world({.seed = 1});
  world.AddMachine("m").disk().Put("home/user/notes", "of the user");
  const DirectorySyncs syncs(world);
  RunToItsEnd(world, "store", CreateDeepDown);
  const std::vector<std::string> expected = {"home/user",           // data
                                             "home/user/data",      // job
                                             "home/user/data/job",  // log
                                             "home/user/data/job/log", "home/user/data/job/log"};
  EXPECT_EQ(syncs.synced(), expected);
}

// How often files are synced.
class FileSyncs final : public simulator::FaultHook {
 public:
  explicit FileSyncs(SimWorld& world) : world_(world) { world_.SetFaultHook(this); }
  ~FileSyncs() override { world_.SetFaultHook(nullptr); }
  void OnStep(simulator::SimNode&, const platform::StepEvent&) override {}
  const simulator::Fault* OnSeamCall(simulator::SimNode&,
                                     const simulator::SeamCall& call) override {
    if (call.kind == simulator::SeamCallKind::kSync) ++count_;
    return nullptr;
  }
  void OnStarted(simulator::SimProcess&) override {}
  void Freeze() override {}
  int count() const { return count_; }

 private:
  SimWorld& world_;
  int count_ = 0;
};

// Parts of these megabytes, then Publish.
Task<void> StageParts(Node& node, std::vector<size_t> parts) {
  LocalStore store(node, "root");
  const auto staged = co_await store.Stage("d/staged");
  EXPECT_TRUE(staged.ok()) << staged.status();
  for (const size_t megabytes : parts) {
    const absl::Status appended = co_await (*staged)->Append(std::string(megabytes << 20, 'x'));
    EXPECT_TRUE(appended.ok()) << appended;
  }
  const absl::Status published = co_await (*staged)->Publish();
  EXPECT_TRUE(published.ok()) << published;
}

// Of what comes in parts, 8 MiB are synced at once, and the rest at the end.
TEST(LocalStore, SyncsWhatIsStagedAsOftenAsItHasToAndNoMore) {
  const auto syncs = [](Body stage) {
    SimWorld world({.seed = 1});
    world.AddMachine("m");
    const FileSyncs counted(world);
    RunToItsEnd(world, "store", stage);
    return counted.count();
  };
  EXPECT_EQ(syncs([](Node& node) { return StageParts(node, {1, 1, 1, 1, 3}); }), 1);
  EXPECT_EQ(syncs([](Node& node) { return StageParts(node, {7, 1}); }), 2);
  EXPECT_EQ(syncs([](Node& node) { return StageParts(node, {7, 2, 1, 1, 1, 1}); }), 2);
  EXPECT_EQ(syncs([](Node& node) { return StageParts(node, {7, 2, 7, 1, 1}); }), 3);
}

Task<void> RemoveTwice(Node& node) {
  LocalStore store(node, "store");
  EXPECT_FALSE((co_await store.Remove("log/1")).ok()) << "its directory is not synced";
  EXPECT_TRUE((co_await store.Remove("log/1")).ok());
}

// The first request has removed the file, and failed to make that durable.
TEST(LocalStore, ARemovalThatIsRepeatedIsDurable) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SimWorld world({.seed = seed});
    world.AddMachine("m").disk().Put("store/log/1", "text");
    {
      const FailOnce fail(world, 0, {.kind = simulator::FaultKind::kDirectorySyncError});
      RunToItsEnd(world, "store", RemoveTwice);
      EXPECT_TRUE(fail.struck());
    }
    world.LosePower("m");
    EXPECT_FALSE(world.machine("m").disk().Get("store/log/1").ok()) << "seed " << seed;
  }
}

Task<void> WriteWithoutSync(Node& node) {
  auto file = co_await node.disk().Open("root/log", platform::OpenMode::kWrite);
  const auto written = co_await (*file)->Append("two");
  EXPECT_TRUE(written.ok()) << written.status();
}
Task<void> AppendWhatIsThere(Node& node) {
  LocalStore store(node, "root");
  const absl::Status appended = co_await store.Append("log", 3, "two");
  EXPECT_TRUE(appended.ok()) << appended;
}

// A store that has died had written the bytes, and not synced them; the next is asked again.
TEST(LocalStore, AnAppendThatIsRepeatedIsDurable) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SimWorld world({.seed = seed});
    world.AddMachine("m").disk().Put("root/log", "one");
    RunToItsEnd(world, "dies", WriteWithoutSync);
    RunToItsEnd(world, "store", AppendWhatIsThere);
    world.LosePower("m");
    EXPECT_EQ(world.machine("m").disk().Get("root/log").value_or(""), "onetwo") << "seed " << seed;
  }
}

Task<void> AppendAndFailToSync(Node& node) {
  auto file = co_await node.disk().Open("root/log", platform::OpenMode::kWrite);
  const auto written = co_await (*file)->Append("two");
  EXPECT_TRUE(written.ok()) << written.status();
  EXPECT_FALSE((co_await (*file)->Sync()).ok());
}

// Its sync failed, so that the bytes are in memory alone and no later sync is of them; and the one
// that was told of it has died.
TEST(LocalStore, WhatAnotherInstanceCouldNotSyncIsWrittenAgain) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SimWorld world({.seed = seed});
    world.AddMachine("m").disk().Put("root/log", "one");
    {
      const FailOnce fail(world, 0, {.kind = simulator::FaultKind::kSyncLoss});
      RunToItsEnd(world, "dies", AppendAndFailToSync);
      EXPECT_TRUE(fail.struck());
    }
    RunToItsEnd(world, "store", AppendWhatIsThere);
    world.LosePower("m");
    EXPECT_EQ(world.machine("m").disk().Get("root/log").value_or(""), "onetwo") << "seed " << seed;
  }
}

// One that is empty may be what a dead store made last: its name need not be durable.
TEST(LocalStore, WhatADeadOneMadeLastIsMadeDurable) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    for (int64_t at = 0; at < 16; ++at) {
      SimWorld world({.seed = seed});
      world.AddMachine("m");
      {
        const StrikeOnce strike(world, at,
                                [&](simulator::SimProcess& process) { world.Crash(process); });
        world.Start("m", {"dies", {{"node", CreateDeepDown}}});
        world.RunFor(absl::Seconds(1));
      }
      RunToItsEnd(world, "next", CreateDeepDown);
      world.LosePower("m");
      const auto kept = world.machine("m").disk().Get("home/user/data/job/log/2");
      EXPECT_EQ(kept.value_or(""), "text") << "seed " << seed << ", call " << at;
    }
  }
}

constexpr int kMany = 80;

Task<void> WriteManyUnsynced(Node& node) {
  EXPECT_TRUE((co_await node.disk().MakeDirectory("root")).ok());
  EXPECT_TRUE((co_await node.disk().MakeDirectory("root/in")).ok());
  EXPECT_TRUE((co_await node.disk().SyncDirectory("")).ok());
  EXPECT_TRUE((co_await node.disk().SyncDirectory("root")).ok());
  for (int i = 0; i < kMany; ++i) {
    const auto file =
        co_await node.disk().Open(absl::StrCat("root/in/", i), platform::OpenMode::kCreateNew);
    EXPECT_TRUE(file.ok()) << file.status();
    if (!file.ok()) co_return;
    EXPECT_TRUE((co_await (*file)->Append(absl::StrCat("text ", i))).ok());
  }
}

Task<void> ListMany(Node& node) {
  LocalStore store(node, "root");
  const auto files = co_await store.List("in");
  EXPECT_TRUE(files.ok()) << files.status();
  if (files.ok()) EXPECT_EQ(files->size(), static_cast<size_t>(kMany));
}

TEST(LocalStore, OfManyThatAListShowsEachIsDurable) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SimWorld world({.seed = seed});
    world.AddMachine("m");
    RunToItsEnd(world, "writes", WriteManyUnsynced);
    RunToItsEnd(world, "lists", ListMany);
    world.LosePower("m");
    for (int i = 0; i < kMany; ++i) {
      const auto kept = world.machine("m").disk().Get(absl::StrCat("root/in/", i));
      EXPECT_EQ(kept.value_or(""), absl::StrCat("text ", i)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace wavetank::checkpoint
