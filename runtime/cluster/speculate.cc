// A task at work twice: the part of GraphRun that begins another attempt, and ends one of the two.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "runtime/cluster/graph_run.h"
#include "runtime/steps.h"

namespace wavetank::runtime {

std::optional<WaitingTasks::Placed> GraphRun::NextToSpeculate(const std::vector<WorkerRef>& workers,
                                                              const std::vector<int>& free,
                                                              int slots,
                                                              platform::MonotonicTime now) const {
  if (!options_.speculation.enabled || ended() || workers.size() < 2) return std::nullopt;
  const auto other_than = [&](int64_t at_work, int partition) -> std::optional<size_t> {
    for (size_t i = 1; i <= workers.size(); ++i) {
      const size_t worker = (static_cast<size_t>(partition) + i) % workers.size();
      const int64_t id = workers[worker].id;
      if (free[worker] > 0 && id != at_work && !avoided_.contains(id)) return worker;
    }
    return std::nullopt;
  };
  for (int stage = 0; stage < std::ssize(tasks_); ++stage) {
    const Stage& of = graph_.stages[stage];
    if (unfinished_[stage] == 0 || of.long_running || of.alone) continue;
    const std::vector<TaskState>& tasks = tasks_[stage];
    const std::optional<absl::Duration> limit =
        TakesLongAfter(options_.speculation, tasks.size(), took_[stage], slots);
    if (!limit.has_value()) continue;
    for (int partition = 0; partition < std::ssize(tasks); ++partition) {
      const TaskState& task = tasks[partition];
      // Once: an attempt that fails beside it must not spend what the task itself may fail.
      if (task.phase != Phase::kRunning || task.ran_twice || now - task.began <= *limit) continue;
      if (const auto worker = other_than(task.worker.id, partition)) {
        return WaitingTasks::Placed{{stage, partition}, *worker};
      }
    }
  }
  return std::nullopt;
}

cluster::RunTask GraphRun::Speculate(TaskKey key, const WorkerRef& worker,
                                     platform::MonotonicTime now) {
  TaskState& task = At(key);
  WT_CHECK(task.phase == Phase::kRunning && !task.beside && task.worker.id != worker.id);
  std::string text =
      absl::StrCat(Describe(key), " has run for ", absl::FormatDuration(now - task.began),
                   ", much longer than others: it is begun on worker ", worker.name, ", too");
  task.ran_twice = true;
  task.beside = {
      .attempt = task.attempt, .worker = task.worker, .replica = task.replica, .began = task.began};
  // Its slot stays taken; that of the new attempt is, as that of any.
  task.phase = Phase::kWaiting;
  cluster::RunTask run = Begin(key, worker, {}, now);  // in a hurry: without a replica
  Note(steps::kDriverTaskSpeculated, key, std::move(text));
  return run;
}

// What has happened has happened to that attempt.
void GraphRun::MakeFirst(TaskKey key, int attempt) {
  TaskState& task = At(key);
  if (task.attempt == attempt) return;
  WT_CHECK(task.beside.has_value() && task.beside->attempt == attempt);
  std::swap(task.attempt, task.beside->attempt);
  std::swap(task.worker, task.beside->worker);
  std::swap(task.replica, task.beside->replica);
  std::swap(task.began, task.beside->began);
}

void GraphRun::StopBeside(TaskKey key) {
  TaskState& task = At(key);
  TaskId other = Id(key);
  other.attempt = task.beside->attempt;
  effects_.cancellations.push_back({task.beside->worker.id, std::move(other)});
  if (TakesSlot(key)) --slots_taken_[task.beside->worker.id];
  task.beside.reset();
}

void GraphRun::LeaveToBeside(TaskKey key) {
  TaskState& task = At(key);
  if (TakesSlot(key)) --slots_taken_[task.worker.id];
  task.attempt = task.beside->attempt;
  task.worker = std::move(task.beside->worker);
  task.replica = std::move(task.beside->replica);
  task.began = task.beside->began;
  task.beside.reset();
}

}  // namespace wavetank::runtime
