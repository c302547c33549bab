// What a store service does with requests that are repeated, given up, or come in parts.
#include "checkpoint/store_service.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/crc32c.h"
#include "checkpoint/local_store.h"
#include "checkpoint/served_store.h"
#include "checkpoint/store.pb.h"
#include "platform/event.h"
#include "platform/task_scope.h"
#include "simulator/fault_injector.h"
#include "simulator/sim_world.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::RunEnd;
using simulator::SimWorld;
using testing::ElementsAre;
using testing::HasSubstr;

// What reached the store behind the service.
struct Begun {
  std::vector<std::string> creates;
  int running = 0;
  int most_running = 0;
};

// A store whose creations take long, and leave nothing but a note.
class SlowStore final : public Store {
 public:
  SlowStore(Node& node, absl::Duration takes, Begun& begun)
      : node_(node), takes_(takes), begun_(begun) {}
  Task<absl::Status> CreateIfAbsent(std::string path, std::string) override {
    begun_.creates.push_back(std::move(path));
    begun_.most_running = std::max(begun_.most_running, ++begun_.running);
    co_await node_.clock().Sleep(takes_);
    --begun_.running;
    co_return absl::OkStatus();
  }
  Task<absl::Status> Append(std::string, uint64_t, std::string) override {
    co_return absl::OkStatus();
  }
  Task<absl::StatusOr<std::string>> Read(std::string, uint64_t, uint64_t length) override {
    co_return std::string(length, 'r');
  }
  Task<absl::StatusOr<std::vector<StoredFile>>> List(std::string) override {
    co_return std::vector<StoredFile>();
  }
  Task<absl::StatusOr<std::string>> Identify(std::string) override { co_return "a directory"; }
  Task<absl::Status> Link(std::string, std::string) override { co_return absl::OkStatus(); }
  Task<absl::Status> Remove(std::string) override { co_return absl::OkStatus(); }

 private:
  Node& node_;
  const absl::Duration takes_;
  Begun& begun_;
};

Task<void> ServeSlowly(Node& node, absl::Duration takes, StoreServiceOptions options,
                       Begun& begun) {
  SlowStore store(node, takes, begun);
  const auto service = co_await StoreService::Start(node, "store:7000", store, options);
  EXPECT_TRUE(service.ok()) << service.status();
  platform::Event never;
  co_await never.Wait();
}

class SlowService : public testing::Test {
 protected:
  void Run(absl::Duration takes, StoreServiceOptions options, platform::NodeMain client) {
    world_.AddMachine("store");
    world_.AddMachine("client");
    world_.Start("store", {"store", {{"node", [=, this](Node& node) {
                                        return ServeSlowly(node, takes, options, begun_);
                                      }}}});
    world_.Start("client", {"client", {{"node", std::move(client)}}});
    EXPECT_EQ(world_.RunUntil([this] { return done_; }), RunEnd::kDone);
  }
  SimWorld world_{{.seed = 2}};
  Begun begun_;
  bool done_ = false;
};

Task<void> CreateOne(Store& store, std::string path, std::string content,
                     std::vector<absl::Status>& answers) {
  const absl::Status created = co_await store.CreateIfAbsent(std::move(path), std::move(content));
  answers.push_back(created);
}
ServedStoreOptions Impatient() {
  ServedStoreOptions options;
  options.request_timeout = absl::Milliseconds(500);
  options.give_up_after = absl::Minutes(1);
  return options;
}
Task<void> CreateImpatiently(Node& node, int creates, std::vector<absl::Status>& answers,
                             bool& done) {
  ServedStore store(node, "store:7000", Impatient());
  platform::TaskScope scope(node.executor());
  for (int i = 0; i < creates; ++i) {
    scope.Spawn("create", CreateOne(store, absl::StrCat("f", i), "x", answers));
  }
  co_await scope.Join();
  done = true;
}

TEST_F(SlowService, ARepeatJoinsTheRequestUnderWay) {
  std::vector<absl::Status> answers;
  Run(absl::Seconds(5), {}, [&](Node& node) { return CreateImpatiently(node, 1, answers, done_); });
  EXPECT_THAT(answers, ElementsAre(absl::OkStatus()));
  EXPECT_THAT(begun_.creates, ElementsAre("f0")) << "it was asked about ten times";
}

TEST_F(SlowService, AStormOfRepeatsBeginsEachRequestOnceAndAnswersIt) {
  std::vector<absl::Status> answers;
  StoreServiceOptions options;
  options.requests_at_once = 4;
  Run(absl::Seconds(1), options,
      [&](Node& node) { return CreateImpatiently(node, 64, answers, done_); });
  EXPECT_EQ(answers, std::vector<absl::Status>(64));
  std::ranges::sort(begun_.creates);
  EXPECT_EQ(std::ranges::unique(begun_.creates).size(), 0u);
  EXPECT_EQ(begun_.creates.size(), 64u);
  EXPECT_LE(begun_.most_running, 4);
}

