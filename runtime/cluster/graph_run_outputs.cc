// What follows when outputs of finished tasks are lost.
#include <utility>

#include "absl/strings/str_cat.h"

#include "runtime/cluster/block_steps.h"
#include "runtime/cluster/graph_run.h"

namespace wavetank::runtime {

void GraphRun::LoseWorker(int64_t worker) {
  for (std::vector<TaskState>& tasks : tasks_) {
    for (TaskState& task : tasks) {
      if (task.replica.id == worker) task.replica = {};
      if (task.beside && task.beside->replica.id == worker) task.beside->replica = {};
    }
  }
  LoseOutputs(worker, Happened::kWorkerLost);
  avoided_.erase(worker);
  placed_among_.reset();
}

// What ran on this worker is over (or, if only its outputs cannot be fetched, goes on). Of what has
// a replica that counts from now on: who reads it may have read either.
void GraphRun::LoseOutputs(int64_t worker, Happened happened) {
  for (int stage = 0; stage < static_cast<int>(tasks_.size()); ++stage) {
    for (int partition = 0; partition < static_cast<int>(tasks_[stage].size()); ++partition) {
      TaskState& task = tasks_[stage][partition];
      if (task.phase == Phase::kWaiting) continue;
      if (task.beside.has_value() && task.beside->worker.id == worker) {
        MakeFirst({stage, partition}, task.beside->attempt);
      }
      if (task.worker.id != worker) continue;
      if (task.phase == Phase::kDone && task.replica.id != 0) {
        task.worker = std::exchange(task.replica, {});
        Note(steps::kDriverReplicaTaken, {stage, partition});
      } else if (task.phase == Phase::kDone) {
        LoseOutput({stage, partition}, happened);
      } else {
        Apply({stage, partition}, happened, Why(happened, task));
      }
    }
  }
  MakeNeededOutputsAgain();
}

// REQUIRES: the source is done.
void GraphRun::LoseOutput(TaskKey source, Happened happened) {
  At(source).output_gone = happened;
  if (WasKept(source.stage)) effects_.lost.push_back(Id(source));
}

// To run a task again is to read its inputs again, so earlier outputs may become needed: until
// nothing changes.
void GraphRun::MakeNeededOutputsAgain() {
  bool changed = true;
  while (changed && !ended()) {
    changed = false;
    for (int stage = static_cast<int>(tasks_.size()) - 1; stage >= 0; --stage) {
      for (int partition = 0; partition < static_cast<int>(tasks_[stage].size()); ++partition) {
        const TaskState& task = tasks_[stage][partition];
        const TaskKey key{stage, partition};
        if (!task.output_gone || StandingOf(key) != Standing::kNeeded) continue;
        Apply(key, *task.output_gone, Why(*task.output_gone, task));
        changed = true;
      }
    }
  }
}

absl::Status GraphRun::Why(Happened happened, const TaskState& task) {
  return absl::UnavailableError(
      absl::StrCat("worker ", task.worker.name,
                   happened == Happened::kWorkerLost ? " was lost" : " does not give its output"));
}

}  // namespace wavetank::runtime
