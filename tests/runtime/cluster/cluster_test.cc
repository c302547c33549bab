#include "runtime/cluster/cluster.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/event.h"
#include "platform/task_scope.h"
#include "platform/text.h"
#include "tests/runtime/cluster/sim_cluster.h"
#include "tests/runtime/cluster/word_tasks.h"

namespace wavetank::runtime {
namespace {

using simulator::SimNetworkOptions;
using testing::AllOf;
using testing::ElementsAreArray;
using testing::HasSubstr;

const std::vector<std::string> kTexts = {
    "to be or not to be that is the question",
    "whether tis nobler in the mind to suffer",
    "the slings and arrows of outrageous fortune",
    "or to take arms against a sea of troubles",
    "and by opposing end them",
};

// What came of the graphs of one driver.
struct Outcome {
  std::vector<absl::StatusOr<GraphResults>> results;
  bool done = false;
};

Task<void> RunGraphs(platform::Node&, Cluster& cluster, int workers, std::vector<StageGraph> graphs,
                     Outcome* outcome) {
  const absl::Status came = co_await cluster.WaitForWorkers(workers, absl::Minutes(1));
  EXPECT_TRUE(came.ok()) << came;
  for (StageGraph& graph : graphs) {
    outcome->results.push_back(co_await cluster.Run(std::move(graph)));
  }
  outcome->done = true;
}

DriverBody Running(int workers, std::vector<StageGraph> graphs, Outcome* outcome) {
  return [workers, graphs = std::move(graphs), outcome](platform::Node& node, Cluster& cluster) {
    return RunGraphs(node, cluster, workers, graphs, outcome);
  };
}

std::vector<std::string> LastStage(const absl::StatusOr<GraphResults>& results) {
  if (!results.ok()) return {std::string(results.status().ToString())};
  std::vector<std::string> texts;
  for (const TaskResult& result : results->back()) texts.push_back(result.bytes);
  return texts;
}

void ExpectWordCounts(const Outcome& outcome, size_t graphs) {
  ASSERT_EQ(outcome.results.size(), graphs);
  for (const absl::StatusOr<GraphResults>& results : outcome.results) {
    EXPECT_THAT(LastStage(results), ElementsAreArray(WordCountAnswer(kTexts, 3)));
  }
}

std::shared_ptr<int> NoBlocks() { return std::make_shared<int>(0); }

SimCluster::MakeRegistry Words(std::shared_ptr<int> alive = NoBlocks()) {
  return [alive] { return WordTasks(alive); };
}

TEST(Cluster, CountsWordsAsComputedDirectlyOnAnyShape) {
  for (int workers = 1; workers <= 4; ++workers) {
    for (const bool one_process : {false, true}) {
      for (const auto attachments : {SimNetworkOptions::Attachments::kHandedOver,
                                     SimNetworkOptions::Attachments::kEncoded}) {
        for (uint64_t seed = 1; seed <= 5; ++seed) {
          SimCluster cluster({.seed = seed,
                              .workers = workers,
                              .one_process = one_process,
                              .attachments = attachments},
                             Words());
          Outcome outcome;
          cluster.Start(Running(workers, {WordCount(kTexts, 3), WordCount(kTexts, 3)}, &outcome));
          cluster.RunUntil(outcome.done);
          ExpectWordCounts(outcome, 2);
          EXPECT_EQ(cluster.Reached("driver.task_moved"), 0u);
        }
      }
    }
  }
}

TEST(Cluster, PlacesPartitionsOnTheSameWorkersInEveryGraph) {
  SimCluster cluster({.workers = 3}, Words());
  Outcome outcome;
  cluster.Start(Running(3, {WordCount(kTexts, 3), WordCount(kTexts, 3)}, &outcome));
  cluster.RunUntil(outcome.done);
  ASSERT_EQ(outcome.results.size(), 2u);
  for (const absl::StatusOr<GraphResults>& results : outcome.results) {
    ASSERT_TRUE(results.ok());
    EXPECT_EQ(results->at(1).at(0).worker.name, "w0/w0/worker");
    EXPECT_EQ(results->at(1).at(1).worker.name, "w1/w1/worker");
    EXPECT_EQ(results->at(0).at(4).worker.name, "w1/w1/worker");
  }
}

TEST(Cluster, SurvivesACrashOfAWorkerAtEachStep) {
  for (const char* step :
       {"task.started", "shuffle.written", "task.finished", "shuffle.served", "shuffle.fetched"}) {
    for (const int occurrence : {1, 2, 4}) {
      for (const absl::Duration restart_after :
           {absl::Milliseconds(100), absl::InfiniteDuration()}) {
        for (uint64_t seed = 1; seed <= 4; ++seed) {
          SCOPED_TRACE(testing::Message() << step << " " << occurrence << ", restart after "
                                          << restart_after << ", seed " << seed);
          SimCluster cluster({.seed = seed, .workers = 3}, Words());
          cluster.CrashAt(step, occurrence, restart_after);
          Outcome outcome;
          cluster.Start(Running(3, {WordCount(kTexts, 3), WordCount(kTexts, 3)}, &outcome));
          cluster.RunUntil(outcome.done);
          ExpectWordCounts(outcome, 2);
          EXPECT_EQ(cluster.strikes(), 1);
          EXPECT_GE(cluster.Reached("driver.worker_lost"), 1u);
        }
      }
    }
  }
}

TEST(Cluster, APausedWorkerThatComesBackChangesNothing) {
  for (const char* step : {"task.started", "shuffle.written", "task.finished", "shuffle.served"}) {
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      SCOPED_TRACE(testing::Message() << step << ", seed " << seed);
      SimCluster cluster({.seed = seed, .workers = 2}, Words());
      cluster.PauseAt(step, 2, absl::Seconds(8));
      Outcome outcome;
      std::vector<StageGraph> graphs(3, WordCount(kTexts, 3));
      cluster.Start(Running(2, std::move(graphs), &outcome));
      cluster.RunUntil(outcome.done);
      ExpectWordCounts(outcome, 3);
      EXPECT_EQ(cluster.Reached("driver.worker_lost"), 1u);
    }
  }
}

TEST(Cluster, AWorkerBehindAPartitionIsReplacedAndComesBackWhenItIsReleased) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    SimCluster cluster({.seed = seed, .workers = 2}, Words());
    cluster.AtStep("task.started", 2, [&](simulator::SimProcess& process) {
      const std::string machine = process.machine_name();
      cluster.world().network().Partition("driver", machine);
      cluster.After(absl::Seconds(20), [&cluster, machine] {
        cluster.world().network().ReleasePartition("driver", machine);
      });
    });
    Outcome outcome;
    cluster.Start(Running(2, {WordCount(kTexts, 3)}, &outcome));
    cluster.RunUntil(outcome.done);
    ExpectWordCounts(outcome, 1);
    EXPECT_EQ(cluster.Reached("driver.worker_lost"), 1u);
    EXPECT_EQ(cluster.Reached("worker.registered"), 2u);
  }
}

