// What a job's processes do with several queries, and with nodes that do not belong together.
#include "runtime/job/deployment.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/check.h"
#include "runtime/functions/user_function.h"
#include "runtime/structured/data_frame.h"
#include "simulator/sim_world.h"

namespace wavetank::runtime {
namespace {

using simulator::RunEnd;
using simulator::SimWorld;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

void Copy(Session& session, const std::string& name, const std::string& from,
          const std::string& to) {
  session.ReadStream()
      .Format("text")
      .Load(from)
      .WriteStream()
      .QueryName(name)
      .Format("file")
      .Option("path", to)
      .Start();
}

Job TwoCopies(const std::string& second_name, const std::string& second_output) {
  Job job;
  job.name = "copies";
  job.structured = [=](Session& session, const JobArguments&) {
    Copy(session, "first", "in1", "out1");
    Copy(session, second_name, "in2", second_output);
  };
  return job;
}

JobInstance Instance(const Job& job) {
  return {&job, BindArguments(job, {{"checkpoint", "ck"}}).value()};
}

TEST(CheckPlan, RefusesTwoQueriesThatShareANameOrADirectory) {
  const Job good = TwoCopies("second", "out2");
  EXPECT_TRUE(CheckPlan(Instance(good)).ok()) << CheckPlan(Instance(good));
  const Job one_name = TwoCopies("first", "out2");
  EXPECT_THAT(CheckPlan(Instance(one_name)).ToString(),
              HasSubstr("two queries of this job are called \"first\""));
  for (const char* same : {"out1", "out1/", "./out1/", "out1/y"}) {
    const Job one_sink = TwoCopies("second", same);
    EXPECT_THAT(CheckPlan(Instance(one_sink)).ToString(),
                HasSubstr("the output directory out1 of query \"first\" and the output directory"));
  }
}

TEST(CheckPlan, RefusesASinkThatIsNotThere) {
  Job job;
  job.name = "to_kafka";
  job.structured = [](Session& session, const JobArguments&) {
    session.ReadStream().Format("text").Load("in").WriteStream().Format("kafka").Start();
  };
  EXPECT_THAT(CheckPlan(Instance(job)).ToString(), HasSubstr("there is no sink format \"kafka\""));
}

struct ErrorLog final : simulator::WorldObserver {
  void OnLog(absl::Duration, const platform::Node& node, platform::LogLevel level,
             const std::string& text) override {
    if (level == platform::LogLevel::kError) errors.push_back(text);
    if (level == platform::LogLevel::kWarning && node.name() == "driver") warnings.push_back(text);
  }
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
};

TEST(Deployment, AQueryThatFailsSaysSoAtOnceAndTheOthersGoOnToTheEnd) {
  SimWorld world({.seed = 4});
  ErrorLog log;
  world.AddObserver(log);
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  disk.Put("in1/a", "one\n");
  disk.Put("in2/a", "two\n");
  disk.Put("out2/part-00000-00000.csv", "somebody else's\n");
  const Job job = TwoCopies("second", "out2");
  Deployment deployment;
  deployment.driver_addresses = {"inproc:driver"};
  world.Start("m", {"app",
                    {{"driver", DriverMain(Instance(job), deployment, "inproc:driver")},
                     {"worker-1", WorkerMain(Instance(job), deployment, "inproc:worker-1")}}});
  const auto shows = [&](const std::string& part) { return disk.Get("out1/" + part).ok(); };
  EXPECT_EQ(world.RunUntil([&] { return !log.errors.empty() && shows("part-00000-00000.csv"); }),
            RunEnd::kDone);
  EXPECT_THAT(log.errors, Contains(AllOf(HasSubstr("query second"),
                                         HasSubstr("give the query an empty directory"))));
  EXPECT_EQ(log.errors.size(), 1U);
  ASSERT_TRUE(world.process("app").alive());
  disk.Put("in1/b", "three\n");
  EXPECT_EQ(world.RunUntil([&] { return shows("part-00001-00000.csv"); }), RunEnd::kDone);
  ASSERT_TRUE(world.process("app").alive());
  // The other one ends too: now the process does.
  for (const std::string& file : disk.image().Files("ck/first")) disk.LoseFile(file);
  disk.Put("in1/c", "four\n");
  EXPECT_EQ(world.RunUntil([&] { return !world.process("app").alive(); }), RunEnd::kDone);
  EXPECT_EQ(log.errors.size(), 2U);
  EXPECT_EQ(world.process("app").exit_status(), 1);
}

TEST(Deployment, AWorkerWithAnotherStoreIsRefusedByName) {
  SimWorld world({.seed = 5});
  ErrorLog log;
  world.AddObserver(log);
  for (const char* machine : {"s1", "s2", "d", "w"}) world.AddMachine(machine);
  for (const char* machine : {"s1", "s2"}) {
    Deployment store;
    store.store_address = absl::StrCat(machine, ":7001");
    store.store_root = "root";
    world.Start(machine, {absl::StrCat("store-", machine), {{"store", StoreMain(store)}}});
  }
  const Job job = TwoCopies("second", "out2");
  Deployment deployment;
  deployment.driver_addresses = {"d:7000"};
  deployment.store_address = "s1:7001";
  world.Start("d", {"driver", {{"driver", DriverMain(Instance(job), deployment, "d:7000")}}});
  deployment.store_address = "s2:7001";
  world.Start("w", {"worker", {{"worker-1", WorkerMain(Instance(job), deployment, "w:7101")}}});
  EXPECT_EQ(world.RunUntil([&] { return !log.warnings.empty(); }), RunEnd::kDone);
  EXPECT_THAT(log.warnings.front(),
              AllOf(HasSubstr("refused: worker w/worker/worker-1 at w:7101 has the store "),
                    HasSubstr("start both with the same --store")));
  EXPECT_EQ(world.steps().Count("driver.worker_registered"), 0U);
}

// What a function of the job does stands in the program alone.
TEST(Deployment, WorkersOfAnotherBuildAreRefusedByNameIfTheJobHasFunctions) {
  for (const bool functions : {true, false}) {
    SimWorld world({.seed = 6});
    ErrorLog log;
    world.AddObserver(log);
    world.AddMachine("m");
    Job job = TwoCopies("second", "out2");
    job.structured = [functions, copies = job.structured](Session& session,
                                                          const JobArguments& arguments) {
      const auto same = [](int64_t value) { return value; };
      if (functions) {
        WT_CHECK(session.RegisterFunction(UserFunction("same", same, {.version = 1})).ok());
      }
      copies(session, arguments);
    };
    Deployment deployment;
    deployment.driver_addresses = {"m:7000"};
    deployment.build_id = "b1";
    world.Start("m", {"driver", {{"driver", DriverMain(Instance(job), deployment, "m:7000")}}});
    deployment.build_id = "b2";
    world.Start("m", {"worker", {{"worker-1", WorkerMain(Instance(job), deployment, "m:7101")}}});
    const auto refused = [&] {
      return std::ranges::any_of(log.errors, [](const std::string& error) {
        return absl::StrContains(error, "of build b2") && absl::StrContains(error, "of build b1");
      });
    };
    const auto told = [&] {
      return refused() || world.steps().Count("driver.worker_registered") > 0;
    };
    EXPECT_EQ(world.RunUntil(told), RunEnd::kDone);
    EXPECT_EQ(world.steps().Count("driver.worker_registered"), functions ? 0U : 1U);
    EXPECT_EQ(refused(), functions);
  }
}

}  // namespace
}  // namespace wavetank::runtime
