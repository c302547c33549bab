// The syncs that a run makes of the real disk, against those of the same run in the simulator: a
// guarantee that survives every simulated power loss is worth nothing where the real disk does not
// sync. Each is a call and the kind of path: what is drawn in a name counts for nothing.
#include <algorithm>
#include <map>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/job/deployment.h"
#include "scenarios/jobs.h"
#include "scenarios/oracle.h"
#include "simulator/sim_world.h"
#include "tests/interposed/child.h"
#include "tests/runtime/durable_attempt.h"

namespace wavetank::interposed {
namespace {

using platform::Node;
using runtime::durable_writers::Attempt;
using runtime::durable_writers::kNames;
using runtime::durable_writers::kThings;
using runtime::durable_writers::Thing;
using runtime::durable_writers::WriteThree;
using simulator::SeamCallKind;
using simulator::SimWorld;

// "fdatasync out/.tmp-#"
std::string SyncOf(const std::string& call, const std::string& path) {
  // Who made it, and a number that was drawn.
  static const std::regex drawn(
      "([a-z]+\\.[a-z0-9-]+\\.[a-z0-9-]+\\.[0-9]+\\.)?[0-9a-f]{8,}(-[0-9a-f]+)*");
  static const std::regex part("/batch-[^/]*\\.csv");  // names its attempt, of two parts
  return absl::StrCat(
      call, " ", std::regex_replace(std::regex_replace(path, part, "/batch-#.csv"), drawn, "#"));
}

// Of all processes of a world, until one reaches `last`, where it dies.
class SimulatedSyncs final : public simulator::FaultHook {
 public:
  SimulatedSyncs(SimWorld& world, std::string last) : world_(world), last_(std::move(last)) {
    world_.SetFaultHook(this);
  }
  ~SimulatedSyncs() override { world_.SetFaultHook(nullptr); }

  void OnStep(simulator::SimNode& node, const platform::StepEvent& event) override {
    if (!over_ && event.step.name == last_) {
      over_ = true;
      world_.Crash(node.process());
    }
  }
  const simulator::Fault* OnSeamCall(simulator::SimNode&,
                                     const simulator::SeamCall& call) override {
    const std::string path(call.target);
    if (call.kind == SeamCallKind::kSync) syncs_.push_back(SyncOf("fdatasync", path));
    if (call.kind == SeamCallKind::kSyncDirectory) syncs_.push_back(SyncOf("fsync", path));
    return nullptr;
  }
  void OnStarted(simulator::SimProcess&) override {}
  void Freeze() override {}

  bool over() const { return over_; }
  const std::vector<std::string>& syncs() const { return syncs_; }

 private:
  SimWorld& world_;
  const std::string last_;
  std::vector<std::string> syncs_;
  bool over_ = false;
};

// What a child noted, with paths below the folder.
std::vector<std::string> RealSyncs(const Folder& folder) {
  std::vector<std::string> syncs;
  const std::vector<std::string> lines =
      absl::StrSplit(ReadFile(folder.In("syncs")), '\n', absl::SkipEmpty());
  for (const std::string& line : lines) {
    const std::pair<std::string, std::string> call = absl::StrSplit(line, absl::MaxSplits(' ', 1));
    std::string path = call.second;
    if (path.starts_with(folder.path())) path.erase(0, folder.path().size() + 1);
    syncs.push_back(SyncOf(call.first, path));
  }
  return syncs;
}

class SyncsOfAThing : public testing::TestWithParam<Thing> {};
INSTANTIATE_TEST_SUITE_P(, SyncsOfAThing, testing::ValuesIn(kThings), [](const auto& info) {
  return std::string(kNames[static_cast<int>(info.param)]);
});

TEST_P(SyncsOfAThing, AreTheSameInBothWorlds) {
  SimWorld world({.seed = 1});
  world.AddMachine("m").disk().Put("there", "");  // as the folder of a child's output
  Attempt attempt{.thing = GetParam()};
  const SimulatedSyncs simulated(world, "");
  world.Start("m", {"p", {{"node", [&](Node& node) { return WriteThree(node, attempt); }}}});
  EXPECT_EQ(world.RunUntil([&] { return attempt.done; }), simulator::RunEnd::kDone);
  EXPECT_GE(simulated.syncs().size(), 6u);

  const Folder folder;
  Child child(
      {WAVETANK_DURABLE_WRITER, "write", kNames[static_cast<int>(GetParam())], folder.path()},
      {{"WAVETANK_SYNCS", folder.In("syncs")}}, folder.path());
  EXPECT_EQ(child.Wait(), 0) << child.Output();
  EXPECT_EQ(RealSyncs(folder), simulated.syncs());
}

// A whole job, to the end of its first batch: a driver and a worker, each with a store of its own.
// What they do side by side may come in any order.
void CompareJob(const std::string& job, const std::string& last_step) {
  scenarios::ScenarioJobs jobs;
  scenarios::AddBuiltInJobs(jobs);
  const runtime::Job* found = jobs.catalogue().Find(job);
  ASSERT_NE(found, nullptr);
  const std::map<std::string, std::string> given = {
      {"input", "in"}, {"output", "out"}, {"checkpoint", "ck"}, {"partitions", "2"}};
  const auto arguments = runtime::BindArguments(*found, given);
  ASSERT_TRUE(arguments.ok()) << arguments.status();
  const runtime::JobInstance instance{found, *arguments};

  SimWorld world({.seed = 1});
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  const std::string text = "one two\ntwo three\n";
  runtime::Deployment deployment;
  deployment.driver_addresses = {"inproc:driver"};
  const SimulatedSyncs simulated(world, last_step);
  world.Start("m", {"local",
                    {{"driver", runtime::DriverMain(instance, deployment, "inproc:driver", {})},
                     {"worker-1", runtime::WorkerMain(instance, deployment, "inproc:worker-1")}}});
  disk.Put("in/a", text);
  EXPECT_EQ(world.RunUntil([&] { return simulated.over(); }), simulator::RunEnd::kDone);

  const Folder folder;
  WriteFile(folder.In("in/a"), text);
  std::vector<std::string> command = {WAVETANK_COMMAND, "start", job, "--workers=1",
                                      absl::StrCat("--kill-at=", last_step)};
  for (const auto& [name, value] : given) {
    command.push_back(name == "partitions" ? "--partitions=2"
                                           : absl::StrCat("--", name, "=", folder.In(value)));
  }
  Child child(command, {{"WAVETANK_SYNCS", folder.In("syncs")}}, folder.path());
  EXPECT_EQ(child.Wait(), 128 + 9) << child.Output();
  EXPECT_THAT(RealSyncs(folder), testing::UnorderedElementsAreArray(simulated.syncs()));
}

TEST(SyncsOfAJob, OfAStructuredQueryAreTheSameInBothWorlds) {
  CompareJob("word_count", "batch.committed");
}

}  // namespace
}  // namespace wavetank::interposed
