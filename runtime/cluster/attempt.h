// Attempt: one attempt of a task on its worker, and what its body may use.
#ifndef WAVETANK_RUNTIME_CLUSTER_ATTEMPT_H_
#define WAVETANK_RUNTIME_CLUSTER_ATTEMPT_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "checkpoint/store.h"
#include "platform/node.h"
#include "platform/rpc.h"
#include "runtime/cluster/block_exchange.h"
#include "runtime/cluster/messages.h"
#include "runtime/cluster/task.h"

namespace wavetank::runtime {

// Where attempts run: everything outlives them.
struct WorkerContext {
  platform::Node& node;
  checkpoint::Store& store;
  const TaskRegistry& registry;
  BlockExchange& exchange;
  platform::RpcClient& driver;
};

class Attempt final : public TaskContext {
 public:
  Attempt(const WorkerContext& worker, cluster::RunTask run)
      : worker_(worker), run_(std::move(run)), id_(FromName(run_.task())) {}

  // Runs the body to its end, whatever that is: the report for the driver.
  Task<cluster::TaskReport> Run();
  // What the body has put. Call it once, when the body has succeeded.
  std::map<int, BlockPointer> TakeBlocks() { return std::move(blocks_); }
  platform::StepAwaiter Step(const platform::StepName& step);
  StorageLevel level() const { return static_cast<StorageLevel>(run_.storage_level()); }
  // The worker that is to have a replica of them; "": none.
  const std::string& replica_address() const { return run_.replica_address(); }
  int64_t replica_worker() const { return run_.replica_worker(); }

  platform::Node& node() override { return worker_.node; }
  checkpoint::Store& store() override { return worker_.store; }
  const TaskId& id() const override { return id_; }
  Task<absl::StatusOr<std::vector<ShuffleBlock>>> FetchShuffle(int stage) override;
  Task<absl::StatusOr<std::vector<ShuffleBlock>>> FetchOutputs() override;
  void LetGoOfShuffle(int stage, int source_partition) override;
  void PutShuffle(int target_partition, std::shared_ptr<const platform::Attachment> block) override;
  size_t Hold(size_t bytes) override { return worker_.exchange.blocks().Hold(bytes); }
  Task<absl::StatusOr<std::string>> CallDriver(std::string method, std::string request,
                                               absl::Duration timeout) override;

 private:
  Task<absl::StatusOr<std::string>> RunBody();
  // kInvalidArgument: the driver has given no such address.
  absl::Status AddSource(TaskId id, int address, int replica,
                         std::vector<BlockExchange::Source>& sources) const;
  TaskId SourceOf(const cluster::Input& input, int partition) const;
  Task<absl::StatusOr<std::vector<ShuffleBlock>>> Fetch(int from, int target,
                                                        std::vector<BlockExchange::Source> sources);

  const WorkerContext worker_;
  cluster::RunTask run_;
  const TaskId id_;
  const std::vector<std::string> addresses_{run_.addresses().begin(), run_.addresses().end()};
  std::map<int, BlockPointer> blocks_;
  absl::Status fetch_error_;
  std::vector<cluster::TaskName> unreachable_;
  std::vector<cluster::TaskName> missing_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_ATTEMPT_H_