TEST(Cluster, WorkersThatCannotReachOneAnotherFinishOnOneOfThem) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    SimCluster cluster({.seed = seed, .workers = 2}, Words());
    Outcome outcome;
    cluster.Start(Running(2, {WordCount(kTexts, 3), WordCount(kTexts, 3)}, &outcome));
    cluster.world().network().Partition("w0", "w1");
    cluster.RunUntil(outcome.done);
    ExpectWordCounts(outcome, 2);
    EXPECT_EQ(cluster.Reached("driver.worker_lost"), 0u);
    EXPECT_GE(cluster.Reached("driver.output_lost"), 1u);
  }
}

// Bodies that are never the same twice: all readers of one graph must have read the same attempts,
// those that count, whatever crashes, pauses and partitions do.
TEST(Cluster, ReadersAgreeOnWhatTheyReadUnderRandomFaults) {
  uint64_t made_again = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    platform::Random random = platform::Random(seed).Fork("faults");
    SimCluster cluster({.seed = seed,
                        .workers = 3,
                        .policy = seed % 2 == 0 ? simulator::PolicyKind::kShuffle
                                                : simulator::PolicyKind::kPriorities},
                       Words());
    StageGraph graph;
    graph.name = "names";
    graph.stages.push_back({.kind = "put own name", .payloads = std::vector<std::string>(5, "4")});
    graph.stages.push_back(
        {.kind = "count", .payloads = std::vector<std::string>(4), .reads_shuffle_of = {0}});
    const std::vector<std::string> steps = {"task.started", "shuffle.written", "task.finished",
                                            "shuffle.served", "shuffle.fetched"};
    for (int fault = 0; fault < 4; ++fault) {
      const std::string& step = steps[random.Below(steps.size())];
      const auto occurrence = static_cast<int>(random.Between(1, 20));
      const absl::Duration length = absl::Milliseconds(random.Between(10, 8000));
      const uint64_t kind = random.Below(3);
      const uint64_t peer = random.Below(4);
      if (kind == 0) cluster.CrashAt(step, occurrence, length);
      if (kind == 1) cluster.PauseAt(step, occurrence, length);
      if (kind == 2) {
        cluster.AtStep(step, occurrence, [&cluster, length, peer](simulator::SimProcess& process) {
          const std::string a = process.machine_name();
          const std::string b = peer == 3 ? "driver" : absl::StrCat("w", peer);
          if (a == b) return;
          cluster.world().network().Partition(a, b);
          cluster.After(length,
                        [&cluster, a, b] { cluster.world().network().ReleasePartition(a, b); });
        });
      }
    }
    Outcome outcome;
    cluster.Start(Running(3, {graph, graph, graph}, &outcome));
    cluster.RunUntil(outcome.done);
    made_again += cluster.Reached("driver.output_lost");
    ASSERT_EQ(outcome.results.size(), 3u);
    for (const absl::StatusOr<GraphResults>& results : outcome.results) {
      ASSERT_TRUE(results.ok()) << results.status();
      std::vector<std::string> names;
      for (const TaskResult& result : results->at(0)) {
        EXPECT_EQ(result.bytes, result.id.Unique());
        names.push_back(result.bytes);
      }
      for (const TaskResult& result : results->at(1)) {
        EXPECT_EQ(result.bytes, CountInOrder(names));
      }
    }
  }
  EXPECT_GT(made_again, 20u);
}

