// Requests under a fencing token, at a served store.
#include "checkpoint/epoch_fence.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "checkpoint/served_store.h"
#include "checkpoint/store.pb.h"
#include "checkpoint/store_service.h"
#include "platform/rpc.h"
#include "platform/task_scope.h"
#include "simulator/fault_injector.h"
#include "simulator/sim_world.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::SimWorld;
using testing::HasSubstr;

class ServedFence : public testing::Test {
 protected:
  explicit ServedFence(uint64_t seed = 5) : world_({.seed = seed}) {
    for (const char* machine : {"store", "old", "new"}) world_.AddMachine(machine);
    StartService();
  }
  void StartService() {
    world_.Start("store", {"service", {{"node", [](Node& node) {
                                          return RunStoreService(node, "store:7000", "root");
                                        }}}});
  }
  // Starts `main` on a machine of its own.
  void Start(const std::string& machine, platform::NodeMain main) {
    world_.Start(machine, {machine, {{"node", std::move(main)}}});
  }
  void RunUntil(const bool& done) {
    EXPECT_EQ(world_.RunUntil([&] { return done; }, {.quiet = absl::Minutes(5)}),
              simulator::RunEnd::kDone);
  }

  SimWorld world_;
};

Task<void> BeginLog(Store& store) {
  const absl::Status epoch = co_await store.CreateIfAbsent("log/epoch-1", "one");
  const absl::Status log = co_await store.Under({"log", 1})->CreateIfAbsent("log/log-1", "");
  EXPECT_TRUE(epoch.ok() && log.ok()) << epoch << log;
}

Task<void> WriteUnderTokens(Node& node, bool& done) {
  ServedStore store(node, "store:7000");
  co_await BeginLog(store);
  const std::unique_ptr<Store> first = store.Under({"log", 1});
  const absl::Status appended = co_await first->Append("log/log-1", 0, "a");
  EXPECT_TRUE(appended.ok()) << appended;
  const absl::Status repeated = co_await first->Append("log/log-1", 0, "a");
  EXPECT_TRUE(repeated.ok()) << repeated;
  const absl::Status made = co_await first->CreateIfAbsent("d/f", "x");
  EXPECT_TRUE(made.ok()) << made;

  const absl::Status epoch = co_await first->CreateIfAbsent("log/epoch-2", "two");
  EXPECT_TRUE(epoch.ok()) << "who owns an epoch may make the next: " << epoch;
  const absl::Status late_append = co_await first->Append("log/log-1", 1, "b");
  EXPECT_TRUE(absl::IsAborted(late_append)) << late_append;
  EXPECT_THAT(late_append.ToString(), HasSubstr("under epoch 1 of log, and epoch 2 exists"));
  const absl::Status late_again = co_await first->Append("log/log-1", 0, "a");
  EXPECT_TRUE(absl::IsAborted(late_again)) << late_again;
  const absl::Status late_create = co_await first->CreateIfAbsent("d/g", "x");
  EXPECT_TRUE(absl::IsAborted(late_create)) << late_create;
  const absl::Status late_link = co_await first->Link("d/f", "d/h");
  EXPECT_TRUE(absl::IsAborted(late_link)) << late_link;
  const absl::Status late_remove = co_await first->Remove("d/f");
  EXPECT_TRUE(absl::IsAborted(late_remove)) << late_remove;

  const auto log = co_await first->ReadAll("log/log-1");
  EXPECT_EQ(log.value_or("?"), "a") << "who reads needs no token";
  const auto listed = co_await first->List("d");
  EXPECT_TRUE(listed.ok() && listed->size() == 1);
  const std::unique_ptr<Store> second = first->Under({"log", 2});
  const absl::Status newer = co_await second->Append("log/log-1", 1, "c");
  EXPECT_TRUE(newer.ok()) << newer;
  const absl::Status other_log = co_await store.Under({"other", 1})->Remove("d/f");
  EXPECT_TRUE(other_log.ok()) << other_log;
  done = true;
}
TEST_F(ServedFence, RefusesEveryChangeUnderAnOlderEpochByName) {
  bool done = false;
  Start("old", [&](Node& node) { return WriteUnderTokens(node, done); });
  RunUntil(done);
}

