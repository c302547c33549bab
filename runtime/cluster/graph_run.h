// GraphRun: how far one graph has come on the driver. Which attempt of each task is the latest,
// where it runs or ran, what may start now, and what follows from what happens to an attempt
// (recovery.h). It neither waits nor sends: the driver carries out what TakeEffects gives.
//
// A task that takes long is begun on another worker, too (speculation.h): whichever of the two
// attempts ends first counts, and the other is stopped.
//
// A stage starts once every stage that it reads is finished, so independent ones run side by side.
// A finished stage becomes unfinished again when an output is lost that a later stage still reads.
#ifndef WAVETANK_RUNTIME_CLUSTER_GRAPH_RUN_H_
#define WAVETANK_RUNTIME_CLUSTER_GRAPH_RUN_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "platform/clock.h"
#include "platform/planted.h"
#include "platform/step.h"
#include "runtime/cluster/messages.h"
#include "runtime/cluster/placement.h"
#include "runtime/cluster/recovery.h"
#include "runtime/cluster/speculation.h"
#include "runtime/cluster/stage_reads.h"
#include "runtime/cluster/task.h"
#include "runtime/cluster/waiting_tasks.h"

namespace wavetank::runtime {

class GraphRun {
 public:
  struct Options {
    std::string driver;  // TaskId::driver
    int64_t id = 0;      // TaskId::graph
    int max_attempts = 4;
    SpeculationOptions speculation = {};
    // Of all graphs of a driver. Not null.
    std::shared_ptr<Placement> placement = std::make_shared<Placement>();
    std::string planted = {};  // platform/planted.h
  };
  using TaskKey = runtime::TaskKey;
  // An attempt that is to be stopped on a worker that is there.
  struct Cancellation {
    int64_t worker = 0;
    TaskId task;
  };
  // A step that the driver has reached, and a line for people (may be empty).
  struct Mark {
    const platform::StepName* step = nullptr;
    TaskId task;
    std::string text;
  };
  struct Effects {
    std::vector<Cancellation> cancellations;
    std::vector<Mark> marks;
    std::vector<TaskId> lost;  // of what graphs before have kept
  };

  static absl::Status Validate(const StageGraph& graph) { return CheckStages(graph); }
  // REQUIRES: Validate(graph).ok().
  GraphRun(StageGraph graph, Options options);

  int64_t id() const { return options_.id; }
  int64_t batch() const { return graph_.batch; }
  const std::string& name() const { return graph_.name; }
  bool ended() const { return !error_.ok() || unfinished_stages_ == 0; }
  // What is kept of it: nothing, unless it has succeeded, and somebody has its results.
  std::vector<int> KeptStages() const;
  // The workers that were given a task, lost ones too.
  const std::set<int64_t>& workers() const { return workers_; }

  // The tasks that may start and wait for a worker, by stage and partition.
  std::vector<TaskKey> Waiting() const;
  bool TakesSlot(TaskKey key) const { return !graph_.stages[key.stage].long_running; }
  int SlotsTakenOn(int64_t worker) const;
  // The first of them that Prefer puts where it takes no slot, or where one is free: `free` are the
  // slots of `workers`. All together cost as much as there are tasks, as long as nothing is lost.
  // REQUIRES: it is begun there before this is asked again.
  std::optional<WaitingTasks::Placed> Next(const std::vector<WorkerRef>& workers,
                                           const std::vector<int>& free);
  // Where the task should run: where most of Stage::reads_outputs is, else where its partition is
  // at home (Placement); another one after each failure of its body. Workers whose output could not
  // be fetched, or on whom a task was so slow that another attempt ended first, are passed over as
  // long as there are others. REQUIRES: `workers` is not empty.
  const WorkerRef& Prefer(TaskKey key, const std::vector<WorkerRef>& workers) const;
  bool WantsReplica(TaskKey key) const { return HasReplica(graph_.stages[key.stage].level); }
  // Begins the next attempt of a waiting task, on `worker`; what it puts is to have a replica on
  // another, if that is given.
  cluster::RunTask Start(TaskKey key, const WorkerRef& worker, const WorkerRef& replica = {},
                         platform::MonotonicTime now = {});

