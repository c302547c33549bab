// Tasks: what the driver asks of workers. Both engines give their work to the cluster as graphs of
// stages; a task is one partition of a stage.
//
// Contract:
// - A task may run any number of times, on several workers, also at once (a worker taken for dead,
//   a retry, speculation): a body's durable effects go under names that are unique to the attempt,
//   and count only once the driver has recorded them.
// - A body sees the same payload in every attempt, and its shuffle input in a fixed order: source
//   partition, then row. So a deterministic body gives the same output.
// - Shuffle output lives with the worker that made it, in memory or on its scratch disk, for as
//   long as its graph runs, or, if it is kept, until it is let go (block_manager.h).
//   When it is lost while a later stage still reads it, the driver runs the producing tasks again,
//   and all tasks that read the lost output: the results that count come from one another.
// - A body that throws or returns an error has failed: it is tried again, max_attempts times in
//   all, then the graph fails with the error, naming stage, partition, attempt and worker.
//   kInvalidArgument, kFailedPrecondition and kDataLoss are not tried again. Being lost with its
//   worker, or for want of its input, is no failure of the body.
#ifndef WAVETANK_RUNTIME_CLUSTER_TASK_H_
#define WAVETANK_RUNTIME_CLUSTER_TASK_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "checkpoint/store.h"
#include "platform/network.h"
#include "platform/node.h"
#include "platform/task.h"
#include "runtime/cluster/storage_level.h"

namespace wavetank::runtime {

using platform::Task;

// Names an attempt. `graph` is unique for the driver's incarnation; `driver` is that incarnation's
// unique text, so that no two attempts ever share a name.
struct TaskId {
  std::string driver;
  int64_t graph = 0;
  int stage = 0;
  int partition = 0;
  int attempt = 0;

  // "driver-graph-stage-partition-attempt": unique, and safe in file names.
  std::string Unique() const;
  friend auto operator<=>(const TaskId&, const TaskId&) = default;
};

// What one task of a stage hands to one task of a later stage: the object itself, when both ran in
// one process, or its encoding. Receivers must take both.
struct ShuffleBlock {
  std::shared_ptr<const platform::Attachment> object;
  std::string bytes;
};

// What a body may use. Valid while the body runs.
class TaskContext {
 public:
  virtual ~TaskContext() = default;
  virtual platform::Node& node() = 0;
  virtual checkpoint::Store& store() = 0;
  virtual const TaskId& id() const = 0;
  // The blocks that the tasks of `stage` put for this task's partition, by source partition; an
  // empty place where a task put none. kUnavailable when one cannot be fetched: return it as it is.
  virtual Task<absl::StatusOr<std::vector<ShuffleBlock>>> FetchShuffle(int stage) = 0;
  // What the tasks of Stage::reads_outputs put for partition 0, in that order; as FetchShuffle.
  virtual Task<absl::StatusOr<std::vector<ShuffleBlock>>> FetchOutputs() = 0;
  // What FetchShuffle gave of that source partition is not needed any more, unless this task runs
  // again: its memory may be let go, unless it is kept for other graphs. REQUIRES: it was fetched.
  virtual void LetGoOfShuffle(int stage, int source_partition) = 0;
  // REQUIRES: at most once for each target partition.
  virtual void PutShuffle(int target_partition,
                          std::shared_ptr<const platform::Attachment> block) = 0;
  // So many bytes the worker's bodies have in memory from one task to the next: what tasks have put
  // has the rest of its bound. Gives how many these may be: of more the body forgets some.
  virtual size_t Hold(size_t /*bytes*/) { return std::numeric_limits<size_t>::max(); }
  // Asks the driver (Cluster::Handle). Repeatable requests only. kAborted when this attempt does
  // not count any more.
  virtual Task<absl::StatusOr<std::string>> CallDriver(std::string method, std::string request,
                                                       absl::Duration timeout) = 0;
};

class TaskBody {
 public:
  virtual ~TaskBody() = default;
  // The result goes to the driver. Called concurrently for several tasks of one worker.
  virtual Task<absl::StatusOr<std::string>> Run(TaskContext& context, std::string payload) = 0;
};

// Bodies by kind ("dstream", "structured:counts", ...): built from the job's plan, alike on every
// node.
using TaskRegistry = std::map<std::string, std::unique_ptr<TaskBody>>;

// A registered worker. `id` names one registration: a worker that was lost and came back has
// another.
struct WorkerRef {
  int64_t id = 0;
  std::string name = {};
  std::string address = {};
};

// What an attempt that counts has put, on the worker that ran it.
struct TaskOutput {
  TaskId id;
  WorkerRef worker;
  WorkerRef replica = {};  // who has it besides; id 0: nobody
};

// One task of an earlier stage of the graph.
struct TaskSource {
  int stage = 0;
  int partition = 0;
  friend auto operator<=>(const TaskSource&, const TaskSource&) = default;
};

struct Stage {
  std::string kind = {};
  std::vector<std::string> payloads = {};  // one a task
  std::vector<int> reads_shuffle_of = {};  // indexes of earlier stages of the graph
  // What each task reads besides, where one task reads what another has put, all of it, for
  // partition 0: a list for each task, or none at all.
  std::vector<std::vector<TaskSource>> reads_outputs = {};
  // What its tasks put outlives the graph, if that succeeds, until Cluster::LetGo, unless it is
  // lost: with its worker, or because that had no room.
  bool keep = false;
  // Where what its tasks put is, and on how many workers.
  StorageLevel level = StorageLevel::kMemoryAndDisk;
  // Instead of payloads: what a stage of a graph before has kept, all of it. It is not made again
  // here: if the graph needs one that is lost, it fails with kUnavailable, and Cluster::IsKept
  // tells which are.
  std::vector<TaskOutput> kept = {};
  // A long-running task (a receiver) occupies no slot; it is started again, without bound, when its
  // worker is lost.
  bool long_running = false;
  // What its tasks do shows outside, whether the attempt counts or not: none of them is at work
  // twice on purpose (speculation.h).
  bool alone = false;
};

struct StageGraph {
  std::string name;           // for reports: "batch 7"
  int64_t batch = 0;          // for steps and reports
  std::vector<Stage> stages;  // each reads only earlier ones
};

// Results by stage, then by partition: of the attempt that counts.
struct TaskResult {
  TaskId id;
  WorkerRef worker;
  std::string bytes;
  WorkerRef replica = {};  // TaskOutput
  int attempts = 1;        // of the task, that were begun
};
using GraphResults = std::vector<std::vector<TaskResult>>;

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_TASK_H_