// To read again what was let go of, all of it is made again, in attempts of which every reader
// agrees: also the one that had finished.
TEST(Cluster, AReaderThatFailsAfterItLetGoOfBlocksHasThemMadeAgain) {
  SimCluster cluster({.workers = 1, .slots = 1}, Words());
  StageGraph graph{.name = "names", .batch = 3, .stages = {}};
  graph.stages.push_back({.kind = "put own name", .payloads = std::vector<std::string>(3, "2")});
  graph.stages.push_back({.kind = "count", .payloads = {"", "fails"}, .reads_shuffle_of = {0}});
  Outcome outcome;
  cluster.Start(Running(1, {graph}, &outcome));
  cluster.RunUntil(outcome.done);
  ASSERT_TRUE(outcome.results.at(0).ok()) << outcome.results.at(0).status();
  std::vector<std::string> names;
  for (const TaskResult& result : outcome.results.at(0)->at(0)) {
    EXPECT_EQ(result.id.attempt, 1);
    names.push_back(result.bytes);
  }
  for (const TaskResult& result : outcome.results.at(0)->at(1)) {
    EXPECT_EQ(result.bytes, CountInOrder(names));
  }
}

TEST(Cluster, BlocksThatAreReadAreNotKept) {
  const auto alive = std::make_shared<int>(0);
  SimCluster cluster({.workers = 1, .slots = 1, .one_process = true}, Words(alive));
  int most = 0;
  int at_end = -1;
  cluster.AtStep("shuffle.fetched", 1, [&](simulator::SimProcess&) { most = *alive; });
  cluster.AtStep("task.finished", 7, [&](simulator::SimProcess&) { at_end = *alive; });
  Outcome outcome;
  cluster.Start(Running(1, {WordCount(kTexts, 2)}, &outcome));
  cluster.RunUntil(outcome.done);
  EXPECT_GE(most, 8);
  EXPECT_EQ(at_end, 0);
}

TEST(Cluster, ABodyThatFailsOnceIsTriedAgainOnAnotherWorker) {
  SimCluster cluster({.workers = 2}, Words());
  StageGraph graph{.name = "batch 3", .batch = 3, .stages = {}};
  graph.stages.push_back({.kind = "fail sometimes", .payloads = {"0", "1"}});
  Outcome outcome;
  cluster.Start(Running(2, {graph}, &outcome));
  cluster.RunUntil(outcome.done);
  EXPECT_THAT(LastStage(outcome.results.at(0)), ElementsAreArray({"ok", "ok"}));
  EXPECT_EQ(outcome.results.at(0)->at(0).at(0).worker.name, "w1/w1/worker");
  EXPECT_EQ(outcome.results.at(0)->at(0).at(0).id.attempt, 1);
  EXPECT_EQ(cluster.Reached("driver.task_retried"), 2u);
}

