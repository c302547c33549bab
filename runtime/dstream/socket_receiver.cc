// The receiver of SocketTextStream and ReliableTextStream: turns what a TCP server sends into rows,
// its lines (receiver_supervisor.h has the blocks).
//
// A socket cannot be asked to send again: what was still in the socket, in the unfinished line or
// in no stored block when worker, driver or connection failed is lost, as in Spark.
//
// A server that keeps its lines (ReliableTextStream) loses none. It is asked to begin ("READ"),
// sends each line with its number in the stream ("17 the line"), from the first that it keeps, and
// may forget lines once it is told ("ACK 18": those before 18). That is said when they are input:
// in blocks that the log has. How many those are the log tells a receiver that starts, so what is
// sent again is left out: each line is input once. A line that is missing, or too long, is an
// error.
//
// Nothing is read while there is no room, and TCP holds the sender. A line longer than
// ReceiverTask::line_bytes_max, of a server that forgets, is dropped and reported as an error.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/event.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"
#include "platform/text.h"
#include "runtime/columnar/line_splitter.h"
#include "runtime/dstream/input_operators.h"
#include "runtime/dstream/raw_receiver.h"
#include "runtime/dstream/stream_steps.h"
#include "runtime/dstream/wire.h"
#include "runtime/steps.h"

namespace wavetank::runtime {

namespace {

using platform::Task;

constexpr int64_t kReadBytes = 64 << 10;

class SocketReceiver final : public RawReceiver {
 public:
  SocketReceiver(const SocketTextInput& input, const ReceiverTask& task)
      : input_(input), stream_(task.stream), line_bytes_max_(task.line_bytes_max) {}

  Task<absl::Status> Receive(ReceiverSink& sink) override {
    if (!received_.has_value()) received_ = sink.rows_input();
    splitter_.Drop();
    skipping_ = false;
    platform::Node& node = sink.node();
    WT_CO_ASSIGN_OR_RETURN(std::unique_ptr<platform::ByteStream> connection,
                           co_await node.network().ConnectStream(input_.address()));
    co_await node.Step(steps::kReceiverConnected, {{"stream", stream_}});
    platform::TaskScope acknowledging(node.executor());
    if (keeps()) {
      WT_CO_RETURN_IF_ERROR(co_await connection->Write("READ\n"));
      acknowledging.Spawn("acknowledging lines", Acknowledge(sink, *connection));
    }
    while (true) {
      co_await sink.AwaitRoom();
      WT_CO_ASSIGN_OR_RETURN(const std::string bytes, co_await connection->Read(kReadBytes));
      if (bytes.empty()) {
        if (!keeps()) splitter_.Finish([&](std::string_view line) { Append(line, sink); });
        co_return absl::UnavailableError("the server ended the stream");
      }
      if (keeps()) {
        absl::Status taken;
        splitter_.Push(bytes, [&](std::string_view line) {
          if (taken.ok()) taken = TakeNumbered(line, sink);
        });
        if (taken.ok() && static_cast<int64_t>(splitter_.unfinished_bytes()) > LongestNumbered()) {
          taken = TooLong();
        }
        WT_CO_RETURN_IF_ERROR(taken);
        continue;
      }
      splitter_.Push(bytes, [&](std::string_view line) { Append(line, sink); });
      if (static_cast<int64_t>(splitter_.unfinished_bytes()) > line_bytes_max_) {
        splitter_.Drop();
        // Said at once: the line may never end.
        if (!std::exchange(skipping_, true)) dropped_line_ = true;
      }
      if (std::exchange(dropped_line_, false)) {
        co_await sink.ReportError(absl::StrCat("dropped a line of more than ", line_bytes_max_,
                                               " bytes: send shorter lines"));
      }
    }
  }

  // Of a server that keeps its lines, if it still hears.
  Task<void> LastWords(ReceiverSink& sink) override {
    while (keeps() && told_ < sink.rows_input()) {
      heard_.Reset();
      co_await heard_.Wait();
    }
  }

 private:
  bool keeps() const { return input_.serving == LineServing::kKeeps; }
  int64_t LongestNumbered() const {
    constexpr int64_t kNumberBytes = 20;
    return line_bytes_max_ + kNumberBytes;
  }
  absl::Status TooLong() const {
    return absl::ResourceExhaustedError(
        absl::StrCat("line ", *received_, " is longer than ", line_bytes_max_,
                     " bytes, and no line may be left out: let lines be longer"));
  }

  // "<number> <line>": the next one, or one that has come before.
  absl::Status TakeNumbered(std::string_view numbered, ReceiverSink& sink) {
    const size_t space = std::min(numbered.find(' '), numbered.size());
    int64_t number = 0;
    const bool has_number = space < numbered.size() &&
                            absl::ascii_isdigit(static_cast<unsigned char>(numbered.front())) &&
                            absl::SimpleAtoi(platform::ToAbsl(numbered.substr(0, space)), &number);
    if (!has_number) {
      return absl::InvalidArgumentError(
          absl::StrCat("what it sends for line ", *received_,
                       " does not begin with a line's number and a space: is it a server that "
                       "keeps its lines?"));
    }
    if (number < *received_) return absl::OkStatus();
    if (number > *received_) {
      return absl::DataLossError(absl::StrCat("it sends line ", number, ", and line ", *received_,
                                              " has not come: it has forgotten what was not safe, "
                                              "or has told it to another stream"));
    }
    const std::string_view line = numbered.substr(space + 1);
    if (static_cast<int64_t>(line.size()) > line_bytes_max_) return TooLong();
    ++*received_;
    Append(line, sink);
    return absl::OkStatus();
  }

  // Tells the server which lines are safe, also those that the connection before had not told it.
  // Both outlive the task.
  Task<void> Acknowledge(ReceiverSink& sink, platform::ByteStream& connection) {
    const bool too_early = platform::Planted(sink.node(), "lines_acknowledged_when_received");
    int64_t told = 0;
    while (true) {
      const int64_t safe = too_early ? *received_ : sink.rows_input();
      if (safe <= told) {
        co_await sink.AwaitInput(sink.rows_input());
        continue;
      }
      const absl::Status written = co_await connection.Write(absl::StrCat("ACK ", safe, "\n"));
      if (!written.ok()) co_return;  // the reader hears of it
      told = safe;
      told_ = safe;
      heard_.Set();
      co_await sink.node().Step(steps::kLinesAcknowledged, {{"stream", stream_}, {"lines", told}});
    }
  }

  void Append(std::string_view line, ReceiverSink& sink) {
    if (std::exchange(skipping_, false)) return;
    if (static_cast<int64_t>(line.size()) > line_bytes_max_) {
      dropped_line_ = true;
      return;
    }
    sink.Add(line);
  }

  const SocketTextInput& input_;
  const int64_t stream_;
  const int64_t line_bytes_max_;

  LineSplitter splitter_;
  bool skipping_ = false;      // the line under way is too long, and is dropped until it ends
  bool dropped_line_ = false;  // and that is still to be reported
  // Of a server that keeps its lines: how many have come, and how many it was told are input.
  std::optional<int64_t> received_;
  int64_t told_ = 0;
  platform::Event heard_;  // the server was told
};

}  // namespace

std::unique_ptr<RawReceiver> SocketTextInput::MakeReceiver(const ReceiverTask& task) const {
  return std::make_unique<SocketReceiver>(*this, task);
}

}  // namespace wavetank::runtime
