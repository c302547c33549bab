// A task that takes long runs twice: when, on whom, and that one outcome counts, whatever happens.
#include "runtime/cluster/speculation.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/random.h"
#include "platform/text.h"
#include "runtime/cluster/graph_run.h"
#include "runtime/steps.h"
#include "tests/runtime/cluster/sim_cluster.h"
#include "tests/runtime/cluster/word_tasks.h"

namespace wavetank::runtime::speculation_test {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

std::vector<absl::Duration> Took(std::initializer_list<int> ms) {
  std::vector<absl::Duration> took;
  for (const int each : ms) took.push_back(absl::Milliseconds(each));
  return took;
}

TEST(Speculation, ATaskTakesLongByTheMedianOfThoseThatHaveEnded) {
  SpeculationOptions options{.multiplier = 3, .quantile = 0.75};
  EXPECT_EQ(TakesLongAfter(options, 4, Took({50, 70}), 1), std::nullopt) << "2 of 4 have ended";
  EXPECT_EQ(TakesLongAfter(options, 4, Took({50, 90, 70}), 1), absl::Milliseconds(210));
  EXPECT_EQ(TakesLongAfter(options, 4, Took({1, 2, 3}), 1), absl::Milliseconds(100))
      << "less than min_task_runtime";
  options.quantile = 0;
  EXPECT_EQ(TakesLongAfter(options, 4, {}, 1), std::nullopt) << "one must have ended";
}

TEST(Speculation, AStageOfFewTasksHasAThresholdIfThatIsGiven) {
  SpeculationOptions options{.task_duration_threshold = absl::Seconds(2)};
  EXPECT_EQ(TakesLongAfter(options, 1, {}, 1), absl::Seconds(2));
  EXPECT_EQ(TakesLongAfter(options, 2, {}, 1), std::nullopt) << "more tasks than slots";
  EXPECT_EQ(TakesLongAfter(options, 2, {}, 2), absl::Seconds(2));
}

TEST(Speculation, OptionsThatCannotBeAreRefusedByName) {
  const auto refused = [](const SpeculationOptions& options) {
    return std::string(platform::ToStd(CheckSpeculation(options).message()));
  };
  EXPECT_EQ(refused({}), "");
  EXPECT_EQ(refused({.interval = absl::ZeroDuration()}),
            "speculation.interval is 0: give 1ms or more");
  EXPECT_EQ(refused({.multiplier = 0.5}), "speculation.multiplier is 0.5: give 1 or more");
  EXPECT_EQ(refused({.quantile = 2}), "speculation.quantile is 2: give a number from 0 to 1");
  EXPECT_THAT(refused({.min_task_runtime = -absl::Seconds(1)}), HasSubstr("min_task_runtime"));
  EXPECT_THAT(refused({.task_duration_threshold = -absl::Seconds(1)}),
              HasSubstr("task_duration_threshold"));
}

const WorkerRef kAnn{1, "ann", "ann:1"};
const WorkerRef kBob{2, "bob", "bob:1"};
const WorkerRef kCy{3, "cy", "cy:1"};
constexpr SpeculationOptions kAtOnce = {
    .enabled = true, .multiplier = 1, .quantile = 0, .min_task_runtime = absl::ZeroDuration()};

platform::MonotonicTime At(int ms) { return platform::MonotonicTime() + absl::Milliseconds(ms); }

cluster::TaskReport ReportOf(const cluster::RunTask& task) {
  cluster::TaskReport report;
  *report.mutable_task() = task.task();
  report.set_result(FromName(task.task()).Unique());
  return report;
}
cluster::TaskReport FailureOf(const cluster::RunTask& task) {
  cluster::TaskReport report;
  *report.mutable_task() = task.task();
  report.set_error_code(static_cast<int>(absl::StatusCode::kUnavailable));
  report.set_error("it broke");
  return report;
}

// Three tasks, of which the last takes long, each on a worker of its own.
class SpeculatedTask : public testing::Test {
 protected:
  SpeculatedTask() {
    for (const GraphRun::TaskKey key : run_.Waiting()) {
      tasks_.push_back(run_.Start(key, run_.Prefer(key, workers_), {}, At(0)));
    }
    run_.Report(ReportOf(tasks_[0]), At(40));
    run_.Report(ReportOf(tasks_[1]), At(50));
    run_.TakeEffects();
  }
  static StageGraph Graph() {
    StageGraph graph;
    graph.stages = {{.kind = "map", .payloads = {"a", "b", "c"}}};
    return graph;
  }
  std::optional<WaitingTasks::Placed> Next(int ms, std::vector<int> free = {1, 1, 0}) const {
    return run_.NextToSpeculate(workers_, free, 1, At(ms));
  }
  cluster::RunTask Speculate(int ms) {
    const auto next = Next(ms);
    EXPECT_TRUE(next.has_value());
    return run_.Speculate(next->key, workers_[next->worker], At(ms));
  }
  int Marks(const platform::StepName& step, const GraphRun::Effects& effects) {
    int count = 0;
    for (const GraphRun::Mark& mark : effects.marks) count += mark.step == &step ? 1 : 0;
    return count;
  }

