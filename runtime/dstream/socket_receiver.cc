#include "runtime/dstream/socket_receiver.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/block_name.h"
#include "checkpoint/crc32c.h"
#include "checkpoint/paths.h"
#include "platform/event.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"
#include "platform/text.h"
#include "runtime/columnar/line_splitter.h"
#include "runtime/dstream/input_operators.h"
#include "runtime/dstream/stream_steps.h"
#include "runtime/dstream/wire.h"
#include "runtime/steps.h"

namespace wavetank::runtime {

namespace {

constexpr int64_t kReadBytes = 64 << 10;
constexpr absl::Duration kReportTimeout = absl::Seconds(30);
constexpr absl::Duration kRetryDelay = absl::Milliseconds(500);
// For a server to hear what is safe, of a receiver that ends.
constexpr absl::Duration kLastWords = absl::Seconds(1);

class SocketReceiver {
 public:
  SocketReceiver(TaskContext& context, const SocketTextInput& input, ReceiverTask task,
                 platform::Event& draining)
      : context_(context),
        node_(context.node()),
        input_(input),
        task_(std::move(task)),
        draining_(draining),
        reader_(node_.executor()),
        watcher_(node_.executor()) {}

  Task<absl::StatusOr<std::string>> Run() {
    WT_CO_RETURN_IF_ERROR(co_await Start());
    reader_.Spawn("socket reader", ReadForEver());
    watcher_.Spawn("stop watcher", AwaitStop());
    watcher_.Spawn("drain watcher", AwaitDrain());
    const absl::Duration interval = absl::Milliseconds(task_.block_interval_ms);
    while (true) {
      const bool stopped = co_await stop_.WaitFor(node_.clock(), interval);
      WT_CO_RETURN_IF_ERROR(co_await HandOverBlock());
      if (!stopped) continue;
      co_await TellTheLast();
      co_return std::string();
    }
  }

 private:
  // The driver logs that this receiver is at work before it stores anything, so that what it stores
  // and cannot report will be found.
  Task<absl::Status> Start() {
    const ReceiverRun run{.stream = task_.stream, .run = context_.id().Unique()};
    WT_CO_ASSIGN_OR_RETURN(const std::string begins_at,
                           co_await CallUntilAnswered(kReceiverStartedMethod, EncodeToString(run)));
    WT_CO_RETURN_IF_ERROR(DecodeFromString(begins_at, safe_));
    received_ = safe_;
    co_return absl::OkStatus();
  }

  // Of a server that keeps its lines, if it still hears.
  Task<void> TellTheLast() {
    const platform::MonotonicTime until = node_.clock().Now() + kLastWords;
    while (keeps() && told_ < safe_ && node_.clock().Now() < until) {
      heard_.Reset();
      const bool heard = co_await heard_.WaitFor(node_.clock(), until - node_.clock().Now());
      if (!heard) co_return;
    }
  }

  Task<void> ReadForEver() {
    while (true) {
      const absl::Status ended = co_await ReadConnection();
      splitter_.Drop();
      skipping_ = false;
      co_await ReportError(absl::StrCat(ended.message(), "; trying again"));
      co_await node_.clock().Sleep(absl::Milliseconds(task_.restart_delay_ms));
    }
  }

  Task<absl::Status> ReadConnection() {
    WT_CO_ASSIGN_OR_RETURN(std::unique_ptr<platform::ByteStream> stream,
                           co_await node_.network().ConnectStream(input_.address()));
    co_await node_.Step(steps::kReceiverConnected, {{"stream", task_.stream}});
    platform::TaskScope acknowledging(node_.executor());
    if (keeps()) {
      WT_CO_RETURN_IF_ERROR(co_await stream->Write("READ\n"));
      acknowledging.Spawn("acknowledging lines", Acknowledge(*stream));
    }
    while (true) {
      while (static_cast<int64_t>(buffer_.size()) >= task_.buffer_bytes_max) {
        room_.Reset();
        co_await room_.Wait();
      }
      WT_CO_ASSIGN_OR_RETURN(const std::string bytes, co_await stream->Read(kReadBytes));
      if (stop_.is_set()) co_await never_.Wait();  // the last block is on its way
      if (bytes.empty()) {
        if (!keeps()) splitter_.Finish([this](std::string_view line) { Append(line); });
        co_return absl::UnavailableError("the server ended the stream");
      }
      if (keeps()) {
        absl::Status taken;
        splitter_.Push(bytes, [&](std::string_view line) {
          if (taken.ok()) taken = TakeNumbered(line);
        });
        if (taken.ok() && static_cast<int64_t>(splitter_.unfinished_bytes()) > LongestNumbered()) {
          taken = TooLong();
        }
        WT_CO_RETURN_IF_ERROR(taken);
        continue;
      }
      splitter_.Push(bytes, [this](std::string_view line) { Append(line); });
      if (static_cast<int64_t>(splitter_.unfinished_bytes()) > task_.line_bytes_max) {
        splitter_.Drop();
        // Said at once: the line may never end.
        if (!std::exchange(skipping_, true)) dropped_line_ = true;
      }
      if (std::exchange(dropped_line_, false)) co_await ReportLongLine();
    }
  }

