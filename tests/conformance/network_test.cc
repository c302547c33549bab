// What network.h states of message connections.
#include "platform/network.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/task_scope.h"
#include "tests/conformance/expect.h"
#include "tests/conformance/world.h"

namespace wavetank::conformance {
namespace {

using platform::Attachment;
using platform::Connection;
using platform::Listener;
using platform::Message;
using platform::Node;
using platform::Task;
using platform::TaskScope;

class NetworkConformance : public Conformance {
 protected:
  // Runs `body` as one node, once over each transport. Its second argument is an address to listen
  // on.
  using Body = Task<void> (*)(Node&, std::string);
  void RunOverEachTransport(Body body, const WorldOptions& options = {}) {
    for (const std::string& address :
         {absl::StrCat(world(options).Host("alpha"), ":0"), std::string("inproc:service")}) {
      SCOPED_TRACE(address);
      world().RunNode([body, address](Node& node) { return body(node, address); });
    }
  }
};
INSTANTIATE_TEST_SUITE_P(, NetworkConformance, testing::ValuesIn(AllArms()), ArmName);

// Both ends of a connection, in one node.
struct Ends {
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Connection> client;
  std::unique_ptr<Connection> server;
};
Task<absl::StatusOr<Ends>> MakeEnds(Node& node, std::string address) {
  Ends ends;
  WT_CO_ASSIGN_OR_RETURN(ends.listener, co_await node.network().Listen(address));
  WT_CO_ASSIGN_OR_RETURN(ends.client, co_await node.network().Connect(ends.listener->address()));
  WT_CO_ASSIGN_OR_RETURN(ends.server, co_await ends.listener->Accept());
  co_return ends;
}

Message Text(std::string body) { return {std::move(body), nullptr, ""}; }

// The k-th message of a test: sizes from nothing to beyond the buffer.
Message KthMessage(int k) {
  return Text(absl::StrCat(k, ":", std::string(static_cast<size_t>(k) * 37 % 9000, 'm')));
}

Task<void> SendMany(Connection& connection, int count) {
  for (int k = 0; k < count; ++k) WT_CO_OK(co_await connection.Send(KthMessage(k)));
}
Task<void> ReceiveMany(Connection& connection, int count) {
  for (int k = 0; k < count; ++k) {
    WT_CO_GET(const Message message, co_await connection.Receive());
    EXPECT_TRUE(message.body == KthMessage(k).body) << "at message " << k;
  }
}

Task<void> BothWays(Node& node, std::string address) {
  WT_CO_GET(const Ends ends, co_await MakeEnds(node, address));
  TaskScope scope(node.executor());
  scope.Spawn("client sends", SendMany(*ends.client, 400));
  scope.Spawn("server sends", SendMany(*ends.server, 300));
  scope.Spawn("client receives", ReceiveMany(*ends.client, 300));
  scope.Spawn("server receives", ReceiveMany(*ends.server, 400));
  co_await scope.Join();
}
TEST_P(NetworkConformance, MessagesArriveWholeInOrderAndOnceBothWays) {
  RunOverEachTransport(BothWays, {.network = {.buffer_bytes = 4096}});
}

constexpr int kFlood = 200;
constexpr size_t kFloodBytes = 1000;

Task<void> Flood(Connection& connection, int& sent) {
  for (; sent < kFlood; ++sent) {
    WT_CO_OK(co_await connection.Send(Text(std::string(kFloodBytes, 'f'))));
  }
}
Task<void> ReceiveSlowly(Node& node, std::string address) {
  WT_CO_GET(const Ends ends, co_await MakeEnds(node, address));
  int sent = 0;
  TaskScope scope(node.executor());
  scope.Spawn("flood", Flood(*ends.client, sent));
  for (int received = 0; received < kFlood; ++received) {
    if (received % 20 == 0) co_await node.clock().Sleep(absl::Milliseconds(5));
    // 4,000 bytes at either end, each exceeded by one message, and the one just returned.
    EXPECT_LE(sent - received, 12);
    WT_CO_OK(co_await ends.server->Receive());
  }
  co_await scope.Join();
  EXPECT_EQ(sent, kFlood);
}
TEST_P(NetworkConformance, SendWaitsWhileTheBuffersAreFull) {
  RunOverEachTransport(ReceiveSlowly, {.network = {.buffer_bytes = 4000}});
}

Task<void> SendAllThenReceive(Node& node, std::string address) {
  WT_CO_GET(const Ends ends, co_await MakeEnds(node, address));
  co_await SendMany(*ends.client, 100);
  co_await ReceiveMany(*ends.server, 100);
}
TEST_P(NetworkConformance, SendReturnsBeforeTheMessageIsReceived) {
  RunOverEachTransport(SendAllThenReceive);
}

Task<void> CloseAfterSending(Node& node, std::string address) {
  WT_CO_GET(Ends ends, co_await MakeEnds(node, address));
  co_await SendMany(*ends.client, 50);
  // What the closing end has not read must not cost the other what it has not read.
  WT_CO_OK(co_await ends.server->Send(Text("never read")));
  ends.client = nullptr;
  co_await ReceiveMany(*ends.server, 50);
  for (int again = 0; again < 2; ++again) {
    WT_EXPECT_CODE(kUnavailable, co_await ends.server->Receive());
  }
}
TEST_P(NetworkConformance, WhatSendTookIsDeliveredAfterCloseThenTheBreakIsReported) {
  RunOverEachTransport(CloseAfterSending);
}

Task<void> ReceiveNothing(Connection& connection, absl::StatusCode& code) {
  const absl::StatusOr<Message> received = co_await connection.Receive();
  code = received.status().code();
}
Task<void> CloseOwnEnd(Node& node, std::string address) {
  WT_CO_GET(const Ends ends, co_await MakeEnds(node, address));
  WT_CO_OK(co_await ends.server->Send(Text("unread")));
  absl::StatusCode pending = absl::StatusCode::kOk;
  TaskScope scope(node.executor());
  scope.Spawn("receive", ReceiveNothing(*ends.server, pending));
  co_await node.clock().Sleep(absl::Milliseconds(1));
  ends.server->Close();
  co_await scope.Join();
  EXPECT_EQ(pending, absl::StatusCode::kCancelled);
  ends.server->Close();
  WT_EXPECT_CODE(kCancelled, co_await ends.server->Receive());
  WT_EXPECT_CODE(kCancelled, co_await ends.server->Send(Text("late")));
}
TEST_P(NetworkConformance, OwnCloseCancelsReceiveAndSendAndIsIdempotent) {
  RunOverEachTransport(CloseOwnEnd);
}

Task<void> SendToAClosedPeer(Node& node, std::string address) {
  WT_CO_GET(const Ends ends, co_await MakeEnds(node, address));
  ends.server->Close();
  absl::Status sent;
  while (sent.ok()) {
    sent = co_await ends.client->Send(Text("anybody there"));
    co_await node.clock().Sleep(absl::Microseconds(100));
  }
  EXPECT_EQ(sent.code(), absl::StatusCode::kUnavailable) << sent;
}
TEST_P(NetworkConformance, SenderLearnsOfThePeersCloseInTime) {
  RunOverEachTransport(SendToAClosedPeer);
}

Task<void> BlockedSender(Connection& connection, absl::StatusCode& code) {
  absl::Status sent;
  while (sent.ok()) sent = co_await connection.Send(Text(std::string(1000, 'b')));
  code = sent.code();
}
Task<void> CloseUnderABlockedSender(Node& node, std::string address) {
  WT_CO_GET(const Ends ends, co_await MakeEnds(node, address));
  absl::StatusCode blocked = absl::StatusCode::kOk;
  TaskScope scope(node.executor());
  scope.Spawn("sender", BlockedSender(*ends.client, blocked));
  co_await node.clock().Sleep(absl::Milliseconds(5));
  ends.server->Close();
  co_await scope.Join();
  EXPECT_EQ(blocked, absl::StatusCode::kUnavailable);
}
TEST_P(NetworkConformance, SendThatWaitsForRoomEndsWithTheConnection) {
  RunOverEachTransport(CloseUnderABlockedSender, {.network = {.buffer_bytes = 2000}});
}

Task<void> Refusals(Node& node, std::string address) {
  WT_CO_GET(auto listener, co_await node.network().Listen(address));
  const std::string bound = listener->address();
  WT_EXPECT_CODE(kAlreadyExists, co_await node.network().Listen(bound));
  WT_CO_OK(co_await node.network().Connect(bound));
  listener = nullptr;
  WT_EXPECT_CODE(kUnavailable, co_await node.network().Connect(bound));
  WT_CO_OK(co_await node.network().Listen(bound));
}
TEST_P(NetworkConformance, AddressIsTakenWhileItsListenerLives) { RunOverEachTransport(Refusals); }

Task<void> DropUnaccepted(Node& node, std::string address) {
  WT_CO_GET(auto listener, co_await node.network().Listen(address));
  WT_CO_GET(const auto client, co_await node.network().Connect(listener->address()));
  listener = nullptr;
  WT_EXPECT_CODE(kUnavailable, co_await client->Receive());
}
TEST_P(NetworkConformance, DestroyedListenerBreaksWhatWasNotAccepted) {
  RunOverEachTransport(DropUnaccepted);
}

Task<void> AcceptNothing(Listener& listener, absl::StatusCode& code) {
  const auto accepted = co_await listener.Accept();
  code = accepted.status().code();
}
Task<void> CloseUnderAnAccept(Node& node, std::string address) {
  WT_CO_GET(auto listener, co_await node.network().Listen(address));
  absl::StatusCode pending = absl::StatusCode::kOk;
  TaskScope scope(node.executor());
  scope.Spawn("accept", AcceptNothing(*listener, pending));
  co_await node.clock().Sleep(absl::Milliseconds(1));
  listener = nullptr;
  co_await scope.Join();
  EXPECT_EQ(pending, absl::StatusCode::kCancelled);
}
TEST_P(NetworkConformance, DestroyedListenerCancelsAPendingAccept) {
  RunOverEachTransport(CloseUnderAnAccept);
}

Task<void> DestroyUnderCalls(Node& node, std::string address) {
  WT_CO_GET(Ends ends, co_await MakeEnds(node, address));
  absl::StatusCode receive = absl::StatusCode::kOk;
  absl::StatusCode send = absl::StatusCode::kOk;
  TaskScope scope(node.executor());
  scope.Spawn("receive", ReceiveNothing(*ends.client, receive));
  scope.Spawn("send", BlockedSender(*ends.client, send));
  co_await node.clock().Sleep(absl::Milliseconds(20));
  ends.client = nullptr;
  co_await scope.Join();
  EXPECT_EQ(receive, absl::StatusCode::kCancelled);
  EXPECT_EQ(send, absl::StatusCode::kCancelled);
}
TEST_P(NetworkConformance, DestroyedConnectionCancelsPendingCallsOfOtherTasks) {
  RunOverEachTransport(DestroyUnderCalls, {.network = {.buffer_bytes = 2000}});
}

Task<void> TooLarge(Node& node, std::string address) {
  WT_CO_GET(const Ends ends, co_await MakeEnds(node, address));
  WT_EXPECT_CODE(kInvalidArgument, co_await ends.client->Send(Text(std::string(10'001, 'x'))));
  WT_CO_OK(co_await ends.client->Send(Text(std::string(10'000, 'x'))));
  WT_CO_GET(const Message message, co_await ends.server->Receive());
  EXPECT_EQ(message.body.size(), 10'000u);
}
TEST_P(NetworkConformance, MessageOverTheLimitIsRefusedAndBreaksNothing) {
  RunOverEachTransport(TooLarge, {.network = {.buffer_bytes = 100, .max_message_bytes = 10'000}});
}

class Number final : public Attachment {
 public:
  explicit Number(int value) : value_(value) {}
  int value() const { return value_; }
  std::string Encode() const override { return absl::StrCat(value_); }

 private:
  const int value_;
};

int NumberOf(const Message& message) {
  if (message.attachment != nullptr) {
    EXPECT_EQ(message.attachment_bytes, "");
    return static_cast<const Number&>(*message.attachment).value();
  }
  return std::stoi(message.attachment_bytes);
}

Task<void> Attachments(Node& node, std::string address) {
  WT_CO_GET(const Ends ends, co_await MakeEnds(node, address));
  constexpr int kCount = 4;  // no more than are taken before somebody receives
  for (int i = 0; i < kCount; ++i) {
    WT_CO_OK(co_await ends.client->Send({"body", std::make_shared<const Number>(i), ""}));
  }
  for (int i = 0; i < kCount; ++i) {
    WT_CO_GET(const Message message, co_await ends.server->Receive());
    EXPECT_EQ(message.body, "body");
    EXPECT_EQ(NumberOf(message), i);
  }
}
TEST_P(NetworkConformance, AttachmentArrivesAsAnObjectOrAsItsEncoding) {
  RunOverEachTransport(Attachments);
}

Task<void> DestroyCallsUnderWay(Node& node, std::string address) {
  WT_CO_GET(const Ends ends, co_await MakeEnds(node, address));
  for (int turns = 0; turns < 10; ++turns) {
    TaskScope scope(node.executor());
    absl::StatusCode code;
    scope.Spawn("receive", ReceiveNothing(*ends.server, code));
    for (int i = 0; i < turns; ++i) co_await node.executor().Yield();
  }
  WT_CO_OK(co_await ends.client->Send(Text("still there")));
  WT_CO_GET(const Message message, co_await ends.server->Receive());
  EXPECT_EQ(message.body, "still there");
}
TEST_P(NetworkConformance, AbandonedReceiveTakesNoMessage) {
  RunOverEachTransport(DestroyCallsUnderWay);
}

Task<void> BadAddresses(Node& node) {
  for (const char* address : {"nowhere", "host:", "host:x", "host:65536", ":80", ""}) {
    WT_EXPECT_CODE(kInvalidArgument, co_await node.network().Connect(address));
    WT_EXPECT_CODE(kInvalidArgument, co_await node.network().Listen(address));
  }
  WT_EXPECT_CODE(kUnavailable, co_await node.network().Connect("inproc:nobody"));
}
TEST_P(NetworkConformance, AddressOutsideTheFormIsRefused) { world().RunNode(BadAddresses); }

Task<void> PicksPorts(Node& node, std::string any_port) {
  WT_CO_GET(const auto one, co_await node.network().Listen(any_port));
  WT_CO_GET(const auto other, co_await node.network().Listen(any_port));
  EXPECT_NE(one->address(), other->address());
  EXPECT_NE(one->address(), any_port);
  WT_CO_GET(const auto client, co_await node.network().Connect(one->address()));
  EXPECT_FALSE(client->peer().empty());
}
TEST_P(NetworkConformance, PortZeroPicksAFreeOne) {
  const std::string any_port = absl::StrCat(world().Host("alpha"), ":0");
  world().RunNode([any_port](Node& node) { return PicksPorts(node, any_port); });
}

}  // namespace
}  // namespace wavetank::conformance
