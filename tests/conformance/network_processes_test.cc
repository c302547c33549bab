// What network.h states of connections whose ends live in processes that can die, stop and be busy.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/network.h"
#include "platform/task_scope.h"
#include "tests/conformance/expect.h"
#include "tests/conformance/real_world.h"
#include "tests/conformance/world.h"

namespace wavetank::conformance {
namespace {

using platform::Attachment;
using platform::Connection;
using platform::Message;
using platform::Node;
using platform::NodeMain;
using platform::Task;

// The end of a process breaks its connections, so who sends last waits for the other to close.
class NetworkProcessesConformance : public Conformance {
 protected:
  using Server = Task<void> (*)(Node&, std::unique_ptr<Connection>);
  using Client = Task<void> (*)(Node&, std::unique_ptr<Connection>);
  // A server process on "alpha" and a client process on "beta", each given its end.
  std::vector<Ending> RunPair(Server server, Client client, const WorldOptions& options = {});
};
INSTANTIATE_TEST_SUITE_P(, NetworkProcessesConformance, testing::ValuesIn(AllArms()), ArmName);

const std::vector<Ending> kBothFinished(2);

Message Body(std::string body) { return {std::move(body), nullptr, ""}; }

// Until somebody listens there.
Task<std::unique_ptr<Connection>> ConnectWhenUp(Node& node, std::string address) {
  while (true) {
    absl::StatusOr<std::unique_ptr<Connection>> connection =
        co_await node.network().Connect(address);
    if (connection.ok()) co_return *std::move(connection);
    EXPECT_EQ(connection.status().code(), absl::StatusCode::kUnavailable) << connection.status();
    co_await node.clock().Sleep(absl::Milliseconds(2));
  }
}

std::vector<Ending> NetworkProcessesConformance::RunPair(Server server, Client client,
                                                         const WorldOptions& options) {
  struct Mains {
    static Task<void> Serve(Node& node, Server body, std::string address) {
      WT_CO_GET(const auto listener, co_await node.network().Listen(address));
      WT_CO_GET(auto connection, co_await listener->Accept());
      co_await body(node, std::move(connection));
    }
    static Task<void> Call(Node& node, Client body, std::string address) {
      std::unique_ptr<Connection> connection = co_await ConnectWhenUp(node, address);
      co_await body(node, std::move(connection));
    }
  };
  const std::string address = world(options).FreshAddress("alpha");
  return world().Run({World::Process("alpha", "server",
                                     [server, address](Node& node) {
                                       return Mains::Serve(node, server, address);
                                     }),
                      World::Process("beta", "client", [client, address](Node& node) {
                        return Mains::Call(node, client, address);
                      })});
}

Task<void> Echo(Node&, std::unique_ptr<Connection> connection) {
  while (true) {
    absl::StatusOr<Message> message = co_await connection->Receive();
    if (!message.ok()) co_return;
    WT_CO_OK(co_await connection->Send(*std::move(message)));
  }
}
class Letters final : public Attachment {
 public:
  std::string Encode() const override { return "abc"; }
};
Task<void> CallEcho(Node&, std::unique_ptr<Connection> connection) {
  for (int i = 0; i < 200; ++i) {
    const std::string body = absl::StrCat(i, std::string(static_cast<size_t>(i) * 100, 'e'));
    WT_CO_OK(co_await connection->Send({body, std::make_shared<const Letters>(), ""}));
    WT_CO_GET(const Message reply, co_await connection->Receive());
    EXPECT_TRUE(reply.body == body);
    EXPECT_EQ(reply.attachment, nullptr);
    EXPECT_EQ(reply.attachment_bytes, "abc");
  }
}
TEST_P(NetworkProcessesConformance, MessagesCrossProcessesWithAttachmentsEncoded) {
  EXPECT_EQ(RunPair(Echo, CallEcho), kBothFinished);
}

Task<void> AnswerThenDie(Node& node, std::unique_ptr<Connection> connection) {
  WT_CO_OK(co_await connection->Receive());
  for (int i = 0; i < 100; ++i) WT_CO_OK(co_await connection->Send(Body(absl::StrCat(i))));
  co_await node.Step(kDie);
}
Task<void> ReceiveAPrefixThenTheBreak(Node& node, std::unique_ptr<Connection> connection) {
  WT_CO_OK(co_await connection->Send(Body("begin")));
  int received = 0;
  absl::StatusOr<Message> message = co_await connection->Receive();
  while (message.ok()) {
    EXPECT_EQ(message->body, absl::StrCat(received));
    ++received;
    message = co_await connection->Receive();
  }
  EXPECT_LE(received, 100);
  EXPECT_EQ(message.status().code(), absl::StatusCode::kUnavailable) << message.status();
  absl::Status sent;
  while (sent.ok()) {
    sent = co_await connection->Send(Body("anybody there"));
    co_await node.clock().Sleep(absl::Milliseconds(1));
  }
  EXPECT_EQ(sent.code(), absl::StatusCode::kUnavailable) << sent;
}
TEST_P(NetworkProcessesConformance, PeersDeathLeavesAPrefixThenBreaksTheConnection) {
  const std::vector<Ending> expected = {{Ending::kDied}, {Ending::kFinished}};
  EXPECT_EQ(RunPair(AnswerThenDie, ReceiveAPrefixThenTheBreak), expected);
}

Task<void> Pause(Node& node, std::unique_ptr<Connection> connection) {
  WT_CO_OK(co_await connection->Send(Body("last words")));
  WT_CO_OK(co_await connection->Receive());
  co_await node.Step(kPause);
}
Task<void> LosePeer(Node& node, std::unique_ptr<Connection> connection) {
  WT_CO_OK(co_await connection->Receive());
  const platform::MonotonicTime heard = node.clock().Now();
  WT_CO_OK(co_await connection->Send(Body("now pause")));
  WT_EXPECT_CODE(kUnavailable, co_await connection->Receive());
  EXPECT_GE(node.clock().Now() - heard, absl::Milliseconds(350));
}
TEST_P(NetworkProcessesConformance, PausedPeerIsTakenForDeadAfterDeadAfter) {
  const WorldOptions options{.network = {.heartbeat_interval = absl::Milliseconds(50),
                                         .dead_after = absl::Milliseconds(400)}};
  const std::vector<Ending> expected = {{Ending::kPaused}, {Ending::kFinished}};
  EXPECT_EQ(RunPair(Pause, LosePeer, options), expected);
}

constexpr absl::Duration kPatience = absl::Seconds(1);
const WorldOptions kPatient{.network = {.heartbeat_interval = absl::Milliseconds(50),
                                        .dead_after = kPatience,
                                        .buffer_bytes = 10'000}};

Task<void> SendBacklog(Node& node, std::unique_ptr<Connection> connection) {
  for (int i = 0; i < 50; ++i) WT_CO_OK(co_await connection->Send(Body(std::string(1000, 'b'))));
  WT_CO_GET(const Message reply, co_await connection->Receive());
  EXPECT_EQ(reply.body, "all of it");
  (void)node;
}
Task<void> ReceiveLate(Node& node, std::unique_ptr<Connection> connection) {
  co_await node.clock().Sleep(2 * kPatience);
  for (int i = 0; i < 50; ++i) WT_CO_OK(co_await connection->Receive());
  WT_CO_OK(co_await connection->Send(Body("all of it")));
  WT_EXPECT_CODE(kUnavailable, co_await connection->Receive());
}
TEST_P(NetworkProcessesConformance, IdleEndWithAFullBufferIsNotTakenForDead) {
  EXPECT_EQ(RunPair(ReceiveLate, SendBacklog, kPatient), kBothFinished);
}

TEST_P(NetworkProcessesConformance, BusyPeerIsNotTakenForDead) {
  struct Mains {
    static Task<void> BeBusy(World& world, Node& node, std::string address) {
      WT_CO_GET(const auto listener, co_await node.network().Listen(address));
      WT_CO_GET(const auto connection, co_await listener->Accept());
      co_await world.KeepBusy(node, 2 * kPatience);
      WT_CO_OK(co_await connection->Send(Body("done")));
      WT_EXPECT_CODE(kUnavailable, co_await connection->Receive());
    }
    static Task<void> Await(Node& node, std::string address) {
      const std::unique_ptr<Connection> connection = co_await ConnectWhenUp(node, address);
      WT_CO_GET(const Message message, co_await connection->Receive());
      EXPECT_EQ(message.body, "done");
    }
  };
  World& tested = world(kPatient);
  const std::string address = tested.FreshAddress("alpha");
  EXPECT_EQ(
      tested.Run({World::Process("alpha", "busy",
                                 [&tested, address](Node& node) {
                                   return Mains::BeBusy(tested, node, address);
                                 }),
                  World::Process("beta", "waits",
                                 [address](Node& node) { return Mains::Await(node, address); })}),
      kBothFinished);
}

constexpr int kLastWords = 300;

// Returns, and so ends its process, with all of it under way.
Task<void> SpeakAndEnd(Node& node, std::unique_ptr<Connection> connection) {
  for (int i = 0; i < kLastWords; ++i) {
    WT_CO_OK(co_await connection->Send(Body(absl::StrCat(i, std::string(10'000, 'w')))));
  }
  (void)node;
}
Task<void> HearAPrefix(Node& node, std::unique_ptr<Connection> connection, bool all) {
  int heard = 0;
  absl::StatusOr<Message> message = co_await connection->Receive();
  while (message.ok()) {
    EXPECT_EQ(message->body, absl::StrCat(heard, std::string(10'000, 'w')));
    ++heard;
    message = co_await connection->Receive();
  }
  EXPECT_EQ(message.status().code(), absl::StatusCode::kUnavailable) << message.status();
  EXPECT_LE(heard, kLastWords);
  if (all) EXPECT_EQ(heard, kLastWords);
  (void)node;
}
Task<void> HearSome(Node& node, std::unique_ptr<Connection> connection) {
  return HearAPrefix(node, std::move(connection), false);
}
Task<void> HearAll(Node& node, std::unique_ptr<Connection> connection) {
  return HearAPrefix(node, std::move(connection), true);
}
TEST_P(NetworkProcessesConformance, ACleanExitDeliversAPrefixOfWhatWasSent) {
  EXPECT_EQ(RunPair(SpeakAndEnd, HearSome), kBothFinished);
}

// Where the bound of the drain is a time, and not a draw, a long one cuts nothing.
class ExitDrain : public NetworkProcessesConformance {};
INSTANTIATE_TEST_SUITE_P(, ExitDrain, testing::Values(RealArm()), ArmName);
TEST_P(ExitDrain, DeliversAllThatWasSentWithinItsBound) {
  const WorldOptions options{.network = {.dead_after = absl::Minutes(1)},
                             .exit_drain = absl::Minutes(1)};
  EXPECT_EQ(RunPair(SpeakAndEnd, HearAll, options), kBothFinished);
}

Task<void> WaitForTheEnd(Node& node, std::unique_ptr<Connection> connection) {
  WT_CO_OK(co_await connection->Receive());
  co_await node.Step(kPause);
}
Task<void> SpeakToNobody(Node&, std::unique_ptr<Connection> connection) {
  for (int i = 0; i < 10; ++i) WT_CO_OK(co_await connection->Send(Body("anybody there")));
}
TEST_P(NetworkProcessesConformance, AnExitIsNotHeldUpByAPeerThatStandsStill) {
  const WorldOptions options{.network = {.dead_after = absl::Hours(1)},
                             .exit_drain = absl::Milliseconds(50)};
  const std::vector<Ending> expected = {{Ending::kPaused}, {Ending::kFinished}};
  EXPECT_EQ(RunPair(WaitForTheEnd, SpeakToNobody, options), expected);
}

Task<void> ServeOne(Node& node, std::string address) {
  WT_CO_GET(const auto listener, co_await node.network().Listen(address));
  WT_CO_GET(const auto connection, co_await listener->Accept());
  WT_CO_OK(co_await connection->Send(Body("hello")));
  WT_EXPECT_CODE(kUnavailable, co_await connection->Receive());
}
Task<void> CallOne(Node& node, std::string address) {
  const std::unique_ptr<Connection> connection = co_await ConnectWhenUp(node, address);
  WT_CO_OK(co_await connection->Receive());
}
TEST_P(NetworkProcessesConformance, AddressOfAProcessThatEndedCanBeListenedOnAtOnce) {
  const std::string address = world().FreshAddress("alpha");
  for (int life = 0; life < 3; ++life) {
    EXPECT_EQ(
        world().Run({World::Process("alpha", "server",
                                    [address](Node& node) { return ServeOne(node, address); }),
                     World::Process("beta", "client",
                                    [address](Node& node) { return CallOne(node, address); })}),
        kBothFinished);
  }
}

}  // namespace
}  // namespace wavetank::conformance