Task<void> GiveUpInTheQueue(Node& node, std::vector<absl::Status>& answers, bool& done) {
  ServedStore store(node, "store:7000");
  ServedStoreOptions hasty = Impatient();
  hasty.give_up_after = absl::Milliseconds(400);
  ServedStore gives_up(node, "store:7000", hasty);
  platform::TaskScope scope(node.executor());
  scope.Spawn("first", CreateOne(store, "first", "x", answers));
  co_await node.clock().Sleep(absl::Milliseconds(100));
  co_await CreateOne(gives_up, "given up", "x", answers);
  co_await scope.Join();
  co_await node.clock().Sleep(absl::Seconds(10));
  done = true;
}
TEST_F(SlowService, WhatNobodyWaitsForAnyMoreIsNotBegun) {
  std::vector<absl::Status> answers;
  StoreServiceOptions options;
  options.requests_at_once = 1;
  Run(absl::Seconds(4), options,
      [&](Node& node) { return GiveUpInTheQueue(node, answers, done_); });
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_TRUE(absl::IsUnavailable(answers[0])) << answers[0];
  EXPECT_TRUE(answers[1].ok()) << answers[1];
  EXPECT_THAT(begun_.creates, ElementsAre("first"));
}

Task<void> AppendOne(Store& store, int* answered) {
  const absl::Status appended = co_await store.Append("a", 0, std::string(size_t{1} << 20, 'a'));
  EXPECT_TRUE(appended.ok()) << appended;
  ++*answered;
}
Task<void> ReadOne(Store& store, int* answered) {
  const auto read = co_await store.Read("r", 0, uint64_t{2} << 20);
  EXPECT_TRUE(read.ok()) << read.status();
  ++*answered;
}
// A read gets the only place while all the memory is with appends that wait for one.
Task<void> ReadAmidAppends(Node& node, absl::Duration& took, bool& done) {
  ServedStore store(node, "store:7000");
  const platform::MonotonicTime began = node.clock().Now();
  std::vector<absl::Status> created;
  int answered = 0;
  platform::TaskScope scope(node.executor());
  scope.Spawn("create", CreateOne(store, "slow", "x", created));
  co_await node.clock().Sleep(absl::Milliseconds(100));
  scope.Spawn("read", ReadOne(store, &answered));
  co_await node.clock().Sleep(absl::Milliseconds(100));
  for (int i = 0; i < 12; ++i) scope.Spawn("append", AppendOne(store, &answered));
  co_await scope.Join();
  EXPECT_EQ(answered, 13);
  took = node.clock().Now() - began;
  done = true;
}
TEST_F(SlowService, WhoWaitsForMemoryHoldsNoPlace) {
  StoreServiceOptions options;
  options.requests_at_once = 1;
  options.memory_bytes = kLeastStoreMemoryBytes;
  absl::Duration took;
  Run(absl::Seconds(2), options, [&](Node& node) { return ReadAmidAppends(node, took, done_); });
  EXPECT_LT(took, absl::Seconds(4)) << "nobody waited until a request was given up";
}

// --- contents in parts, over a disk ---

