// ReceiverTracker: the driver's side of the receivers. Shared by the driver and by the answers
// under way, since either may end first.
#ifndef WAVETANK_RUNTIME_DSTREAM_RECEIVER_TRACKER_H_
#define WAVETANK_RUNTIME_DSTREAM_RECEIVER_TRACKER_H_

#include <memory>
#include <string>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "platform/event.h"
#include "platform/node.h"
#include "platform/task.h"
#include "platform/task_scope.h"
#include "runtime/cluster/cluster.h"
#include "runtime/dstream/batch_log.h"
#include "runtime/dstream/block_queue.h"
#include "runtime/dstream/wire.h"

namespace wavetank::runtime {

class ReceiverTracker {
 public:
  // The blocks that the log holds unallocated go first, before any batch is due.
  static std::shared_ptr<ReceiverTracker> Create(platform::Node& node,
                                                 std::shared_ptr<BatchLog> log);

  // Answers receivers from now on. The cluster keeps the tracker; Close ends what it may do.
  static void Serve(std::shared_ptr<ReceiverTracker> tracker, Cluster& cluster);

  BlockQueue& queue() { return queue_; }
  // Receivers end, each after its last block has been taken over.
  void StopReceivers() { stopping_.Set(); }
  bool stopping() const { return stopping_.is_set(); }
  // Takes nothing over any more.
  void Close() { closed_ = true; }
  // Set when the log could not take a block, with the reason.
  platform::Event& failed() { return failed_; }
  const absl::Status& failure() const { return failure_; }

 private:
  ReceiverTracker(platform::Node& node, std::shared_ptr<BatchLog> log)
      : node_(node), log_(std::move(log)), scope_(node.executor()) {}

  static Task<absl::StatusOr<std::string>> AddBlock(std::shared_ptr<ReceiverTracker> self,
                                                    std::string request);
  static Task<absl::StatusOr<std::string>> AwaitStop(std::shared_ptr<ReceiverTracker> self);
  static Task<absl::StatusOr<std::string>> ReportError(std::shared_ptr<ReceiverTracker> self,
                                                       std::string error);

  struct TakeOver {
    platform::Event ended;
    absl::Status status;
  };
  // Logs the block, then queues it. A task of the tracker's own: the request that asked for it ends
  // with its receiver's connection, and what is logged must be queued all the same.
  Task<void> LogAndQueue(Block block, std::shared_ptr<TakeOver> take_over);

  // The newest block of one run of a receiver, which reports them one by one.
  struct Newest {
    std::string path;
    bool queued = false;
  };

  platform::Node& node_;
  const std::shared_ptr<BatchLog> log_;
  BlockQueue queue_;
  absl::btree_map<std::string, Newest> newest_;  // by receiver run
  platform::Event stopping_;
  bool closed_ = false;
  platform::Event failed_;
  absl::Status failure_;
  platform::TaskScope scope_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_RECEIVER_TRACKER_H_
