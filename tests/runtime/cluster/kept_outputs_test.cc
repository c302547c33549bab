// What outlives the graph that made it: read by graphs to come, found out when it is lost, let go.
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/text.h"
#include "runtime/cluster/cluster.h"
#include "runtime/cluster/graph_run.h"
#include "tests/runtime/cluster/sim_cluster.h"
#include "tests/runtime/cluster/word_tasks.h"

namespace wavetank::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const WorkerRef kDora{1, "dora", "dora:1"};
const WorkerRef kEd{2, "ed", "ed:1"};

std::vector<TaskOutput> Outputs(std::vector<WorkerRef> workers, int64_t graph = 4) {
  std::vector<TaskOutput> outputs;
  for (const WorkerRef& worker : workers) {
    const TaskId id{.driver = "d",
                    .graph = graph,
                    .stage = 3,
                    .partition = static_cast<int>(outputs.size()),
                    .attempt = 2};
    outputs.push_back({.id = id, .worker = worker});
  }
  return outputs;
}

// One task for each of two outputs that were kept, and one that reads both tasks' shuffle.
StageGraph ReadKept() {
  StageGraph graph{.name = "batch 8", .batch = 8, .stages = {}};
  graph.stages.push_back({.kind = "kept", .kept = Outputs({kDora, kEd})});
  graph.stages.push_back({.kind = "read",
                          .payloads = {"a", "b"},
                          .reads_outputs = {{{0, 1}}, {{0, 0}}},
                          .keep = true});
  graph.stages.push_back({.kind = "merge", .payloads = {"c"}, .reads_shuffle_of = {0, 1}});
  return graph;
}

class KeptOutputsTest : public testing::Test {
 protected:
  static GraphRun Make(StageGraph graph) {
    EXPECT_TRUE(GraphRun::Validate(graph).ok()) << GraphRun::Validate(graph);
    return GraphRun(std::move(graph), {.driver = "d", .id = 5, .max_attempts = 3});
  }
  std::vector<cluster::RunTask> StartAll(GraphRun& run) {
    std::vector<cluster::RunTask> started;
    for (const GraphRun::TaskKey key : run.Waiting()) {
      started.push_back(run.Start(key, run.Prefer(key, workers_)));
    }
    return started;
  }
  static void Succeed(GraphRun& run, const cluster::RunTask& task) {
    cluster::TaskReport report;
    *report.mutable_task() = task.task();
    run.Report(report);
  }
  static std::string ErrorOf(GraphRun& run) {
    return std::string(platform::ToStd(run.TakeResults().status().message()));
  }
  std::vector<WorkerRef> workers_ = {kDora, kEd};
};

TEST_F(KeptOutputsTest, AreReadByTheirOwnNamesWhereTheyAre) {
  GraphRun run = Make(ReadKept());
  const std::vector<cluster::RunTask> reads = StartAll(run);
  ASSERT_EQ(reads.size(), 2U);
  ASSERT_EQ(reads[0].outputs_size(), 1);
  EXPECT_EQ(FromName(reads[0].outputs(0).task()).Unique(), "d-4-3-1-2");
  EXPECT_EQ(reads[0].addresses(reads[0].outputs(0).address()), "ed:1");
  for (const cluster::RunTask& read : reads) Succeed(run, read);
  const cluster::RunTask merge = StartAll(run).at(0);
  ASSERT_EQ(merge.inputs_size(), 2);
  EXPECT_EQ(merge.inputs(0).kept_graph(), 4);
  EXPECT_EQ(merge.inputs(0).kept_stage(), 3);
  EXPECT_EQ(merge.inputs(0).sources(1).attempt(), 2);
  EXPECT_TRUE(merge.inputs(0).stays());
  EXPECT_EQ(merge.inputs(1).kept_graph(), 0);
  EXPECT_TRUE(merge.inputs(1).stays());
  // The first ran on ed, where its input was.
  EXPECT_EQ(merge.addresses(merge.inputs(1).sources(0).address()), "ed:1");
  EXPECT_THAT(run.KeptStages(), testing::IsEmpty());
  Succeed(run, merge);
  ASSERT_TRUE(run.ended());
  EXPECT_THAT(run.KeptStages(), testing::IsEmpty()) << "nobody has the results";
  ASSERT_TRUE(run.TakeResults().ok());
  EXPECT_THAT(run.KeptStages(), ElementsAre(1));
}