class Uploads : public testing::Test {
 protected:
  Uploads() {
    world_.AddMachine("store");
    world_.AddMachine("client");
    world_.Start("store", {"store", {{"node", [](Node& node) {
                                        return RunStoreService(node, "store:7000", "root");
                                      }}}});
  }
  void Run(platform::NodeMain client) {
    world_.Start("client", {"client", {{"node", std::move(client)}}});
    EXPECT_EQ(world_.RunUntil([this] { return done_; }), RunEnd::kDone);
  }
  absl::StatusOr<std::string> OnDisk(const std::string& path) {
    return world_.machine("store").disk().Get("root/" + path);
  }
  static std::string Long() {
    std::string content;
    for (int i = 0; content.size() < 20'000; ++i) absl::StrAppend(&content, i, ",");
    return content;
  }

  SimWorld world_{{.seed = 1}};
  bool done_ = false;
};

ServedStoreOptions InParts() {
  ServedStoreOptions options;
  options.part_bytes = 100;
  return options;
}

Task<void> LookFor(Node& node, std::vector<std::string>& names) {
  // The service's own machine alone sees what has no name in the store.
  const auto entries = co_await node.disk().List("root/d");
  names.clear();
  if (!entries.ok()) co_return;
  for (const auto& entry : *entries) names.push_back(entry.name);
}

Task<void> StopHalfWay(Node& node, std::string content, bool& half, const bool& looked,
                       bool& later) {
  ServedStore store(node, "store:7000", InParts());
  std::vector<absl::Status> answers;
  {
    platform::TaskScope scope(node.executor());
    scope.Spawn("stops in the middle", CreateOne(store, "d/half", content, answers));
    co_await node.clock().Sleep(absl::Milliseconds(60));
    EXPECT_EQ(scope.size(), 1u);
    scope.DestroyChildren();
  }
  half = true;
  while (!looked) co_await node.clock().Sleep(absl::Milliseconds(1));
  co_await CreateOne(store, "d/whole", content, answers);
  EXPECT_THAT(answers, ElementsAre(absl::OkStatus()));
  co_await node.clock().Sleep(absl::Minutes(2));
  later = true;
}
Task<void> LookTwice(Node& node, const bool& half, bool& looked, const bool& later, bool& done) {
  std::vector<std::string> names;
  while (!half) co_await node.clock().Sleep(absl::Milliseconds(1));
  co_await LookFor(node, names);
  EXPECT_THAT(names, ElementsAre(testing::StartsWith(".tmp-")));
  looked = true;
  while (!later) co_await node.clock().Sleep(absl::Seconds(1));
  co_await LookFor(node, names);
  EXPECT_THAT(names, ElementsAre("whole"));
  done = true;
}
TEST_F(Uploads, ThoseThatStopAreRemoved) {
  bool half = false, looked = false, later = false;
  world_.Start("store", {"looker", {{"node", [&](Node& node) {
                                       return LookTwice(node, half, looked, later, done_);
                                     }}}});
  Run([&](Node& node) { return StopHalfWay(node, Long(), half, looked, later); });
  EXPECT_EQ(OnDisk("d/whole").value(), Long());
}

Task<void> CreateLong(Node& node, std::string content, absl::Status& created, bool& done) {
  ServedStore store(node, "store:7000", InParts());
  created = co_await store.CreateIfAbsent("d/f", std::move(content));
  done = true;
}
TEST_F(Uploads, GoOnWhereABrokenConnectionLeftThem) {
  // Connections break every few milliseconds; the parts take longer than that together.
  std::function<void()> reset = [&] {
    world_.network().Reset("store", "client");
    const int64_t next = world_.scheduler().now_ns() + 10'000'000;
    world_.scheduler().FirstAt(next, simulator::LifeId(0), [&] { reset(); });
  };
  world_.scheduler().FirstAt(1'000'000, simulator::LifeId(0), [&] { reset(); });
  absl::Status created = absl::UnknownError("not over");
  Run([&](Node& node) { return CreateLong(node, Long(), created, done_); });
  EXPECT_TRUE(created.ok()) << created;
  EXPECT_EQ(OnDisk("d/f").value(), Long());
}

TEST_F(Uploads, BeginAnewAtAServiceThatHasForgottenThem) {
  world_.scheduler().FirstAt(60'000'000, simulator::LifeId(0), [&] {
    world_.Crash("store");
    world_.Restart("store");
  });
  absl::Status created = absl::UnknownError("not over");
  Run([&](Node& node) { return CreateLong(node, Long(), created, done_); });
  EXPECT_TRUE(created.ok()) << created;
  EXPECT_EQ(OnDisk("d/f").value(), Long());
}

Task<void> CreateLongTwice(Node& node, std::string content, std::vector<absl::Status>& answers,
                           bool& done) {
  ServedStore store(node, "store:7000", InParts());
  co_await CreateOne(store, "d/f", content, answers);
  co_await CreateOne(store, "d/f", content + "other", answers);
  done = true;
}
TEST_F(Uploads, OneOfSeveralCreatorsWins) {
  std::vector<absl::Status> answers;
  Run([&](Node& node) { return CreateLongTwice(node, Long(), answers, done_); });
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_TRUE(answers[0].ok()) << answers[0];
  EXPECT_TRUE(absl::IsAlreadyExists(answers[1])) << answers[1];
  EXPECT_EQ(OnDisk("d/f").value(), Long());
}

Task<void> CreateUnderLostReply(Node& node, std::string content, absl::Status& created,
                                bool& done) {
  ServedStore store(node, "store:7000", InParts());
  created = co_await store.CreateIfAbsent("d/f", std::move(content));
  done = true;
}
TEST_F(Uploads, ACreateWhoseReplyWasLostIsNotSentAgain) {
  const simulator::Fault reset{
      .kind = simulator::FaultKind::kReset, .target = "store", .peer = "client"};
  const simulator::AtStep done_not_answered{.step = "store_service.done", .occurrence = 1};
  simulator::FaultInjector injector(world_, {.listed = {{done_not_answered, reset}}});
  absl::Status created = absl::UnknownError("not over");
  Run([&](Node& node) { return CreateUnderLostReply(node, Long(), created, done_); });
  EXPECT_TRUE(injector.Unfired().empty());
  EXPECT_TRUE(created.ok()) << created;
  EXPECT_EQ(OnDisk("d/f").value(), Long());
}

// --- sizes that a peer says which knows the secret ---

Task<void> AskRaw(platform::RpcClient& client, std::string method, std::string body,
                  std::vector<std::string>& answers) {
  platform::RpcPayload request;
  request.body = std::move(body);
  const auto reply = co_await client.Call(std::move(method), std::move(request), absl::Seconds(10));
  answers.push_back(reply.ok() ? "done" : std::string(reply.status().message()));
}
std::string Part(uint64_t offset, const std::string& bytes) {
  StageRequest stage;
  stage.set_upload(7);
  stage.set_path("f");
  stage.set_offset(offset);
  stage.mutable_part()->set_bytes(bytes);
  stage.mutable_part()->set_crc32c(Crc32c(bytes));
  return stage.SerializeAsString();
}
Task<void> AskForged(Node& node, std::vector<std::string>& answers, bool& done) {
  const auto client = co_await platform::RpcClient::Connect(node, "store:7000");
  for (const uint64_t length : {uint64_t{1} << 60, UINT64_MAX}) {
    ReadRequest read;
    read.set_path("f");
    read.set_length(length);
    co_await AskRaw(**client, "store.read", read.SerializeAsString(), answers);
  }
  RemoveRequest remove;
  for (int i = 0; i < 100'000; ++i) remove.add_path("");
  co_await AskRaw(**client, "store.remove", remove.SerializeAsString(), answers);
  co_await AskRaw(**client, "store.stage", Part(0, "abc"), answers);
  co_await AskRaw(**client, "store.stage", Part(0, "abc"), answers);  // a repeat
  co_await AskRaw(**client, "store.stage", Part(UINT64_MAX, "abc"), answers);
  co_await AskRaw(**client, "store.stage", Part(uint64_t{1} << 60, "abc"), answers);
  done = true;
}
TEST_F(SlowService, SizesThatNothingHasAreRefused) {
  std::vector<std::string> answers;
  Run(absl::ZeroDuration(), {}, [&](Node& node) { return AskForged(node, answers, done_); });
  EXPECT_THAT(answers, ElementsAre(HasSubstr("this one for 1152921504606846976: read in parts"),
                                   HasSubstr("this one for 18446744073709551615: read in parts"),
                                   HasSubstr("has more fields than the store service takes"),
                                   "done", "done", HasSubstr("the parts of the file before this"),
                                   HasSubstr("the parts of the file before this")));
}

// A store that gives more than it was asked for.
Task<void> GiveTooMuch(Node& node) {
  const auto server = co_await platform::RpcServer::Start(
      node, "store:7000",
      [](std::string, platform::RpcPayload,
         platform::RpcCall) -> Task<absl::StatusOr<platform::RpcPayload>> {
        StoreBytes bytes;
        bytes.set_bytes(std::string(100, 'x'));
        bytes.set_crc32c(Crc32c(bytes.bytes()));
        platform::RpcPayload reply;
        reply.body = bytes.SerializeAsString();
        co_return reply;
      });
  EXPECT_TRUE(server.ok()) << server.status();
  co_await node.clock().Sleep(absl::Hours(1));
}
Task<void> ReadTen(Node& node, absl::Status& end, bool& done) {
  ServedStoreOptions options = Impatient();
  options.give_up_after = absl::Seconds(2);
  ServedStore store(node, "store:7000", options);
  end = (co_await store.Read("f", 0, 10)).status();
  done = true;
}
TEST(ServedStore, TakesNoMoreThanItAskedFor) {
  SimWorld world({.seed = 5});
  world.AddMachine("store");
  world.AddMachine("client");
  world.Start("store", {"store", {{"node", GiveTooMuch}}});
  absl::Status end;
  bool done = false;
  world.Start("client",
              {"client", {{"node", [&](Node& node) { return ReadTen(node, end, done); }}}});
  EXPECT_EQ(world.RunUntil([&done] { return done; }), RunEnd::kDone);
  EXPECT_TRUE(absl::IsUnavailable(end)) << end;
  EXPECT_THAT(std::string(end.message()), HasSubstr("the reply was damaged on its way"));
}

}  // namespace
}  // namespace wavetank::checkpoint
