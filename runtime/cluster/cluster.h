// Cluster: the driver's side of its workers. Workers connect to the driver, register, and are lost
// when their connection breaks (the transport's heartbeats see to that).
#ifndef WAVETANK_RUNTIME_CLUSTER_CLUSTER_H_
#define WAVETANK_RUNTIME_CLUSTER_CLUSTER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "platform/node.h"
#include "runtime/cluster/block_bounds.h"
#include "runtime/cluster/speculation.h"
#include "runtime/cluster/task.h"

namespace wavetank::runtime {

struct ClusterOptions {
  // Where workers find this driver: "host:port" or "inproc:name".
  std::string address = {};
  // Workers built from another plan are refused, by name.
  std::string plan_fingerprint = {};
  // IdentityOf the driver's store: workers with another are refused, by name, since the
  // driver would commit what nobody finds. Empty: it is not compared.
  std::string store_identity = {};
  int max_attempts = 4;
  // How long a graph waits for a worker when none is left.
  absl::Duration worker_timeout = absl::Seconds(60);
  // Of tasks that take long. Off, as in Spark.
  SpeculationOptions speculation = {};
};

class Cluster {
 public:
  virtual ~Cluster() = default;

  // Listens and serves until destroyed; running graphs must have ended by then. kInvalidArgument:
  // an option of speculation says what cannot be.
  static Task<absl::StatusOr<std::unique_ptr<Cluster>>> Start(platform::Node& node,
                                                              ClusterOptions options);

  virtual int worker_count() const = 0;
  // kDeadlineExceeded names how many of how many had come.
  virtual Task<absl::Status> WaitForWorkers(int count, absl::Duration timeout) = 0;

  // Runs every task of every stage, stage after stage, and gives the results of the attempts that
  // count. Graphs run side by side; free slots go to the one that came first. Partition p prefers
  // the p-th of the workers in order of their names (mod their number) as they were when it was run
  // first; of those that come later, one whose share it falls to (placement.h). Survives the loss
  // of workers for as long as one is left or another comes within ClusterOptions::worker_timeout.
  // Destroying the task cancels the graph.
  virtual Task<absl::StatusOr<GraphResults>> Run(StageGraph graph) = 0;

  // Whether what was kept (Stage::keep) is there, as far as is known: its worker is, or that of its
  // replica, and was not found without it.
  virtual bool IsKept(const TaskOutput& output) const = 0;
  // Has workers forget what a stage has kept; a graph that runs may find it lost. REQUIRES: they
  // are of one stage.
  virtual void LetGo(const std::vector<TaskOutput>& outputs) = 0;

  // Answers TaskContext::CallDriver. Handlers run on the driver's node.
  using Handler = std::function<Task<absl::StatusOr<std::string>>(std::string request)>;
  virtual void Handle(std::string method, Handler handler) = 0;
};

struct WorkerOptions {
  // Tried in turn, for ever, until one accepts: a driver's replacement may be elsewhere.
  std::vector<std::string> driver_addresses = {};
  // Where other workers fetch this one's shuffle blocks: "host:port" or "inproc:name".
  std::string address = {};
  std::string plan_fingerprint = {};
  // How many bytes of memory what its tasks have put may take, and how many on its scratch disk. Of
  // more the oldest-used goes there, or for good, as Stage::level says; what is gone is made again
  // if it is needed.
  size_t kept_bytes_max = kDefaultKeptBytes;
  size_t spilled_bytes_max = kDefaultSpillBytes;
  // The scratch disk: a directory of the node's disk; "": there is none, and no file is written.
  std::string scratch = {};
  // Tasks at once; a node is one thread, so more than one only overlaps waiting.
  int slots = 1;
};

// The main of a worker node: never returns by itself. When the driver's connection breaks, its
// tasks are cancelled and its blocks dropped, and the worker registers anew. `registry` and `store`
// outlive it.
Task<void> RunWorker(platform::Node& node, checkpoint::Store& store, const TaskRegistry& registry,
                     WorkerOptions options);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_CLUSTER_H_
