// RawReceiver: what a receiver is to the engine, without its row type, and what it has of that.
// Those who write one use receiver.h.
//
// A block of received rows is lines, each row one (received_rows.h).
#ifndef WAVETANK_RUNTIME_DSTREAM_RAW_RECEIVER_H_
#define WAVETANK_RUNTIME_DSTREAM_RAW_RECEIVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "platform/event.h"
#include "platform/node.h"
#include "platform/task.h"

namespace wavetank::runtime {

// What a receiver at work hands its rows to, on a worker. It cuts them into blocks: every block
// interval, or at once for AddAll, one after the other (receiver_supervisor.h).
class ReceiverSink {
 public:
  virtual ~ReceiverSink() = default;

  virtual platform::Node& node() = 0;
  // Until there is room, and the rate allows a row: before anything is read that will be added.
  virtual platform::Task<void> AwaitRoom() = 0;
  // The next row, encoded; not durable yet.
  virtual void Add(std::string_view line) = 0;
  // These rows, in one block. OK: they are durable and logged, so they are input, whoever dies now.
  // An error: nobody knows; the receiver has been replaced, or ends.
  virtual platform::Task<absl::Status> AddAll(std::vector<std::string> lines) = 0;
  // How many rows of the stream are input: those of receivers before this one, and what this one
  // has handed over. So a source that counts can go on from there, and forget what is before.
  virtual int64_t rows_input() const = 0;
  // Until they are more than that.
  virtual platform::Task<void> AwaitInput(int64_t more_than) = 0;
  // Set when the receiver is to end: nothing that is added from then on is input.
  virtual platform::Event& stopping() = 0;
  // Tells the driver's log, best effort.
  virtual platform::Task<void> ReportError(std::string what) = 0;
};

// One run of a receiver, on one worker.
class RawReceiver {
 public:
  virtual ~RawReceiver() = default;
  // Receives until the source ends or fails, which is reported; after the restart delay it is
  // called again. Destroyed where it waits when the receiver ends.
  virtual platform::Task<absl::Status> Receive(ReceiverSink& sink) = 0;
  // When it is to end, after the last block has been handed over; what Receive runs goes on until
  // this returns, and is destroyed then.
  virtual platform::Task<void> LastWords(ReceiverSink& /*sink*/) { co_return; }
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_RAW_RECEIVER_H_