  const std::vector<WorkerRef> workers_ = {kAnn, kBob, kCy};
  GraphRun run_{Graph(),
                {.driver = "d",
                 .id = 5,
                 .max_attempts = 2,
                 .speculation = {.enabled = true, .multiplier = 2, .quantile = 0.6}}};
  std::vector<cluster::RunTask> tasks_;
};

TEST_F(SpeculatedTask, IsBegunOnAnotherWorkerWithASlotOnceItTakesLong) {
  EXPECT_EQ(Next(100), std::nullopt);
  EXPECT_EQ(Next(101, {0, 0, 1}), std::nullopt) << "its own worker is no other";
  const auto next = Next(101);
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->key.partition, 2);
  EXPECT_NE(next->worker, 2u);
  const cluster::RunTask second = Speculate(101);
  EXPECT_EQ(FromName(second.task()).Unique(), "d-5-0-2-1");
  EXPECT_EQ(Next(1000), std::nullopt) << "no third attempt";
  EXPECT_TRUE(run_.IsRunning(tasks_[2].task()));
  EXPECT_TRUE(run_.IsRunning(second.task()));
  EXPECT_EQ(run_.SlotsTakenOn(kCy.id) + run_.SlotsTakenOn(kAnn.id) + run_.SlotsTakenOn(kBob.id), 2);
}

TEST_F(SpeculatedTask, CountsByWhicheverAttemptEndsFirst) {
  const cluster::RunTask second = Speculate(101);
  run_.TakeEffects();
  run_.Report(ReportOf(second), At(150));
  const GraphRun::Effects effects = run_.TakeEffects();
  EXPECT_EQ(Marks(steps::kDriverSpeculationWon, effects), 1);
  ASSERT_EQ(effects.cancellations.size(), 1u);
  EXPECT_EQ(effects.cancellations[0].worker, kCy.id);
  EXPECT_EQ(effects.cancellations[0].task.Unique(), "d-5-0-2-0");
  EXPECT_EQ(run_.SlotsTakenOn(kCy.id), 0);
  run_.Report(ReportOf(tasks_[2]), At(200));
  EXPECT_EQ(Marks(steps::kDriverReportIgnored, run_.TakeEffects()), 1);
  ASSERT_TRUE(run_.ended());
  const GraphResults results = run_.TakeResults().value();
  EXPECT_EQ(results[0][2].bytes, "d-5-0-2-1");
  EXPECT_EQ(results[0][2].attempts, 2);
  EXPECT_EQ(results[0][1].attempts, 1);
}

TEST_F(SpeculatedTask, CountsByItsFirstAttemptIfThatEndsFirst) {
  const cluster::RunTask second = Speculate(101);
  run_.TakeEffects();
  run_.Report(ReportOf(tasks_[2]), At(150));
  const GraphRun::Effects effects = run_.TakeEffects();
  EXPECT_EQ(Marks(steps::kDriverSpeculationWon, effects), 0);
  ASSERT_EQ(effects.cancellations.size(), 1u);
  EXPECT_EQ(effects.cancellations[0].task.Unique(), "d-5-0-2-1");
  EXPECT_EQ(run_.TakeResults().value()[0][2].bytes, "d-5-0-2-0");
}

