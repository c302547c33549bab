#include "runtime/cluster/placement.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "platform/random.h"
#include "runtime/cluster/graph_run.h"

namespace wavetank::runtime::placement_test {
namespace {

WorkerRef Named(const std::string& name, int64_t id = 1) { return {id, name, name + ":1"}; }

std::vector<WorkerRef> Workers(int count) {
  std::vector<WorkerRef> workers;
  for (int i = 0; i < count; ++i) workers.push_back(Named(absl::StrCat("w", i)));
  return workers;
}

std::vector<std::string> Homes(Placement& placement, int partitions,
                               const std::vector<WorkerRef>& workers) {
  std::vector<std::string> homes;
  for (int p = 0; p < partitions; ++p) homes.push_back(workers[placement.Of(p, workers)].name);
  return homes;
}

int Moved(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  int moved = 0;
  for (size_t i = 0; i < before.size(); ++i) moved += before[i] != after[i] ? 1 : 0;
  return moved;
}

// By how much the worker that has most of the first partitions has more than its share of them.
int64_t MostOverShare(const std::vector<std::string>& homes, size_t workers) {
  std::map<std::string, int64_t> load;
  int64_t over = 0;
  for (size_t p = 0; p < homes.size(); ++p) {
    const auto share = static_cast<int64_t>(p / workers) + 1;
    over = std::max(over, ++load[homes[p]] - share);
  }
  return over;
}

TEST(Placement, IsTheRemainderAsLongAsTheWorkersStay) {
  Placement placement;
  const std::vector<WorkerRef> workers = Workers(3);
  for (const int p : {7, 0, 1, 2, 3, 100}) {
    EXPECT_EQ(placement.Of(p, workers), static_cast<size_t>(p % 3));
  }
}

// By the remainder 75 % of 64 partitions would move when a fourth worker comes, 88 % when a ninth.
TEST(Placement, AWorkerThatComesTakesItsShareAndNoOtherPartitionMoves) {
  constexpr int kPartitions = 64;
  for (int count = 1; count <= 8; ++count) {
    for (const std::string& name : {std::string("a"), std::string("w3a"), std::string("z")}) {
      SCOPED_TRACE(testing::Message() << count << " workers and " << name);
      Placement placement;
      std::vector<WorkerRef> workers = Workers(count);
      const std::vector<std::string> before = Homes(placement, kPartitions, workers);
      workers.push_back(Named(name));
      std::ranges::sort(workers, {}, &WorkerRef::name);
      const std::vector<std::string> after = Homes(placement, kPartitions, workers);
      EXPECT_EQ(Moved(before, after), kPartitions / (count + 1));
      EXPECT_EQ(std::ranges::count(after, name), kPartitions / (count + 1));
      EXPECT_EQ(MostOverShare(after, workers.size()), 0);
    }
  }
}

TEST(Placement, OfAWorkerThatGoesOnlyItsOwnPartitionsMoveAndComeBackWithIt) {
  constexpr int kPartitions = 64;
  for (int count = 2; count <= 8; ++count) {
    SCOPED_TRACE(count);
    Placement placement;
    std::vector<WorkerRef> workers = Workers(count);
    const std::vector<std::string> before = Homes(placement, kPartitions, workers);
    const std::vector<WorkerRef> left(workers.begin() + 1, workers.end());
    const std::vector<std::string> after = Homes(placement, kPartitions, left);
    EXPECT_EQ(Moved(before, after), std::ranges::count(before, "w0"));
    EXPECT_LE(MostOverShare(after, left.size()), 1);
    workers[0].id = 17;  // it has registered anew
    const std::vector<std::string> again = Homes(placement, kPartitions, workers);
    EXPECT_EQ(Moved(after, again), kPartitions / count);
    EXPECT_EQ(MostOverShare(again, workers.size()), 0);
  }
}

TEST(Placement, StaysEvenWhateverComesAndGoes) {
  platform::Random random(1);
  Placement placement;
  std::vector<WorkerRef> workers = Workers(3);
  for (int turn = 0; turn < 500; ++turn) {
    const bool comes = workers.size() < 2 || (workers.size() < 9 && random.Below(2) == 0);
    if (comes) {
      workers.push_back(Named(absl::StrCat("n", turn)));
      std::ranges::sort(workers, {}, &WorkerRef::name);
    } else {
      workers.erase(workers.begin() + static_cast<std::ptrdiff_t>(random.Below(workers.size())));
    }
    const std::vector<std::string> homes = Homes(placement, 50, workers);
    std::vector<int64_t> load;
    for (const WorkerRef& worker : workers) load.push_back(std::ranges::count(homes, worker.name));
    EXPECT_LE(std::ranges::max(load) - std::ranges::min(load), 2) << turn;
  }
}

// What each of a graph's tasks has put, each where it prefers to run.
std::vector<TaskOutput> RunAndKeep(int64_t id, const std::shared_ptr<Placement>& placement,
                                   int partitions, const std::vector<WorkerRef>& workers) {
  StageGraph graph;
  graph.stages = {{.kind = "map",
                   .payloads = std::vector<std::string>(static_cast<size_t>(partitions)),
                   .keep = true}};
  GraphRun run(graph, {.driver = "d", .id = id, .placement = placement});
  std::vector<TaskOutput> outputs;
  for (const GraphRun::TaskKey key : run.Waiting()) {
    const WorkerRef& worker = run.Prefer(key, workers);
    outputs.push_back({FromName(run.Start(key, worker).task()), worker});
  }
  return outputs;
}

// A window over two batches, between which a fourth worker has come: 16 of the 128 blocks that are
// kept are read from another worker. By the remainder it would be 48.
TEST(Placement, AfterAWorkerHasComeFewKeptBlocksAreReadFromElsewhere) {
  constexpr int kPartitions = 64;
  const auto placement = std::make_shared<Placement>();
  std::vector<WorkerRef> workers = Workers(3);
  for (size_t i = 0; i < workers.size(); ++i) workers[i].id = static_cast<int64_t>(i) + 1;
  StageGraph window;
  window.stages.push_back({.kind = "map", .kept = RunAndKeep(1, placement, kPartitions, workers)});
  workers.push_back(Named("w3", 4));
  window.stages.push_back({.kind = "map", .kept = RunAndKeep(2, placement, kPartitions, workers)});
  Stage reads{.kind = "window"};
  for (int p = 0; p < kPartitions; ++p) {
    reads.payloads.emplace_back();
    reads.reads_outputs.push_back({{0, p}, {1, p}});
  }
  window.stages.push_back(std::move(reads));
  const GraphRun run(window, {.driver = "d", .id = 3, .placement = placement});
  int elsewhere = 0;
  for (const GraphRun::TaskKey key : run.Waiting()) {
    const int64_t reader = run.Prefer(key, workers).id;
    for (const int stage : {0, 1}) {
      const TaskOutput& block = window.stages[stage].kept[key.partition];
      elsewhere += block.worker.id != reader ? 1 : 0;
    }
  }
  EXPECT_EQ(elsewhere, 16);
}

}  // namespace
}  // namespace wavetank::runtime::placement_test