// Whoever owns nothing there, or something else.
Task<void> ChangeWithoutToken(Node& node, bool& done) {
  ServedStore store(node, "store:7000");
  const absl::Status before = co_await store.CreateIfAbsent("log/early", "x");
  EXPECT_TRUE(before.ok()) << "no epoch yet: " << before;
  co_await BeginLog(store);
  const absl::Status besides = co_await store.CreateIfAbsent("log/below/f", "x");
  EXPECT_TRUE(besides.ok()) << "another directory: " << besides;
  const std::unique_ptr<Store> other = store.Under({"other", 1});
  for (Store* stranger : {static_cast<Store*>(&store), other.get()}) {
    std::vector<absl::Status> refused;
    refused.push_back(co_await stranger->CreateIfAbsent("log/log-2", "x"));
    refused.push_back(co_await stranger->CreateIfAbsent("log/long", std::string(3 << 20, 'x')));
    refused.push_back(co_await stranger->Append("log/log-1", 0, "x"));
    refused.push_back(co_await stranger->Remove("log/log-1"));
    refused.push_back(co_await stranger->Remove("log/epoch-1"));
    refused.push_back(co_await stranger->Link("log/below/f", "log/log-2"));
    refused.push_back(co_await stranger->Link("log/log-1", "alias"));
    for (const absl::Status& status : refused) {
      EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
      EXPECT_THAT(status.ToString(), HasSubstr("change of log without a token: epoch 1 owns it"));
    }
  }
  const auto listed = co_await store.List("log");
  EXPECT_TRUE(listed.ok());
  std::vector<std::string> names;
  if (listed.ok()) {
    for (const StoredFile& file : *listed) names.push_back(file.name);
  }
  EXPECT_THAT(names, testing::ElementsAre("below", "early", "epoch-1", "log-1"));
  const absl::Status epoch = co_await store.CreateIfAbsent("log/epoch-2", "two");
  EXPECT_TRUE(epoch.ok()) << "a new owner has no token yet: " << epoch;
  done = true;
}
TEST_F(ServedFence, AFencedDirectoryTakesNoChangeWithoutItsToken) {
  bool done = false;
  Start("old", [&](Node& node) { return ChangeWithoutToken(node, done); });
  RunUntil(done);
}

Task<void> TouchManyDirectories(Node& node, bool& done) {
  ServedStore store(node, "store:7000");
  co_await BeginLog(store);
  for (int i = 0; i < 1500; ++i) {
    const absl::Status made = co_await store.CreateIfAbsent(absl::StrCat("d", i, "/f"), "x");
    EXPECT_TRUE(made.ok()) << made;
  }
  const absl::Status still = co_await store.Append("log/log-1", 0, "x");
  EXPECT_TRUE(absl::IsFailedPrecondition(still)) << still;
  done = true;
}
TEST_F(ServedFence, WhatItForgetsItLooksUpAgain) {
  bool done = false;
  Start("old", [&](Node& node) { return TouchManyDirectories(node, done); });
  RunUntil(done);
}

Task<void> WriteLateAfterARestart(Node& node, SimWorld& world, bool& done) {
  ServedStore store(node, "store:7000");
  co_await BeginLog(store);
  const absl::Status epoch = co_await store.CreateIfAbsent("log/epoch-7", "seven");
  EXPECT_TRUE(epoch.ok()) << epoch;
  world.Crash(world.process("service"));
  world.Restart("service");
  const absl::Status late = co_await store.Under({"log", 1})->Append("log/log-1", 0, "a");
  EXPECT_TRUE(absl::IsAborted(late)) << late;
  done = true;
}
TEST_F(ServedFence, OutlivesTheService) {
  bool done = false;
  Start("old", [&](Node& node) { return WriteLateAfterARestart(node, world_, done); });
  RunUntil(done);
}

Task<void> AppendOnce(Node& node, absl::Status& answer, bool& done) {
  ServedStore store(node, "store:7000");
  co_await BeginLog(store);
  answer = co_await store.Under({"log", 1})->Append("log/log-1", 0, "once");
  const auto log = co_await store.ReadAll("log/log-1");
  EXPECT_EQ(log.value_or("?"), "once");
  done = true;
}
TEST_F(ServedFence, ARequestThatIsRepeatedAfterALostReplyIsAnswered) {
  const simulator::Fault reset{
      .kind = simulator::FaultKind::kReset, .target = "store", .peer = "old"};
  const simulator::AtStep done_not_answered{.step = "store_service.done", .occurrence = 3};
  simulator::FaultInjector injector(world_, {.listed = {{done_not_answered, reset}}});
  bool done = false;
  absl::Status answer = absl::UnknownError("none");
  Start("old", [&](Node& node) { return AppendOnce(node, answer, done); });
  RunUntil(done);
  EXPECT_TRUE(injector.Unfired().empty());
  EXPECT_TRUE(answer.ok()) << answer;
}

