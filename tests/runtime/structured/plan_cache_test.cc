#include "runtime/structured/plan_cache.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "platform/check.h"
#include "simulator/sim_world.h"
#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

using platform::Node;
using simulator::SimWorld;

// A driver that does nothing but answer.
class Answering final : public Cluster {
 public:
  int worker_count() const override { return 0; }
  Task<absl::Status> WaitForWorkers(int, absl::Duration) override { co_return absl::OkStatus(); }
  Task<absl::StatusOr<GraphResults>> Run(StageGraph) override { co_return GraphResults(); }
  bool IsKept(const TaskOutput&) const override { return false; }
  void LetGo(const std::vector<TaskOutput>&) override {}
  void Handle(std::string method, Handler handler) override {
    handlers[std::move(method)] = std::move(handler);
  }
  std::map<std::string, Handler> handlers;
};

class Asking final : public TaskContext {
 public:
  Asking(Node& node, Answering& driver) : node_(node), store_(node, "root"), driver_(driver) {}
  Node& node() override { return node_; }
  checkpoint::Store& store() override { return store_; }
  const TaskId& id() const override { return id_; }
  Task<absl::StatusOr<std::vector<ShuffleBlock>>> FetchShuffle(int) override {
    co_return std::vector<ShuffleBlock>();
  }
  Task<absl::StatusOr<std::vector<ShuffleBlock>>> FetchOutputs() override {
    co_return std::vector<ShuffleBlock>();
  }
  void LetGoOfShuffle(int, int) override {}
  void PutShuffle(int, std::shared_ptr<const platform::Attachment>) override {}
  Task<absl::StatusOr<std::string>> CallDriver(std::string method, std::string request,
                                               absl::Duration) override {
    ++asked;
    if (damaged) co_return "of another plan";
    co_return co_await driver_.handlers.at(method)(std::move(request));
  }
  int asked = 0;
  bool damaged = false;

 private:
  Node& node_;
  checkpoint::LocalStore store_;
  Answering& driver_;
  const TaskId id_{.driver = "d", .graph = 1, .stage = 0, .partition = 0, .attempt = 0};
};

CompiledQuery CompiledCounts(int partitions) {
  QueryBuilder builder;
  return CompileFrame(builder.Source().GroupBy({Col("value")}).Count(), "update",
                      {.shuffle_partitions = partitions})
      .value();
}

Task<void> Ask(Node& node, bool& done) {
  const CompiledQuery four = CompiledCounts(4);
  const CompiledQuery five = CompiledCounts(5);
  EXPECT_NE(four.plan->hash, five.plan->hash);
  Answering driver;
  PublishPlan("counts", four, driver);
  Asking context(node, driver);
  PlanCache cache("counts", nullptr);

  auto plan = co_await cache.Get(context, four.plan->hash);
  WT_CHECK(plan.ok(), plan.status().ToString());
  EXPECT_EQ((*plan)->shuffle_partitions, 4);
  plan = co_await cache.Get(context, four.plan->hash);
  EXPECT_TRUE(plan.ok());
  EXPECT_EQ(context.asked, 1);  // what is here is not asked for again

  // The driver has none but its own.
  plan = co_await cache.Get(context, five.plan->hash);
  EXPECT_TRUE(absl::IsNotFound(plan.status())) << plan.status();
  context.damaged = true;
  plan = co_await cache.Get(context, five.plan->hash);
  EXPECT_TRUE(absl::IsDataLoss(plan.status())) << plan.status();
  EXPECT_NE(plan.status().message().find("came as"), absl::string_view::npos);
  context.damaged = false;
  PublishPlan("counts", five, driver);
  plan = co_await cache.Get(context, five.plan->hash);
  WT_CHECK(plan.ok(), plan.status().ToString());
  EXPECT_EQ((*plan)->shuffle_partitions, 5);
  done = true;
}

TEST(PlanCache, AsksTheDriverOnceForThePlanThatATaskNames) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  bool done = false;
  world.Start("m", {"worker", {{"node", [&done](Node& node) { return Ask(node, done); }}}});
  EXPECT_EQ(world.RunUntil([&done] { return done; }), simulator::RunEnd::kDone);
}

}  // namespace
}  // namespace wavetank::runtime
