#include "simulator/fault_injector.h"

#include <algorithm>
#include <set>
#include <string>

#include "gtest/gtest.h"

#include "simulator/external_system.h"
#include "simulator/fault_table.h"
#include "simulator/swarm.h"
#include "tests/simulator/echo_cluster.h"

namespace wavetank::simulator {
namespace {

struct FaultyRun {
  uint64_t hash = 0;
  int answered = 0;
  std::vector<ListedFault> fired;
  std::vector<ListedFault> unfired;
};

// What befalls it changes nothing.
class NothingOutside final : public ExternalSystem {
 public:
  void Strike(const Fault& fault) override { lasting += fault.duration < absl::Hours(1) ? 1 : 0; }
  void End(const Fault&) override { --lasting; }
  void Heal() override { lasting = 0; }
  int lasting = 0;
};

// A minute of chaos, then heal and converge.
FaultyRun RunFaulty(uint64_t seed, FaultPlan plan) {
  SimWorld world({.seed = seed});
  FaultyRun run;
  StartEchoCluster(world, 300, &run.answered);
  NothingOutside outside;
  for (const auto& process : world.processes()) world.SetExternal(process->name(), outside);
  FaultInjector injector(world, std::move(plan));
  world.RunFor(absl::Minutes(1));
  world.Heal();
  EXPECT_EQ(world.RunUntil([&] { return run.answered >= 300; },
                           {.quiet = absl::Minutes(5),
                            .progress = [&] { return static_cast<uint64_t>(run.answered); }}),
            RunEnd::kDone)
      << "seed " << seed;
  run.hash = world.trace().hash();
  run.fired = injector.fired();
  run.unfired = injector.Unfired();
  return run;
}

platform::Task<void> AppendThrice(platform::Node& node, std::vector<absl::StatusCode>* codes) {
  const auto file = co_await node.disk().Open("f", platform::OpenMode::kCreateNew);
  for (int time = 0; time < 3; ++time) {
    const auto appended = co_await (*file)->Append("line");
    codes->push_back(appended.status().code());
  }
}

class EveryFault : public testing::TestWithParam<FaultKind> {};
INSTANTIATE_TEST_SUITE_P(, EveryFault, testing::ValuesIn([] {
                           std::vector<FaultKind> kinds;
                           for (const FaultInfo& info : FaultTable()) kinds.push_back(info.kind);
                           return kinds;
                         }()),
                         [](const auto& info) {
                           std::string name(InfoOf(info.param).name);
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST_P(EveryFault, FiresAtRandomAndReplaysFromItsListEventForEvent) {
  const FaultInfo& info = InfoOf(GetParam());
  FaultPlan plan;
  // The cluster makes few calls on names.
  const bool few = info.family == FaultFamily::kDisk && info.unit == RateUnit::kPerMillionCalls;
  const int64_t rate = info.rate * (few ? 400 : 20);
  plan.random = {{.kind = info.kind, .rate = std::min<int64_t>(rate, 500'000)}};
  // Something must restart for a crash while recovering.
  if (info.kind == FaultKind::kCrashWhileRecovering) {
    plan.random.push_back({.kind = FaultKind::kCrash, .rate = 1'000});
  }
  if (info.kind == FaultKind::kRestore) {
    plan.random.push_back({.kind = FaultKind::kBackUp, .rate = 1'000});
  }
  const FaultyRun random = RunFaulty(11, plan);
  EXPECT_TRUE(std::ranges::any_of(random.fired, [&](const ListedFault& fault) {
    return fault.fault.kind == info.kind;
  })) << info.name;
  const FaultyRun listed = RunFaulty(11, {.listed = random.fired});
  EXPECT_EQ(listed.hash, random.hash);
  EXPECT_EQ(listed.fired, random.fired);
  EXPECT_TRUE(listed.unfired.empty());
}

TEST(FaultTable, EveryKindHasANameOfItsOwnABoundAndAMeaning) {
  std::set<std::string_view> names;
  for (const FaultInfo& info : FaultTable()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_EQ(info.name.substr(0, info.name.find('.')), Name(info.family));
    EXPECT_GT(info.rate, 0);
    EXPECT_LE(info.duration_ms.low, info.duration_ms.high);
    EXPECT_LE(info.restart_after_ms.low, info.restart_after_ms.high);
    EXPECT_LE(info.amount.low, info.amount.high);
    EXPECT_FALSE(info.meaning.empty());
    EXPECT_EQ(FindFault(info.name), &info);
  }
  EXPECT_EQ(FindFault("process.implosion"), nullptr);
}

TEST(FaultInjector, StepTriggerTakesTheNthReachingWithTheseAttributes) {
  const auto run = [](AtStep at) {
    SimWorld world({.seed = 3});
    int answered = 0;
    StartEchoCluster(world, 20, &answered);
    FaultInjector injector(world, {.listed = {{std::move(at), {.kind = FaultKind::kCrash}}}});
    world.RunFor(absl::Seconds(5));
    return std::make_pair(world.steps().Count("test.line_stored"), injector.Unfired().size());
  };
  using Result = std::pair<uint64_t, size_t>;
  EXPECT_EQ(run({.step = "test.line_stored"}), Result(1, 0));
  EXPECT_EQ(run({.step = "test.line_stored", .occurrence = 4}), Result(4, 0));
  EXPECT_EQ(run({.step = "test.line_stored", .attributes = {{"line", 7}}}), Result(7, 0));
  EXPECT_EQ(run({.step = "test.line_stored", .process = "server", .node = "server"}), Result(1, 0));
  EXPECT_EQ(run({.step = "test.line_stored", .process = "client"}), Result(20, 1));
  EXPECT_EQ(run({.step = "test.line_stored", .attributes = {{"line", 99}}}), Result(20, 1));
}

TEST(FaultInjector, PauseAtAStepHoldsTheTaskThereUntilItWakes) {
  SimWorld world({.seed = 3});
  int answered = 0;
  StartEchoCluster(world, 5, &answered);
  FaultInjector injector(world,
                         {.listed = {{AtStep{.step = "test.line_stored", .occurrence = 3},
                                      {.kind = FaultKind::kPause, .duration = absl::Seconds(1)}}}});
  world.RunFor(absl::Milliseconds(900));
  EXPECT_EQ(answered, 2);
  world.RunFor(absl::Seconds(10));
  EXPECT_EQ(answered, 5);
}

TEST(FaultInjector, CrashAtEverySeamCallLosesNothingThatWasAnswered) {
  uint64_t call = 1;
  for (bool fired = true; fired; ++call) {
    SimWorld world({.seed = 5});
    int answered = 0;
    StartEchoCluster(world, 5, &answered);
    FaultInjector injector(
        world,
        {.listed = {
             {AtSeamCall{.process = "server", .node = "server", .call = call, .incarnation = 1},
              {.kind = FaultKind::kCrash, .restart_after = absl::Milliseconds(50)}}}});
    EXPECT_EQ(world.RunUntil([&] { return answered == 5; }, {.quiet = absl::Minutes(1)}),
              RunEnd::kDone);
    fired = injector.Unfired().empty();
    const std::string log = *world.machine("server").disk().Get("log");
    for (int line = 0; line < 5; ++line) {
      EXPECT_NE(log.find("line " + std::to_string(line)), std::string::npos) << "call " << call;
    }
  }
  EXPECT_GT(call, 25u);
}

TEST(FaultInjector, ZombieWakesBesideItsReplacement) {
  SimWorld world({.seed = 3});
  int answered = 0;
  StartEchoCluster(world, 1'000'000, &answered);
  world.AddMachine("spare");
  FaultInjector injector(world, {.listed = {{AtTime{absl::Seconds(1)},
                                             {.kind = FaultKind::kZombie,
                                              .target = "server",
                                              .peer = "spare",
                                              .duration = absl::Seconds(5),
                                              .restart_after = absl::Seconds(2)}}}});
  world.RunFor(absl::Milliseconds(3500));
  EXPECT_EQ(world.process("server").machine_name(), "spare");
  EXPECT_TRUE(world.processes()[0]->paused());
  world.RunFor(absl::Seconds(5));
  EXPECT_TRUE(world.processes()[0]->alive());
  EXPECT_FALSE(world.processes()[0]->paused());
  EXPECT_TRUE(world.process("server").alive());
}

TEST(FaultInjector, AListedFaultThatNeverFiredIsReported) {
  const FaultyRun run = RunFaulty(
      1, {.listed = {{AtTime{absl::Seconds(1)}, {.kind = FaultKind::kCrash, .target = "nobody"}},
                     {AtTime{absl::Hours(1)}, {.kind = FaultKind::kPause, .target = "server"}}}});
  EXPECT_EQ(run.unfired.size(), 2u);
  EXPECT_TRUE(run.fired.empty());
}

TEST(FaultInjector, PowerLossOfSeveralEndsThemAtOneInstant) {
  SimWorld world({.seed = 3});
  int answered = 0;
  StartEchoCluster(world, 1'000'000, &answered);
  FaultInjector injector(world, {.listed = {{AtTime{absl::Seconds(1)},
                                             {.kind = FaultKind::kPowerLossOfSeveral,
                                              .target = "client,server",
                                              .restart_after = absl::Seconds(1)}}}});
  world.RunFor(absl::Milliseconds(1500));
  EXPECT_FALSE(world.machine("client").on() || world.machine("server").on());
  EXPECT_FALSE(world.process("client").alive() || world.process("server").alive());
  world.RunFor(absl::Seconds(1));
  EXPECT_TRUE(world.process("client").alive() && world.process("server").alive());
}

TEST(FaultInjector, CrashOfSeveralEndsTheirProcessesAndLeavesTheMachinesOn) {
  SimWorld world({.seed = 3});
  int answered = 0;
  StartEchoCluster(world, 1'000'000, &answered);
  FaultInjector injector(world, {.listed = {{AtTime{absl::Seconds(1)},
                                             {.kind = FaultKind::kCrashOfSeveral,
                                              .target = "client,server",
                                              .restart_after = absl::Seconds(1)}}}});
  world.RunFor(absl::Milliseconds(1500));
  EXPECT_TRUE(world.machine("client").on() && world.machine("server").on());
  EXPECT_FALSE(world.process("client").alive() || world.process("server").alive());
  world.RunFor(absl::Seconds(1));
  EXPECT_TRUE(world.process("client").alive() && world.process("server").alive());
}

TEST(FaultInjector, ACrashWhileRecoveringBefallsItsTargetsAlone) {
  const auto crashed = [](std::vector<std::string> targets) {
    const FaultyRun run = RunFaulty(11, {.random = {{.kind = FaultKind::kCrash, .rate = 2'000},
                                                    {.kind = FaultKind::kCrashWhileRecovering,
                                                     .rate = 1'000'000,
                                                     .targets = std::move(targets)}}});
    std::set<std::string> names;
    for (const ListedFault& fired : run.fired) {
      if (fired.fault.kind == FaultKind::kCrashWhileRecovering) names.insert(fired.fault.target);
    }
    return names;
  };
  EXPECT_TRUE(crashed({}).contains("server"));
  EXPECT_EQ(crashed({"server"}), (std::set<std::string>{"server"}));
  EXPECT_FALSE(crashed({"client"}).contains("server"));
}

// What three appends say, and the counts of faults that have fired and that have not, when two are
// aimed at one call.
struct TwoFaults {
  std::vector<absl::StatusCode> codes;
  size_t fired = 0;
  size_t unfired = 0;
};
TwoFaults TwoWriteErrorsAt(uint64_t call) {
  SimWorld world({.seed = 3});
  world.AddMachine("m");
  const ListedFault write_error{AtSeamCall{.process = "p", .node = "n", .call = call},
                                {.kind = FaultKind::kWriteError}};
  const FaultInjector injector(world, {.listed = {write_error, write_error}});
  TwoFaults seen;
  world.Start(
      "m", {"p", {{"n", [&](platform::Node& node) { return AppendThrice(node, &seen.codes); }}}});
  EXPECT_TRUE(world.RunUntilIdle());
  seen.fired = injector.fired().size();
  seen.unfired = injector.Unfired().size();
  return seen;
}

TEST(FaultInjector, OfTwoFaultsOfOneCallTheSecondWaitsForTheNext) {
  const TwoFaults seen = TwoWriteErrorsAt(2);
  using enum absl::StatusCode;
  EXPECT_EQ(seen.codes, (std::vector<absl::StatusCode>{kUnavailable, kUnavailable, kOk}));
  EXPECT_EQ(seen.fired, 2u);
}

TEST(FaultInjector, AFaultThatFindsNoCallOfItsOwnHasNotFired) {
  const TwoFaults seen = TwoWriteErrorsAt(4);
  EXPECT_EQ(seen.codes.back(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(seen.fired, 1u);
  EXPECT_EQ(seen.unfired, 1u);
}

TEST(FaultInjector, ACallOnAFileTriggersFromItsStepOn) {
  const auto lines = [](AtFileCall at) {
    SimWorld world({.seed = 3});
    int answered = 0;
    StartEchoCluster(world, 20, &answered);
    FaultInjector injector(world, {.listed = {{std::move(at), {.kind = FaultKind::kCrash}}}});
    world.RunFor(absl::Seconds(5));
    return std::make_pair(world.steps().Count("test.line_stored"), injector.Unfired().size());
  };
  using Result = std::pair<uint64_t, size_t>;
  using enum SeamCallKind;
  // A line is stored once it is synced.
  EXPECT_EQ(lines({.call = kSync, .files = "*", .occurrence = 4}), Result(3, 0));
  EXPECT_EQ(lines({.call = kWrite, .files = "*", .occurrence = 4}), Result(3, 0));
  EXPECT_EQ(lines({.call = kWrite, .files = "none*"}), Result(20, 1));
  EXPECT_EQ(lines({.call = kSync,
                   .files = "*",
                   .occurrence = 2,
                   .after = AtStep{.step = "test.line_stored", .occurrence = 5}}),
            Result(6, 0));
  EXPECT_EQ(lines({.call = kSync, .files = "*", .after = AtStep{.step = "test.never"}}),
            Result(20, 1));
}

TEST(Swarm, TurnsMostFamiliesOffAndEveryAllowedFaultOnForSomeSeed) {
  std::set<FaultKind> seen;
  size_t total = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const std::vector<RandomFault> faults = Swarm(seed).Faults(absl::Minutes(1));
    total += faults.size();
    for (const RandomFault& fault : faults) {
      seen.insert(fault.kind);
      EXPECT_TRUE(InfoOf(fault.kind).on);
    }
  }
  const auto allowed =
      std::ranges::count_if(FaultTable(), [](const FaultInfo& info) { return info.on; });
  EXPECT_EQ(static_cast<int64_t>(seen.size()), allowed);
  EXPECT_LT(total / 300, static_cast<size_t>(allowed) / 3);
}

TEST(Swarm, KnobsStayInTheirRangeAndReachItsEnds) {
  std::set<int64_t> drawn;
  for (uint64_t seed = 0; seed < 500; ++seed) {
    const int64_t knob = Swarm(seed).Knob("batch size", 1, 1'000'000);
    EXPECT_GE(knob, 1);
    EXPECT_LE(knob, 1'000'000);
    EXPECT_EQ(knob, Swarm(seed).Knob("batch size", 1, 1'000'000));
    drawn.insert(knob);
  }
  EXPECT_TRUE(drawn.contains(1));
  EXPECT_TRUE(drawn.contains(1'000'000));
  EXPECT_GT(drawn.size(), 200u);
}

TEST(Swarm, RunsOfItConvergeAndReplay) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    const Swarm swarm(seed);
    const FaultyRun random = RunFaulty(seed, {.random = swarm.Faults(absl::Minutes(1))});
    const FaultyRun listed = RunFaulty(seed, {.listed = random.fired});
    EXPECT_EQ(listed.hash, random.hash) << "seed " << seed;
  }
}

}  // namespace
}  // namespace wavetank::simulator
