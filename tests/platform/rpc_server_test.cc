// What a server lets in, and what it holds in memory: strangers, storms, and peers that stop.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/rpc.h"
#include "platform/task_scope.h"
#include "simulator/sim_world.h"

namespace wavetank::platform {
namespace {

using simulator::SimWorld;
using testing::ElementsAre;
using testing::HasSubstr;

// What the handlers saw.
struct ServerSeen {
  int64_t bytes = 0;  // in their hands
  int64_t most_bytes = 0;
  int finished = 0;
  int cancelled = 0;
  std::vector<std::string> callers;
  std::vector<uint64_t> traces;
};

// "hold <milliseconds>", for that long.
Task<absl::StatusOr<RpcPayload>> HoldFor(Node& node, ServerSeen* seen, std::string method,
                                         RpcPayload request, RpcCall call) {
  struct Counted {
    Counted(ServerSeen& s, int64_t b) : seen(s), bytes(b) {
      seen.bytes += bytes;
      seen.most_bytes = std::max(seen.most_bytes, seen.bytes);
    }
    ~Counted() {
      seen.bytes -= bytes;
      ++(returned ? seen.finished : seen.cancelled);
    }
    ServerSeen& seen;
    const int64_t bytes;
    bool returned = false;
  };
  Counted counted(*seen, static_cast<int64_t>(request.body.size()));
  seen->callers.push_back(call.session().Peer());
  seen->traces.push_back(call.trace());
  EXPECT_GT(call.deadline(), node.clock().Now());
  co_await node.clock().Sleep(absl::Milliseconds(std::stoi(method.substr(5))));
  counted.returned = true;
  RpcPayload reply;
  reply.body = absl::StrCat(request.body.size());
  co_return reply;
}

Task<void> ServeHolding(Node& node, RpcServerOptions options, ServerSeen* seen) {
  RpcHandler handler = [&node, seen](std::string method, RpcPayload request, RpcCall call) {
    return HoldFor(node, seen, std::move(method), std::move(request), std::move(call));
  };
  const auto server =
      co_await RpcServer::Start(node, "server:1", std::move(handler), std::move(options));
  EXPECT_TRUE(server.ok()) << server.status();
  co_await node.clock().Sleep(absl::Hours(1));
}

using ClientMain = std::function<Task<void>(Node&)>;
Task<void> RunClient(Node& node, ClientMain body, int& left) {
  co_await node.clock().Sleep(absl::Milliseconds(1));  // the server listens by then
  co_await body(node);
  --left;
}

class RpcServerTest : public testing::Test {
 protected:
  void Run(RpcServerOptions options, std::vector<ClientMain> bodies) {
    world_.AddMachine("server");
    world_.Start("server", {"server", {{"node", [this, options](Node& node) {
                                          return ServeHolding(node, options, &seen_);
                                        }}}});
    int left = static_cast<int>(bodies.size());
    for (size_t i = 0; i < bodies.size(); ++i) {
      const std::string name = absl::StrCat("client", i);
      world_.AddMachine(name);
      world_.Start(name, {name, {{"node", [&left, body = bodies[i]](Node& node) {
                                    return RunClient(node, body, left);
                                  }}}});
    }
    EXPECT_EQ(world_.RunUntil([&] { return left == 0; }), simulator::RunEnd::kDone);
  }
  static RpcServerOptions Little() {
    RpcServerOptions options;
    options.memory_bytes = 1'000'000;
    options.memory_factor = 1;
    options.connection_bytes = 10'000;
    return options;
  }

