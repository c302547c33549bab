// The contract of Store, against each kind of it.
#include "checkpoint/store.h"

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "checkpoint/served_store.h"
#include "checkpoint/store_service.h"
#include "platform/event.h"
#include "platform/task_scope.h"
#include "simulator/sim_world.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::RunEnd;
using simulator::SimWorld;
using testing::ElementsAre;

enum class StoreKind { kLocal, kExclusive, kServed };

void PrintTo(StoreKind kind, std::ostream* out) {
  constexpr const char* kNames[] = {"Local", "Exclusive", "Served"};
  *out << kNames[static_cast<int>(kind)];
}

using StoreBody = std::function<Task<void>(Node&, Store&)>;

Task<void> RunBody(Node& node, StoreKind kind, const StoreBody& body, bool& done) {
  std::unique_ptr<Store> store;
  if (kind == StoreKind::kLocal) {
    store = std::make_unique<LocalStore>(node, "root/of/store");
  } else if (kind == StoreKind::kExclusive) {
    absl::StatusOr<std::unique_ptr<LocalStore>> opened =
        co_await LocalStore::OpenExclusive(node, "root/of/store");
    if (!opened.ok()) ADD_FAILURE() << opened.status();
    if (!opened.ok()) co_return;
    store = *std::move(opened);
  } else {
    ServedStoreOptions options;
    options.part_bytes = 1000;
    options.request_timeout = absl::Milliseconds(500);
    store = std::make_unique<ServedStore>(node, "store:7000", options);
  }
  co_await body(node, *store);
  done = true;
}

class StoreContract : public testing::TestWithParam<StoreKind> {
 protected:
  StoreContract() : world_({.seed = 5}) {
    world_.AddMachine("store");
    world_.AddMachine("client");
    if (GetParam() == StoreKind::kServed) {
      world_.Start("store", {"store", {{"node", [](Node& node) {
                                          return RunStoreService(node, "store:7000", "root");
                                        }}}});
    }
  }
  // Runs in a process of its own on the machine that has the files, or away from it.
  void Run(const StoreBody& body) {
    bool done = false;
    const StoreKind kind = GetParam();
    const std::string name = absl::StrCat("body", ++runs_);
    world_.Start(
        kind == StoreKind::kServed ? "client" : "store",
        {name,
         {{"node", [kind, &body, &done](Node& node) { return RunBody(node, kind, body, done); }}}});
    EXPECT_EQ(world_.RunUntil([&] { return done; }), RunEnd::kDone);
    world_.Stop(name);
    world_.RunFor(absl::Milliseconds(1));
  }

  SimWorld world_;
  int runs_ = 0;
};

Task<void> CreatesOnce(Node&, Store& store) {
  const absl::Status first = co_await store.CreateIfAbsent("a/b/file", "first");
  const absl::Status second = co_await store.CreateIfAbsent("a/b/file", "second");
  EXPECT_TRUE(first.ok()) << first;
  EXPECT_TRUE(absl::IsAlreadyExists(second)) << second;
  const auto content = co_await store.ReadAll("a/b/file");
  EXPECT_EQ(content.value_or(""), "first");
}
TEST_P(StoreContract, OneOfSeveralCreatorsWins) { Run(CreatesOnce); }

Task<void> AppendsAtItsEnd(Node&, Store& store) {
  const absl::Status absent = co_await store.Append("log", 0, "x");
  EXPECT_TRUE(absl::IsNotFound(absent)) << absent;
  const absl::Status created = co_await store.CreateIfAbsent("log", "abc");
  EXPECT_TRUE(created.ok()) << created;
  const absl::Status appended = co_await store.Append("log", 3, "def");
  EXPECT_TRUE(appended.ok()) << appended;
  const absl::Status repeated = co_await store.Append("log", 3, "def");
  EXPECT_TRUE(repeated.ok()) << repeated;
  const absl::Status continued = co_await store.Append("log", 4, "efg");
  EXPECT_TRUE(continued.ok()) << "a repeated request that was done in part: " << continued;
  const absl::Status other = co_await store.Append("log", 3, "dex");
  EXPECT_TRUE(absl::IsFailedPrecondition(other)) << other;
  const absl::Status gap = co_await store.Append("log", 9, "x");
  EXPECT_TRUE(absl::IsFailedPrecondition(gap)) << gap;
  const auto content = co_await store.ReadAll("log");
  EXPECT_EQ(content.value_or(""), "abcdefg");
}
TEST_P(StoreContract, AppendsExactlyAtTheEndAndMayBeRepeated) { Run(AppendsAtItsEnd); }

Task<void> ReadsRanges(Node&, Store& store) {
  const absl::Status created = co_await store.CreateIfAbsent("f", "0123456789");
  EXPECT_TRUE(created.ok());
  const auto middle = co_await store.Read("f", 3, 4);
  const auto tail = co_await store.Read("f", 8, 100);
  const auto beyond = co_await store.Read("f", 20, 5);
  const auto absent = co_await store.Read("g", 0, 1);
  EXPECT_EQ(middle.value_or("?"), "3456");
  EXPECT_EQ(tail.value_or("?"), "89");
  EXPECT_EQ(beyond.value_or("?"), "");
  EXPECT_TRUE(absl::IsNotFound(absent.status()));
}
TEST_P(StoreContract, ReadsRangesAndLessOnlyAtTheEnd) { Run(ReadsRanges); }

