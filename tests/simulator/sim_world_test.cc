#include "simulator/sim_world.h"

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "tests/simulator/echo_cluster.h"

namespace wavetank::simulator {
namespace {

using platform::Node;
using platform::Task;

struct Outcome {
  uint64_t hash;
  uint64_t events;
  int answered;
  std::string log;
};

// The client's lines, with the server crashed after `crash_after` events (0: never) and restarted.
Outcome RunEcho(const WorldOptions& options, uint64_t crash_after = 0, bool power_loss = false) {
  SimWorld world(options);
  int answered = 0;
  StartEchoCluster(world, 5, &answered);
  for (uint64_t event = 0; event < crash_after; ++event) world.RunOne();
  if (crash_after > 0) {
    if (power_loss) {
      world.LosePower("server");
    } else {
      world.Crash("server");
    }
    world.RunFor(absl::Milliseconds(500));
    world.Restart("server");
  }
  EXPECT_EQ(world.RunUntil([&] { return answered == 5; }), RunEnd::kDone);
  return {world.trace().hash(), world.trace().events(), answered,
          world.machine("server").disk().Get("log").value_or("")};
}

TEST(SimWorld, SameSeedGivesTheSameHash) {
  for (const PolicyKind kind : {PolicyKind::kFifo, PolicyKind::kShuffle, PolicyKind::kPriorities}) {
    const WorldOptions options{.seed = 7, .policy = {.kind = kind}};
    const Outcome first = RunEcho(options);
    const Outcome second = RunEcho(options);
    EXPECT_EQ(first.hash, second.hash);
    EXPECT_EQ(first.events, second.events);
    EXPECT_EQ(first.log, "line 0\nline 1\nline 2\nline 3\nline 4\n");
  }
}

TEST(SimWorld, AnotherSeedOrPolicyGivesAnotherHash) {
  const Outcome base = RunEcho({.seed = 7});
  EXPECT_NE(base.hash, RunEcho({.seed = 8}).hash);
  EXPECT_NE(base.hash, RunEcho({.seed = 7, .policy = {.kind = PolicyKind::kPriorities}}).hash);
}

TEST(SimWorld, RetainingRecordsDoesNotChangeTheHash) {
  EXPECT_EQ(RunEcho({.seed = 7}).hash, RunEcho({.seed = 7, .retain = Retain::kEverything}).hash);
}

// Every answered line is on the disk whatever the crash, since the server syncs before it answers.
void ExpectEveryLineStored(const Outcome& outcome, uint64_t at) {
  for (int line = 0; line < 5; ++line) {
    const std::string text = "line " + std::to_string(line) + "\n";
    EXPECT_NE(outcome.log.find(text), std::string::npos) << text << " after a crash at " << at;
  }
}

TEST(SimWorld, CrashAtEveryEventLeavesWhatWasAnswered) {
  const uint64_t events = RunEcho({.seed = 3}).events;
  ASSERT_GT(events, 100u);
  for (uint64_t at = 1; at < events; at += 3) {
    ExpectEveryLineStored(RunEcho({.seed = 3}, at), at);
    ExpectEveryLineStored(RunEcho({.seed = 3}, at, true), at);
  }
}

Task<void> SleepAndCount(Node& node, int* wakes) {
  for (;;) {
    co_await node.clock().Sleep(absl::Seconds(1));
    ++*wakes;
  }
}

TEST(SimWorld, PausedProcessTakesNoTurnAndGoesOnWhenItWakes) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  int wakes = 0;
  world.Start("m", {"p", {{"n", [&](Node& node) { return SleepAndCount(node, &wakes); }}}});
  world.RunFor(absl::Milliseconds(3500));
  EXPECT_EQ(wakes, 3);
  world.Pause("p");
  world.RunFor(absl::Seconds(10));
  EXPECT_EQ(wakes, 3);
  world.Resume("p");
  world.RunFor(absl::Milliseconds(100));
  EXPECT_EQ(wakes, 4);
}

TEST(SimWorld, ProcessEndsWhenEveryMainHasReturnedOrOneExits) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  const auto returns = [](Node& node) -> Task<void> {
    co_await node.clock().Sleep(absl::Seconds(1));
  };
  const auto exits = [](Node& node) -> Task<void> {
    node.Exit(3);
    co_await node.clock().Sleep(absl::Hours(1));
  };
  world.Start("m", {"both", {{"a", returns}, {"b", returns}}});
  world.Start("m", {"exits", {{"a", exits}}});
  EXPECT_TRUE(world.RunUntilIdle());
  EXPECT_FALSE(world.process("both").alive());
  EXPECT_EQ(world.process("both").exit_status(), 0);
  EXPECT_EQ(world.process("exits").exit_status(), 3);
  EXPECT_LT(world.now(), absl::Seconds(2));
}