TEST(Cluster, ABodyThatAlwaysThrowsFailsTheGraphByNameAndTheNextGraphRuns) {
  SimCluster cluster({.workers = 2}, Words());
  StageGraph graph{.name = "batch 3", .batch = 3, .stages = {}};
  graph.stages.push_back({.kind = "fail sometimes", .payloads = {"1", "2"}});
  Outcome outcome;
  cluster.Start(Running(2, {graph, WordCount(kTexts, 3)}, &outcome));
  cluster.RunUntil(outcome.done);
  EXPECT_THAT(std::string(outcome.results.at(0).status().ToString()),
              HasSubstr("graph batch 3, stage 0 (fail sometimes), partition 1, attempt 3 on worker "
                        "w0/w0/worker: it threw: record 17 is bad; it failed 4 times"));
  EXPECT_THAT(LastStage(outcome.results.at(1)), ElementsAreArray(WordCountAnswer(kTexts, 3)));
}

TEST(Cluster, AKindThatNoWorkerKnowsFailsAtOnce) {
  SimCluster cluster({.workers = 1}, Words());
  StageGraph graph{.name = "batch 3", .batch = 3, .stages = {}};
  graph.stages.push_back({.kind = "mystery", .payloads = {""}});
  Outcome outcome;
  cluster.Start(Running(1, {graph}, &outcome));
  cluster.RunUntil(outcome.done);
  EXPECT_EQ(outcome.results.at(0).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(cluster.Reached("task.started"), 1u);
}

TEST(Cluster, BlocksAreDroppedWhenTheirGraphEnds) {
  for (const bool one_process : {false, true}) {
    const auto alive = NoBlocks();
    SimCluster cluster({.workers = 2, .one_process = one_process}, Words(alive));
    Outcome outcome;
    int most = 0;
    cluster.AtStep("shuffle.fetched", 1, [&](simulator::SimProcess&) { most = *alive; });
    cluster.Start(Running(2, {WordCount(kTexts, 3)}, &outcome));
    cluster.RunUntil(outcome.done);
    cluster.RunFor(absl::Seconds(1));
    EXPECT_GT(most, 5);
    EXPECT_EQ(*alive, 0);
  }
}

TEST(Cluster, AWorkerWithAnotherPlanIsRefusedWithBothFingerprints) {
  SimCluster cluster({.workers = 1, .worker_plan = "plan b"}, Words());
  cluster.cluster_options.worker_timeout = absl::Seconds(5);
  absl::Status waited;
  Outcome outcome;
  struct Wait {
    static Task<void> For(platform::Node&, Cluster& c, absl::Status* status, Outcome* outcome) {
      *status = co_await c.WaitForWorkers(1, absl::Seconds(3));
      outcome->results.push_back(co_await c.Run(WordCount(kTexts, 3)));
      outcome->done = true;
    }
  };
  cluster.Start(
      [&](platform::Node& node, Cluster& c) { return Wait::For(node, c, &waited, &outcome); });
  cluster.RunUntil(outcome.done);
  EXPECT_EQ(waited.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(waited.ToString()),
              AllOf(HasSubstr("0 of 1 workers"),
                    HasSubstr("worker w0/w0/worker at w0:8000 has the plan plan b, the driver at "
                              "driver:7000 has plan")));
  EXPECT_EQ(outcome.results.at(0).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(outcome.results.at(0).status().ToString()),
              HasSubstr("no worker has come to driver:7000 within 5s"));
}

TEST(Cluster, WorkersGoOverToTheReplacementOfAPausedDriver) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    SimCluster cluster(
        {.seed = seed, .workers = 2, .driver_addresses = {"driver:7000", "spare:7000"}}, Words());
    cluster.cluster_options.worker_timeout = absl::Seconds(20);
    Outcome old_driver;
    Outcome new_driver;
    cluster.AtStep("task.finished", 3, [&](simulator::SimProcess&) {
      cluster.Pause(cluster.world().process("driver"), absl::Seconds(20));
      cluster.After(absl::Seconds(1), [&] {
        cluster.StartDriver("spare", Running(2, {WordCount(kTexts, 3)}, &new_driver));
      });
    });
    cluster.Start(Running(2, {WordCount(kTexts, 3)}, &old_driver));
    cluster.RunUntil(new_driver.done);
    ExpectWordCounts(new_driver, 1);
    EXPECT_FALSE(old_driver.done);
    // The spare has ended and freed the workers; the old driver wakes and its graph goes on.
    cluster.RunUntil(old_driver.done);
    ExpectWordCounts(old_driver, 1);
  }
}