Task<void> ListsInOrder(Node&, Store& store) {
  const auto absent = co_await store.List("d");
  EXPECT_TRUE(absent.ok() && absent->empty());
  for (const char* path : {"d/b", "d/sub/x", "d/a"}) {
    const absl::Status created = co_await store.CreateIfAbsent(path, path);
    EXPECT_TRUE(created.ok()) << created;
  }
  const auto listed = co_await store.List("d");
  EXPECT_TRUE(listed.ok()) << listed.status();
  std::vector<std::string> shown;
  for (const StoredFile& file : *listed) {
    const bool directory = file.kind == platform::FileKind::kDirectory;
    shown.push_back(absl::StrCat(file.name, directory ? "/" : "", file.size_bytes));
  }
  EXPECT_THAT(shown, ElementsAre("a3", "b3", "sub/0"));
}
TEST_P(StoreContract, ListsByNameAndHidesItsTemporaries) { Run(ListsInOrder); }

Task<void> LinksFiles(Node&, Store& store) {
  const absl::Status one = co_await store.CreateIfAbsent("one", "same");
  const absl::Status two = co_await store.CreateIfAbsent("two", "other");
  const absl::Status linked = co_await store.Link("one", "out/link");
  const absl::Status again = co_await store.Link("one", "out/link");
  const absl::Status other = co_await store.Link("two", "out/link");
  const absl::Status absent = co_await store.Link("three", "out/three");
  EXPECT_TRUE(one.ok() && two.ok() && linked.ok() && again.ok()) << linked << again;
  EXPECT_TRUE(absl::IsAlreadyExists(other)) << other;
  EXPECT_TRUE(absl::IsNotFound(absent)) << absent;
  const auto content = co_await store.ReadAll("out/link");
  EXPECT_EQ(content.value_or(""), "same");
}
TEST_P(StoreContract, LinksAndTellsItsOwnRepetitionFromAnother) { Run(LinksFiles); }

Task<void> RemovesFiles(Node&, Store& store) {
  const absl::Status created = co_await store.CreateIfAbsent("d/f", "x");
  const absl::Status removed = co_await store.Remove("d/f");
  const absl::Status again = co_await store.Remove("d/f");
  const absl::Status nowhere = co_await store.Remove("nowhere/f");
  EXPECT_TRUE(created.ok() && removed.ok() && again.ok() && nowhere.ok()) << removed << nowhere;
  const auto listed = co_await store.List("d");
  EXPECT_TRUE(listed.ok() && listed->empty());
  const absl::Status anew = co_await store.CreateIfAbsent("d/f", "y");
  EXPECT_TRUE(anew.ok()) << anew;
}
TEST_P(StoreContract, RemovesWhatMayBeGoneAlready) { Run(RemovesFiles); }

Task<void> RefusesPaths(Node&, Store& store) {
  for (const char* path : {"", "/a", "a/", "a//b", "../a", "a/./b", ".tmp-x", "a/.tmp-b/c"}) {
    const absl::Status created = co_await store.CreateIfAbsent(path, "x");
    EXPECT_TRUE(absl::IsInvalidArgument(created)) << path << ": " << created;
    const auto read = co_await store.ReadAll(path);
    EXPECT_TRUE(absl::IsInvalidArgument(read.status())) << path << ": " << read.status();
  }
}
TEST_P(StoreContract, RefusesPathsThatNameNoFile) { Run(RefusesPaths); }

Task<void> TakesLongContents(Node&, Store& store) {
  std::string content;
  for (int i = 0; content.size() < 50'000; ++i) absl::StrAppend(&content, i, ",");
  const absl::Status created = co_await store.CreateIfAbsent("long", content);
  EXPECT_TRUE(created.ok()) << created;
  const absl::Status appended = co_await store.Append("long", content.size(), content);
  EXPECT_TRUE(appended.ok()) << appended;
  const auto read = co_await store.ReadAll("long");
  EXPECT_TRUE(read.ok() && *read == content + content);
}
TEST_P(StoreContract, TakesContentsOfManyParts) { Run(TakesLongContents); }

Task<void> WritesBeforeTheLoss(Node&, Store& store) {
  const absl::Status created = co_await store.CreateIfAbsent("a/b/log", "one,");
  const absl::Status appended = co_await store.Append("a/b/log", 4, "two,");
  const absl::Status gone = co_await store.CreateIfAbsent("a/gone", "x");
  const absl::Status removed = co_await store.Remove("a/gone");
  EXPECT_TRUE(created.ok() && appended.ok() && gone.ok() && removed.ok());
}
Task<void> ReadsAfterTheLoss(Node&, Store& store) {
  const auto content = co_await store.ReadAll("a/b/log");
  EXPECT_EQ(content.value_or("?"), "one,two,");
  const auto listed = co_await store.List("a");
  EXPECT_TRUE(listed.ok() && listed->size() == 1);
}
TEST_P(StoreContract, WhatIsAcknowledgedSurvivesAPowerLoss) {
  Run(WritesBeforeTheLoss);
  world_.LosePower("store");
  world_.RunFor(absl::Seconds(1));
  if (GetParam() == StoreKind::kServed) {
    world_.Restart("store");
  } else {
    world_.PowerOn("store");
  }
  Run(ReadsAfterTheLoss);
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract,
                         testing::Values(StoreKind::kLocal, StoreKind::kExclusive,
                                         StoreKind::kServed),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace wavetank::checkpoint
