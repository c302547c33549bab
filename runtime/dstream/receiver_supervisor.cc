#include "runtime/dstream/receiver_supervisor.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "checkpoint/block_name.h"
#include "checkpoint/crc32c.h"
#include "checkpoint/paths.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"
#include "runtime/dstream/rate_limiter.h"
#include "runtime/dstream/raw_receiver.h"
#include "runtime/dstream/receiver_input.h"
#include "runtime/dstream/stream_steps.h"
#include "runtime/dstream/wire.h"
#include "runtime/steps.h"

namespace wavetank::runtime {

namespace {

constexpr absl::Duration kReportTimeout = absl::Seconds(30);
constexpr absl::Duration kRetryDelay = absl::Milliseconds(500);
// For a source to hear what is safe, of a receiver that ends.
constexpr absl::Duration kLastWords = absl::Seconds(1);

class ReceiverSupervisor final : public ReceiverSink {
 public:
  ReceiverSupervisor(TaskContext& context, const ReceiverInput& input, ReceiverTask task,
                     platform::Event& draining)
      : context_(context),
        node_(context.node()),
        input_(input),
        task_(std::move(task)),
        draining_(draining),
        receiver_(input.MakeReceiver(task_)),
        reader_(node_.executor()),
        watcher_(node_.executor()) {
    Follow(task_.orders);
  }

  Task<absl::StatusOr<std::string>> Run() {
    WT_CO_RETURN_IF_ERROR(co_await Start());
    reader_.Spawn("receiver", ReceiveForEver());
    watcher_.Spawn("orders watcher", AwaitOrders());
    watcher_.Spawn("drain watcher", AwaitDrain());
    while (true) {
      co_await wake_.WaitFor(node_.clock(), absl::Milliseconds(task_.block_interval_ms));
      wake_.Reset();
      const bool stopped = stop_.is_set();
      if (stopped || !orders_.pause) WT_CO_RETURN_IF_ERROR(co_await HandOverBlock());
      if (!stopped) continue;
      co_await SayTheLast();
      co_return std::string();
    }
  }

  // --- what receivers may ask for ---

  platform::Node& node() override { return node_; }

  Task<void> AwaitRoom() override {
    while (true) {
      if (stop_.is_set()) co_await never_.Wait();  // the last block is on its way
      const platform::MonotonicTime now = node_.clock().Now();
      const absl::Duration wait = rate_.ready_at(now) - now;
      const bool full = static_cast<int64_t>(buffer_.size()) >= task_.buffer_bytes_max;
      room_.Reset();
      if (full || orders_.pause) {
        co_await room_.Wait();
      } else if (wait > absl::ZeroDuration()) {
        co_await room_.WaitFor(node_.clock(), wait);
      } else {
        co_return;
      }
    }
  }

  void Add(std::string_view line) override {
    if (stop_.is_set()) return;
    buffer_.append(line);
    buffer_.push_back('\n');
    ++records_;
    if (rate_.has_rate()) rate_.Take(1, node_.clock().Now());
  }

  Task<absl::Status> AddAll(std::vector<std::string> lines) override {
    if (lines.empty()) co_return absl::OkStatus();
    if (stop_.is_set()) co_await never_.Wait();
    for (const std::string& line : lines) Add(line);
    const int64_t all = input_rows_ + handing_over_ + records_;
    wake_.Set();
    if (platform::Planted(node_, "store_returns_before_the_block_is_logged")) {
      co_return absl::OkStatus();
    }
    co_await AwaitInput(all - 1);
    co_return absl::OkStatus();
  }

  int64_t rows_input() const override { return input_rows_; }

  Task<void> AwaitInput(int64_t more_than) override {
    while (input_rows_ <= more_than) {
      more_input_.Reset();
      co_await more_input_.Wait();
    }
  }

  platform::Event& stopping() override { return stop_; }

  // Best effort: errors of a receiver are for people.
  Task<void> ReportError(std::string what) override {
    const std::string source = input_.source();
    std::string text =
        absl::StrCat("receive from ", source.empty() ? input_.Title() : source, ": ", what);
    node_.Log(platform::LogLevel::kDebug, text);
    const auto told = co_await context_.CallDriver(
        kReceiverErrorMethod, EncodeToString(ReceiverFailure{task_.stream, std::move(text)}),
        kReportTimeout);
    if (!told.ok()) node_.Log(platform::LogLevel::kDebug, "the driver was not told");
  }

 private:
  // The driver logs that this receiver is at work before it stores anything, so that what it stores
  // and cannot report will be found.
  Task<absl::Status> Start() {
    const ReceiverRun run{.stream = task_.stream, .run = context_.id().Unique()};
    WT_CO_ASSIGN_OR_RETURN(const std::string begins_at,
                           co_await CallUntilAnswered(kReceiverStartedMethod, EncodeToString(run)));
    co_return DecodeFromString(begins_at, input_rows_);
  }

