// The task of a receiver: a long-running one on a worker, which has a receiver bring in rows, cuts
// them into blocks and has the driver take these over.
//
// Every block interval, or at once where a receiver waits for it, the rows that have come are
// stored as one block, durably and under a unique name, and reported to the driver, which logs the
// block before any batch can take it. What is stored is not lost, whoever dies then
// (receiver_tracker.h). A block is reported until it is answered, one after the other, so it is
// never taken twice.
//
// Bounds. While the buffer is full (the store is slow), or the driver says that too much waits for
// batches, or the rate is reached, a receiver that asks for room waits: it reads nothing, and its
// source is held. The driver's word is in ReceiverOrders, which each receiver asks for again and
// again.
//
// Supervision: when the receiver's source ends, or cannot be reached, or it throws, that is
// reported, and it tries again after the restart delay.
#ifndef WAVETANK_RUNTIME_DSTREAM_RECEIVER_SUPERVISOR_H_
#define WAVETANK_RUNTIME_DSTREAM_RECEIVER_SUPERVISOR_H_

#include <string>

#include "absl/status/statusor.h"

#include "platform/event.h"
#include "runtime/cluster/task.h"
#include "runtime/dstream/graph.h"

namespace wavetank::runtime {

class ReceiverBody final : public TaskBody {
 public:
  // `graph` must outlive the body.
  explicit ReceiverBody(const StreamingGraph& graph) : graph_(graph) {}
  // Ends when the driver says so or the worker drains, after the last block has been taken over.
  Task<absl::StatusOr<std::string>> Run(TaskContext& context, std::string payload) override;
  // Asks every receiver to end, and waits until they have.
  Task<void> Drain();

 private:
  class AtWork;

  const StreamingGraph& graph_;
  int at_work_ = 0;
  platform::Event idle_;
  platform::Event draining_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_RECEIVER_SUPERVISOR_H_