TEST_F(SpeculatedTask, GoesOnWithTheOtherAttemptWhenOneFails) {
  const cluster::RunTask second = Speculate(101);
  run_.Report(FailureOf(second), At(120));
  EXPECT_TRUE(run_.Waiting().empty());
  EXPECT_FALSE(run_.IsRunning(second.task()));
  EXPECT_TRUE(run_.IsRunning(tasks_[2].task()));
  EXPECT_EQ(Next(1000), std::nullopt) << "another one that fails would end the graph";
  run_.LoseWorker(kCy.id);
  ASSERT_EQ(run_.Waiting().size(), 1u);
  const cluster::RunTask third = run_.Start(run_.Waiting()[0], kAnn, {}, At(200));
  EXPECT_EQ(third.task().attempt(), 2);
  EXPECT_NE(Next(1000, {0, 1, 0}), std::nullopt) << "it begins anew";
  run_.Report(ReportOf(third), At(250));
  ASSERT_TRUE(run_.ended());
  EXPECT_EQ(run_.TakeResults().value()[0][2].bytes, "d-5-0-2-2");
}

TEST_F(SpeculatedTask, GoesOnWithTheOtherAttemptWhenItsWorkerIsLost) {
  const cluster::RunTask second = Speculate(101);
  run_.LoseWorker(kCy.id);
  EXPECT_TRUE(run_.Waiting().empty());
  run_.Report(ReportOf(second), At(150));
  ASSERT_TRUE(run_.ended());
  EXPECT_EQ(run_.TakeResults().value()[0][2].bytes, "d-5-0-2-1");
}

TEST_F(SpeculatedTask, FailsItsGraphWhenBothAttemptsFail) {
  const cluster::RunTask second = Speculate(101);
  run_.Report(FailureOf(tasks_[2]), At(120));
  EXPECT_FALSE(run_.ended());
  run_.Report(FailureOf(second), At(130));
  ASSERT_TRUE(run_.ended());
  EXPECT_THAT(run_.TakeResults().status().ToString(), HasSubstr("it failed 2 times"));
}

