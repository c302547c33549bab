#include "runtime/cluster/graph_run.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/random.h"
#include "platform/text.h"
#include "runtime/steps.h"

namespace wavetank::runtime {
namespace {

using testing::HasSubstr;

const WorkerRef kAnn{1, "ann", "ann:1"};
const WorkerRef kBob{2, "bob", "bob:1"};
const WorkerRef kCy{3, "cy", "cy:1"};

StageGraph MapReduce(int maps, int reduces) {
  StageGraph graph;
  graph.name = "batch 7";
  graph.batch = 7;
  graph.stages.push_back({.kind = "map", .payloads = std::vector<std::string>(maps, "m")});
  graph.stages.push_back({.kind = "reduce",
                          .payloads = std::vector<std::string>(reduces, "r"),
                          .reads_shuffle_of = {0}});
  return graph;
}

class GraphRunTest : public testing::Test {
 protected:
  GraphRun Make(StageGraph graph) {
    return GraphRun(std::move(graph), {.driver = "d", .id = 5, .max_attempts = 3});
  }
  // Starts every task that may start, each where it prefers to run.
  std::vector<cluster::RunTask> StartAll(GraphRun& run) {
    std::vector<cluster::RunTask> started;
    for (const GraphRun::TaskKey key : run.Waiting()) {
      started.push_back(run.Start(key, run.Prefer(key, workers_)));
    }
    return started;
  }
  void Succeed(GraphRun& run, const cluster::RunTask& task) {
    cluster::TaskReport report;
    *report.mutable_task() = task.task();
    report.set_result(FromName(task.task()).Unique());
    run.Report(report);
  }
  void Fail(GraphRun& run, const cluster::RunTask& task, absl::StatusCode code) {
    cluster::TaskReport report;
    *report.mutable_task() = task.task();
    report.set_error_code(static_cast<int>(code));
    report.set_error("it broke");
    run.Report(report);
  }
  int Marks(GraphRun& run, const platform::StepName& step) {
    int count = 0;
    for (const GraphRun::Mark& mark : run.TakeEffects().marks) count += mark.step == &step;
    return count;
  }