struct Received {
  std::vector<std::string> blocks;
  Outcome batch;
  bool stopped = false;
};

Task<absl::StatusOr<std::string>> AddBlock(Received* received, std::string block) {
  received->blocks.push_back(std::move(block));
  co_return "added";
}

Task<void> RunReceivers(Cluster& cluster, StageGraph graph) {
  const absl::StatusOr<GraphResults> ended = co_await cluster.Run(std::move(graph));
  ADD_FAILURE() << "a receiver never ends: " << ended.status();
}

Task<void> ReceiveAndCount(platform::Node& node, Cluster& cluster, Received* received) {
  cluster.Handle("add block",
                 [received](std::string block) { return AddBlock(received, std::move(block)); });
  EXPECT_TRUE((co_await cluster.WaitForWorkers(2, absl::Minutes(1))).ok());
  StageGraph graph{.name = "receivers", .batch = 0, .stages = {}};
  graph.stages.push_back({.kind = "receive", .payloads = {"", "", ""}, .long_running = true});
  {
    platform::TaskScope scope(node.executor());
    scope.Spawn("receivers", RunReceivers(cluster, std::move(graph)));
    co_await node.clock().Sleep(absl::Seconds(3));
    co_await RunGraphs(node, cluster, 2, {WordCount(kTexts, 3)}, &received->batch);
    co_await node.clock().Sleep(absl::Seconds(20));
  }
  received->stopped = true;
  co_await node.clock().Sleep(absl::Hours(1));
}

TEST(Cluster, ReceiversTakeNoSlotMoveWithTheirWorkerAndEndWithTheirGraph) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    SimCluster cluster({.seed = seed, .workers = 2, .slots = 1}, Words());
    Received received;
    cluster.Start(
        [&](platform::Node& node, Cluster& c) { return ReceiveAndCount(node, c, &received); });
    cluster.RunUntil(received.batch.done);
    ExpectWordCounts(received.batch, 1);
    cluster.world().Crash("w0");
    cluster.RunUntil(received.stopped);
    // Receivers 0 and 2 were on w0, and moved.
    EXPECT_THAT(received.blocks, testing::Contains(testing::EndsWith("-0-0-1")));
    EXPECT_THAT(received.blocks, testing::Contains(testing::EndsWith("-0-1-0")));
    EXPECT_THAT(received.blocks, testing::Contains(testing::EndsWith("-0-2-1")));
    cluster.RunFor(absl::Seconds(1));
    const size_t before = received.blocks.size();
    cluster.RunFor(absl::Seconds(10));
    EXPECT_EQ(received.blocks.size(), before);
  }
}

TEST(Cluster, ACallThatTheDriverDoesNotKnowIsAnsweredSo) {
  SimCluster cluster({.workers = 1}, Words());
  StageGraph graph{.name = "batch 1", .batch = 1, .stages = {}};
  graph.stages.push_back({.kind = "ask nonsense", .payloads = {""}});
  Outcome outcome;
  cluster.Start(Running(1, {graph}, &outcome));
  cluster.RunUntil(outcome.done);
  EXPECT_THAT(LastStage(outcome.results.at(0)).at(0),
              HasSubstr("the driver answers no calls of nonsense"));
}

TEST(Cluster, OneSeedGivesOneTrace) {
  const auto hash = [](uint64_t seed) {
    SimCluster cluster({.seed = seed, .workers = 3}, Words());
    cluster.CrashAt("shuffle.served", 2, absl::Milliseconds(50));
    Outcome outcome;
    cluster.Start(Running(3, {WordCount(kTexts, 3)}, &outcome));
    cluster.RunUntil(outcome.done);
    return cluster.world().trace().hash();
  };
  EXPECT_EQ(hash(7), hash(7));
  EXPECT_NE(hash(7), hash(8));
}

}  // namespace
}  // namespace wavetank::runtime
