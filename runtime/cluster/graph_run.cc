#include "runtime/cluster/graph_run.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/text.h"
#include "runtime/steps.h"

namespace wavetank::runtime {

using platform::ToAbsl;

absl::Status GraphRun::Validate(const StageGraph& graph) {
  for (size_t stage = 0; stage < graph.stages.size(); ++stage) {
    for (const int read : graph.stages[stage].reads_shuffle_of) {
      if (read < 0 || static_cast<size_t>(read) >= stage) {
        return absl::InvalidArgumentError(
            absl::StrCat("graph ", graph.name, ": stage ", stage, " (", graph.stages[stage].kind,
                         ") reads stage ", read, ", which is not an earlier one"));
      }
    }
  }
  return absl::OkStatus();
}

GraphRun::GraphRun(StageGraph graph, Options options)
    : graph_(std::move(graph)), options_(std::move(options)) {
  for (const Stage& stage : graph_.stages) {
    tasks_.emplace_back(stage.payloads.size());
    unfinished_.push_back(static_cast<int>(stage.payloads.size()));
    if (!stage.payloads.empty()) ++unfinished_stages_;
  }
}

std::vector<GraphRun::TaskKey> GraphRun::Waiting() const {
  std::vector<TaskKey> waiting;
  if (ended()) return waiting;
  for (int stage = 0; stage < static_cast<int>(tasks_.size()); ++stage) {
    if (unfinished_[stage] == 0 || !IsReady(stage)) continue;
    for (int partition = 0; partition < static_cast<int>(tasks_[stage].size()); ++partition) {
      if (tasks_[stage][partition].phase == Phase::kWaiting) waiting.push_back({stage, partition});
    }
  }
  return waiting;
}

// Whether all that it reads is there.
bool GraphRun::IsReady(int stage) const {
  return std::ranges::all_of(graph_.stages[stage].reads_shuffle_of,
                             [this](int read) { return unfinished_[read] == 0; });
}

int GraphRun::SlotsTakenOn(int64_t worker) const {
  int taken = 0;
  for (size_t stage = 0; stage < tasks_.size(); ++stage) {
    if (graph_.stages[stage].long_running) continue;
    for (const TaskState& task : tasks_[stage]) {
      if (task.phase == Phase::kRunning && task.worker.id == worker) ++taken;
    }
  }
  return taken;
}

const WorkerRef& GraphRun::Prefer(TaskKey key, const std::vector<WorkerRef>& workers) const {
  std::vector<const WorkerRef*> candidates;
  for (const WorkerRef& worker : workers) {
    if (!avoided_.contains(worker.id)) candidates.push_back(&worker);
  }
  if (candidates.empty()) {
    for (const WorkerRef& worker : workers) candidates.push_back(&worker);
  }
  return *candidates[(key.partition + At(key).failures) % candidates.size()];
}

cluster::RunTask GraphRun::Start(TaskKey key, const WorkerRef& worker) {
  TaskState& task = At(key);
  WT_CHECK(task.phase == Phase::kWaiting);
  task.phase = Phase::kRunning;
  ++task.attempt;
  task.worker = worker;
  workers_.insert(worker.id);

  const Stage& stage = graph_.stages[key.stage];
  cluster::RunTask run;
  *run.mutable_task() = ToName(Id(key));
  run.set_kind(stage.kind);
  run.set_payload(stage.payloads[key.partition]);
  run.set_batch(graph_.batch);
  for (const int read : stage.reads_shuffle_of) {
    cluster::Input& input = *run.add_inputs();
    input.set_stage(read);
    for (const TaskState& source : tasks_[read]) {
      WT_CHECK(source.phase == Phase::kDone);
      const auto& known = run.addresses();
      const auto found = std::find(known.begin(), known.end(), source.worker.address);
      const auto address = static_cast<int>(found - known.begin());
      if (found == known.end()) run.add_addresses(source.worker.address);
      cluster::Source& from = *input.add_sources();
      from.set_attempt(source.attempt);
      from.set_address(address);
    }
  }
  return run;
}

bool GraphRun::IsRunning(const cluster::TaskName& name) const {
  const TaskState* task = Find(name);
  return task != nullptr && task->phase == Phase::kRunning && !ended();
}

void GraphRun::Report(const cluster::TaskReport& report) {
  const TaskKey key{report.task().stage(), report.task().partition()};
  const TaskState* task = ended() ? nullptr : Find(report.task());
  if (task == nullptr || task->phase != Phase::kRunning) {
    effects_.marks.push_back({&steps::kDriverReportIgnored, FromName(report.task()), ""});
    return;
  }
  if (!report.unreachable().empty() || !report.missing().empty()) {
    Apply(key, Happened::kInputMissing, absl::UnavailableError(report.error()));
    for (const cluster::TaskName& source : report.missing()) LoseOutput(source);
    MakeNeededOutputsAgain();
    for (const cluster::TaskName& source : report.unreachable()) {
      const TaskState* made = Find(source);
      if (made == nullptr || made->phase != Phase::kDone) continue;
      avoided_.insert(made->worker.id);
      LoseOutputs(made->worker.id, Happened::kOutputMissing);
    }
    return;
  }
  const absl::Status error(static_cast<absl::StatusCode>(report.error_code()),
                           ToAbsl(report.error()));
  if (error.ok()) {
    At(key).result = report.result();
    Apply(key, Happened::kSucceeded, error);
  } else {
    const bool final = absl::IsInvalidArgument(error) || absl::IsFailedPrecondition(error) ||
                       absl::IsDataLoss(error);
    Apply(key, final ? Happened::kRefused : Happened::kFailed, error);
  }
}

void GraphRun::LoseWorker(int64_t worker) {
  LoseOutputs(worker, Happened::kWorkerLost);
  avoided_.erase(worker);
}

absl::StatusOr<GraphResults> GraphRun::TakeResults() {
  WT_CHECK(ended());
  if (!error_.ok()) return error_;
  GraphResults results(tasks_.size());
  for (int stage = 0; stage < static_cast<int>(tasks_.size()); ++stage) {
    for (int partition = 0; partition < static_cast<int>(tasks_[stage].size()); ++partition) {
      TaskState& task = tasks_[stage][partition];
      results[stage].push_back({.id = Id({stage, partition}),
                                .worker = std::move(task.worker.name),
                                .bytes = std::move(task.result)});
    }
  }
  return results;
}

// The state of the task of which this is the latest attempt; null when there is none.
const GraphRun::TaskState* GraphRun::Find(const cluster::TaskName& name) const {
  if (name.driver() != options_.driver || name.graph() != options_.id) return nullptr;
  if (name.stage() < 0 || static_cast<size_t>(name.stage()) >= tasks_.size()) return nullptr;
  const std::vector<TaskState>& stage = tasks_[name.stage()];
  if (name.partition() < 0 || static_cast<size_t>(name.partition()) >= stage.size()) return nullptr;
  const TaskState& task = stage[name.partition()];
  return task.attempt == name.attempt() ? &task : nullptr;
}

TaskId GraphRun::Id(TaskKey key) const {
  return {.driver = options_.driver,
          .graph = options_.id,
          .stage = key.stage,
          .partition = key.partition,
          .attempt = At(key).attempt};
}

// Whether tasks that read the stage's output have not finished.
bool GraphRun::IsRead(int stage) const {
  for (size_t reader = stage + 1; reader < graph_.stages.size(); ++reader) {
    const std::vector<int>& reads = graph_.stages[reader].reads_shuffle_of;
    if (unfinished_[reader] > 0 && std::ranges::count(reads, stage) > 0) return true;
  }
  return false;
}

Standing GraphRun::StandingOf(TaskKey key) const {
  const Phase phase = At(key).phase;
  if (ended() || phase == Phase::kWaiting) return Standing::kSuperseded;
  if (phase == Phase::kRunning) return Standing::kRunning;
  return IsRead(key.stage) ? Standing::kNeeded : Standing::kFinished;
}

Allowance GraphRun::AllowanceOf(TaskKey key, Happened happened) const {
  const TaskState& task = At(key);
  if (happened == Happened::kFailed) {
    return task.failures + 1 < options_.max_attempts ? Allowance::kLeft : Allowance::kSpent;
  }
  const bool unbounded = graph_.stages[key.stage].long_running;
  return unbounded || task.recoveries < kMaxRecoveries ? Allowance::kLeft : Allowance::kSpent;
}

void GraphRun::Apply(TaskKey key, Happened happened, const absl::Status& why) {
  TaskState& task = At(key);
  // What only follows from another's running again is not said: it may be all of the graph.
  const bool follows = happened == Happened::kInputReplaced || happened == Happened::kOutputMissing;
  const auto again = [&] {
    return follows ? "" : absl::StrCat(Describe(key), " will run again: ", why.message());
  };
  switch (Decide(happened, StandingOf(key), AllowanceOf(key, happened))) {
    case Decision::kCount:
      Count(key);
      return;
    case Decision::kTryAgain:
      ++task.failures;
      Note(steps::kDriverTaskRetried, key,
           absl::StrCat(Describe(key), " failed (", task.failures, " of ", options_.max_attempts,
                        "), trying again: ", why.message()));
      task.phase = Phase::kWaiting;
      return;
    case Decision::kMove:
      if (happened == Happened::kInputReplaced) {
        effects_.cancellations.push_back({task.worker.id, Id(key)});
      }
      RunAgain(key, steps::kDriverTaskMoved, again());
      return;
    case Decision::kMakeAgain:
      RunAgain(
          key,
          happened == Happened::kInputReplaced ? steps::kDriverTaskMoved : steps::kDriverOutputLost,
          again());
      return;
    case Decision::kFailGraph:
      Fail(key, happened, why);
      return;
    case Decision::kLeave:
    case Decision::kIgnore:
      return;
  }
}

void GraphRun::Count(TaskKey key) {
  At(key).phase = Phase::kDone;
  if (--unfinished_[key.stage] > 0) return;
  --unfinished_stages_;
  Note(steps::kDriverStageFinished, key);
  if (unfinished_stages_ == 0) Note(steps::kDriverGraphFinished, key);
}

void GraphRun::RunAgain(TaskKey key, const platform::StepName& step, std::string text) {
  TaskState& task = At(key);
  ++task.recoveries;
  Note(step, key, std::move(text));
  const bool was_done = task.phase == Phase::kDone;
  task.phase = Phase::kWaiting;
  task.output_gone.reset();
  if (!was_done) return;
  if (unfinished_[key.stage]++ == 0) ++unfinished_stages_;
  for (int reader = key.stage + 1; reader < static_cast<int>(tasks_.size()); ++reader) {
    if (std::ranges::count(graph_.stages[reader].reads_shuffle_of, key.stage) == 0) continue;
    const absl::Status replaced =
        absl::UnavailableError(absl::StrCat("the output of stage ", key.stage, " partition ",
                                            key.partition, " that it reads is made again"));
    for (int partition = 0; partition < static_cast<int>(tasks_[reader].size()); ++partition) {
      if (tasks_[reader][partition].phase == Phase::kWaiting) continue;
      Apply({reader, partition}, Happened::kInputReplaced, replaced);
    }
  }
}

void GraphRun::Fail(TaskKey key, Happened happened, const absl::Status& why) {
  std::string budget;
  if (happened == Happened::kFailed) {
    budget = absl::StrCat("; it failed ", options_.max_attempts, " times");
  } else if (happened != Happened::kRefused) {
    budget = absl::StrCat("; its worker or its input was lost ", kMaxRecoveries, " times");
  }
  error_ = absl::Status(why.code(), absl::StrCat(Describe(key), ": ", why.message(), budget));
}

// What ran on this worker is over (or, if only its outputs cannot be fetched, goes on).
void GraphRun::LoseOutputs(int64_t worker, Happened happened) {
  for (int stage = 0; stage < static_cast<int>(tasks_.size()); ++stage) {
    for (int partition = 0; partition < static_cast<int>(tasks_[stage].size()); ++partition) {
      TaskState& task = tasks_[stage][partition];
      if (task.phase == Phase::kWaiting || task.worker.id != worker) continue;
      if (task.phase == Phase::kDone) {
        task.output_gone = happened;
      } else {
        Apply({stage, partition}, happened, Why(happened, task));
      }
    }
  }
  MakeNeededOutputsAgain();
}

// Of an attempt alone: its worker is there.
void GraphRun::LoseOutput(const cluster::TaskName& source) {
  if (Find(source) == nullptr) return;
  TaskState& made = At({source.stage(), source.partition()});
  if (made.phase == Phase::kDone) made.output_gone = Happened::kOutputMissing;
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

std::string GraphRun::Describe(TaskKey key) const {
  const TaskState& task = At(key);
  return absl::StrCat("graph ", graph_.name, ", stage ", key.stage, " (",
                      graph_.stages[key.stage].kind, "), partition ", key.partition, ", attempt ",
                      task.attempt, " on worker ", task.worker.name);
}

void GraphRun::Note(const platform::StepName& step, TaskKey key, std::string text) {
  effects_.marks.push_back({&step, Id(key), std::move(text)});
}

}  // namespace wavetank::runtime
