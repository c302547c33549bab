// Faults that last, two of one kind on one target at a time: neither ends the other.
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "simulator/fault_injector.h"
#include "simulator/fault_table.h"
#include "simulator/sim_world.h"
#include "tests/simulator/disk_main.h"

namespace wavetank::simulator {
namespace {

using platform::Node;
using platform::Task;

constexpr int kSeconds = 30;

// Notes each second in which a new file was written and synced at once, and without an error.
Task<void> WriteEverySecond(Node& node, std::set<int>* undisturbed) {
  const platform::MonotonicTime begin = node.clock().Now();
  for (int second = 0; second < kSeconds; ++second) {
    co_await node.clock().Sleep(begin + absl::Seconds(second) - node.clock().Now());
    const platform::MonotonicTime started = node.clock().Now();
    const auto late = static_cast<int>(absl::ToInt64Seconds(started - begin));
    if (late > second) continue;
    auto file =
        co_await node.disk().Open("f" + std::to_string(second), platform::OpenMode::kCreateNew);
    if (!file.ok()) continue;
    const auto appended = co_await (*file)->Append("some bytes");
    if (!appended.ok()) continue;
    const absl::Status synced = co_await (*file)->Sync();
    const bool promptly = node.clock().Now() - started < absl::Milliseconds(150);
    if (synced.ok() && promptly) undisturbed->insert(second);
  }
}

struct Window {
  int from;
  int until;
  int64_t amount;
};

std::set<int> UndisturbedUnder(FaultKind kind, const std::vector<Window>& windows,
                               int heal_after = kSeconds) {
  SimWorld world({.seed = 5});
  world.AddMachine("m");
  FaultPlan plan;
  for (const Window& window : windows) {
    plan.listed.push_back({AtTime{absl::Seconds(window.from)},
                           {.kind = kind,
                            .target = TargetsProcess(kind) ? "p" : "m",
                            .duration = absl::Seconds(window.until - window.from),
                            .amount = window.amount}});
  }
  const FaultInjector injector(world, plan);
  std::set<int> undisturbed;
  world.Start("m",
              {"p", {{"n", [&](Node& node) { return WriteEverySecond(node, &undisturbed); }}}});
  world.RunFor(absl::Seconds(heal_after));
  if (heal_after < kSeconds) world.Heal();
  EXPECT_TRUE(world.RunUntilIdle());
  return undisturbed;
}

std::set<int> AllBut(int from, int until) {
  std::set<int> seconds;
  for (int second = 0; second < kSeconds; ++second) {
    if (second < from || second >= until) seconds.insert(second);
  }
  return seconds;
}

class OverlappingFaults : public testing::TestWithParam<FaultKind> {
 protected:
  // So that each second under it is disturbed.
  int64_t Amount() const { return GetParam() == FaultKind::kNoSpace ? 0 : 1'000; }
};
INSTANTIATE_TEST_SUITE_P(, OverlappingFaults,
                         testing::Values(FaultKind::kPause, FaultKind::kReadOnly,
                                         FaultKind::kNoSpace, FaultKind::kSlowDisk,
                                         FaultKind::kStalledDisk),
                         [](const auto& info) {
                           std::string name(InfoOf(info.param).name);
                           for (char& c : name) c = c == '.' ? '_' : c;
                           return name;
                         });

TEST_P(OverlappingFaults, LastUntilTheLaterOneEnds) {
  EXPECT_EQ(UndisturbedUnder(GetParam(), {{2, 12, Amount()}, {7, 22, Amount()}}), AllBut(2, 22));
}

TEST_P(OverlappingFaults, OneWithinAnotherDoesNotEndIt) {
  EXPECT_EQ(UndisturbedUnder(GetParam(), {{2, 22, Amount()}, {7, 12, Amount()}}), AllBut(2, 22));
}

TEST_P(OverlappingFaults, NothingComesBackAfterTheWorldHasHealed) {
  EXPECT_EQ(UndisturbedUnder(GetParam(), {{2, 28, Amount()}, {7, 15, Amount()}}, 10),
            AllBut(2, 10));
}

TEST(OverlappingSlowness, IsThatOfTheNewestWhichHasNotEnded) {
  const std::set<int> undisturbed =
      UndisturbedUnder(FaultKind::kSlowDisk, {{2, 22, 1'000}, {7, 12, 1}});
  for (int second = 2; second < 22; ++second) {
    EXPECT_EQ(undisturbed.contains(second), 7 <= second && second < 12) << second;
  }
}

}  // namespace
}  // namespace wavetank::simulator