TEST_F(KeptOutputsTest, ThatAreLostAndNeededEndTheGraph) {
  GraphRun run = Make(ReadKept());
  StartAll(run);
  run.LoseWorker(kEd.id);
  ASSERT_TRUE(run.ended());
  const GraphRun::Effects effects = run.TakeEffects();
  ASSERT_EQ(effects.lost.size(), 1U);
  EXPECT_EQ(effects.lost[0].Unique(), "d-4-3-1-2");
  EXPECT_THAT(ErrorOf(run), HasSubstr("worker ed was lost; a graph before had kept it"));
  EXPECT_THAT(run.KeptStages(), testing::IsEmpty());
}

TEST_F(KeptOutputsTest, ThatAreLostWhenNobodyReadsThemAnyMoreAreLeft) {
  StageGraph graph = ReadKept();
  graph.stages[2].reads_shuffle_of = {1};
  GraphRun run = Make(std::move(graph));
  for (const cluster::RunTask& read : StartAll(run)) Succeed(run, read);
  workers_ = {kDora};
  run.LoseWorker(kEd.id);
  // (What ed has read must be made again from what is lost: it is needed after all.)
  EXPECT_TRUE(run.ended());
  GraphRun other = Make([] {
    StageGraph of_dora = ReadKept();
    of_dora.stages[2].reads_shuffle_of = {1};
    of_dora.stages[1].payloads = {"b"};
    of_dora.stages[1].reads_outputs = {{{0, 0}}};
    return of_dora;
  }());
  for (const cluster::RunTask& read : StartAll(other)) Succeed(other, read);
  other.LoseWorker(kEd.id);
  EXPECT_FALSE(other.ended());
  Succeed(other, StartAll(other).at(0));
  EXPECT_TRUE(other.TakeResults().ok());
}

TEST_F(KeptOutputsTest, ThatAWorkerHasNoMoreAreFoundOut) {
  for (const bool missing : {false, true}) {
    GraphRun run = Make(ReadKept());
    const cluster::RunTask read = StartAll(run).at(0);
    cluster::TaskReport report;
    *report.mutable_task() = read.task();
    report.set_error_code(static_cast<int>(absl::StatusCode::kUnavailable));
    *(missing ? report.add_missing() : report.add_unreachable()) = read.outputs(0).task();
    run.Report(report);
    ASSERT_TRUE(run.ended());
    const GraphRun::Effects effects = run.TakeEffects();
    ASSERT_EQ(effects.lost.size(), 1U);
    EXPECT_EQ(effects.lost[0].Unique(), "d-4-3-1-2");
  }
}

TEST_F(KeptOutputsTest, OnlyThoseThatReadALostTasksOutputRunAgain) {
  StageGraph graph{.name = "batch 8", .batch = 8, .stages = {}};
  graph.stages.push_back({.kind = "make", .payloads = {"a", "b"}});
  graph.stages.push_back(
      {.kind = "read", .payloads = {"a", "b"}, .reads_outputs = {{{0, 0}}, {{0, 1}}}});
  graph.stages.push_back({.kind = "merge", .payloads = {"c"}, .reads_shuffle_of = {1}});
  GraphRun run = Make(std::move(graph));
  for (int stage = 0; stage < 2; ++stage) {
    for (const cluster::RunTask& task : StartAll(run)) Succeed(run, task);
  }
  workers_ = {kDora};
  run.LoseWorker(kEd.id);
  const std::vector<cluster::RunTask> again = StartAll(run);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(FromName(again[0].task()).Unique(), "d-5-0-1-1");
  Succeed(run, again[0]);
  std::vector<std::string> names;
  for (const cluster::RunTask& task : StartAll(run)) {
    names.push_back(FromName(task.task()).Unique());
  }
  EXPECT_THAT(names, ElementsAre("d-5-1-1-1"));
}