  // --- of a server that keeps its lines ---

  bool keeps() const { return input_.serving == LineServing::kKeeps; }
  int64_t LongestNumbered() const {
    constexpr int64_t kNumberBytes = 20;
    return task_.line_bytes_max + kNumberBytes;
  }
  absl::Status TooLong() const {
    return absl::ResourceExhaustedError(
        absl::StrCat("line ", received_, " is longer than ", task_.line_bytes_max,
                     " bytes, and no line may be left out: let lines be longer"));
  }

  // "<number> <line>": the next one, or one that has come before.
  absl::Status TakeNumbered(std::string_view numbered) {
    const size_t space = std::min(numbered.find(' '), numbered.size());
    int64_t number = 0;
    const bool has_number = space < numbered.size() &&
                            absl::ascii_isdigit(static_cast<unsigned char>(numbered.front())) &&
                            absl::SimpleAtoi(platform::ToAbsl(numbered.substr(0, space)), &number);
    if (!has_number) {
      return absl::InvalidArgumentError(
          absl::StrCat("what it sends for line ", received_,
                       " does not begin with a line's number and a space: is it a server that "
                       "keeps its lines?"));
    }
    if (number < received_) return absl::OkStatus();
    if (number > received_) {
      return absl::DataLossError(absl::StrCat("it sends line ", number, ", and line ", received_,
                                              " has not come: it has forgotten what was not safe, "
                                              "or has told it to another stream"));
    }
    const std::string_view line = numbered.substr(space + 1);
    if (static_cast<int64_t>(line.size()) > task_.line_bytes_max) return TooLong();
    ++received_;
    Append(line);
    return absl::OkStatus();
  }

  // Tells the server which lines are safe, also those that the connection before had not told it.
  // `stream` outlives the task.
  Task<void> Acknowledge(platform::ByteStream& stream) {
    int64_t told = 0;
    while (true) {
      const int64_t safe =
          platform::Planted(node_, "lines_acknowledged_when_received") ? received_ : safe_;
      if (safe > told) {
        const absl::Status written = co_await stream.Write(absl::StrCat("ACK ", safe, "\n"));
        if (!written.ok()) co_return;  // the reader hears of it
        told = safe;
        told_ = safe;
        heard_.Set();
        co_await node_.Step(steps::kLinesAcknowledged, {{"stream", task_.stream}, {"lines", told}});
        continue;
      }
      safer_.Reset();
      co_await safer_.Wait();
    }
  }

  void Append(std::string_view line) {
    if (std::exchange(skipping_, false)) return;
    if (static_cast<int64_t>(line.size()) > task_.line_bytes_max) {
      dropped_line_ = true;
      return;
    }
    buffer_.append(line);
    buffer_.push_back('\n');
    ++records_;
  }

  // Stores what has been gathered and has the driver take it over.
  Task<absl::Status> HandOverBlock() {
    if (records_ == 0) co_return absl::OkStatus();
    Block block{.stream = task_.stream,
                .path = "",
                .size_bytes = buffer_.size(),
                .crc32c = checkpoint::Crc32c(buffer_),
                .records = std::exchange(records_, 0)};
    const std::string content = std::exchange(buffer_, std::string());
    room_.Set();
    const checkpoint::BlockName name{.stream = static_cast<int32_t>(block.stream),
                                     .run = context_.id().Unique(),
                                     .number = next_number_++,
                                     .records = block.records,
                                     .crc32c = block.crc32c};
    block.path = checkpoint::JoinPath(task_.directory, name.Text());
    const bool announce_first = platform::Planted(node_, "block_announced_before_stored");
    if (announce_first) WT_CO_RETURN_IF_ERROR(co_await Report(block));
    co_await Store(content, block.path);
    co_await node_.Step(steps::kBlockStored,
                        {{"stream", block.stream}, {"records", block.records}});
    if (!announce_first) WT_CO_RETURN_IF_ERROR(co_await Report(block));
    co_await node_.Step(steps::kBlockAdded, {{"stream", block.stream}, {"records", block.records}});
    safe_ += block.records;
    safer_.Set();
    co_return absl::OkStatus();
  }

