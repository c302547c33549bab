#include "simulator/sim_network.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "platform/task_scope.h"
#include "simulator/fault_injector.h"
#include "simulator/sim_world.h"

namespace wavetank::simulator {
namespace {

using platform::Connection;
using platform::Message;
using platform::Node;
using platform::NodeMain;
using platform::Task;

// What one end of a conversation saw, in virtual time.
struct EndLog {
  std::vector<std::string> received;
  absl::Duration last_received;
  absl::Duration broke;
  absl::Status why;
};

Message Text(std::string body) { return {std::move(body), nullptr, ""}; }

Task<void> Listen(Node& node, SimWorld& world, EndLog& log) {
  auto listener = co_await node.network().Listen("b:1");
  auto connection = co_await (*listener)->Accept();
  for (;;) {
    auto message = co_await (*connection)->Receive();
    if (!message.ok()) {
      log.broke = world.now();
      log.why = message.status();
      co_await node.clock().Sleep(absl::Hours(1));
    }
    log.received.push_back(message->body);
    log.last_received = world.now();
  }
}

// Sends a number every 10 ms and listens.
Task<void> Talk(Node& node, std::shared_ptr<Connection> connection) {
  for (int number = 0;; ++number) {
    const absl::Status sent = co_await connection->Send(Text(std::to_string(number)));
    if (!sent.ok()) co_return;
    co_await node.clock().Sleep(absl::Milliseconds(10));
  }
}
Task<void> Call(Node& node, SimWorld& world, EndLog& log) {
  auto connected = co_await node.network().Connect("b:1");
  while (!connected.ok()) {
    co_await node.clock().Sleep(absl::Milliseconds(1));
    connected = co_await node.network().Connect("b:1");
  }
  const std::shared_ptr<Connection> connection = *std::move(connected);
  platform::TaskScope scope(node.executor());
  scope.Spawn("talk", Talk(node, connection));
  const auto message = co_await connection->Receive();
  log.broke = world.now();
  log.why = message.status();
  co_await node.clock().Sleep(absl::Hours(1));
}

// "a" calls "b"; faults begin after one second.
struct Conversation {
  SimWorld world;
  EndLog caller;
  EndLog listener;

  explicit Conversation(uint64_t seed) : world({.seed = seed}) {
    world.AddMachine("a");
    world.AddMachine("b");
    world.Start(
        "b", {"listener", {{"n", [this](Node& node) { return Listen(node, world, listener); }}}});
    world.Start("a", {"caller", {{"n", [this](Node& node) { return Call(node, world, caller); }}}});
    world.RunFor(absl::Seconds(1));
    EXPECT_GT(listener.received.size(), 50u);
  }
  void ExpectPrefix() const {
    for (size_t index = 0; index < listener.received.size(); ++index) {
      EXPECT_EQ(listener.received[index], std::to_string(index));
    }
  }
};

constexpr absl::Duration kDeadAfter = absl::Seconds(3);

TEST(SimNetwork, ShortPartitionDelaysAndLosesNothing) {
  Conversation talk(1);
  talk.world.network().Partition("a", "b");
  talk.world.RunFor(absl::Seconds(2));
  EXPECT_LT(talk.listener.last_received, absl::Milliseconds(1100));
  talk.world.network().ReleasePartition("a", "b");
  talk.world.RunFor(absl::Seconds(2));
  EXPECT_GT(talk.listener.received.size(), 350u);
  talk.ExpectPrefix();
  EXPECT_TRUE(talk.listener.why.ok());
}

TEST(SimNetwork, LongPartitionBreaksBothEndsAfterDeadAfter) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Conversation talk(seed);
    talk.world.network().Partition("a", "b");
    talk.world.RunFor(absl::Seconds(10));
    for (const EndLog* end : {&talk.caller, &talk.listener}) {
      EXPECT_EQ(end->why.code(), absl::StatusCode::kUnavailable);
      EXPECT_GE(end->broke, absl::Seconds(1) + kDeadAfter - absl::Milliseconds(501));
      EXPECT_LE(end->broke, absl::Seconds(1) + kDeadAfter + absl::Milliseconds(100));
    }
    talk.ExpectPrefix();
  }
}

