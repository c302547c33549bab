// RawReceiver: what a receiver is to the engine, without its row type, and what it has of that.
// Those who write one use receiver.h.
//
// A block of received rows is lines, each row one: whatever a row is encoded as, in it stands "\\"
// for a backslash and "\n" for the end of a line. A line of text without these stands as it is.
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

namespace internal {

// As a line of a block.
inline std::string EscapeLine(std::string_view bytes) {
  std::string line;
  line.reserve(bytes.size());
  for (const char c : bytes) {
    if (c == '\\' || c == '\n' || c == '\r') line.push_back('\\');
    line.push_back(c == '\n' ? 'n' : c == '\r' ? 'r' : c);
  }
  return line;
}
// kDataLoss: it is no such line.
inline absl::Status UnescapeLine(std::string_view line, std::string& bytes) {
  bytes.clear();
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\') {
      bytes.push_back(line[i]);
      continue;
    }
    const char escaped = ++i < line.size() ? line[i] : '\0';
    if (escaped != '\\' && escaped != 'n' && escaped != 'r') {
      return absl::DataLossError("a line of a block has a backslash that begins nothing");
    }
    bytes.push_back(escaped == 'n' ? '\n' : escaped == 'r' ? '\r' : '\\');
  }
  return absl::OkStatus();
}

}  // namespace internal
}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_RAW_RECEIVER_H_