TEST_F(KeptOutputsTest, GraphsThatCannotBeAreRefused) {
  const auto error = [](void (*change)(StageGraph&)) {
    StageGraph graph = ReadKept();
    change(graph);
    return std::string(platform::ToStd(GraphRun::Validate(graph).message()));
  };
  EXPECT_THAT(error([](StageGraph& graph) { graph.stages[0].payloads = {"x"}; }),
              HasSubstr("has tasks beside what was kept"));
  EXPECT_THAT(
      error([](StageGraph& graph) { std::swap(graph.stages[0].kept[0], graph.stages[0].kept[1]); }),
      HasSubstr("takes the output of d-4-3-1-2 for that of partition 0"));
  EXPECT_THAT(error([](StageGraph& graph) { graph.stages[1].reads_outputs.pop_back(); }),
              HasSubstr("reads outputs for 1 of 2 tasks"));
  EXPECT_THAT(error([](StageGraph& graph) { graph.stages[1].reads_outputs[0][0].partition = 2; }),
              HasSubstr("reads partition 2 of stage 0, which has 2"));
  EXPECT_THAT(error([](StageGraph& graph) { graph.stages[1].reads_outputs[0][0].stage = 1; }),
              HasSubstr("reads stage 1, which is not an earlier one"));
}

// A word count, kept; then counted again by another graph from what was kept; then let go.
struct KeptRun {
  absl::StatusOr<GraphResults> first = absl::UnknownError("");
  absl::StatusOr<GraphResults> second = absl::UnknownError("");
  absl::StatusOr<GraphResults> third = absl::UnknownError("");
  std::vector<TaskOutput> outputs;
  bool kept = false;
  bool kept_when_let_go = true;
  bool done = false;
};

const std::vector<std::string> kLines = {"a rose is", "a rose is", "a rose"};

Task<void> RunKept(platform::Node& node, Cluster& cluster, KeptRun* run) {
  EXPECT_TRUE((co_await cluster.WaitForWorkers(3, absl::Minutes(1))).ok());
  StageGraph count = WordCount(kLines, 2);
  count.stages[0].keep = true;
  run->first = co_await cluster.Run(count);
  EXPECT_TRUE(run->first.ok()) << run->first.status();
  for (const TaskResult& result : run->first->at(0)) {
    run->outputs.push_back({.id = result.id, .worker = result.worker});
  }
  co_await node.clock().Sleep(absl::Seconds(2));
  count.stages[0] = {.kind = "split", .kept = run->outputs};
  run->second = co_await cluster.Run(count);
  run->kept = cluster.IsKept(run->outputs.front());
  cluster.LetGo(run->outputs);
  run->kept_when_let_go = cluster.IsKept(run->outputs.front());
  co_await node.clock().Sleep(absl::Seconds(2));
  run->third = co_await cluster.Run(count);
  run->done = true;
}

TEST(KeptOutputs, ServeGraphsToComeUntilTheyAreLetGo) {
  const auto alive = std::make_shared<int>(0);
  SimCluster cluster({.workers = 3}, [alive] { return WordTasks(alive); });
  KeptRun run;
  cluster.Start([&run](platform::Node& node, Cluster& of) { return RunKept(node, of, &run); });
  cluster.RunUntil(run.done);
  ASSERT_TRUE(run.first.ok() && run.second.ok()) << run.second.status();
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(run.second->at(1).at(i).bytes, run.first->at(1).at(i).bytes);
  EXPECT_TRUE(run.kept);
  EXPECT_FALSE(run.kept_when_let_go) << "the driver still holds what it knew of it";
  EXPECT_TRUE(absl::IsUnavailable(run.third.status())) << run.third.status();
  EXPECT_EQ(*alive, 0);
}

TEST(KeptOutputs, AreLostWithTheirWorker) {
  const auto alive = std::make_shared<int>(0);
  SimCluster cluster({.workers = 3}, [alive] { return WordTasks(alive); });
  cluster.AtStep("driver.graph_finished", 1, [&cluster](simulator::SimProcess&) {
    cluster.Crash(cluster.world().process("w1"), absl::Milliseconds(100));
  });
  KeptRun run;
  cluster.Start([&run](platform::Node& node, Cluster& of) { return RunKept(node, of, &run); });
  cluster.RunUntil(run.done);
  EXPECT_TRUE(absl::IsUnavailable(run.second.status())) << run.second.status();
  EXPECT_THAT(std::string(platform::ToStd(run.second.status().message())),
              HasSubstr("that worker w1/w1/worker had kept is lost"));
}

}  // namespace
}  // namespace wavetank::runtime