Task<void> AppendAfter(Node& node, const bool& may, absl::Status& answer, bool& done) {
  ServedStore store(node, "store:7000");
  co_await BeginLog(store);
  while (!may) co_await node.clock().Sleep(absl::Milliseconds(1));
  answer = co_await store.Under({"log", 1})->Append("log/log-1", 0, "late");
  done = true;
}
Task<void> TakeOverAs(Node& node, int64_t epoch, bool& done) {
  ServedStore store(node, "store:7000");
  const absl::Status created =
      co_await store.CreateIfAbsent(absl::StrCat("log/epoch-", epoch), "new");
  EXPECT_TRUE(created.ok()) << created;
  done = true;
}
TEST_F(ServedFence, ARequestThatWasHeldOnItsWayIsRefused) {
  bool may = false;
  bool answered = false;
  bool taken = false;
  absl::Status answer;
  Start("old", [&](Node& node) { return AppendAfter(node, may, answer, answered); });
  world_.RunFor(absl::Seconds(1));
  world_.network().BlockLink("old", "store", simulator::SimNetwork::Block::kClog);
  may = true;
  world_.RunFor(absl::Milliseconds(100));
  Start("new", [&](Node& node) { return TakeOverAs(node, 2, taken); });
  RunUntil(taken);
  EXPECT_FALSE(answered);
  world_.network().ReleaseLink("old", "store", simulator::SimNetwork::Block::kClog);
  RunUntil(answered);
  EXPECT_TRUE(absl::IsAborted(answer)) << answer;
  EXPECT_EQ(*world_.machine("store").disk().Get("root/log/log-1"), "");
}

Task<void> AppendForEver(Node& node, absl::Status& answer) {
  ServedStore store(node, "store:7000");
  co_await BeginLog(store);
  const std::unique_ptr<Store> owned = store.Under({"log", 1});
  for (uint64_t at = 0; answer.ok(); ++at) {
    answer = co_await owned->Append("log/log-1", at, "x");
  }
}
TEST_F(ServedFence, NothingOfAnOlderOwnerHappensOnceTheNewerEpochIsAnswered) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SimWorld world({.seed = seed});
    for (const char* machine : {"store", "old", "new"}) world.AddMachine(machine);
    world.Start("store", {"service", {{"node", [](Node& node) {
                                         return RunStoreService(node, "store:7000", "root");
                                       }}}});
    absl::Status answer;
    world.Start("old",
                {"old", {{"node", [&](Node& node) { return AppendForEver(node, answer); }}}});
    world.RunFor(absl::Milliseconds(50 + seed));
    bool taken = false;
    world.Start("new", {"new", {{"node", [&](Node& node) { return TakeOverAs(node, 2, taken); }}}});
    // To the very event at which the newer owner has its answer.
    ASSERT_EQ(world.RunUntil([&] { return taken; }), simulator::RunEnd::kDone);
    const std::string log = *world.machine("store").disk().Get("root/log/log-1");
    EXPECT_FALSE(log.empty());
    world.RunFor(absl::Seconds(5));
    EXPECT_TRUE(absl::IsAborted(answer)) << answer;
    EXPECT_EQ(*world.machine("store").disk().Get("root/log/log-1"), log) << "seed " << seed;
  }
}

