#include "simulator/policy.h"

#include <set>

#include "gtest/gtest.h"

#include "simulator/machine_clock.h"
#include "tests/simulator/echo_cluster.h"

namespace wavetank::simulator {
namespace {

using platform::Node;
using platform::Task;

Task<void> AppendLetter(char letter, std::string& order) {
  order.push_back(letter);
  co_return;
}
Task<void> SpawnLetters(Node& node, std::string& order) {
  platform::TaskScope scope(node.executor());
  for (char letter = 'a'; letter <= 'f'; ++letter) {
    scope.Spawn("letter", AppendLetter(letter, order));
  }
  co_await scope.Join();
}

std::string OrderOfReadyTasks(PolicyKind kind, uint64_t seed) {
  SimWorld world({.seed = seed, .policy = {.kind = kind}});
  world.AddMachine("m");
  std::string order;
  world.Start("m", {"p", {{"n", [&](Node& node) { return SpawnLetters(node, order); }}}});
  EXPECT_TRUE(world.RunUntilIdle());
  return order;
}

TEST(Policy, FifoKeepsTheReadyQueuesOrderAndShuffleDoesNot) {
  std::set<std::string> shuffled;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    EXPECT_EQ(OrderOfReadyTasks(PolicyKind::kFifo, seed), "abcdef");
    shuffled.insert(OrderOfReadyTasks(PolicyKind::kShuffle, seed));
  }
  EXPECT_GT(shuffled.size(), 25u);
}

Task<void> Say(Node& node, std::string& order) {
  co_await node.clock().Sleep(absl::Milliseconds(1));
  order += node.name();
}

std::string OrderOfTies(PolicyKind kind, uint64_t seed) {
  SimWorld world({.seed = seed,
                  .policy = {.kind = kind},
                  .cpu = {.turn_cost = absl::ZeroDuration()},
                  .clock = {.timer_jitter_max = absl::ZeroDuration()}});
  world.AddMachine("m");
  std::string order;
  const auto say = [&](Node& node) { return Say(node, order); };
  for (const char* process : {"1", "2", "3"}) world.Start("m", {process, {{process, say}}});
  EXPECT_TRUE(world.RunUntilIdle());
  return order;
}

TEST(Policy, TiesOfNodesAreShuffledBySeed) {
  std::set<std::string> shuffled;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    EXPECT_EQ(OrderOfTies(PolicyKind::kFifo, seed), "123");
    shuffled.insert(OrderOfTies(PolicyKind::kShuffle, seed));
  }
  EXPECT_EQ(shuffled.size(), 6u);
}

TEST(Policy, PrioritiesHoldBackWithinTheBoundAndFallAtChangePoints) {
  const PolicyOptions options{.kind = PolicyKind::kPriorities,
                              .hold_back_max = absl::Milliseconds(3),
                              .change_points = 2,
                              .expected_events = 100};
  int changed = 0;
  std::set<int64_t> delays;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const auto policy = MakePolicy(options, seed);
    for (ActorKey actor = 1; actor <= 4; ++actor) {
      const int64_t held_ns = policy->HoldBackNs(actor);
      EXPECT_GE(held_ns, 0);
      EXPECT_LE(held_ns, 3'000'000);
      EXPECT_EQ(held_ns, policy->HoldBackNs(actor)) << "a priority stays";
      delays.insert(held_ns);
    }
    for (int event = 0; event < 100; ++event) policy->Dispatched(1);
    changed += policy->HoldBackNs(1) == 3'000'000;
    EXPECT_LT(policy->HoldBackNs(2), 3'000'000);
  }
  EXPECT_EQ(changed, 50);
  EXPECT_GT(delays.size(), 150u);
}

TEST(MachineClock, DriftsNeverGoesBackAndNeverFiresEarly) {
  for (const int64_t drift_ppm : {-100'000, -1, 0, 1, 100'000}) {
    MachineClock clock({.drift_ppm = drift_ppm});
    const int64_t second = 1'000'000'000;
    EXPECT_EQ(clock.LocalNs(second), second + drift_ppm * 1000);
    for (int64_t local = 1; local < 2 * second; local = local * 3 + 1) {
      const int64_t due = clock.TrueNs(local);
      EXPECT_GE(clock.LocalNs(due), local);
      if (due > 0) EXPECT_LT(clock.LocalNs(due - 1), local);
    }
    const int64_t before = clock.LocalNs(second);
    clock.SetDrift(second, -drift_ppm);
    EXPECT_EQ(clock.LocalNs(second), before);
  }
}

TEST(MachineClock, WallIsSkewedAndJumpsBothWays) {
  const MachineClock honest({});
  MachineClock clock({.skew = absl::Minutes(-5)});
  EXPECT_EQ(clock.Wall(0) - honest.Wall(0), absl::Minutes(-5));
  clock.JumpWall(absl::Hours(1));
  EXPECT_EQ(clock.Wall(0) - honest.Wall(0), absl::Minutes(55));
  clock.JumpWall(absl::Hours(-2));
  EXPECT_EQ(clock.Wall(0) - honest.Wall(0), absl::Minutes(-65));
  EXPECT_EQ(clock.LocalNs(7), 7);
}

Task<void> MeasureSleeps(Node& node, SimWorld& world, std::vector<absl::Duration>& took) {
  for (int sleep = 0; sleep < 20; ++sleep) {
    const absl::Duration begin = world.now();
    const platform::MonotonicTime from = node.clock().Now();
    co_await node.clock().Sleep(absl::Milliseconds(10));
    EXPECT_GE(node.clock().Now() - from, absl::Milliseconds(10));
    took.push_back(world.now() - begin);
  }
}

TEST(SimClock, JitterMakesTimersLateAndDriftChangesWhatTheyMeasure) {
  const auto sleeps = [](const ClockOptions& clock) {
    SimWorld world({.seed = 1, .clock = clock});
    world.AddMachine("m");
    std::vector<absl::Duration> took;
    world.Start("m", {"p", {{"n", [&](Node& node) { return MeasureSleeps(node, world, took); }}}});
    EXPECT_TRUE(world.RunUntilIdle());
    return *std::max_element(took.begin(), took.end());
  };
  EXPECT_LT(sleeps({}), absl::Milliseconds(11));
  EXPECT_GT(sleeps({.timer_jitter_max = absl::Milliseconds(100)}), absl::Milliseconds(40));
  EXPECT_LT(sleeps({.drift_ppm = 500'000}), absl::Milliseconds(7));
}

}  // namespace
}  // namespace wavetank::simulator
