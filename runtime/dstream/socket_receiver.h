// The receiver of SocketTextStream and ReliableTextStream: a long-running task on a worker that
// turns what a TCP server sends into blocks of lines.
//
// Every block interval the complete lines are stored as one block, durably and under a unique name,
// and reported to the driver, which logs the block before any batch can take it. What is stored is
// not lost, whoever dies then (receiver_tracker.h). A socket cannot be asked to send again: what
// was still in the socket, in the unfinished line or in no stored block when worker, driver or
// connection failed is lost, as in Spark. A block is reported until it is answered, so it is never
// taken twice.
//
// A server that keeps its lines (ReliableTextStream) loses none. It is asked to begin ("READ"),
// sends each line with its number in the stream ("17 the line"), from the first that it keeps, and
// may forget lines once it is told ("ACK 18": those before 18). That is said when they are input:
// in blocks that the log has. How many those are the log tells a receiver that starts, so what is
// sent again is left out: each line is input once. A line that is missing, or too long, is an
// error.
//
// Bounds: while the buffer is full (the store is slow) nothing is read, and TCP holds the sender. A
// line longer than ReceiverTask::line_bytes_max, of a server that forgets, is dropped and reported
// as an error. When the connection ends or cannot be made, the receiver tries again after its
// restart delay.
#ifndef WAVETANK_RUNTIME_DSTREAM_SOCKET_RECEIVER_H_
#define WAVETANK_RUNTIME_DSTREAM_SOCKET_RECEIVER_H_

#include <string>

#include "absl/status/statusor.h"

#include "platform/event.h"
#include "runtime/cluster/task.h"
#include "runtime/dstream/graph.h"

namespace wavetank::runtime {

class SocketReceiverBody final : public TaskBody {
 public:
  // `graph` must outlive the body.
  explicit SocketReceiverBody(const StreamingGraph& graph) : graph_(graph) {}
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

#endif  // WAVETANK_RUNTIME_DSTREAM_SOCKET_RECEIVER_H_