  // Tries until it has succeeded, always under the same name: a create that failed may yet happen,
  // and must not give the same lines twice.
  Task<void> Store(std::string content, std::string path) {
    while (true) {
      const absl::Status stored = co_await context_.store().CreateIfAbsent(path, content);
      if (stored.ok() || absl::IsAlreadyExists(stored)) co_return;
      if (platform::Planted(node_, "unstored_block_announced")) co_return;
      co_await ReportError(absl::StrCat("store a block of ", content.size(), " bytes as ", path,
                                        ": ", std::string(stored.message()), "; trying again"));
      co_await node_.clock().Sleep(kRetryDelay);
    }
  }

  Task<absl::Status> Report(Block block) {
    co_return (co_await CallUntilAnswered(kAddBlockMethod, EncodeToString(block))).status();
  }

  Task<absl::StatusOr<std::string>> CallUntilAnswered(std::string method, std::string request) {
    while (true) {
      auto answer = co_await context_.CallDriver(method, request, kReportTimeout);
      if (answer.ok()) co_return answer;
      if (!absl::IsUnavailable(answer.status()) && !absl::IsDeadlineExceeded(answer.status())) {
        co_return answer.status();
      }
      co_await node_.clock().Sleep(kRetryDelay);
    }
  }

  // The driver holds each question for a while, and answers "stop" when that is so.
  Task<void> AwaitStop() {
    while (!stop_.is_set()) {
      const auto answer = co_await context_.CallDriver(kAwaitStopMethod, "", kReportTimeout);
      if (answer.ok() && *answer == "stop") {
        stop_.Set();
      } else if (!answer.ok()) {
        co_await node_.clock().Sleep(kRetryDelay);
      }
    }
  }

  Task<void> AwaitDrain() {
    co_await draining_.Wait();
    stop_.Set();
  }

  Task<void> ReportLongLine() {
    return ReportError(absl::StrCat("dropped a line of more than ", task_.line_bytes_max,
                                    " bytes: send shorter lines"));
  }

  // Best effort: errors of a receiver are for people.
  Task<void> ReportError(std::string what) {
    std::string text = absl::StrCat("receive from ", input_.address(), ": ", what);
    node_.Log(platform::LogLevel::kDebug, text);
    const auto told =
        co_await context_.CallDriver(kReceiverErrorMethod, std::move(text), kReportTimeout);
    if (!told.ok()) node_.Log(platform::LogLevel::kDebug, "the driver was not told");
  }

  TaskContext& context_;
  platform::Node& node_;
  const SocketTextInput& input_;
  const ReceiverTask task_;
  platform::Event& draining_;

  LineSplitter splitter_;
  std::string buffer_;  // complete lines, each with "\n"
  int64_t records_ = 0;
  bool skipping_ = false;      // the line under way is too long, and is dropped until it ends
  bool dropped_line_ = false;  // and that is still to be reported
  int64_t next_number_ = 0;
  // Of a server that keeps its lines: how many have come, and how many of those are input.
  int64_t received_ = 0;
  int64_t safe_ = 0;
  int64_t told_ = 0;
  platform::Event safer_;
  platform::Event heard_;  // the server was told
  platform::Event never_;
  platform::Event room_;
  platform::Event stop_;
  platform::TaskScope reader_;
  platform::TaskScope watcher_;
};

}  // namespace

// While a receiver runs, however it ends.
class SocketReceiverBody::AtWork {
 public:
  explicit AtWork(SocketReceiverBody& body) : body_(body) {
    ++body_.at_work_;
    body_.idle_.Reset();
  }
  ~AtWork() {
    if (--body_.at_work_ == 0) body_.idle_.Set();
  }
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

 private:
  SocketReceiverBody& body_;
};

Task<void> SocketReceiverBody::Drain() {
  draining_.Set();
  if (at_work_ > 0) co_await idle_.Wait();
}

Task<absl::StatusOr<std::string>> SocketReceiverBody::Run(TaskContext& context,
                                                          std::string payload) {
  const AtWork at_work(*this);
  ReceiverTask task;
  WT_CO_RETURN_IF_ERROR(DecodeFromString(payload, task));
  const auto& input = dynamic_cast<const SocketTextInput&>(graph_.at(OperatorId(task.stream)));
  SocketReceiver receiver(context, input, std::move(task), draining_);
  co_return co_await receiver.Run();
}

}  // namespace wavetank::runtime
