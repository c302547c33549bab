// Tasks: what the driver asks of workers. Both engines give their work to the cluster as graphs of
// stages; a task is one partition of a stage.
//
// Contract:
// - A task may run any number of times, on several workers, also at once (a worker taken for
//   dead, a retry): a body's durable effects go under names that are unique to the attempt, and
//   count only once the driver has recorded them.
// - A body sees the same payload in every attempt, and its shuffle input in a fixed order: source
//   partition, then row. So a deterministic body gives the same output.
// - Shuffle output lives in the memory of the worker that made it, for as long as its graph runs.
//   When it is lost while a later stage still reads it, the driver runs the producing tasks again,
//   and all tasks that read the lost output: the results that count come from one another.
// - A body that throws or returns an error has failed: it is tried again, max_attempts times in
//   all, then the graph fails with the error, naming stage, partition, attempt and worker.
//   kInvalidArgument, kFailedPrecondition and kDataLoss are not tried again. Being lost with its
//   worker, or for want of its input, is no failure of the body.
#ifndef WAVETANK_RUNTIME_CLUSTER_TASK_H_
#define WAVETANK_RUNTIME_CLUSTER_TASK_H_

#include <cstdint>
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
  // What FetchShuffle gave of that source partition is not needed any more, unless this task runs
  // again: its memory may be let go. REQUIRES: it was fetched.
  virtual void LetGoOfShuffle(int stage, int source_partition) = 0;
  // REQUIRES: at most once for each target partition.
  virtual void PutShuffle(int target_partition,
                          std::shared_ptr<const platform::Attachment> block) = 0;
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

struct Stage {
  std::string kind = {};
  std::vector<std::string> payloads = {};  // one a task
  std::vector<int> reads_shuffle_of = {};  // indexes of earlier stages of the graph
  // A long-running task (a receiver) occupies no slot; it is started again, without bound, when its
  // worker is lost.
  bool long_running = false;
};

struct StageGraph {
  std::string name;           // for reports: "batch 7"
  int64_t batch = 0;          // for steps and reports
  std::vector<Stage> stages;  // each reads only earlier ones
};

// Results by stage, then by partition: of the attempt that counts.
struct TaskResult {
  TaskId id;
  std::string worker;
  std::string bytes;
};
using GraphResults = std::vector<std::vector<TaskResult>>;

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_TASK_H_