  // A task that takes long, and another worker with a slot for it. `slots`: of the worker that has
  // most.
  std::optional<WaitingTasks::Placed> NextToSpeculate(const std::vector<WorkerRef>& workers,
                                                      const std::vector<int>& free, int slots,
                                                      platform::MonotonicTime now) const;
  // Begins another attempt of a task that is at work. REQUIRES: NextToSpeculate gave it.
  cluster::RunTask Speculate(TaskKey key, const WorkerRef& worker, platform::MonotonicTime now);

  // Whether this attempt is at work and may count: the latest of its task, or one beside it.
  bool IsRunning(const cluster::TaskName& task) const;
  void Report(const cluster::TaskReport& report, platform::MonotonicTime now = {});
  void LoseWorker(int64_t worker);

  Effects TakeEffects() { return std::exchange(effects_, {}); }
  // REQUIRES: ended().
  absl::StatusOr<GraphResults> TakeResults();

 private:
  enum class Phase { kWaiting, kRunning, kDone };
  // While a task runs, another attempt of it.
  struct Beside {
    int attempt = -1;
    WorkerRef worker;
    WorkerRef replica;
    platform::MonotonicTime began;
  };
  struct TaskState {
    Phase phase = Phase::kWaiting;
    int attempt = -1;
    int last_attempt = -1;  // that was begun
    int failures = 0;
    int recoveries = 0;
    WorkerRef worker;   // of the attempt; once done, who has its output
    WorkerRef replica;  // who is to have it besides, or has; id 0: nobody
    platform::MonotonicTime began;
    std::optional<Beside> beside;
    bool ran_twice = false;
    std::optional<Happened> output_gone;  // once done: why its output cannot be had
    std::string result;
  };

  TaskState& At(TaskKey key) { return tasks_[key.stage][key.partition]; }
  const TaskState& At(TaskKey key) const { return tasks_[key.stage][key.partition]; }
  const TaskState* Find(const cluster::TaskName& task) const;
  std::optional<TaskKey> SourceOf(const cluster::TaskName& name) const;
  TaskId Id(TaskKey key) const;
  cluster::RunTask Begin(TaskKey key, const WorkerRef& worker, const WorkerRef& replica,
                         platform::MonotonicTime now);
  void MakeFirst(TaskKey key, int attempt);
  void StopBeside(TaskKey key);
  void LeaveToBeside(TaskKey key);
  bool Planted(std::string_view bug) const {
    return platform::kBugsArePlanted && options_.planted == bug;
  }
  bool WasKept(int stage) const { return !graph_.stages[stage].kept.empty(); }
  static int AddressOf(const WorkerRef& worker, cluster::RunTask& run);
  int64_t WorkerOfOutputs(TaskKey key) const;
  void SetPhase(TaskKey key, Phase phase);
  void AddWaiting(int stage, std::vector<TaskKey>& waiting) const;
  bool IsReady(int stage) const;
  bool IsRead(int stage) const;
  Standing StandingOf(TaskKey key) const;
  Allowance AllowanceOf(TaskKey key, Happened happened) const;

  void Apply(TaskKey key, Happened happened, const absl::Status& why,
             platform::MonotonicTime now = {});
  void Count(TaskKey key, platform::MonotonicTime now);
  void RunAgain(TaskKey key, const platform::StepName& step, std::string text);
  void Fail(TaskKey key, Happened happened, const absl::Status& why);
  void LoseOutputs(int64_t worker, Happened happened);
  void LoseOutput(TaskKey source, Happened happened);
  void MakeNeededOutputsAgain();
  static absl::Status Why(Happened happened, const TaskState& task);
  std::string Describe(TaskKey key) const;
  void Note(const platform::StepName& step, TaskKey key, std::string text = "");

  StageGraph graph_;
  const Options options_;
  std::vector<std::vector<TaskState>> tasks_;
  std::vector<std::set<int>> reads_;  // the stages that each reads
  std::vector<std::vector<int>> readers_;
  std::vector<int> unfinished_;                    // tasks, by stage
  std::vector<std::vector<absl::Duration>> took_;  // by stage: what ended
  int unfinished_stages_ = 0;
  bool taken_ = false;  // the results
  std::set<int64_t> workers_;
  std::set<int64_t> avoided_;
  std::map<int64_t, int> slots_taken_;  // by worker
  // What waits, placed among these workers; besides it, what has begun to wait since. Unset: all
  // that waits is to be placed anew.
  WaitingTasks placed_;
  std::optional<std::vector<int64_t>> placed_among_;
  std::vector<TaskKey> to_place_;
  absl::Status error_;
  Effects effects_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_GRAPH_RUN_H_