  SimWorld world_{{.seed = 3}};
  ServerSeen seen_;
};

std::string TextOf(const absl::StatusOr<RpcPayload>& reply) {
  return reply.ok() ? reply->body : reply.status().ToString();
}

Task<void> HoldOnce(RpcClient& client, std::string method, size_t bytes, absl::Duration timeout,
                    std::vector<std::string>& replies) {
  RpcPayload request;
  request.body = std::string(bytes, 'x');
  const auto reply = co_await client.Call(std::move(method), std::move(request), timeout);
  replies.push_back(TextOf(reply));
}
Task<void> HoldMany(Node& node, int calls, size_t bytes, std::vector<std::string>& replies) {
  const auto client = co_await RpcClient::Connect(node, "server:1");
  EXPECT_TRUE(client.ok()) << client.status();
  TaskScope scope(node.executor());
  for (int call = 0; call < calls; ++call) {
    scope.Spawn("call", HoldOnce(**client, "hold 20", bytes, absl::Minutes(1), replies));
  }
  co_await scope.Join();
}

TEST_F(RpcServerTest, OneBudgetBoundsWhatAllItsConnectionsHoldAndEveryRequestIsAnswered) {
  std::vector<std::string> replies;
  std::vector<ClientMain> bodies;
  for (int client = 0; client < 8; ++client) {
    bodies.emplace_back([&](Node& node) { return HoldMany(node, 10, 200'000, replies); });
  }
  Run(Little(), bodies);
  EXPECT_EQ(replies, std::vector<std::string>(80, "200000"));
  EXPECT_LE(seen_.most_bytes, 1'000'000);
  EXPECT_GE(seen_.most_bytes, 600'000) << "and it is made use of";
}

Task<void> AskTooMuch(Node& node, std::vector<std::string>& replies) {
  const auto client = co_await RpcClient::Connect(node, "server:1");
  co_await HoldOnce(**client, "hold 1", 250'001, absl::Seconds(5), replies);
  co_await HoldOnce(**client, "hold 1", 250'000, absl::Seconds(5), replies);
}
TEST_F(RpcServerTest, ARequestThatCouldNeverFitIsAnsweredSoAndBreaksNothing) {
  std::vector<std::string> replies;
  Run(Little(), {[&](Node& node) { return AskTooMuch(node, replies); }});
  EXPECT_THAT(replies, ElementsAre(HasSubstr("a request of 250001 bytes, server:1 takes at most "
                                             "250000"),
                                   "250000"));
}

// Over a link on which it takes longer than the caller waits.
Task<void> GiveUpWhileSending(Node& node, SimWorld& world, std::vector<std::string>& replies) {
  const auto client = co_await RpcClient::Connect(node, "server:1");
  world.network().BlockLink("client0", "server", simulator::SimNetwork::Block::kClog);
  co_await HoldOnce(**client, "hold 1", 240'000, absl::Milliseconds(500), replies);
  {
    TaskScope scope(node.executor());
    scope.Spawn("given up", HoldOnce(**client, "hold 1", 240'000, absl::Hours(1), replies));
    co_await node.clock().Sleep(absl::Milliseconds(100));
  }
  world.network().ReleaseLink("client0", "server", simulator::SimNetwork::Block::kClog);
  co_await HoldOnce(**client, "hold 1", 230'000, absl::Seconds(5), replies);
}
TEST_F(RpcServerTest, WhatItsCallerGaveUpOnTheWayGivesItsPlaceToTheNext) {
  std::vector<std::string> replies;
  Run(Little(), {[&](Node& node) { return GiveUpWhileSending(node, world_, replies); }});
  EXPECT_THAT(replies, ElementsAre(HasSubstr("DEADLINE_EXCEEDED"), "230000"));
}

Message RawHead(RpcHead head, size_t content) {
  Message message;
  message.body = EncodeRpcHead(head) + std::string(content, 'x');
  return message;
}
RpcHead RawRequest(uint64_t body_bytes) {
  RpcHead head;
  head.id = 1;
  head.text = "hold 1";
  head.patience = absl::Seconds(2);
  head.trace = 77;
  head.body_bytes = body_bytes;
  return head;
}
// One who knows the secret and speaks the protocol by itself.
Task<std::unique_ptr<Connection>> ConnectRaw(Node& node) {
  auto connection = co_await node.network().Connect("server:1");
  const auto session =
      co_await GreetAsClient(**connection, Credentials::Of(node), node.DrawNonce(kNonceBytes));
  EXPECT_TRUE(session.ok()) << session.status();
  co_return *std::move(connection);
}

Task<void> StopInTheMiddle(Node& node) {
  const std::unique_ptr<Connection> connection = co_await ConnectRaw(node);
  for (uint64_t id = 1; id <= 4; ++id) {
    RpcHead head = RawRequest(240'000);
    head.id = id;
    (co_await connection->Send(RawHead(head, 1000))).IgnoreError();
  }
  co_await node.clock().Sleep(absl::Minutes(1));
}
Task<void> CallBesides(Node& node, std::vector<std::string>& replies) {
  co_await node.clock().Sleep(absl::Milliseconds(200));
  const auto client = co_await RpcClient::Connect(node, "server:1");
  co_await HoldOnce(**client, "hold 1", 240'000, absl::Seconds(10), replies);
}
TEST_F(RpcServerTest, AClientThatStopsInTheMiddleHoldsMemoryNoLongerThanItsDeadline) {
  std::vector<std::string> replies;
  const ClientMain stops = StopInTheMiddle;
  RpcServerOptions options = Little();
  options.connection_bytes = 1000;
  Run(options,
      {stops, stops, stops, stops, stops, [&](Node& node) { return CallBesides(node, replies); }});
  EXPECT_THAT(replies, ElementsAre("240000"));
}

Task<void> SayRaw(Node& node, uint8_t flags, uint64_t extra, std::string& heard) {
  const std::unique_ptr<Connection> connection = co_await ConnectRaw(node);
  RpcHead head = RawRequest(3);
  head.flags = flags;
  (co_await connection->Send(RawHead(head, 3 + extra))).IgnoreError();
  const absl::StatusOr<Message> reply = co_await connection->Receive();
  heard = reply.ok() ? "answered" : "closed";
}
TEST_F(RpcServerTest, FlagsOfTheUpperHalfMustBeKnownAndOthersNeedNot) {
  std::string lower, upper, longer;
  Run({}, {[&](Node& node) { return SayRaw(node, 0x0f, 0, lower); },
           [&](Node& node) { return SayRaw(node, 0x10, 0, upper); },
           [&](Node& node) { return SayRaw(node, 0, 1, longer); }});
  EXPECT_EQ(lower, "answered");
  EXPECT_EQ(upper, "closed");
  EXPECT_EQ(longer, "closed") << "more than its head says";
  EXPECT_THAT(seen_.traces, ElementsAre(77));
}

// Nobody makes room for what a head only says.
Task<void> SayForged(Node& node, uint64_t body_bytes, std::string& heard) {
  const std::unique_ptr<Connection> connection = co_await ConnectRaw(node);
  (co_await connection->Send(RawHead(RawRequest(body_bytes), 3))).IgnoreError();
  absl::StatusOr<Message> reply = co_await connection->Receive();
  if (!reply.ok()) {
    heard = "closed";
    co_return;
  }
  const absl::StatusOr<RpcPart> part = DecodeRpcPart(*std::move(reply));
  heard = part.ok() ? part->head.text : part.status().ToString();
}
TEST_F(RpcServerTest, SizesThatNobodyHasAreRefusedBeforeTheyCome) {
  std::string long_one, longer, longest;
  Run({}, {[&](Node& node) { return SayForged(node, uint64_t{1} << 40, long_one); },
           [&](Node& node) { return SayForged(node, uint64_t{1} << 60, longer); },
           [&](Node& node) { return SayForged(node, UINT64_MAX, longest); }});
  EXPECT_THAT(long_one, HasSubstr("a request of 1099511627776 bytes, server:1 takes at most"));
  EXPECT_EQ(longer, "closed");
  EXPECT_EQ(longest, "closed");
  EXPECT_EQ(seen_.finished + seen_.cancelled, 0);
}

// Greets whoever comes, and answers with a head alone.
Task<void> AnswerForged(Node& node, uint64_t body_bytes) {
  const auto listener = co_await node.network().Listen("server:1");
  const auto connection = co_await (*listener)->Accept();
  const auto session =
      co_await GreetAsServer(**connection, Credentials::Of(node), node.DrawNonce(kNonceBytes));
  EXPECT_TRUE(session.ok()) << session.status();
  const absl::StatusOr<Message> request = co_await (*connection)->Receive();
  EXPECT_TRUE(request.ok()) << request.status();
  RpcHead head;
  head.kind = RpcKind::kReply;
  head.id = 1;
  head.body_bytes = body_bytes;
  (co_await (*connection)->Send(RawHead(head, 3))).IgnoreError();
  co_await node.clock().Sleep(absl::Hours(1));
}
Task<void> AskOnce(Node& node, std::vector<std::string>& replies, bool& done) {
  co_await node.clock().Sleep(absl::Milliseconds(1));
  const auto client = co_await RpcClient::Connect(node, "server:1");
  EXPECT_TRUE(client.ok()) << client.status();
  RpcPayload request;
  const auto reply = co_await (*client)->Call("anything", std::move(request), absl::Minutes(1));
  replies.push_back(TextOf(reply));
  done = true;
}
TEST(RpcClient, EndsAConnectionWhoseReplyIsLongerThanAnyCanBe) {
  for (const uint64_t bytes : {(uint64_t{1} << 31) + 1, uint64_t{1} << 40, uint64_t{1} << 60}) {
    SimWorld world({.seed = 4});
    world.AddMachine("server");
    world.AddMachine("client");
    world.Start("server",
                {"server", {{"node", [bytes](Node& node) { return AnswerForged(node, bytes); }}}});
    std::vector<std::string> replies;
    bool done = false;
    world.Start("client",
                {"client", {{"node", [&](Node& node) { return AskOnce(node, replies, done); }}}});
    EXPECT_EQ(world.RunUntil([&done] { return done; }), simulator::RunEnd::kDone);
    EXPECT_LT(world.now(), absl::Seconds(30)) << "nobody waits for it";
    ASSERT_EQ(replies.size(), 1u);
    EXPECT_THAT(replies[0], HasSubstr("DATA_LOSS"));
  }
}

Task<void> CallAs(Node& node, uint64_t trace, std::vector<std::string>& replies) {
  const auto client = co_await RpcClient::Connect(node, "server:1");
  EXPECT_EQ((*client)->session().node, "server/server/node");
  const auto reply = co_await (*client)->Call("hold 1", RpcPayload(), absl::Seconds(5), trace);
  replies.push_back(TextOf(reply));
}
TEST_F(RpcServerTest, AHandlerIsToldWhoCallsAndUnderWhichTrace) {
  std::vector<std::string> replies;
  Run({}, {[&](Node& node) { return CallAs(node, 1234, replies); }});
  EXPECT_THAT(seen_.callers, ElementsAre("client0/client0/node#1"));
  EXPECT_THAT(seen_.traces, ElementsAre(1234));
}

Task<void> SayNothing(Node& node, absl::Duration& lasted) {
  const MonotonicTime began = node.clock().Now();
  const auto connection = co_await node.network().Connect("server:1");
  const auto heard = co_await (*connection)->Receive();
  EXPECT_FALSE(heard.ok());
  lasted = node.clock().Now() - began;
}
// A letter a second.
Task<void> SayLittle(Node& node, absl::Duration& lasted) {
  const MonotonicTime began = node.clock().Now();
  const auto connection = co_await node.network().Connect("server:1");
  for (absl::Status said; said.ok();) {
    Message letter;
    letter.body = "W";
    said = co_await (*connection)->Send(std::move(letter));
    co_await node.clock().Sleep(absl::Seconds(1));
  }
  lasted = node.clock().Now() - began;
}
TEST_F(RpcServerTest, AStrangerWhoDoesNotComeToThePointIsCutOff) {
  RpcServerOptions options;
  options.handshake_timeout = absl::Seconds(5);
  absl::Duration silent, slow;
  Run(options, {[&](Node& node) { return SayNothing(node, silent); },
                [&](Node& node) { return SayLittle(node, slow); }});
  EXPECT_GE(silent, absl::Seconds(5));
  EXPECT_LT(silent, absl::Seconds(6));
  EXPECT_LT(slow, absl::Seconds(6));
}

Task<void> CallAfter(Node& node, absl::Duration pause, std::vector<std::string>& replies) {
  co_await node.clock().Sleep(pause);
  const auto client = co_await RpcClient::Connect(node, "server:1");
  EXPECT_TRUE(client.ok()) << client.status();
  if (client.ok()) co_await HoldOnce(**client, "hold 1", 3, absl::Seconds(5), replies);
}
TEST_F(RpcServerTest, AmongManyStrangersTheOldestGivesWay) {
  RpcServerOptions options;
  options.max_handshakes = 4;
  options.handshake_timeout = absl::Minutes(10);
  std::vector<absl::Duration> lasted(8);
  std::vector<std::string> replies;
  std::vector<ClientMain> bodies;
  for (int i = 0; i < 4; ++i) {
    bodies.emplace_back([&, i](Node& node) { return SayNothing(node, lasted[i]); });
  }
  for (int i = 0; i < 4; ++i) {
    bodies.emplace_back([&](Node& node) { return CallAfter(node, absl::Seconds(30), replies); });
  }
  Run(options, bodies);
  EXPECT_EQ(replies, std::vector<std::string>(4, "3"));
  EXPECT_GE(*std::min_element(lasted.begin(), lasted.begin() + 4), absl::Seconds(30));
}

Task<void> StayConnected(Node& node, int number, std::vector<std::string>& replies) {
  co_await node.clock().Sleep(absl::Milliseconds(50) * number);
  const auto client = co_await RpcClient::Connect(node, "server:1");
  if (!client.ok()) replies.push_back(client.status().ToString());
  co_await node.clock().Sleep(absl::Seconds(1));
}
TEST_F(RpcServerTest, MoreConnectionsThanMemoryServesAreRefusedAndMayComeLater) {
  RpcServerOptions options;
  options.memory_bytes = 1000;
  options.connection_bytes = 100;
  std::vector<std::string> refused;
  std::vector<std::string> replies;
  std::vector<ClientMain> bodies;
  for (int i = 0; i < 6; ++i) {
    bodies.emplace_back([&, i](Node& node) { return StayConnected(node, i, refused); });
  }
  bodies.emplace_back([&](Node& node) { return CallAfter(node, absl::Seconds(5), replies); });
  Run(options, bodies);
  EXPECT_THAT(refused,
              ElementsAre(HasSubstr("server:1 has 5 connections, and memory for no more")));
  EXPECT_THAT(replies, ElementsAre("3"));
}

}  // namespace
}  // namespace wavetank::platform