// Whether a creation, or a request, that began when it could not has got its pass.
Task<void> EnterAsCreation(Node& node, EpochFence& fence, bool& entered,
                           std::string path = "log/epoch-2") {
  const EpochFence::Pass pass = co_await fence.EnterCreation(std::move(path));
  entered = true;
  co_await node.clock().Sleep(absl::Seconds(1));
}
Task<void> EnterAsRequest(EpochFence& fence, bool& entered) {
  const auto pass = co_await fence.Enter({"log", 1});
  EXPECT_TRUE(pass.ok()) << pass.status();
  entered = true;
}
Task<void> HoldEachOtherOff(Node& node, bool& done) {
  LocalStore store(node, "root");
  EpochFence fence(store);
  platform::TaskScope scope(node.executor());
  bool created = false;
  bool requested = false;
  {
    const auto pass = co_await fence.Enter({"log", 1});
    EXPECT_TRUE(pass.ok()) << pass.status();
    scope.Spawn("creation", EnterAsCreation(node, fence, created));
    co_await node.clock().Sleep(absl::Seconds(1));
    EXPECT_FALSE(created) << "a request is under way";
    scope.Spawn("request", EnterAsRequest(fence, requested));
    co_await node.clock().Sleep(absl::Seconds(1));
    EXPECT_FALSE(requested) << "a creation waits, and must come to its turn";
    const auto other = co_await fence.Enter({"other", 1});
    EXPECT_TRUE(other.ok()) << other.status();
  }
  co_await node.clock().Sleep(absl::Milliseconds(500));
  EXPECT_TRUE(created);
  EXPECT_FALSE(requested);
  co_await node.clock().Sleep(absl::Seconds(1));
  EXPECT_TRUE(requested);
  done = true;
}
Task<void> EnterManyLogs(Node& node, bool& done) {
  LocalStore store(node, "root");
  EpochFence fence(store);
  platform::TaskScope scope(node.executor());
  bool created = false;
  {
    const auto held = co_await fence.Enter({"held", 1});
    EXPECT_TRUE(held.ok()) << held.status();
    for (size_t log = 0; log < 2 * EpochFence::kMostScopes; ++log) {
      const auto pass = co_await fence.Enter({absl::StrCat("log", log), 1});
      EXPECT_TRUE(pass.ok()) << pass.status();
      const EpochFence::Pass other = co_await fence.EnterCreation("other/epoch-2");
    }
    EXPECT_LE(fence.remembered(), EpochFence::kMostScopes + 2);
    scope.Spawn("creation", EnterAsCreation(node, fence, created, "held/epoch-2"));
    co_await node.clock().Sleep(absl::Seconds(1));
    EXPECT_FALSE(created) << "a request is under way that began long ago";
  }
  co_await node.clock().Sleep(absl::Milliseconds(500));
  EXPECT_TRUE(created);
  EXPECT_LE(fence.remembered(), EpochFence::kMostScopes);
  done = true;
}
TEST_F(ServedFence, RemembersTheLogsInUseAndFewOthers) {
  bool done = false;
  Start("old", [&](Node& node) { return EnterManyLogs(node, done); });
  RunUntil(done);
}
TEST_F(ServedFence, ACreationWaitsForTheRequestsUnderWayAndHoldsNewOnesOff) {
  bool done = false;
  Start("old", [&](Node& node) { return HoldEachOtherOff(node, done); });
  RunUntil(done);
}

Task<void> AskTooMuch(Node& node, std::vector<absl::Status>& answers, bool& done) {
  ServedStore store(node, "store:7000");
  const auto there = co_await store.List("");
  EXPECT_TRUE(there.ok()) << there.status();
  absl::StatusOr<std::unique_ptr<platform::RpcClient>> client =
      co_await platform::RpcClient::Connect(node, "store:7000");
  EXPECT_TRUE(client.ok()) << client.status();
  ReadRequest read;
  read.set_path("f");
  read.set_length(kMaxPartBytes + 1);
  AppendRequest append;
  append.set_path("f");
  append.mutable_bytes()->set_bytes(std::string(kMaxPartBytes + 1, 'x'));
  const std::pair<std::string, std::string> requests[] = {
      {"store.read", read.SerializeAsString()}, {"store.append", append.SerializeAsString()}};
  for (const auto& [method, body] : requests) {
    platform::RpcPayload payload;
    payload.body = body;
    const auto reply = co_await (*client)->Call(method, std::move(payload), absl::Minutes(1));
    answers.push_back(reply.status());
  }
  done = true;
}
TEST_F(ServedFence, ARequestBeyondTheMostThatOneMayCarryIsRefused) {
  std::vector<absl::Status> answers;
  bool done = false;
  Start("old", [&](Node& node) { return AskTooMuch(node, answers, done); });
  RunUntil(done);
  for (const absl::Status& answer : answers) {
    EXPECT_TRUE(absl::IsInvalidArgument(answer)) << answer;
    EXPECT_THAT(answer.ToString(), HasSubstr("in parts"));
  }
}

Task<void> AskLocal(Node& node, bool& done) {
  LocalStore store(node, "root");
  EXPECT_EQ(store.Under({"log", 1}), nullptr) << "nobody is there who could refuse";
  done = true;
  co_return;
}
TEST_F(ServedFence, ALocalStoreHasNone) {
  bool done = false;
  Start("old", [&](Node& node) { return AskLocal(node, done); });
  RunUntil(done);
}

}  // namespace
}  // namespace wavetank::checkpoint