TEST(Speculation, NeitherReceiversNorTasksThatShowOutsideRunTwice) {
  StageGraph graph;
  graph.stages = {{.kind = "map", .payloads = {"a", "b"}, .alone = true},
                  {.kind = "receiver", .payloads = {"r"}, .long_running = true}};
  SpeculationOptions options = kAtOnce;
  options.task_duration_threshold = absl::Milliseconds(1);
  GraphRun run(graph, {.driver = "d", .id = 1, .speculation = options});
  const std::vector<WorkerRef> workers = {kAnn, kBob};
  std::vector<cluster::RunTask> tasks;
  for (const GraphRun::TaskKey key : run.Waiting()) {
    tasks.push_back(run.Start(key, run.Prefer(key, workers), {}, At(0)));
  }
  run.Report(ReportOf(tasks[0]), At(1));
  EXPECT_EQ(run.NextToSpeculate(workers, {1, 1}, 2, At(10'000)), std::nullopt);
}

// As GraphRunTest.ResultsComeFromOneConsistentSetOfAttempts, with tasks that run twice.
TEST(Speculation, ResultsComeFromOneConsistentSetOfAttempts) {
  int won = 0;
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(seed);
    platform::Random random(seed);
    StageGraph graph;
    graph.stages = {{.kind = "map", .payloads = {"a", "b", "c"}},
                    {.kind = "reduce", .payloads = {"a", "b", "c"}, .reads_shuffle_of = {0}},
                    {.kind = "side", .payloads = {"a", "b"}, .reads_shuffle_of = {0}},
                    {.kind = "join", .payloads = {"a", "b", "c"}, .reads_shuffle_of = {1, 2}}};
    GraphRun run(graph, {.driver = "d", .id = 1, .max_attempts = 1000, .speculation = kAtOnce});
    std::vector<WorkerRef> workers = {kAnn, kBob, kCy};
    int64_t next_worker = 10;
    std::map<std::string, cluster::RunTask> started;
    std::vector<cluster::RunTask> at_work;
    const auto begin = [&](cluster::RunTask task) {
      started[FromName(task.task()).Unique()] = task;
      at_work.push_back(std::move(task));
    };
    for (int turn = 0; turn < 10'000 && !run.ended(); ++turn) {
      for (const GraphRun::TaskKey key : run.Waiting()) {
        begin(run.Start(key, run.Prefer(key, workers), {}, At(turn)));
      }
      const auto twice = run.NextToSpeculate(workers, {9, 9, 9}, 1, At(turn));
      if (twice && random.Below(2) == 0) {
        begin(run.Speculate(twice->key, workers[twice->worker], At(turn)));
      }
      const uint64_t what = random.Below(12);
      if (what == 0) {
        const size_t lost = random.Below(workers.size());
        const int64_t id = workers[lost].id;
        workers[lost].id = next_worker++;
        run.LoseWorker(id);
        EXPECT_EQ(run.SlotsTakenOn(id), 0);
        continue;
      }
      if (at_work.empty()) continue;
      const size_t place = random.Below(at_work.size());
      const cluster::RunTask task = at_work[place];
      // Those that were told to stop report as well, late.
      at_work.erase(at_work.begin() + static_cast<std::ptrdiff_t>(place));
      if (what == 1 && task.inputs_size() > 0) {
        cluster::TaskReport report = FailureOf(task);
        cluster::TaskName& source = *report.add_unreachable();
        source = task.task();
        source.set_stage(task.inputs(0).stage());
        source.set_partition(static_cast<int>(random.Below(task.inputs(0).sources_size())));
        source.set_attempt(task.inputs(0).sources(source.partition()).attempt());
        run.Report(report, At(turn));
      } else if (what == 2) {
        run.Report(FailureOf(task), At(turn));
      } else {
        run.Report(ReportOf(task), At(turn));
      }
      for (const GraphRun::Mark& mark : run.TakeEffects().marks) {
        won += mark.step == &steps::kDriverSpeculationWon ? 1 : 0;
      }
    }
    ASSERT_TRUE(run.ended());
    for (const WorkerRef& worker : workers) EXPECT_EQ(run.SlotsTakenOn(worker.id), 0);
    const absl::StatusOr<GraphResults> results = run.TakeResults();
    ASSERT_TRUE(results.ok()) << results.status();
    for (const std::vector<TaskResult>& stage : *results) {
      for (const TaskResult& result : stage) {
        EXPECT_EQ(result.bytes, result.id.Unique());
        for (const cluster::Input& input : started.at(result.id.Unique()).inputs()) {
          for (int partition = 0; partition < input.sources_size(); ++partition) {
            EXPECT_EQ(input.sources(partition).attempt(),
                      results->at(input.stage()).at(partition).id.attempt);
          }
        }
      }
    }
  }
  EXPECT_GT(won, 500);
}

const std::vector<std::string> kTexts = {"to be or not to be", "that is the question",
                                         "whether tis nobler", "in the mind to suffer"};

struct Outcome {
  absl::StatusOr<GraphResults> results = absl::UnknownError("not yet");
  bool done = false;
};

Task<void> RunOne(Cluster& cluster, Outcome& outcome) {
  EXPECT_TRUE((co_await cluster.WaitForWorkers(2, absl::Minutes(1))).ok());
  outcome.results = co_await cluster.Run(WordCount(kTexts, 3));
  outcome.done = true;
}

// A worker that stands still with a task, for less time than it takes to be lost.
absl::Duration TimeOfAGraphWithASlowWorker(bool speculation, uint64_t seed) {
  SimCluster cluster({.seed = seed},
                     [alive = std::make_shared<int>(0)] { return WordTasks(alive); });
  cluster.cluster_options.speculation = {.enabled = speculation, .quantile = 0.5};
  cluster.AtStep(
      "task.started", 1,
      [&cluster](simulator::SimProcess& process) { cluster.Pause(process, absl::Seconds(2)); },
      "w0");
  Outcome outcome;
  cluster.Start([&outcome](platform::Node&, Cluster& run) { return RunOne(run, outcome); });
  cluster.RunUntil(outcome.done);
  EXPECT_TRUE(outcome.results.ok()) << outcome.results.status();
  std::vector<std::string> texts;
  if (outcome.results.ok()) {
    for (const TaskResult& result : outcome.results->back()) texts.push_back(result.bytes);
  }
  EXPECT_THAT(texts, ElementsAreArray(WordCountAnswer(kTexts, 3)));
  EXPECT_EQ(cluster.Reached("driver.worker_lost"), 0u);
  EXPECT_EQ(cluster.Reached("driver.speculation_won") > 0, speculation);
  const absl::Duration took = cluster.world().now();
  cluster.RunFor(absl::Seconds(5));  // the loser wakes, and is told to stop
  return took;
}

TEST(Speculation, AGraphDoesNotWaitForASlowWorker) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    EXPECT_GE(TimeOfAGraphWithASlowWorker(false, seed), absl::Seconds(2));
    EXPECT_LE(TimeOfAGraphWithASlowWorker(true, seed), absl::Seconds(1));
  }
}

}  // namespace
}  // namespace wavetank::runtime::speculation_test