Task<void> SleepBriefly(Node& node, SimWorld& world, absl::Duration& ran) {
  co_await node.clock().Sleep(absl::Milliseconds(1));
  ran = world.now();
}

Task<void> WorkBesideSleeper(Node& node, SimWorld& world, absl::Duration& ran) {
  platform::TaskScope scope(node.executor());
  scope.Spawn("sleeper", SleepBriefly(node, world, ran));
  co_await node.executor().Yield();
  co_await node.Work(10'000'000);  // about a second
  co_await scope.Join();
}

TEST(SimWorld, WorkKeepsTheWholeNodeBusy) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  absl::Duration other_ran;
  world.Start(
      "m", {"p", {{"n", [&](Node& node) { return WorkBesideSleeper(node, world, other_ran); }}}});
  EXPECT_TRUE(world.RunUntilIdle());
  EXPECT_GT(other_ran, absl::Milliseconds(500));
  EXPECT_LT(other_ran, absl::Milliseconds(1600));
}

TEST(SimWorld, BudgetRestartsOnProgressAndEndsWithoutIt) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  int wakes = 0;
  world.Start("m", {"p", {{"n", [&](Node& node) { return SleepAndCount(node, &wakes); }}}});
  const auto count = [&] { return static_cast<uint64_t>(wakes); };
  EXPECT_EQ(world.RunUntil([&] { return wakes == 20; },
                           {.quiet = absl::Milliseconds(1500), .progress = count}),
            RunEnd::kDone);
  EXPECT_EQ(world.RunUntil([&] { return wakes == 30; }, {.quiet = absl::Milliseconds(1500)}),
            RunEnd::kBudgetSpent);
}

TEST(SimWorld, FirstDifferenceNamesTheEventWhereTwoRunsPart) {
  const auto run = [](SimWorld& world, absl::Duration crash_at) {
    int answered = 0;
    StartEchoCluster(world, 5, &answered);
    world.RunFor(crash_at);
    world.Crash("server");
    world.RunFor(absl::Seconds(1));
  };
  const WorldOptions options{.seed = 3, .retain = Retain::kEverything};
  SimWorld a(options), b(options), c(options);
  run(a, absl::Milliseconds(5));
  run(b, absl::Milliseconds(5));
  run(c, absl::Milliseconds(6));
  EXPECT_FALSE(FirstDifference(a.trace(), b.trace()).has_value());
  const auto difference = FirstDifference(a.trace(), c.trace());
  ASSERT_TRUE(difference.has_value());
  ASSERT_TRUE(difference->left.has_value());
  EXPECT_EQ(difference->left->text, "server#1 crashes");
  EXPECT_EQ(difference->left->event.time_ns, 5'000'000);
}

TEST(SimWorld, HealRestartsReleasesAndWakes) {
  SimWorld world({.seed = 5});
  int answered = 0;
  StartEchoCluster(world, 5, &answered);
  world.RunFor(absl::Milliseconds(4));
  world.LosePower("server");
  world.Pause("client");
  world.network().Partition("client", "server");
  world.RunFor(absl::Seconds(5));
  world.Heal();
  EXPECT_EQ(world.RunUntil([&] { return answered == 5; }, {.quiet = absl::Seconds(30)}),
            RunEnd::kDone);
}

TEST(SimWorld, StepsAreCountedByNameNodeAndAttributes) {
  SimWorld world({.seed = 5});
  int answered = 0;
  StartEchoCluster(world, 5, &answered);
  EXPECT_EQ(world.RunUntil([&] { return answered == 5; }), RunEnd::kDone);
  EXPECT_EQ(world.steps().Count("test.line_stored"), 5u);
  ASSERT_EQ(world.steps().counts().size(), 5u);
  const StepCount& third = world.steps().counts()[2];
  EXPECT_EQ(third.node, "server");
  using Attributes = std::vector<std::pair<std::string, platform::StepValue>>;
  EXPECT_EQ(third.attributes, (Attributes{{"line", 3}}));
}

}  // namespace
}  // namespace wavetank::simulator
