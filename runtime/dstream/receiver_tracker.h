// ReceiverTracker: the driver's side of the receivers. Shared by the driver and by the answers
// under way, since either may end first.
//
// Which blocks are input. A run of a receiver is logged before it may store anything; from then on
// the runs of its stream that started before it are replaced. Then, and only then, the store is
// asked what those had stored: what is not logged yet is logged now, together with their end. So a
// block is input, once, if it was durable before the log said that its receiver is replaced,
// whoever has died: the receiver reports its blocks one after the other, and what it could not
// report is found by name (checkpoint/block_name.h). What a replaced receiver that does not know it
// stores after that is not input; its reports are refused.
//
// A receiver that starts is told how many records of its stream are input by then: those before it
// have ended, so nothing is added but by itself. One whose server can send again goes on from
// there.
#ifndef WAVETANK_RUNTIME_DSTREAM_RECEIVER_TRACKER_H_
#define WAVETANK_RUNTIME_DSTREAM_RECEIVER_TRACKER_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/store.h"
#include "platform/event.h"
#include "platform/node.h"
#include "platform/task.h"
#include "platform/task_scope.h"
#include "runtime/cluster/cluster.h"
#include "runtime/dstream/batch_log.h"
#include "runtime/dstream/block_queue.h"
#include "runtime/dstream/stream_events.h"
#include "runtime/dstream/wire.h"

namespace wavetank::runtime {

class ReceiverTracker {
 public:
  // The blocks that the log holds unallocated go first, before any batch is due. `events` are told
  // until Close. `blocks_directory`: where receivers store. `unprocessed_bytes_max`: of blocks that
  // wait for a batch, or whose batch runs; beyond it receivers pause.
  static std::shared_ptr<ReceiverTracker> Create(platform::Node& node, checkpoint::Store& store,
                                                 std::shared_ptr<BatchLog> log,
                                                 std::string blocks_directory,
                                                 int64_t unprocessed_bytes_max,
                                                 StreamEvents& events);

  // Answers receivers from now on. The cluster keeps the tracker; Close ends what it may do.
  static void Serve(std::shared_ptr<ReceiverTracker> tracker, Cluster& cluster);

  BlockQueue& queue() { return queue_; }
  // Receivers end, each after its last block has been taken over.
  void StopReceivers() {
    stopping_ = true;
    changed_.Set();
  }
  bool stopping() const { return stopping_; }
  // The batch that runs has these blocks; null: no batch runs. It outlives the task.
  Task<void> Processing(const BatchInput* batch);
  // From now on; 0: no limit. Whether that is another one than before.
  bool SetRate(OperatorId stream, int64_t rate);
  // What a receiver of the stream is to do now.
  ReceiverOrders OrdersFor(int64_t stream) const;
  // Takes nothing over any more.
  void Close() {
    closed_ = true;
    events_ = nullptr;
  }
  // Set when the log could not take a block or a receiver, with the reason.
  platform::Event& failed() { return failed_; }
  const absl::Status& failure() const { return failure_; }

 private:
  ReceiverTracker(platform::Node& node, checkpoint::Store& store, std::shared_ptr<BatchLog> log,
                  std::string blocks_directory, int64_t unprocessed_bytes_max, StreamEvents& events)
      : node_(node),
        store_(store),
        log_(std::move(log)),
        blocks_directory_(std::move(blocks_directory)),
        unprocessed_bytes_max_(unprocessed_bytes_max),
        events_(&events),
        scope_(node.executor()) {}

  static Task<absl::StatusOr<std::string>> StartReceiver(std::shared_ptr<ReceiverTracker> self,
                                                         std::string request);
  static Task<absl::StatusOr<std::string>> AddBlock(std::shared_ptr<ReceiverTracker> self,
                                                    std::string request);
  static Task<absl::StatusOr<std::string>> AwaitOrders(std::shared_ptr<ReceiverTracker> self,
                                                       std::string request);
  static Task<absl::StatusOr<std::string>> ReportError(std::shared_ptr<ReceiverTracker> self,
                                                       std::string request);

  // One run of a receiver that has not ended.
  struct Receiver {
    explicit Receiver(ReceiverRun of) : run(std::move(of)) {}
    const ReceiverRun run;
    int64_t blocks_taken = 0;  // of its numbers 0, 1, ...: logged, or being logged
    int64_t begins_at = 0;     // how many records of the stream were input when it was started
    // Whether the log has it, and those before it have ended, or that has failed.
    platform::Event started;
    absl::Status start_status;
    // Of the newest of them; it reports one by one, so those before it are.
    bool newest_queued = true;
  };
  using ReceiverPointer = std::shared_ptr<Receiver>;

  struct TakeOver {
    platform::Event ended;
    absl::Status status;
  };
  // These are tasks of the tracker's own: the request that asked for one ends with its receiver's
  // connection, and what is logged must be queued all the same.
  Task<void> LogAndQueue(Block block, ReceiverPointer receiver,
                         std::shared_ptr<TakeOver> take_over);
  Task<void> StartReceiverAfter(ReceiverPointer previous, ReceiverPointer receiver);
  Task<absl::Status> LogReceiver(ReceiverPointer previous, ReceiverPointer receiver);
  // Of a receiver that is replaced: what it had stored is logged and queued.
  Task<absl::Status> EndReceiver(ReceiverPointer replaced);
  Task<absl::StatusOr<std::vector<Block>>> StoredBy(ReceiverPointer replaced);
  void Fail(const absl::Status& status);
  // After a change of what waits.
  Task<void> SayIfPaused();

  platform::Node& node_;
  checkpoint::Store& store_;
  const std::shared_ptr<BatchLog> log_;
  const std::string blocks_directory_;
  BlockQueue queue_;
  std::map<int64_t, int64_t> records_logged_;  // by stream
  // By stream, whose newest is at work, and replaces the others.
  std::map<int64_t, std::deque<ReceiverPointer>> receivers_;
  const int64_t unprocessed_bytes_max_;
  StreamEvents* events_;              // null: closed
  int64_t processing_bytes_ = 0;      // of the batch that runs
  std::map<int64_t, int64_t> rates_;  // by stream
  bool paused_ = false;               // and that was said
  bool stopping_ = false;
  platform::Event changed_;  // some orders may have
  bool closed_ = false;
  platform::Event failed_;
  absl::Status failure_;
  platform::TaskScope scope_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_RECEIVER_TRACKER_H_
