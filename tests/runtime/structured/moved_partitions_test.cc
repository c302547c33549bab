// What a worker keeps of partitions that have moved to another, and of workers that are no more:
// nothing.
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "platform/event.h"
#include "runtime/cluster/block_exchange.h"
#include "runtime/structured/fragment_task.h"
#include "runtime/structured/tasks.pb.h"
#include "simulator/sim_world.h"
#include "tests/runtime/structured/query_run.h"

namespace wavetank::runtime {
namespace {

using platform::Node;
using simulator::RunEnd;
using simulator::SimWorld;

// A task that reads no shuffle.
class LoneContext final : public TaskContext {
 public:
  LoneContext(Node& node, checkpoint::Store& store, const CompiledQuery& compiled, int partition,
              int attempt)
      : node_(node),
        store_(store),
        compiled_(compiled),
        id_{.driver = "d", .graph = 1, .stage = 1, .partition = partition, .attempt = attempt} {}

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
  // The driver's answer to a worker that asks for the plan.
  Task<absl::StatusOr<std::string>> CallDriver(std::string, std::string, absl::Duration) override {
    co_return compiled_.physical;
  }

 private:
  Node& node_;
  checkpoint::Store& store_;
  const CompiledQuery& compiled_;
  const TaskId id_;
};

Task<void> RunPartition(Node& node, checkpoint::Store& store, const CompiledQuery& compiled,
                        FragmentTaskBody& body, int partition, int64_t version) {
  structured::FragmentTask task;
  task.set_fragment(1);
  task.add_inputs();
  task.set_batch(version);
  task.set_plan_hash(compiled.plan->hash);
  structured::SinkOption& option = *task.add_sink_options();
  option.set_name("path");
  option.set_value("out");
  structured::StateRef& state = *task.add_states();
  state.set_directory(absl::StrCat("ck/state/0/", partition));
  state.set_version(version);
  LoneContext context(node, store, compiled, partition, static_cast<int>(version));
  std::string payload = task.SerializeAsString();
  const absl::StatusOr<std::string> result = co_await body.Run(context, std::move(payload));
  EXPECT_TRUE(result.ok()) << result.status();
}

Task<void> RunWhereOneMovesAwayEachBatch(Node& node, std::vector<size_t>& kept, bool& done) {
  checkpoint::LocalStore store(node, "root");
  QueryBuilder builder;
  StreamingQueryDefinition definition;
  definition.plan = builder.Source().GroupBy({Col("value")}).Count().plan();
  definition.output_mode = "update";
  definition.sink_format = "file";
  const CompiledQuery compiled = CompileQuery(definition, {.shuffle_partitions = 8}).value();
  FragmentTaskBody body(definition, std::make_shared<PlanCache>("counts", nullptr));
  for (int64_t version = 0; version < 8; ++version) {
    for (int partition = 7; partition >= version; --partition) {
      co_await RunPartition(node, store, compiled, body, partition, version);
    }
    kept.push_back(body.states_kept());
  }
  done = true;
}

TEST(MovedPartitions, TheirStateIsKeptForOneBatchAtMost) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  std::vector<size_t> kept;
  bool done = false;
  world.Start("m", {"worker", {{"node", [&](Node& node) {
                                  return RunWhereOneMovesAwayEachBatch(node, kept, done);
                                }}}});
  EXPECT_EQ(world.RunUntil([&] { return done; }), RunEnd::kDone);
  EXPECT_EQ(kept, (std::vector<size_t>{8, 8, 7, 6, 5, 4, 3, 2}));
}

struct TextBlock final : platform::Attachment {
  std::string Encode() const override { return "text"; }
};

const TaskId kSource{.driver = "d", .graph = 1, .stage = 0, .partition = 0, .attempt = 0};

Task<void> ServeBlock(Node& node, std::string address) {
  const auto exchange = co_await BlockExchange::Start(node, address);
  EXPECT_TRUE(exchange.ok()) << exchange.status();
  if (!exchange.ok()) co_return;
  (*exchange)->blocks().Put(kSource, {{0, std::make_shared<TextBlock>()}});
  platform::Event never;
  co_await never.Wait();
}

// From one worker after another, each at an address of its own.
struct Fetches {
  std::string address;  // of the next; empty: wait
  std::vector<size_t> connections;
};
Task<void> FetchFromEach(Node& node, Fetches& fetches) {
  const auto exchange = co_await BlockExchange::Start(node, "reader:7100");
  EXPECT_TRUE(exchange.ok()) << exchange.status();
  if (!exchange.ok()) co_return;
  while (true) {
    co_await node.clock().Sleep(absl::Milliseconds(10));
    if (fetches.address.empty()) continue;
    TaskId reader = kSource;
    reader.stage = 1;
    const std::vector<BlockExchange::Source> sources = {{kSource, fetches.address}};
    const BlockExchange::Fetched fetched = co_await (*exchange)->Fetch(reader, 0, 0, sources);
    EXPECT_TRUE(fetched.status.ok()) << fetched.status;
    fetches.connections.push_back((*exchange)->connections());
    fetches.address.clear();
  }
}

TEST(MovedPartitions, ConnectionsToWorkersThatDiedAreNotKept) {
  SimWorld world({.seed = 1});
  world.AddMachine("reader");
  world.AddMachine("workers");
  Fetches fetches;
  world.Start("reader",
              {"reader", {{"node", [&](Node& node) { return FetchFromEach(node, fetches); }}}});
  for (int life = 0; life < 5; ++life) {
    const std::string address = absl::StrCat("workers:", 7101 + life);
    const std::string name = absl::StrCat("worker-", life);
    world.Start("workers",
                {name, {{"node", [address](Node& node) { return ServeBlock(node, address); }}}});
    world.RunFor(absl::Milliseconds(50));
    fetches.address = address;
    EXPECT_EQ(world.RunUntil([&] { return fetches.address.empty(); }), RunEnd::kDone);
    world.Crash(world.process(name));
    world.RunFor(absl::Seconds(10));
  }
  EXPECT_EQ(fetches.connections, std::vector<size_t>(5, 1));
}

}  // namespace
}  // namespace wavetank::runtime