  Task<void> ReceiveForEver() {
    while (true) {
      const absl::Status ended = co_await Receive();
      co_await ReportError(
          absl::StrCat(ended.ok() ? "it ended" : ended.message(), "; trying again"));
      co_await node_.clock().Sleep(absl::Milliseconds(task_.restart_delay_ms));
    }
  }
  Task<absl::Status> Receive() {
    try {
      co_return co_await receiver_->Receive(*this);
    } catch (const std::exception& error) {
      co_return absl::InternalError(absl::StrCat(input_.Title(), ": ", error.what()));
    }
  }

  // Stores what has been gathered and has the driver take it over.
  Task<absl::Status> HandOverBlock() {
    if (records_ == 0) co_return absl::OkStatus();
    Block block{.stream = task_.stream,
                .path = "",
                .size_bytes = buffer_.size(),
                .crc32c = checkpoint::Crc32c(buffer_),
                .records = std::exchange(records_, 0)};
    handing_over_ = block.records;
    std::string content = std::exchange(buffer_, std::move(spare_));
    buffer_.clear();
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
    spare_ = std::move(content);
    if (!announce_first) WT_CO_RETURN_IF_ERROR(co_await Report(block));
    co_await node_.Step(steps::kBlockAdded, {{"stream", block.stream}, {"records", block.records}});
    input_rows_ += std::exchange(handing_over_, 0);
    more_input_.Set();
    co_return absl::OkStatus();
  }

  // Tries until it has succeeded, always under the same name: a create that failed may yet happen,
  // and must not give the same lines twice. `content` outlives the task.
  Task<void> Store(const std::string& content, std::string path) {
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

  // The driver holds each question for a while, or until it has something else to say.
  Task<void> AwaitOrders() {
    while (!stop_.is_set()) {
      const ReceiverQuestion question{.stream = task_.stream, .known = orders_};
      const auto answer = co_await context_.CallDriver(kAwaitOrdersMethod, EncodeToString(question),
                                                       kReportTimeout);
      ReceiverOrders orders;
      if (answer.ok() && DecodeFromString(*answer, orders).ok()) {
        Follow(orders);
      } else {
        co_await node_.clock().Sleep(kRetryDelay);
      }
    }
  }
  void Follow(const ReceiverOrders& orders) {
    orders_ = orders;
    rate_.SetRate(orders.max_rate, node_.clock().Now());
    if (orders.stop) Stop();
    room_.Set();
  }

  Task<void> AwaitDrain() {
    co_await draining_.Wait();
    Stop();
  }
  void Stop() {
    stop_.Set();
    wake_.Set();
  }

  Task<void> SayTheLast() {
    platform::Event said;
    platform::TaskScope words(node_.executor());
    words.Spawn("last words", LastWords(said));
    co_await said.WaitFor(node_.clock(), kLastWords);
  }
  // `said` outlives the task.
  Task<void> LastWords(platform::Event& said) {
    try {
      co_await receiver_->LastWords(*this);
    } catch (const std::exception& error) {
      node_.Log(platform::LogLevel::kWarning,
                absl::StrCat(input_.Title(), ", as it stops: ", error.what()));
    }
    said.Set();
  }

  TaskContext& context_;
  platform::Node& node_;
  const ReceiverInput& input_;
  const ReceiverTask task_;
  platform::Event& draining_;
  const std::unique_ptr<RawReceiver> receiver_;

  std::string buffer_;  // whole lines, each with "\n"
  std::string spare_;   // memory for the next
  int64_t records_ = 0;
  int64_t handing_over_ = 0;  // of the block before
  int64_t input_rows_ = 0;    // in blocks that are logged, by any receiver of the stream
  int64_t next_number_ = 0;
  ReceiverOrders orders_;
  RateLimiter rate_;
  platform::Event more_input_;
  platform::Event never_;
  platform::Event room_;  // there may be some
  platform::Event wake_;  // a block is wanted at once
  platform::Event stop_;
  platform::TaskScope reader_;
  platform::TaskScope watcher_;
};

}  // namespace

// While a receiver runs, however it ends.
class ReceiverBody::AtWork {
 public:
  explicit AtWork(ReceiverBody& body) : body_(body) {
    ++body_.at_work_;
    body_.idle_.Reset();
  }
  ~AtWork() {
    if (--body_.at_work_ == 0) body_.idle_.Set();
  }
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

 private:
  ReceiverBody& body_;
};

Task<void> ReceiverBody::Drain() {
  draining_.Set();
  if (at_work_ > 0) co_await idle_.Wait();
}

Task<absl::StatusOr<std::string>> ReceiverBody::Run(TaskContext& context, std::string payload) {
  const AtWork at_work(*this);
  ReceiverTask task;
  WT_CO_RETURN_IF_ERROR(DecodeFromString(payload, task));
  const auto& input = dynamic_cast<const ReceiverInput&>(graph_.at(OperatorId(task.stream)));
  ReceiverSupervisor supervisor(context, input, std::move(task), draining_);
  co_return co_await supervisor.Run();
}

}  // namespace wavetank::runtime
