// BlockExchange: how shuffle blocks get from the worker that made them to the task that reads them.
// Serves this worker's blocks to others, and fetches theirs, each worker's in one request. This
// worker's own blocks, and those of which it has the replica, are handed over without the network.
// What a worker does not give is fetched from the one that has a replica.
#ifndef WAVETANK_RUNTIME_CLUSTER_BLOCK_EXCHANGE_H_
#define WAVETANK_RUNTIME_CLUSTER_BLOCK_EXCHANGE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "platform/node.h"
#include "platform/rpc.h"
#include "runtime/cluster/block_manager.h"
#include "runtime/cluster/messages.h"
#include "runtime/cluster/task.h"

namespace wavetank::runtime {

class BlockExchange {
 public:
  // Serves on `address` until destroyed. `node` outlives the exchange.
  static Task<absl::StatusOr<std::unique_ptr<BlockExchange>>> Start(platform::Node& node,
                                                                    std::string address,
                                                                    BlockBounds bounds = {});

  std::string address() const { return server_->address(); }
  BlockManager& blocks() { return blocks_; }
  // Forgets all blocks and connections. Fetches under way end as they may.
  void Reset() {
    blocks_.DropAll();  // and who it is
    clients_.clear();
  }

  // To workers that live, as far as this one has seen.
  size_t connections() const { return clients_.size(); }

  struct Fetched {
    absl::Status status;
    std::vector<ShuffleBlock> blocks;  // by source
    // If the status is not OK:
    std::vector<cluster::TaskName> unreachable;  // on workers that could not be asked
    std::vector<cluster::TaskName> missing;      // on workers that do not have them any more
  };
  // An attempt, where it ran, and who has a replica of its blocks ("": nobody).
  struct Source {
    TaskId id;
    std::string address;
    std::string replica = {};
  };
  // The blocks that the attempts put for the partition `target`, on behalf of `reader`. The
  // exchange and what is given outlive the fetch.
  Task<Fetched> Fetch(const TaskId& reader, int64_t batch, int target,
                      const std::vector<Source>& sources);

  // Has the worker `id` at `address` keep the blocks of a finished attempt of this one's.
  Task<absl::Status> Replicate(TaskId task, std::map<int, BlockPointer> blocks, StorageLevel level,
                               std::string address, int64_t id);

 private:
  struct FromOne;
  // One source of a fetch, by its place there, and whom to ask.
  struct Wanted {
    size_t place = 0;
    std::string address;
    bool of_replica = false;
  };
  BlockExchange(platform::Node& node, std::string name, BlockBounds bounds)
      : node_(node), blocks_(node, std::move(bounds), name) {}
  Task<absl::StatusOr<platform::RpcPayload>> Serve(std::string method,
                                                   platform::RpcPayload request);
  Task<absl::StatusOr<platform::RpcPayload>> Keep(platform::RpcPayload request);
  Task<std::vector<FromOne>> FetchAll(TaskId reader, int64_t batch, int target,
                                      const std::vector<Source>& sources,
                                      std::vector<Wanted> wanted);
  Task<void> FetchFromOne(FromOne& from);
  platform::StepAwaiter ReplicaRead(const TaskId& source);
  Task<absl::StatusOr<platform::RpcPayload>> Ask(std::string address, std::string method,
                                                 platform::RpcPayload request,
                                                 absl::Duration timeout);

  platform::Node& node_;
  BlockManager blocks_;
  // By address. Shared with the calls that use them, so that a broken one can be replaced
  // meanwhile.
  std::map<std::string, std::shared_ptr<platform::RpcClient>> clients_;
  std::unique_ptr<platform::RpcServer> server_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_BLOCK_EXCHANGE_H_