TEST(SimNetwork, OneWayPartitionIsSeenFirstByTheEndThatHearsNothing) {
  Conversation talk(1);
  talk.world.network().BlockLink("a", "b", SimNetwork::Block::kPartition);
  talk.world.RunFor(absl::Seconds(10));
  EXPECT_EQ(talk.listener.why.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(talk.caller.why.code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(talk.listener.broke, talk.caller.broke) << "the caller is told by a reset";
  EXPECT_NE(talk.caller.why.message().find("reset by the peer"), std::string::npos);
}

TEST(SimNetwork, ClogIsReleasedInABurst) {
  Conversation talk(1);
  talk.world.network().BlockLink("a", "b", SimNetwork::Block::kClog);
  talk.world.RunFor(absl::Seconds(2));
  const size_t before = talk.listener.received.size();
  talk.world.network().ReleaseLink("a", "b", SimNetwork::Block::kClog);
  talk.world.RunFor(absl::Milliseconds(50));
  EXPECT_GT(talk.listener.received.size(), before + 150);
  talk.ExpectPrefix();
}

TEST(SimNetwork, ResetIsSeenFirstByEitherEndAndLeavesAPrefix) {
  int caller_first = 0;
  int listener_first = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Conversation talk(seed);
    EXPECT_EQ(talk.world.network().Reset("a", "b"), 1);
    talk.world.RunFor(absl::Seconds(1));
    EXPECT_EQ(talk.caller.why.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(talk.listener.why.code(), absl::StatusCode::kUnavailable);
    (talk.caller.broke < talk.listener.broke ? caller_first : listener_first) += 1;
    talk.ExpectPrefix();
  }
  EXPECT_GT(caller_first, 5);
  EXPECT_GT(listener_first, 5);
}

TEST(SimNetwork, AHalfOpenConnectionIsLearntOfBySilence) {
  std::set<std::string> ways;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    Conversation talk(seed);
    const size_t before = talk.listener.received.size();
    talk.world.network().HalfOpen("a", "b", absl::InfiniteDuration());
    talk.world.RunFor(absl::Seconds(1));
    EXPECT_TRUE(talk.caller.why.ok() && talk.listener.why.ok()) << "nobody is told";
    const bool arrives = talk.listener.received.size() > before + 50;
    talk.world.RunFor(absl::Seconds(10));
    for (const EndLog* end : {&talk.caller, &talk.listener}) {
      EXPECT_EQ(end->why.code(), absl::StatusCode::kUnavailable);
      EXPECT_GE(end->broke, absl::Seconds(1) + kDeadAfter - absl::Milliseconds(501));
    }
    talk.ExpectPrefix();
    ways.insert(arrives                                                    ? "one way"
                : talk.caller.why.message() == talk.listener.why.message() ? "both ways"
                                                                           : "the other way");
  }
  EXPECT_EQ(ways, (std::set<std::string>{"both ways", "one way", "the other way"}));
}

TEST(SimNetwork, AHalfOpenConnectionBreaksWhenItIsOverAndWhenTheWorldHeals) {
  Conversation over(1);
  over.world.network().HalfOpen("a", "b", absl::Milliseconds(500));
  over.world.RunFor(absl::Seconds(1));
  for (const EndLog* end : {&over.caller, &over.listener}) {
    EXPECT_GE(end->broke, absl::Milliseconds(1500));
    EXPECT_LE(end->broke, absl::Milliseconds(1510));
  }

  Conversation healed(1);
  healed.world.network().HalfOpen("a", "b", absl::InfiniteDuration());
  healed.world.Heal();
  healed.world.RunFor(absl::Milliseconds(100));
  EXPECT_FALSE(healed.caller.why.ok());
  EXPECT_FALSE(healed.listener.why.ok());
}

TEST(SimNetwork, BandwidthLetsMessagesQueueAndLosesNone) {
  Conversation talk(1);
  const size_t before = talk.listener.received.size();
  // A header of 64 bytes and up to three digits: some 15 messages a second of the 100 that are
  // sent.
  talk.world.network().SetBandwidth("a", "b", 1000);
  talk.world.RunFor(absl::Seconds(10));
  const size_t arrived = talk.listener.received.size() - before;
  EXPECT_GE(arrived, 145u);
  EXPECT_LE(arrived, 155u);
  talk.world.network().SetBandwidth("a", "b", SimLink::kUnlimited);
  talk.world.RunFor(absl::Milliseconds(100));
  EXPECT_GT(talk.listener.received.size(), before + 950) << "what had queued goes at once";
  talk.world.RunFor(absl::Seconds(1));
  talk.ExpectPrefix();
  EXPECT_TRUE(talk.listener.why.ok());
}

TEST(SimNetwork, WhatAnEndThatBreaksHadSentMayArriveAfterTheNextConnections) {
  Conversation talk(1);
  FaultInjector injector(
      talk.world,
      {.listed = {{AtTime{absl::Seconds(2)},
                   {.kind = FaultKind::kRepeat, .target = "a", .peer = "b", .amount = 3000}}}});
  talk.world.RunFor(absl::Milliseconds(1100));
  EXPECT_TRUE(injector.Unfired().empty());
  EXPECT_EQ(talk.caller.why.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(talk.listener.why.ok());
  const size_t before = talk.listener.received.size();
  talk.world.RunFor(absl::Seconds(4));
  EXPECT_EQ(talk.listener.received.size(), before + 1) << "the one that was sent then";
  EXPECT_GE(talk.listener.last_received, absl::Seconds(5));
  EXPECT_GE(talk.listener.broke, talk.listener.last_received);
  talk.ExpectPrefix();
}

TEST(SimNetwork, ACorruptFrameIsNoticedAndBreaksTheConnection) {
  Conversation talk(1);
  FaultInjector injector(
      talk.world, {.listed = {{AtTime{absl::Seconds(2)},
                               {.kind = FaultKind::kCorruptFrame, .target = "a", .peer = "b"}}}});
  talk.world.RunFor(absl::Seconds(2));
  EXPECT_EQ(talk.listener.why.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(talk.caller.why.code(), absl::StatusCode::kUnavailable);
  talk.ExpectPrefix();
}

TEST(SimNetwork, AFaultOfACallNamesTheMachineAtTheOtherEnd) {
  Conversation talk(1);
  talk.world.AddMachine("c");
  FaultInjector injector(
      talk.world, {.listed = {{AtTime{absl::Seconds(2)},
                               {.kind = FaultKind::kCorruptFrame, .target = "a", .peer = "c"}}}});
  talk.world.RunFor(absl::Seconds(2));
  EXPECT_TRUE(talk.listener.why.ok());
  EXPECT_EQ(injector.Unfired().size(), 1u);
}

TEST(SimNetwork, PeersCrashIsToldAndItsPowerLossIsSilence) {
  Conversation crash(1);
  crash.world.Crash("caller");
  crash.world.RunFor(absl::Seconds(1));
  EXPECT_LT(crash.listener.broke, absl::Milliseconds(1100));
  EXPECT_FALSE(crash.listener.why.ok());

  Conversation power(1);
  power.world.LosePower("a");
  power.world.RunFor(absl::Seconds(10));
  EXPECT_GE(power.listener.broke, absl::Seconds(1) + kDeadAfter - absl::Milliseconds(501));

  Conversation reboot(1);
  reboot.world.LosePower("a");
  reboot.world.PowerOn("a");
  reboot.world.RunFor(absl::Seconds(1));
  EXPECT_FALSE(reboot.listener.why.ok()) << "the machine that woke knows no such connection";
}

TEST(SimNetwork, MessagesUnderWayAtACrashArriveOrDoNot) {
  std::set<size_t> arrived;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Conversation talk(seed);
    talk.world.network().BlockLink("a", "b", SimNetwork::Block::kClog);
    talk.world.RunFor(absl::Milliseconds(100));
    const size_t before = talk.listener.received.size();
    talk.world.Crash("caller");
    talk.world.network().ReleaseLink("a", "b", SimNetwork::Block::kClog);
    talk.world.RunFor(absl::Seconds(1));
    EXPECT_FALSE(talk.listener.why.ok());
    talk.ExpectPrefix();
    arrived.insert(talk.listener.received.size() - before);
  }
  EXPECT_TRUE(arrived.contains(0));
  EXPECT_GT(arrived.size(), 4u);
}

TEST(SimNetwork, MessagesUnderWayAtACleanExitMostlyArriveAndMayBeCut) {
  std::map<size_t, int> arrived;
  constexpr int kExits = 100;
  for (uint64_t seed = 0; seed < kExits; ++seed) {
    Conversation talk(seed);
    talk.world.network().BlockLink("a", "b", SimNetwork::Block::kClog);
    talk.world.RunFor(absl::Milliseconds(100));
    const size_t before = talk.listener.received.size();
    talk.world.Stop("caller");
    talk.world.network().ReleaseLink("a", "b", SimNetwork::Block::kClog);
    talk.world.RunFor(absl::Seconds(1));
    EXPECT_EQ(talk.listener.why.code(), absl::StatusCode::kUnavailable) << talk.listener.why;
    talk.ExpectPrefix();
    ++arrived[talk.listener.received.size() - before];
  }
  EXPECT_GT(arrived.size(), 4u);
  EXPECT_GT(arrived.rbegin()->second, kExits / 2) << "most exits deliver everything";
}

TEST(SimNetwork, PausedProcessIsTakenForDeadAndLearnsOfItWhenItWakes) {
  Conversation talk(1);
  talk.world.Pause("caller");
  talk.world.RunFor(absl::Seconds(10));
  EXPECT_FALSE(talk.listener.why.ok());
  EXPECT_TRUE(talk.caller.why.ok()) << "it stands still";
  talk.world.Resume("caller");
  talk.world.RunFor(absl::Seconds(1));
  EXPECT_FALSE(talk.caller.why.ok());
}

TEST(SimNetwork, SlowLinkDelaysByItsFactor) {
  Conversation talk(1);
  talk.world.network().SetSlowness("a", "b", 10'000);
  talk.world.RunFor(absl::Milliseconds(900));
  EXPECT_LT(talk.listener.last_received, absl::Milliseconds(1100));
  talk.ExpectPrefix();
}

TEST(SimNetwork, LatencyHasTails) {
  const Latency latency = SimNetworkOptions().between_machines;
  int64_t longest = 0;
  int tails = 0;
  for (uint64_t draw = 0; draw < 10'000; ++draw) {
    const int64_t ns = latency.DrawNs(platform::Random(draw));
    longest = std::max(longest, ns);
    tails += absl::Nanoseconds(ns) > latency.max;
  }
  EXPECT_GT(absl::Nanoseconds(longest), 10 * latency.max);
  EXPECT_GT(tails, 50);
  EXPECT_LT(tails, 150);
}

class Words final : public platform::Attachment {
 public:
  std::string Encode() const override { return "encoded"; }
};

Task<void> PassAttachment(Node& node, bool* handed_over) {
  auto listener = co_await node.network().Listen("inproc:x");
  auto sender = co_await node.network().Connect("inproc:x");
  auto receiver = co_await (*listener)->Accept();
  (co_await (*sender)->Send({"body", std::make_shared<const Words>(), ""})).IgnoreError();
  const auto message = co_await (*receiver)->Receive();
  *handed_over = message->attachment != nullptr;
  EXPECT_EQ(message->attachment_bytes, *handed_over ? "" : "encoded");
}

TEST(SimNetwork, SeedDecidesWhetherAttachmentsAreHandedOver) {
  int handed_over = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SimWorld world({.seed = seed});
    world.AddMachine("m");
    bool handed = false;
    world.Start("m", {"p", {{"n", [&](Node& node) { return PassAttachment(node, &handed); }}}});
    EXPECT_TRUE(world.RunUntilIdle());
    handed_over += handed;
  }
  EXPECT_GT(handed_over, 8);
  EXPECT_LT(handed_over, 32);
}

Task<void> ConnectOnce(Node& node, absl::Status* status) {
  const auto connection = co_await node.network().Connect("b:1");
  *status = connection.status();
}

TEST(SimNetwork, ConnectIsRefusedTimesOutOrFailsByAFault) {
  const auto attempt = [](bool machine_on, bool fault, absl::Duration* took) {
    SimWorld world({.seed = 1});
    world.AddMachine("a");
    world.AddMachine("b");
    EndLog log;
    if (fault) {
      world.Start("b", {"l", {{"n", [&](Node& node) { return Listen(node, world, log); }}}});
      world.RunFor(absl::Seconds(1));
    }
    if (!machine_on) world.LosePower("b");
    FaultPlan plan;
    if (fault) plan.listed = {{AtSeamCall{"p", "n", 1}, {.kind = FaultKind::kConnectFailure}}};
    FaultInjector injector(world, plan);
    absl::Status status;
    const absl::Duration begin = world.now();
    world.Start("a", {"p", {{"n", [&](Node& node) { return ConnectOnce(node, &status); }}}});
    world.RunUntil([&] { return !world.process("p").alive(); }, {});
    *took = world.now() - begin;
    return status;
  };
  absl::Duration took;
  EXPECT_EQ(attempt(true, false, &took).code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(took, absl::Milliseconds(100));
  EXPECT_EQ(attempt(false, false, &took).code(), absl::StatusCode::kUnavailable);
  EXPECT_GE(took, absl::Seconds(2));
  EXPECT_EQ(attempt(true, true, &took).code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(took, absl::Milliseconds(100));
}

}  // namespace
}  // namespace wavetank::simulator
