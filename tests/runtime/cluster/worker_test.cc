// A worker that obeys commands made by hand, as a driver may put them into one reply.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "platform/rpc.h"
#include "runtime/cluster/cluster.h"
#include "runtime/cluster/messages.h"
#include "simulator/sim_world.h"
#include "tests/runtime/cluster/word_tasks.h"

namespace wavetank::runtime {
namespace {

constexpr char kSlowKind[] = "slow";
constexpr char kReadingKind[] = "reading";

TaskId AttemptOf(int64_t graph, int partition) {
  return {.driver = "d", .graph = graph, .stage = 0, .partition = partition, .attempt = 0};
}

cluster::Command RunCommand(const TaskId& id) {
  cluster::Command command;
  *command.mutable_run()->mutable_task() = ToName(id);
  command.mutable_run()->set_kind(kSlowKind);
  return command;
}

cluster::Command CancelCommand(const TaskId& id) {
  cluster::Command command;
  *command.mutable_cancel() = ToName(id);
  return command;
}

cluster::Command EndCommand(int64_t graph) {
  cluster::Command command;
  command.mutable_end_graph()->set_driver("d");
  command.mutable_end_graph()->set_graph(graph);
  return command;
}

struct WhatWasDone {
  int begun = 0;
  int ended = 0;
  std::shared_ptr<int> blocks = std::make_shared<int>(0);  // that the worker keeps
  std::vector<int> reported;                               // partitions
  std::vector<std::string> errors;
};

class SlowBody final : public TaskBody {
 public:
  explicit SlowBody(WhatWasDone& done) : done_(done) {}
  Task<absl::StatusOr<std::string>> Run(TaskContext& context, std::string) override {
    ++done_.begun;
    co_await context.node().clock().Sleep(absl::Seconds(1));
    context.PutShuffle(
        0, std::make_shared<const WordBlock>(std::vector<std::string>{"word"}, done_.blocks));
    ++done_.ended;
    co_return std::string("done");
  }

 private:
  WhatWasDone& done_;
};

// Gives `commands` in its first reply, and nothing after it.
class ScriptedDriver {
 public:
  ScriptedDriver(std::vector<cluster::Command> commands, WhatWasDone& done) : done_(done) {
    for (cluster::Command& command : commands) *first_.add_commands() = std::move(command);
  }

  static Task<void> Main(platform::Node& node, ScriptedDriver& self) {
    auto server = co_await platform::RpcServer::Start(
        node, "m:7000", [&node, &self](std::string method, platform::RpcPayload request, auto) {
          return Answer(node, self, std::move(method), std::move(request));
        });
    EXPECT_TRUE(server.ok()) << server.status();
    co_await node.clock().Sleep(absl::Hours(1));
  }

 private:
  static Task<absl::StatusOr<platform::RpcPayload>> Answer(platform::Node& node,
                                                           ScriptedDriver& self, std::string method,
                                                           platform::RpcPayload request) {
    platform::RpcPayload reply;
    if (method == "report") {
      cluster::TaskReport report;
      EXPECT_TRUE(report.ParseFromString(request.body));
      if (report.error_code() != 0) self.done_.errors.push_back(report.error());
      self.done_.reported.push_back(report.task().partition());
    } else if (method == "next") {
      if (std::exchange(self.said_, true)) co_await node.clock().Sleep(absl::Minutes(5));
      reply.body = std::exchange(self.first_, {}).SerializeAsString();
    }
    co_return reply;
  }

