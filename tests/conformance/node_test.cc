// What node.h and step.h state of processes and their nodes.
#include "platform/node.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/event.h"
#include "platform/task_scope.h"
#include "tests/conformance/expect.h"
#include "tests/conformance/world.h"

namespace wavetank::conformance {
namespace {

using platform::Event;
using platform::File;
using platform::Node;
using platform::NodeSpec;
using platform::OpenMode;
using platform::ProcessSpec;
using platform::Task;
using platform::TaskScope;

class NodeConformance : public Conformance {};
INSTANTIATE_TEST_SUITE_P(, NodeConformance, testing::ValuesIn(AllArms()), ArmName);

Task<void> WaitForEver(Node&) {
  Event never;
  co_await never.Wait();
}

Task<void> ReturnAtOnce(Node&) { co_return; }

Task<void> SleepThenReturn(Node& node) { co_await node.clock().Sleep(absl::Milliseconds(2)); }

Task<void> ExitWith(Node& node, int status) {
  node.Exit(status);
  Event never;
  co_await never.Wait();
  ADD_FAILURE() << "went on after Exit";
}

TEST_P(NodeConformance, ProcessEndsWhenEveryMainHasReturned) {
  const ProcessSpec spec{"process", {{"quick", ReturnAtOnce}, {"slow", SleepThenReturn}}};
  EXPECT_EQ(world().Run({{"alpha", spec}}), std::vector<Ending>{Ending{}});
}

TEST_P(NodeConformance, ExitEndsTheWholeProcessWithItsStatus) {
  const ProcessSpec spec{
      "process", {{"waits", WaitForEver}, {"exits", [](Node& node) { return ExitWith(node, 7); }}}};
  const std::vector<Ending> expected = {{Ending::kFinished, 7}};
  EXPECT_EQ(world().Run({{"alpha", spec}}), expected);
}

Task<void> KnowsItsPlace(Node& node, std::string machine, std::string process, std::string name) {
  EXPECT_EQ(node.machine(), machine);
  EXPECT_EQ(node.process(), process);
  EXPECT_EQ(node.name(), name);
  co_return;
}

TEST_P(NodeConformance, NodeKnowsItsMachineProcessAndName) {
  const auto placed = [](std::string machine, std::string process, std::string name) {
    return PlacedProcess{machine, {process, {{name, [=](Node& node) {
                                                return KnowsItsPlace(node, machine, process, name);
                                              }}}}};
  };
  const std::vector<Ending> expected(3);
  EXPECT_EQ(world().Run({placed("alpha", "one", "driver"), placed("alpha", "two", "worker"),
                         placed("beta", "one", "driver")}),
            expected);
}

Task<void> RecordIncarnation(Node& node) {
  // A name that cannot be made twice.
  const absl::StatusOr<std::unique_ptr<File>> made = co_await node.disk().Open(
      absl::StrCat("incarnation-", node.incarnation().value()), OpenMode::kCreateNew);
  EXPECT_TRUE(made.ok()) << made.status();
}

TEST_P(NodeConformance, EveryLifeOfAProcessIsAnotherIncarnation) {
  for (int life = 0; life < 3; ++life) world().RunNode(RecordIncarnation);
}

constexpr platform::StepName kHarmless{"conformance.harmless", "n", "Nothing waits here."};

Task<void> Set(bool& flag) {
  flag = true;
  co_return;
}

Task<void> StepsAreReadyAtOnce(Node& node) {
  bool other_ran = false;
  TaskScope scope(node.executor());
  scope.Spawn("other", Set(other_ran));
  for (int n = 0; n < 100; ++n) co_await node.Step(kHarmless, {{"n", n}});
  EXPECT_FALSE(other_ran) << "a step without a fault gave up the turn";
  co_await scope.Join();
}
TEST_P(NodeConformance, StepWithoutAFaultDoesNotGiveUpTheTurn) {
  world().RunNode(StepsAreReadyAtOnce);
}

Task<void> DieInAChild(Node& node, bool& went_on) {
  co_await node.clock().Sleep(absl::Milliseconds(1));
  co_await node.Step(kDie);
  went_on = true;
}

Task<void> DieWithOthersAlive(Node& node) {
  bool went_on = false;
  TaskScope scope(node.executor());
  scope.Spawn("dies", DieInAChild(node, went_on));
  co_await scope.Join();
  ADD_FAILURE() << "a task of a dead process ran";
}

Task<void> ReturnLate(Node& node) {
  co_await node.clock().Sleep(absl::Hours(1));
  ADD_FAILURE() << "a node of a dead process ran";
}

TEST_P(NodeConformance, DeathAtAStepEndsAllNodesOfTheProcessAndNoOther) {
  const ProcessSpec dies{"dies", {{"dies", DieWithOthersAlive}, {"late", ReturnLate}}};
  const ProcessSpec lives{"lives", {{"node", SleepThenReturn}}};
  const std::vector<Ending> expected = {{Ending::kDied}, {Ending::kFinished}};
  EXPECT_EQ(world().Run({{"alpha", dies}, {"alpha", lives}}), expected);
}

Task<void> PauseThenFail(Node& node) {
  co_await node.Step(kPause);
  ADD_FAILURE() << "a paused process ran";
}

TEST_P(NodeConformance, PauseStopsAProcessAndNoOther) {
  const std::vector<Ending> expected = {{Ending::kPaused}, {Ending::kFinished}};
  EXPECT_EQ(world().Run({World::Process("alpha", "paused", PauseThenFail),
                         World::Process("alpha", "lives", SleepThenReturn)}),
            expected);
}

Task<void> WorkEnds(Node& node) {
  co_await node.Work(0);
  co_await node.Work(1000);
  node.Log(platform::LogLevel::kDebug, "worked");
}
TEST_P(NodeConformance, WorkAndWordsComeToAnEnd) { world().RunNode(WorkEnds); }

}  // namespace
}  // namespace wavetank::conformance
