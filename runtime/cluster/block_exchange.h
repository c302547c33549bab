// BlockExchange: how shuffle blocks get from the worker that made them to the task that reads them.
// Serves this worker's blocks to others, and fetches theirs, each worker's in one request. This
// worker's own blocks are handed over without the network.
#ifndef WAVETANK_RUNTIME_CLUSTER_BLOCK_EXCHANGE_H_
#define WAVETANK_RUNTIME_CLUSTER_BLOCK_EXCHANGE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "platform/node.h"
#include "platform/rpc.h"
#include "runtime/cluster/messages.h"
#include "runtime/cluster/shuffle_blocks.h"
#include "runtime/cluster/task.h"

namespace wavetank::runtime {

class BlockExchange {
 public:
  // Serves on `address` until destroyed. `node` outlives the exchange.
  static Task<absl::StatusOr<std::unique_ptr<BlockExchange>>> Start(platform::Node& node,
                                                                    std::string address);

  std::string address() const { return server_->address(); }
  ShuffleBlocks& blocks() { return blocks_; }
  // Forgets all blocks and connections. Fetches under way end as they may.
  void Reset() {
    blocks_.DropAll();
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
  // An attempt, and where it ran.
  struct Source {
    TaskId id;
    std::string address;
  };
  // The blocks that the attempts put for the partition `target`, on behalf of `reader`. The
  // exchange and what is given outlive the fetch.
  Task<Fetched> Fetch(const TaskId& reader, int64_t batch, int target,
                      const std::vector<Source>& sources);

 private:
  struct FromOne;
  explicit BlockExchange(platform::Node& node) : node_(node) {}
  Task<absl::StatusOr<platform::RpcPayload>> Serve(std::string method,
                                                   platform::RpcPayload request);
  Task<void> FetchFromOne(FromOne& from);
  Task<absl::StatusOr<platform::RpcPayload>> Ask(std::string address, std::string request);

  platform::Node& node_;
  ShuffleBlocks blocks_;
  // By address. Shared with the calls that use them, so that a broken one can be replaced
  // meanwhile.
  std::map<std::string, std::shared_ptr<platform::RpcClient>> clients_;
  std::unique_ptr<platform::RpcServer> server_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_BLOCK_EXCHANGE_H_