  WhatWasDone& done_;
  cluster::NextReply first_;
  bool said_ = false;
};

// Reads the output of stage 0.
class ReadingBody final : public TaskBody {
 public:
  Task<absl::StatusOr<std::string>> Run(TaskContext& context, std::string) override {
    const auto blocks = co_await context.FetchShuffle(0);
    if (!blocks.ok()) co_return blocks.status();
    co_return std::string("read");
  }
};

Task<void> ObeyingWorker(platform::Node& node, WhatWasDone& done) {
  TaskRegistry registry;
  registry[kSlowKind] = std::make_unique<SlowBody>(done);
  registry[kReadingKind] = std::make_unique<ReadingBody>();
  checkpoint::LocalStore store(node, "");
  co_await RunWorker(node, store, registry, {.driver_addresses = {"m:7000"}, .address = "m:8000"});
}

// Expects something of what a worker does with the commands; while it still lives.
template <typename Expect>
void AfterObeying(std::vector<cluster::Command> commands, const Expect& expect) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    WhatWasDone done;
    ScriptedDriver driver(commands, done);
    simulator::SimWorld world({.seed = seed});
    world.AddMachine("m");
    world.Start("m", {"driver", {{"driver", [&driver](platform::Node& node) {
                                    return ScriptedDriver::Main(node, driver);
                                  }}}});
    world.Start(
        "m", {"worker",
              {{"worker", [&done](platform::Node& node) { return ObeyingWorker(node, done); }}}});
    world.RunFor(absl::Seconds(30));
    expect(done);
  }
}

TEST(Worker, RunsAndReportsWhatItIsTold) {
  AfterObeying({RunCommand(AttemptOf(1, 0)), RunCommand(AttemptOf(1, 1))},
               [](const WhatWasDone& done) {
                 EXPECT_EQ(done.ended, 2);
                 EXPECT_TRUE(done.errors.empty()) << done.errors.front();
                 EXPECT_EQ(*done.blocks, 2);
                 EXPECT_EQ(done.reported.size(), 2u);
               });
}

TEST(Worker, AnAttemptThatIsCancelledInTheReplyThatBeganItDoesNotRun) {
  AfterObeying(
      {RunCommand(AttemptOf(1, 0)), RunCommand(AttemptOf(1, 1)), CancelCommand(AttemptOf(1, 0))},
      [](const WhatWasDone& done) {
        EXPECT_EQ(done.begun, 1);
        EXPECT_EQ(*done.blocks, 1);
        EXPECT_EQ(done.reported, std::vector<int>{1});
      });
}

TEST(Worker, AGraphThatEndsInTheReplyThatBeganItRunsNothingAndLeavesNoBlocks) {
  AfterObeying({RunCommand(AttemptOf(1, 0)), RunCommand(AttemptOf(2, 1)), EndCommand(1)},
               [](const WhatWasDone& done) {
                 EXPECT_EQ(done.begun, 1);
                 EXPECT_EQ(*done.blocks, 1);
                 EXPECT_EQ(done.reported, std::vector<int>{1});
               });
}

// Numbers that no driver of this program gives.
TEST(Worker, RefusesToReadAtAnAddressThatItWasNotGiven) {
  for (const int address : {-1, 1, 1 << 30}) {
    cluster::Command command = RunCommand(AttemptOf(1, 0));
    command.mutable_run()->mutable_task()->set_stage(1);
    command.mutable_run()->set_kind(kReadingKind);
    command.mutable_run()->add_addresses("m:8000");
    cluster::Input& input = *command.mutable_run()->add_inputs();
    input.add_sources()->set_address(address);
    AfterObeying({command}, [address](const WhatWasDone& done) {
      ASSERT_EQ(done.errors.size(), 1u);
      EXPECT_NE(done.errors[0].find(absl::StrCat("at address ", address, " of 1")),
                std::string::npos)
          << done.errors[0];
    });
  }
}

TEST(Worker, LeavesADriverThatBeginsAnAttemptTwice) {
  AfterObeying({RunCommand(AttemptOf(1, 0)), RunCommand(AttemptOf(1, 0))},
               [](const WhatWasDone& done) {
                 EXPECT_EQ(done.ended, 0);
                 EXPECT_TRUE(done.reported.empty());
               });
}

}  // namespace
}  // namespace wavetank::runtime