  std::vector<WorkerRef> workers_ = {kAnn, kBob, kCy};
};

TEST_F(GraphRunTest, AStageStartsWhenEveryTaskOfTheOneBeforeHasFinished) {
  GraphRun run = Make(MapReduce(2, 2));
  const std::vector<cluster::RunTask> maps = StartAll(run);
  ASSERT_EQ(maps.size(), 2u);
  Succeed(run, maps[1]);
  EXPECT_TRUE(run.Waiting().empty());
  EXPECT_EQ(Marks(run, steps::kDriverStageFinished), 0);
  Succeed(run, maps[0]);
  EXPECT_EQ(Marks(run, steps::kDriverStageFinished), 1);

  const std::vector<cluster::RunTask> reduces = StartAll(run);
  ASSERT_EQ(reduces.size(), 2u);
  EXPECT_EQ(reduces[1].kind(), "reduce");
  ASSERT_EQ(reduces[1].inputs_size(), 1);
  EXPECT_EQ(reduces[1].addresses(reduces[1].inputs(0).sources(0).address()), "ann:1");
  EXPECT_EQ(reduces[1].addresses(reduces[1].inputs(0).sources(1).address()), "bob:1");
  for (const cluster::RunTask& reduce : reduces) Succeed(run, reduce);
  ASSERT_TRUE(run.ended());
  const absl::StatusOr<GraphResults> results = run.TakeResults();
  ASSERT_TRUE(results.ok());
  EXPECT_EQ(results->at(1).at(1).bytes, "d-5-1-1-0");
  EXPECT_EQ(results->at(1).at(1).worker.name, "bob");
}

TEST_F(GraphRunTest, AFailedTaskGoesToTheNextWorkerAndTheLastFailureNamesEverything) {
  GraphRun run = Make(MapReduce(1, 1));
  for (const char* worker : {"ann", "bob", "cy"}) {
    const GraphRun::TaskKey key = run.Waiting().at(0);
    const WorkerRef& preferred = run.Prefer(key, workers_);
    EXPECT_EQ(preferred.name, worker);
    Fail(run, run.Start(key, preferred), absl::StatusCode::kInternal);
  }
  ASSERT_TRUE(run.ended());
  const absl::Status status = run.TakeResults().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(status.message(), platform::ToAbsl("graph batch 7, stage 0 (map), partition 0, attempt "
                                               "2 on worker cy: it broke; it failed 3 times"));
}

TEST_F(GraphRunTest, AnErrorThatCannotPassIsNotTriedAgain) {
  for (const absl::StatusCode code :
       {absl::StatusCode::kInvalidArgument, absl::StatusCode::kFailedPrecondition}) {
    GraphRun run = Make(MapReduce(1, 1));
    Fail(run, StartAll(run).at(0), code);
    ASSERT_TRUE(run.ended());
    EXPECT_EQ(run.TakeResults().status().code(), code);
  }
}

TEST_F(GraphRunTest, AReportOfAnEarlierAttemptIsIgnored) {
  GraphRun run = Make(MapReduce(1, 1));
  const cluster::RunTask first = StartAll(run).at(0);
  run.LoseWorker(kAnn.id);
  workers_ = {kBob};
  const cluster::RunTask second = StartAll(run).at(0);
  EXPECT_EQ(second.task().attempt(), 1);
  run.TakeEffects();
  Succeed(run, first);
  EXPECT_EQ(Marks(run, steps::kDriverReportIgnored), 1);
  EXPECT_FALSE(run.IsRunning(first.task()));
  EXPECT_TRUE(run.IsRunning(second.task()));
}

TEST_F(GraphRunTest, ALostOutputIsMadeAgainAndEveryReaderOfTheLostOneRunsAgain) {
  GraphRun run = Make(MapReduce(3, 3));
  for (const cluster::RunTask& map : StartAll(run)) Succeed(run, map);
  const std::vector<cluster::RunTask> reduces = StartAll(run);
  Succeed(run, reduces[0]);  // on ann, finished
  run.LoseWorker(kBob.id);   // with map 1 and reduce 1

  const GraphRun::Effects effects = run.TakeEffects();
  ASSERT_EQ(effects.cancellations.size(), 1u);
  EXPECT_EQ(effects.cancellations[0].worker, kCy.id);
  EXPECT_EQ(effects.cancellations[0].task.Unique(), "d-5-1-2-0");
  workers_ = {kAnn, kCy};
  const std::vector<cluster::RunTask> again = StartAll(run);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(FromName(again[0].task()).Unique(), "d-5-0-1-1");
  Succeed(run, again[0]);
  EXPECT_EQ(StartAll(run).size(), 3u);
}

TEST_F(GraphRunTest, AnOutputThatNobodyWillReadIsLeftLost) {
  GraphRun run = Make(MapReduce(1, 1));
  Succeed(run, StartAll(run).at(0));
  const cluster::RunTask reduce = StartAll(run).at(0);
  Succeed(run, reduce);
  ASSERT_TRUE(run.ended());
  run.LoseWorker(kAnn.id);
  EXPECT_TRUE(run.ended());
  EXPECT_TRUE(run.TakeResults().ok());
}

TEST_F(GraphRunTest, ToMakeAnOutputAgainItsOwnLostInputsAreMadeAgainFirst) {
  StageGraph graph = MapReduce(2, 2);
  graph.stages.push_back({.kind = "merge", .payloads = {"x"}, .reads_shuffle_of = {1}});
  GraphRun run = Make(std::move(graph));
  for (int stage = 0; stage < 2; ++stage) {
    for (const cluster::RunTask& task : StartAll(run)) Succeed(run, task);
  }
  StartAll(run);
  run.LoseWorker(kAnn.id);  // with map 0 and reduce 0
  workers_ = {kBob};
  for (const size_t expected : {1u, 2u, 1u}) {
    const std::vector<cluster::RunTask> tasks = StartAll(run);
    EXPECT_EQ(tasks.size(), expected);
    for (const cluster::RunTask& task : tasks) Succeed(run, task);
  }
  EXPECT_TRUE(run.ended());
}

TEST_F(GraphRunTest, AWorkerThatCannotBeFetchedFromIsPassedOver) {
  GraphRun run = Make(MapReduce(3, 1));
  for (const cluster::RunTask& map : StartAll(run)) Succeed(run, map);
  const cluster::RunTask reduce = StartAll(run).at(0);
  cluster::TaskReport report;
  *report.mutable_task() = reduce.task();
  report.set_error_code(static_cast<int>(absl::StatusCode::kUnavailable));
  report.set_error("cannot fetch from bob:1");
  *report.add_unreachable() = reduce.task();
  report.mutable_unreachable(0)->set_stage(0);
  report.mutable_unreachable(0)->set_partition(1);
  run.Report(report);
  const std::vector<cluster::RunTask> again = StartAll(run);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(FromName(again[0].task()).Unique(), "d-5-0-1-1");
  EXPECT_EQ(run.Prefer({0, 1}, workers_).name, "cy");
  Succeed(run, again[0]);
  EXPECT_EQ(StartAll(run).at(0).task().attempt(), 1);
  EXPECT_FALSE(run.ended());
}

// Its worker is there, and has let go of that output alone.
TEST_F(GraphRunTest, AnOutputThatIsMissingIsMadeAgainWhereItWasAndOthersAreKept) {
  GraphRun run = Make(MapReduce(3, 1));
  for (const cluster::RunTask& map : StartAll(run)) Succeed(run, map);
  const cluster::RunTask reduce = StartAll(run).at(0);
  cluster::TaskReport report;
  *report.mutable_task() = reduce.task();
  report.set_error_code(static_cast<int>(absl::StatusCode::kUnavailable));
  report.set_error("bob has it no more");
  *report.add_missing() = reduce.task();
  report.mutable_missing(0)->set_stage(0);
  report.mutable_missing(0)->set_partition(1);
  run.Report(report);
  EXPECT_EQ(run.Prefer({0, 1}, workers_).name, "bob");
  const std::vector<cluster::RunTask> again = StartAll(run);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(FromName(again[0].task()).Unique(), "d-5-0-1-1");
  Succeed(run, again[0]);
  EXPECT_EQ(StartAll(run).at(0).task().attempt(), 1);
}

TEST_F(GraphRunTest, ALongRunningTaskIsMovedWithoutBoundAndOthersAreNot) {
  for (const bool long_running : {false, true}) {
    StageGraph graph = MapReduce(1, 0);
    graph.stages[0].long_running = long_running;
    GraphRun run = Make(std::move(graph));
    for (int losses = 0; losses < 10 * kMaxRecoveries && !run.ended(); ++losses) {
      EXPECT_EQ(run.SlotsTakenOn(kAnn.id), 0);
      StartAll(run);
      EXPECT_EQ(run.SlotsTakenOn(kAnn.id), long_running ? 0 : 1);
      run.LoseWorker(kAnn.id);
    }
    EXPECT_EQ(run.ended(), !long_running);
    if (run.ended()) {
      EXPECT_THAT(std::string(platform::ToStd(run.TakeResults().status().message())),
                  HasSubstr("worker ann was lost; its worker or its input was lost 100 times"));
    }
  }
}

TEST_F(GraphRunTest, AGraphThatReadsALaterStageIsRefused) {
  StageGraph graph = MapReduce(1, 1);
  graph.stages[0].reads_shuffle_of = {1};
  EXPECT_EQ(GraphRun::Validate(graph).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(GraphRunTest, IndependentStagesWaitForWorkersTogether) {
  StageGraph graph;
  graph.stages.push_back({.kind = "left", .payloads = {"a", "b"}});
  graph.stages.push_back({.kind = "right", .payloads = {"a"}});
  graph.stages.push_back({.kind = "join", .payloads = {"a"}, .reads_shuffle_of = {0, 1}});
  GraphRun run(graph, {.driver = "d", .id = 1});
  ASSERT_EQ(run.Waiting().size(), 3u);
  std::vector<cluster::RunTask> at_work;
  for (const GraphRun::TaskKey key : run.Waiting()) at_work.push_back(run.Start(key, kAnn));
  EXPECT_EQ(at_work.back().task().stage(), 1);
  Succeed(run, at_work[0]);
  Succeed(run, at_work[2]);
  EXPECT_TRUE(run.Waiting().empty()) << "one that is read is not finished";
  Succeed(run, at_work[1]);
  ASSERT_EQ(run.Waiting().size(), 1u);
  EXPECT_EQ(run.Waiting()[0].stage, 2);
}

// Whatever is lost meanwhile, and wherever workers are passed over.
TEST_F(GraphRunTest, NextIsTheFirstThatWaitsWhereItTakesNoSlotOrOneIsFree) {
  int begun = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    platform::Random random(seed);
    StageGraph graph = MapReduce(7, 3);
    graph.stages.push_back({.kind = "receiver", .payloads = {"a"}, .long_running = true});
    graph.stages.push_back(
        {.kind = "near", .payloads = {"a", "b"}, .reads_outputs = {{{0, 0}, {0, 1}}, {{0, 5}}}});
    graph.stages.push_back(
        {.kind = "join", .payloads = {"a", "b", "c"}, .reads_shuffle_of = {1, 3}});
    GraphRun run(graph, {.driver = "d", .id = 1, .max_attempts = 1000});
    std::vector<WorkerRef> workers = {kAnn, kBob, kCy};
    int64_t next_worker = 10;
    std::vector<cluster::RunTask> at_work;
    for (int turn = 0; turn < 10'000 && !run.ended(); ++turn) {
      std::vector<int> free;
      for (const WorkerRef& worker : workers) free.push_back(2 - run.SlotsTakenOn(worker.id));
      std::optional<WaitingTasks::Placed> first;
      for (const GraphRun::TaskKey key : run.Waiting()) {
        const auto place = static_cast<size_t>(&run.Prefer(key, workers) - workers.data());
        if (run.TakesSlot(key) && free[place] <= 0) continue;
        first = {key, place};
        break;
      }
      const auto next = run.Next(workers, free);
      ASSERT_EQ(next.has_value(), first.has_value());
      if (next) {
        ASSERT_EQ(next->key, first->key);
        ASSERT_EQ(next->worker, first->worker);
        at_work.push_back(run.Start(next->key, workers[next->worker]));
        ++begun;
      }
      const uint64_t what = random.Below(16);
      if (what == 0) {
        const size_t lost = random.Below(workers.size());
        const int64_t id = workers[lost].id;
        workers[lost].id = next_worker++;
        run.LoseWorker(id);
        continue;
      }
      if (at_work.empty() || what < 8) continue;
      const size_t place = random.Below(at_work.size());
      const cluster::RunTask task = at_work[place];
      at_work.erase(at_work.begin() + static_cast<std::ptrdiff_t>(place));
      if (what == 8 && task.inputs_size() > 0) {
        cluster::TaskReport report;
        *report.mutable_task() = task.task();
        report.set_error_code(static_cast<int>(absl::StatusCode::kUnavailable));
        cluster::TaskName& source =
            random.Below(2) == 0 ? *report.add_unreachable() : *report.add_missing();
        source = task.task();
        source.set_stage(task.inputs(0).stage());
        source.set_partition(static_cast<int>(random.Below(task.inputs(0).sources_size())));
        source.set_attempt(task.inputs(0).sources(source.partition()).attempt());
        run.Report(report);
      } else if (what == 9) {
        Fail(run, task, absl::StatusCode::kUnavailable);
      } else {
        Succeed(run, task);
      }
    }
    ASSERT_TRUE(run.ended());
  }
  EXPECT_GT(begun, 200 * 16);
}

// Four stages in a diamond under random losses, fetch failures and body failures: whenever a graph
// ends, each attempt that counts has read exactly the attempts that count.
TEST_F(GraphRunTest, ResultsComeFromOneConsistentSetOfAttempts) {
  int recovered = 0;
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(seed);
    platform::Random random(seed);
    StageGraph graph = MapReduce(3, 3);
    graph.stages.push_back({.kind = "side", .payloads = {"a", "b"}, .reads_shuffle_of = {0}});
    graph.stages.push_back(
        {.kind = "join", .payloads = {"a", "b", "c"}, .reads_shuffle_of = {1, 2}});
    GraphRun run(graph, {.driver = "d", .id = 1, .max_attempts = 1000});
    std::vector<WorkerRef> workers = {kAnn, kBob, kCy};
    int64_t next_worker = 10;
    std::map<std::string, cluster::RunTask> started;
    std::vector<cluster::RunTask> at_work;
    for (int turn = 0; turn < 10'000 && !run.ended(); ++turn) {
      for (const GraphRun::TaskKey key : run.Waiting()) {
        at_work.push_back(run.Start(key, run.Prefer(key, workers)));
        started[FromName(at_work.back().task()).Unique()] = at_work.back();
      }
      const uint64_t what = random.Below(12);
      if (what == 0) {
        // Its attempts stay in at_work: they report late, and must not count.
        const size_t lost = random.Below(workers.size());
        const int64_t id = workers[lost].id;
        workers[lost].id = next_worker++;
        run.LoseWorker(id);
        continue;
      }
      if (at_work.empty()) continue;
      const size_t place = random.Below(at_work.size());
      const cluster::RunTask task = at_work[place];
      at_work.erase(at_work.begin() + static_cast<std::ptrdiff_t>(place));
      if (what == 1 && task.inputs_size() > 0) {
        cluster::TaskReport report;
        *report.mutable_task() = task.task();
        report.set_error_code(static_cast<int>(absl::StatusCode::kUnavailable));
        cluster::TaskName& source = *report.add_unreachable();
        source = task.task();
        source.set_stage(task.inputs(0).stage());
        source.set_partition(static_cast<int>(random.Below(task.inputs(0).sources_size())));
        source.set_attempt(task.inputs(0).sources(source.partition()).attempt());
        run.Report(report);
      } else if (what == 2) {
        Fail(run, task, absl::StatusCode::kUnavailable);
      } else {
        Succeed(run, task);
      }
    }
    ASSERT_TRUE(run.ended());
    const absl::StatusOr<GraphResults> results = run.TakeResults();
    ASSERT_TRUE(results.ok()) << results.status();
    for (const std::vector<TaskResult>& stage : *results) {
      for (const TaskResult& result : stage) {
        EXPECT_EQ(result.bytes, result.id.Unique());
        if (result.id.attempt > 0) ++recovered;
        for (const cluster::Input& input : started.at(result.id.Unique()).inputs()) {
          for (int partition = 0; partition < input.sources_size(); ++partition) {
            EXPECT_EQ(input.sources(partition).attempt(),
                      results->at(input.stage()).at(partition).id.attempt);
          }
        }
      }
    }
  }
  EXPECT_GT(recovered, 1000);
}

}  // namespace
}  // namespace wavetank::runtime
