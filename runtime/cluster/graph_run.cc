#include "runtime/cluster/graph_run.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/text.h"
#include "runtime/cluster/stage_reads.h"
#include "runtime/steps.h"

namespace wavetank::runtime {

using platform::ToAbsl;

GraphRun::GraphRun(StageGraph graph, Options options)
    : graph_(std::move(graph)), options_(std::move(options)) {
  for (const Stage& stage : graph_.stages) {
    std::vector<TaskState>& tasks = tasks_.emplace_back(stage.payloads.size());
    for (const TaskOutput& kept : stage.kept) {
      TaskState& made = tasks.emplace_back();
      made.phase = Phase::kDone;
      made.attempt = kept.id.attempt;
      made.worker = kept.worker;
      made.replica = kept.replica;
    }
    for (const int read : reads_.emplace_back(ReadBy(stage))) {
      readers_[static_cast<size_t>(read)].push_back(static_cast<int>(readers_.size()));
    }
    readers_.emplace_back();
    unfinished_.push_back(static_cast<int>(stage.payloads.size()));
    took_.emplace_back();
    if (!stage.payloads.empty()) ++unfinished_stages_;
  }
}

std::vector<GraphRun::TaskKey> GraphRun::Waiting() const {
  std::vector<TaskKey> waiting;
  if (ended()) return waiting;
  for (int stage = 0; stage < static_cast<int>(tasks_.size()); ++stage) {
    if (unfinished_[stage] == 0 || !IsReady(stage)) continue;
    AddWaiting(stage, waiting);
  }
  return waiting;
}

void GraphRun::AddWaiting(int stage, std::vector<TaskKey>& waiting) const {
  for (int partition = 0; partition < static_cast<int>(tasks_[stage].size()); ++partition) {
    if (tasks_[stage][partition].phase == Phase::kWaiting) waiting.push_back({stage, partition});
  }
}

// Whether all that it reads is there.
bool GraphRun::IsReady(int stage) const {
  return std::ranges::all_of(reads_[stage], [this](int read) { return unfinished_[read] == 0; });
}

int GraphRun::SlotsTakenOn(int64_t worker) const {
  const auto taken = slots_taken_.find(worker);
  return taken == slots_taken_.end() ? 0 : taken->second;
}

void GraphRun::SetPhase(TaskKey key, Phase phase) {
  TaskState& task = At(key);
  const int before = task.phase == Phase::kRunning ? 1 : 0;
  const int after = phase == Phase::kRunning ? 1 : 0;
  if (TakesSlot(key)) slots_taken_[task.worker.id] += after - before;
  task.phase = phase;
}

std::optional<WaitingTasks::Placed> GraphRun::Next(const std::vector<WorkerRef>& workers,
                                                   const std::vector<int>& free) {
  if (ended() || workers.empty()) return std::nullopt;
  std::vector<int64_t> among;
  among.reserve(workers.size());
  for (const WorkerRef& worker : workers) among.push_back(worker.id);
  if (placed_among_ != among) {
    placed_among_ = std::move(among);
    placed_.Clear(workers.size());
    to_place_ = Waiting();
  }
  for (const TaskKey key : std::exchange(to_place_, {})) {
    if (At(key).phase != Phase::kWaiting || !IsReady(key.stage)) continue;
    const auto worker = static_cast<size_t>(&Prefer(key, workers) - workers.data());
    placed_.Add({key, worker}, TakesSlot(key));
  }
  return placed_.TakeFirst(free);
}

const WorkerRef& GraphRun::Prefer(TaskKey key, const std::vector<WorkerRef>& workers) const {
  std::vector<const WorkerRef*> candidates;
  for (const WorkerRef& worker : workers) {
    if (!avoided_.contains(worker.id)) candidates.push_back(&worker);
  }
  if (candidates.empty()) {
    for (const WorkerRef& worker : workers) candidates.push_back(&worker);
  }
  const int failures = At(key).failures;
  const int64_t near = failures == 0 ? WorkerOfOutputs(key) : 0;
  for (const WorkerRef* candidate : candidates) {
    if (candidate->id == near) return *candidate;
  }
  const WorkerRef* const home = &workers[options_.placement->Of(key.partition, workers)];
  const auto found = std::ranges::find(candidates, home);
  const size_t first = found != candidates.end() ? static_cast<size_t>(found - candidates.begin())
                                                 : static_cast<size_t>(key.partition);
  return *candidates[(first + static_cast<size_t>(failures)) % candidates.size()];
}

// Where most of the outputs are that it reads; of as many here as there, the first. 0: it reads
// none.
int64_t GraphRun::WorkerOfOutputs(TaskKey key) const {
  const Stage& stage = graph_.stages[key.stage];
  std::map<int64_t, int> outputs;
  int64_t best = 0;
  if (stage.reads_outputs.empty()) return best;
  for (const TaskSource& source : stage.reads_outputs[static_cast<size_t>(key.partition)]) {
    const int64_t worker = At({source.stage, source.partition}).worker.id;
    const int there = ++outputs[worker];
    if (best == 0 || there > outputs[best]) best = worker;
  }
  return best;
}

cluster::RunTask GraphRun::Start(TaskKey key, const WorkerRef& worker, const WorkerRef& replica,
                                 platform::MonotonicTime now) {
  WT_CHECK(At(key).phase == Phase::kWaiting);
  return Begin(key, worker, replica, now);
}

cluster::RunTask GraphRun::Begin(TaskKey key, const WorkerRef& worker, const WorkerRef& replica,
                                 platform::MonotonicTime now) {
  TaskState& task = At(key);
  task.attempt = ++task.last_attempt;
  task.worker = worker;
  task.replica = replica;
  task.began = now;
  SetPhase(key, Phase::kRunning);
  workers_.insert(worker.id);

  const Stage& stage = graph_.stages[key.stage];
  cluster::RunTask run;
  *run.mutable_task() = ToName(Id(key));
  run.set_kind(stage.kind);
  run.set_payload(stage.payloads[key.partition]);
  run.set_batch(graph_.batch);
  run.set_storage_level(static_cast<int32_t>(stage.level));
  if (replica.id != 0) {
    workers_.insert(replica.id);
    run.set_replica_address(replica.address);
    run.set_replica_worker(replica.id);
  }
  for (const int read : stage.reads_shuffle_of) {
    const Stage& made = graph_.stages[read];
    cluster::Input& input = *run.add_inputs();
    input.set_stage(read);
    // What a task at work twice has read, the other attempt reads, too.
    input.set_stays(made.keep || WasKept(read) || options_.speculation.enabled);
    if (WasKept(read)) {
      input.set_kept_graph(made.kept.front().id.graph);
      input.set_kept_stage(made.kept.front().id.stage);
    }
    for (const TaskState& source : tasks_[read]) {
      WT_CHECK(source.phase == Phase::kDone);
      cluster::Source& from = *input.add_sources();
      from.set_attempt(source.attempt);
      from.set_address(AddressOf(source.worker, run));
      if (source.replica.id != 0) from.set_replica(1 + AddressOf(source.replica, run));
    }
  }
  if (stage.reads_outputs.empty()) return run;
  for (const TaskSource& source : stage.reads_outputs[static_cast<size_t>(key.partition)]) {
    const TaskKey made{source.stage, source.partition};
    cluster::Output& output = *run.add_outputs();
    WT_CHECK(At(made).phase == Phase::kDone);
    *output.mutable_task() = ToName(Id(made));
    output.set_address(AddressOf(At(made).worker, run));
    if (At(made).replica.id != 0) output.set_replica(1 + AddressOf(At(made).replica, run));
  }
  return run;
}

int GraphRun::AddressOf(const WorkerRef& worker, cluster::RunTask& run) {
  const auto& known = run.addresses();
  const auto found = std::find(known.begin(), known.end(), worker.address);
  const auto address = static_cast<int>(found - known.begin());
  if (found == known.end()) run.add_addresses(worker.address);
  return address;
}

bool GraphRun::IsRunning(const cluster::TaskName& name) const {
  const TaskState* task = Find(name);
  return task != nullptr && task->phase == Phase::kRunning && !ended();
}

void GraphRun::Report(const cluster::TaskReport& report, platform::MonotonicTime now) {
  const TaskKey key{report.task().stage(), report.task().partition()};
  const TaskState* task = ended() ? nullptr : Find(report.task());
  if (task == nullptr || task->phase != Phase::kRunning) {
    effects_.marks.push_back({&steps::kDriverReportIgnored, FromName(report.task()), ""});
    return;
  }
  MakeFirst(key, report.task().attempt());
  if (!report.unreachable().empty() || !report.missing().empty()) {
    const bool another_goes_on = At(key).beside.has_value();
    Apply(key, Happened::kInputMissing, absl::UnavailableError(report.error()));
    if (another_goes_on) return;  // and says for itself what it cannot read
    for (const cluster::TaskName& source : report.missing()) {
      const std::optional<TaskKey> made = SourceOf(source);
      if (made && At(*made).phase == Phase::kDone) LoseOutput(*made, Happened::kOutputMissing);
    }
    MakeNeededOutputsAgain();
    // As it was: where one of them has a replica, that counts from now on.
    std::set<int64_t> unreachable;
    for (const cluster::TaskName& source : report.unreachable()) {
      const std::optional<TaskKey> made = SourceOf(source);
      if (made && At(*made).phase == Phase::kDone) unreachable.insert(At(*made).worker.id);
    }
    for (const int64_t worker : unreachable) {
      avoided_.insert(worker);
      placed_among_.reset();
      LoseOutputs(worker, Happened::kOutputMissing);
    }
    return;
  }
  const absl::Status error(static_cast<absl::StatusCode>(report.error_code()),
                           ToAbsl(report.error()));
  if (error.ok()) {
    At(key).result = report.result();
    if (!report.has_replica()) At(key).replica = {};
    Apply(key, Happened::kSucceeded, error, now);
  } else {
    const bool final = absl::IsInvalidArgument(error) || absl::IsFailedPrecondition(error) ||
                       absl::IsDataLoss(error);
    Apply(key, final ? Happened::kRefused : Happened::kFailed, error);
  }
}

absl::StatusOr<GraphResults> GraphRun::TakeResults() {
  WT_CHECK(ended());
  if (!error_.ok()) return error_;
  taken_ = true;
  GraphResults results(tasks_.size());
  for (int stage = 0; stage < static_cast<int>(tasks_.size()); ++stage) {
    for (int partition = 0; partition < static_cast<int>(tasks_[stage].size()); ++partition) {
      TaskState& task = tasks_[stage][partition];
      if (task.ran_twice && Planted("result_of_both_attempts")) {
        results[stage].push_back({Id({stage, partition}), task.worker, task.result});
      }
      results[stage].push_back({.id = Id({stage, partition}),
                                .worker = std::move(task.worker),
                                .bytes = std::move(task.result),
                                .replica = std::move(task.replica),
                                .attempts = task.last_attempt + 1});
    }
  }
  return results;
}

// The state of the task of which this is the latest attempt, or one beside it; null when there is
// none.
const GraphRun::TaskState* GraphRun::Find(const cluster::TaskName& name) const {
  if (name.driver() != options_.driver || name.graph() != options_.id) return nullptr;
  if (name.stage() < 0 || static_cast<size_t>(name.stage()) >= tasks_.size()) return nullptr;
  const std::vector<TaskState>& stage = tasks_[name.stage()];
  if (name.partition() < 0 || static_cast<size_t>(name.partition()) >= stage.size()) return nullptr;
  const TaskState& task = stage[name.partition()];
  const bool is_beside = task.beside.has_value() && task.beside->attempt == name.attempt();
  return is_beside || task.attempt == name.attempt() ? &task : nullptr;
}

// The task whose output this is, if it is the one that counts.
std::optional<GraphRun::TaskKey> GraphRun::SourceOf(const cluster::TaskName& name) const {
  if (Find(name) != nullptr) return TaskKey{name.stage(), name.partition()};
  for (int stage = 0; stage < std::ssize(tasks_); ++stage) {
    if (!WasKept(stage) || name.partition() < 0 || name.partition() >= std::ssize(tasks_[stage])) {
      continue;
    }
    const TaskKey key{stage, name.partition()};
    if (Id(key) == FromName(name)) return key;
  }
  return std::nullopt;
}

std::vector<int> GraphRun::KeptStages() const {
  std::vector<int> kept;
  if (!taken_) return kept;
  for (int stage = 0; stage < std::ssize(graph_.stages); ++stage) {
    if (graph_.stages[stage].keep && !tasks_[stage].empty()) kept.push_back(stage);
  }
  return kept;
}

TaskId GraphRun::Id(TaskKey key) const {
  if (WasKept(key.stage)) return graph_.stages[key.stage].kept[key.partition].id;
  return {.driver = options_.driver,
          .graph = options_.id,
          .stage = key.stage,
          .partition = key.partition,
          .attempt = At(key).attempt};
}

// Whether tasks that read the stage's output have not finished.
bool GraphRun::IsRead(int stage) const {
  return std::ranges::any_of(readers_[static_cast<size_t>(stage)],
                             [this](int reader) { return unfinished_[reader] > 0; });
}

Standing GraphRun::StandingOf(TaskKey key) const {
  const Phase phase = At(key).phase;
  if (ended() || phase == Phase::kWaiting) return Standing::kSuperseded;
  if (phase == Phase::kRunning) {
    return At(key).beside.has_value() ? Standing::kTwice : Standing::kRunning;
  }
  return IsRead(key.stage) ? Standing::kNeeded : Standing::kFinished;
}

Allowance GraphRun::AllowanceOf(TaskKey key, Happened happened) const {
  const TaskState& task = At(key);
  if (WasKept(key.stage)) return Allowance::kSpent;  // another graph made it
  if (happened == Happened::kFailed) {
    return task.failures + 1 < options_.max_attempts ? Allowance::kLeft : Allowance::kSpent;
  }
  const bool unbounded = graph_.stages[key.stage].long_running;
  return unbounded || task.recoveries < kMaxRecoveries ? Allowance::kLeft : Allowance::kSpent;
}

void GraphRun::Apply(TaskKey key, Happened happened, const absl::Status& why,
                     platform::MonotonicTime now) {
  TaskState& task = At(key);
  // What only follows from another's running again is not said: it may be all of the graph.
  const bool follows = happened == Happened::kInputReplaced || happened == Happened::kOutputMissing;
  const auto again = [&] {
    return follows ? "" : absl::StrCat(Describe(key), " will run again: ", why.message());
  };
  switch (Decide(happened, StandingOf(key), AllowanceOf(key, happened))) {
    case Decision::kCount:
      Count(key, now);
      return;
    case Decision::kLeaveToOther:
      happened == Happened::kFailed ? ++task.failures : ++task.recoveries;
      Note(steps::kDriverLeftToOther, key,
           absl::StrCat(Describe(key), " has ended, another attempt goes on: ", why.message()));
      LeaveToBeside(key);
      return;
    case Decision::kTryAgain:
      ++task.failures;
      Note(steps::kDriverTaskRetried, key,
           absl::StrCat(Describe(key), " failed (", task.failures, " of ", options_.max_attempts,
                        "), trying again: ", why.message()));
      task.ran_twice = false;
      SetPhase(key, Phase::kWaiting);
      to_place_.push_back(key);
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

void GraphRun::Count(TaskKey key, platform::MonotonicTime now) {
  TaskState& task = At(key);
  took_[key.stage].push_back(now - task.began);
  if (task.beside.has_value()) {
    if (task.attempt > task.beside->attempt) {
      Note(steps::kDriverSpeculationWon, key);
      // What waits for a worker that is slow would be so, too.
      avoided_.insert(task.beside->worker.id);
      placed_among_.reset();
    }
    StopBeside(key);
  }
  SetPhase(key, Phase::kDone);
  if (--unfinished_[key.stage] > 0) return;
  --unfinished_stages_;
  for (const int reader : readers_[static_cast<size_t>(key.stage)]) {
    if (unfinished_[reader] > 0 && IsReady(reader)) AddWaiting(reader, to_place_);
  }
  Note(steps::kDriverStageFinished, key);
  if (unfinished_stages_ == 0) Note(steps::kDriverGraphFinished, key);
}

void GraphRun::RunAgain(TaskKey key, const platform::StepName& step, std::string text) {
  TaskState& task = At(key);
  ++task.recoveries;
  Note(step, key, std::move(text));
  if (task.beside.has_value()) StopBeside(key);
  task.ran_twice = false;
  const bool was_done = task.phase == Phase::kDone;
  SetPhase(key, Phase::kWaiting);
  to_place_.push_back(key);
  task.output_gone.reset();
  if (!was_done) return;
  placed_among_.reset();  // what reads it, and waits, waits for it
  if (unfinished_[key.stage]++ == 0) ++unfinished_stages_;
  for (const int reader : readers_[static_cast<size_t>(key.stage)]) {
    const absl::Status replaced =
        absl::UnavailableError(absl::StrCat("the output of stage ", key.stage, " partition ",
                                            key.partition, " that it reads is made again"));
    for (int partition = 0; partition < static_cast<int>(tasks_[reader].size()); ++partition) {
      if (tasks_[reader][partition].phase == Phase::kWaiting) continue;
      if (!Reads(graph_.stages[reader], partition, {key.stage, key.partition})) continue;
      Apply({reader, partition}, Happened::kInputReplaced, replaced);
    }
  }
}

void GraphRun::Fail(TaskKey key, Happened happened, const absl::Status& why) {
  std::string budget;
  if (WasKept(key.stage)) {
    budget = "; a graph before had kept it";
  } else if (happened == Happened::kFailed) {
    budget = absl::StrCat("; it failed ", options_.max_attempts, " times");
  } else if (happened != Happened::kRefused) {
    budget = absl::StrCat("; its worker or its input was lost ", kMaxRecoveries, " times");
  }
  error_ = absl::Status(why.code(), absl::StrCat(Describe(key), ": ", why.message(), budget));
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
