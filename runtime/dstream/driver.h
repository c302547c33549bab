// The driver of a DStream job: plans batches, runs them one after the other, and goes on where a
// predecessor failed.
//
// Life of a batch: due -> input planned -> input durable -> each output in the order the job made
// them -> completion durable. Batches run in order, one at a time (spark.streaming.concurrentJobs =
// 1); one that takes longer than its interval delays the next, which is planned when its turn
// comes, with what had arrived when it was due. Nothing is queued but time.
//
// Life of a crash: the new driver takes the log over, then runs again, with the same input and in
// order, what has durable input and no completion; then the newest of the batches whose time came
// while nobody was there, the first of which takes all that had gathered; then goes on as if
// nothing had been. So a record may be put out again only in batches without a durable completion.
//
// Errors. A batch fails when a task fails for good or an output function throws. It keeps no
// completion mark, so the next driver runs it again; DStreamOptions::on_batch_failed decides what
// this one does. An append to the log of unknown outcome: this driver takes over from itself. A
// newer driver (kAborted): this one stops.
#ifndef WAVETANK_RUNTIME_DSTREAM_DRIVER_H_
#define WAVETANK_RUNTIME_DSTREAM_DRIVER_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "checkpoint/store.h"
#include "platform/event.h"
#include "platform/node.h"
#include "platform/task.h"
#include "runtime/cluster/cluster.h"
#include "runtime/dstream/graph.h"
#include "runtime/dstream/progress.h"
#include "runtime/dstream/stream_rates.h"

namespace wavetank::runtime {

// A request to end, made on the driver's node.
class StopRequest {
 public:
  // Gracefully: receivers end first, then what they had stored is processed, then the batch at the
  // next batch time, then the driver ends. Otherwise: what runs is dropped.
  void Stop(bool gracefully) {
    graceful_ = gracefully;
    requested_.Set();
  }
  platform::Event& requested() { return requested_; }
  bool graceful() const { return graceful_; }

 private:
  platform::Event requested_;
  bool graceful_ = false;
};

// Little beside the disks that checkpoints stand on.
inline constexpr int64_t kDefaultUnprocessedBytes = int64_t{1} << 30;

struct DStreamOptions {
  // Where blocks go when there is no checkpoint directory: below it, into a directory of this
  // driver's own. What of them a driver that dies leaves there, nobody will read or remove.
  std::string scratch_directory = "scratch";
  // Partitions of a shuffle.
  int default_parallelism = 2;
  int min_workers = 1;
  absl::Duration worker_timeout = absl::Seconds(60);
  absl::Duration block_interval = absl::Milliseconds(200);   // spark.streaming.blockInterval
  absl::Duration receiver_restart_delay = absl::Seconds(2);  // ...receiverRestartDelay
  int64_t line_bytes_max = 16 << 20;
  int64_t buffer_bytes_max = 64 << 20;
  // Of blocks that receivers have stored and no batch has worked off yet: beyond it they pause, and
  // their sources are held.
  int64_t unprocessed_bytes_max = kDefaultUnprocessedBytes;
  // Of the log in the checkpoint directory: batches that have ended and are kept in it (at least
  // 1), and how much it may grow before it is begun anew without the others.
  int64_t batches_retained = 100;
  uint64_t log_segment_bytes = uint64_t{1} << 20;
  // How long a graceful stop may take; zero: ten batch intervals, as
  // spark.streaming.gracefulStopTimeout, and no less than 30 s. Then it fails.
  absl::Duration graceful_stop_timeout = absl::ZeroDuration();
  // How many batches may be overdue; of more, the oldest are left out (batch_schedule.h). At least
  // 1.
  int64_t overdue_batches_max = 100;
  RateOptions rates = {};
  // What Print prints; unset: into the node's log.
  Printer print;
  // Told of each batch with input that is complete; unset: a line in the node's log.
  std::function<void(const StreamProgress&)> on_progress;
  // Told of each batch that failed; the next ones go on. Unset: the driver ends with the error.
  std::function<void(const absl::Status&)> on_batch_failed;
  // May be null: runs until it fails.
  StopRequest* stop = nullptr;
};

// kInvalidArgument names the option that says what cannot be.
absl::Status CheckDStreamOptions(const DStreamOptions& options);

// OK: stopped as requested. kDeadlineExceeded: a graceful stop took too long. kAborted: fenced by a
// newer driver. kFailedPrecondition: the plan is wrong, or the checkpoint belongs to another.
// Everything given outlives the task.
platform::Task<absl::Status> RunDStreamDriver(platform::Node& node, checkpoint::Store& store,
                                              Cluster& cluster, const StreamingGraph& graph,
                                              DStreamOptions options);

// The bodies of the job's tasks. `graph` outlives the registry.
void RegisterTasks(const StreamingGraph& graph, TaskRegistry& registry);

// On a worker that is to end in good order: its receivers hand over what they have, and end. Other
// tasks can run again elsewhere. `registry` outlives the task.
platform::Task<void> DrainReceivers(const TaskRegistry& registry);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_DRIVER_H_
