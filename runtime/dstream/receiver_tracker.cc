#include "runtime/dstream/receiver_tracker.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/block_name.h"
#include "checkpoint/paths.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "runtime/dstream/stream_steps.h"
#include "runtime/steps.h"

namespace wavetank::runtime {

namespace {

// How long a receiver's question is held before it is told to go on.
constexpr absl::Duration kHoldAnswer = absl::Seconds(5);
// Between two tries of a listing.
constexpr absl::Duration kRetryDelay = absl::Milliseconds(500);

}  // namespace

std::shared_ptr<ReceiverTracker> ReceiverTracker::Create(
    platform::Node& node, checkpoint::Store& store, std::shared_ptr<BatchLog> log,
    std::string blocks_directory, int64_t unprocessed_bytes_max, StreamEvents& events) {
  std::shared_ptr<ReceiverTracker> tracker(new ReceiverTracker(
      node, store, log, std::move(blocks_directory), unprocessed_bytes_max, events));
  if (!platform::Planted(node, "logged_records_forgotten")) {
    tracker->records_logged_ = log->recovered().records_logged;
  }
  constexpr platform::MonotonicTime kBeforeAll{std::numeric_limits<int64_t>::min()};
  for (const Block& block : log->recovered().unallocated) tracker->queue_.Add(block, kBeforeAll);
  for (const checkpoint::GraphHistory::Receiver& receiver : log->recovered().receivers) {
    auto known =
        std::make_shared<Receiver>(ReceiverRun{.stream = receiver.stream, .run = receiver.run});
    known->blocks_taken =
        platform::Planted(node, "logged_blocks_forgotten") ? 0 : receiver.blocks_logged;
    known->started.Set();
    tracker->receivers_[receiver.stream].push_back(std::move(known));
  }
  return tracker;
}

void ReceiverTracker::Serve(std::shared_ptr<ReceiverTracker> tracker, Cluster& cluster) {
  cluster.Handle(kReceiverStartedMethod, [tracker](std::string request) {
    return StartReceiver(tracker, std::move(request));
  });
  cluster.Handle(kAddBlockMethod,
                 [tracker](std::string request) { return AddBlock(tracker, std::move(request)); });
  cluster.Handle(kAwaitOrdersMethod, [tracker](std::string request) {
    return AwaitOrders(tracker, std::move(request));
  });
  cluster.Handle(kReceiverErrorMethod,
                 [tracker](std::string error) { return ReportError(tracker, std::move(error)); });
}

void ReceiverTracker::Fail(const absl::Status& status) {
  failure_ = status;
  failed_.Set();
}

// --- the start of a receiver, and the end of those before it ---

Task<absl::StatusOr<std::string>> ReceiverTracker::StartReceiver(
    std::shared_ptr<ReceiverTracker> self, std::string request) {
  ReceiverRun run;
  WT_CO_RETURN_IF_ERROR(DecodeFromString(request, run));
  if (self->closed_) co_return absl::UnavailableError("the driver has stopped");
  std::deque<ReceiverPointer>& receivers = self->receivers_[run.stream];
  const auto known = std::ranges::find_if(
      receivers, [&run](const ReceiverPointer& receiver) { return receiver->run == run; });
  ReceiverPointer receiver;
  if (known == receivers.end()) {
    const ReceiverPointer previous = receivers.empty() ? nullptr : receivers.back();
    receiver = std::make_shared<Receiver>(std::move(run));
    receivers.push_back(receiver);
    self->scope_.Spawn("starting a receiver", self->StartReceiverAfter(previous, receiver));
  } else {
    receiver = *known;
  }
  co_await receiver->started.Wait();
  WT_CO_RETURN_IF_ERROR(receiver->start_status);
  co_return EncodeToString(receiver->begins_at);
}

Task<void> ReceiverTracker::StartReceiverAfter(ReceiverPointer previous, ReceiverPointer receiver) {
  receiver->start_status = co_await LogReceiver(std::move(previous), receiver);
  if (receiver->start_status.ok()) {
    co_await node_.Step(steps::kReceiverLogged, {{"stream", receiver->run.stream}});
    if (events_ != nullptr) events_->ReceiverStarted(OperatorId(receiver->run.stream));
  } else {
    Fail(receiver->start_status);
  }
  receiver->started.Set();
}

// One after the other, so that each one before it is ended once.
Task<absl::Status> ReceiverTracker::LogReceiver(ReceiverPointer previous,
                                                ReceiverPointer receiver) {
  WT_CO_RETURN_IF_ERROR(co_await log_->LogReceiverStarted(receiver->run));
  if (previous != nullptr) {
    co_await previous->started.Wait();
    WT_CO_RETURN_IF_ERROR(previous->start_status);
  }
  std::deque<ReceiverPointer>& receivers = receivers_[receiver->run.stream];
  while (receivers.front() != receiver) {
    WT_CO_RETURN_IF_ERROR(co_await EndReceiver(receivers.front()));
    receivers.pop_front();
  }
  receiver->begins_at = records_logged_[receiver->run.stream];
  co_return absl::OkStatus();
}

Task<absl::Status> ReceiverTracker::EndReceiver(ReceiverPointer replaced) {
  absl::StatusOr<std::vector<Block>> stored = co_await StoredBy(replaced);
  while (!stored.ok()) {
    if (closed_) co_return absl::UnavailableError("the driver has stopped");
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat("list the blocks in ", blocks_directory_, ": ",
                           stored.status().message(), "; trying again"));
    co_await node_.clock().Sleep(kRetryDelay);
    stored = co_await StoredBy(replaced);
  }
  WT_CO_RETURN_IF_ERROR(co_await log_->LogReceiverEnded(replaced->run, *stored));
  for (Block& block : *stored) {
    const int64_t records = block.records;
    records_logged_[replaced->run.stream] += records;
    queue_.Add(std::move(block), node_.clock().Now());
    co_await node_.Step(steps::kBlockFound,
                        {{"stream", replaced->run.stream}, {"records", records}});
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::vector<Block>>> ReceiverTracker::StoredBy(ReceiverPointer replaced) {
  WT_CO_ASSIGN_OR_RETURN(const std::vector<checkpoint::StoredFile> files,
                         co_await store_.List(blocks_directory_));
  absl::btree_map<int64_t, Block> stored;  // by number
  for (const checkpoint::StoredFile& file : files) {
    const std::optional<checkpoint::BlockName> name = checkpoint::ParseBlockName(file.name);
    const bool not_taken = name.has_value() && name->stream == replaced->run.stream &&
                           name->run == replaced->run.run && name->number >= replaced->blocks_taken;
    if (!not_taken) continue;
    stored[name->number] = {.stream = name->stream,
                            .path = checkpoint::JoinPath(blocks_directory_, file.name),
                            .size_bytes = file.size_bytes,
                            .crc32c = name->crc32c,
                            .records = name->records};
  }
  std::vector<Block> blocks;
  for (auto& [number, block] : stored) blocks.push_back(std::move(block));
  co_return blocks;
}

// --- what a receiver at work reports ---

Task<absl::StatusOr<std::string>> ReceiverTracker::AddBlock(std::shared_ptr<ReceiverTracker> self,
                                                            std::string request) {
  Block block;
  WT_CO_RETURN_IF_ERROR(DecodeFromString(request, block));
  if (self->closed_) co_return absl::UnavailableError("the driver has stopped");
  const std::optional<checkpoint::BlockName> name =
      checkpoint::ParseBlockName(checkpoint::NameInPath(block.path));
  const std::deque<ReceiverPointer>& receivers = self->receivers_[block.stream];
  const ReceiverPointer receiver = receivers.empty() ? nullptr : receivers.back();
  if (!name.has_value() || receiver == nullptr || receiver->run.run != name->run) {
    co_return absl::AbortedError(
        absl::StrCat("take block ", block.path, " over: its receiver was replaced"));
  }
  if (name->number < receiver->blocks_taken) {
    // A repeated report, however late.
    const bool newest = name->number == receiver->blocks_taken - 1;
    if (!newest || receiver->newest_queued) co_return std::string("added");
    co_return absl::UnavailableError(absl::StrCat("block ", block.path, " is being logged"));
  }
  receiver->newest_queued = false;
  receiver->blocks_taken = name->number + 1;
  const auto take_over = std::make_shared<TakeOver>();
  self->scope_.Spawn("taking a block over",
                     self->LogAndQueue(std::move(block), receiver, take_over));
  co_await take_over->ended.Wait();
  WT_CO_RETURN_IF_ERROR(take_over->status);
  co_return std::string("added");
}

Task<void> ReceiverTracker::LogAndQueue(Block block, ReceiverPointer receiver,
                                        std::shared_ptr<TakeOver> take_over) {
  take_over->status = co_await log_->LogBlock(block);
  if (take_over->status.ok()) {
    receiver->newest_queued = true;
    records_logged_[block.stream] += block.records;
    queue_.Add(block, node_.clock().Now());
    co_await SayIfPaused();
    co_await node_.Step(steps::kBlockLogged,
                        {{"stream", block.stream}, {"records", block.records}});
  } else {
    Fail(take_over->status);
  }
  take_over->ended.Set();
}

ReceiverOrders ReceiverTracker::OrdersFor(int64_t stream) const {
  const auto rate = rates_.find(stream);
  return {.stop = stopping_, .pause = paused_, .max_rate = rate == rates_.end() ? 0 : rate->second};
}

bool ReceiverTracker::SetRate(OperatorId stream, int64_t rate) {
  if (std::exchange(rates_[stream.value()], rate) == rate) return false;
  changed_.Set();
  return true;
}

Task<void> ReceiverTracker::Processing(const BatchInput* batch) {
  processing_bytes_ = 0;
  for (const StreamInput& stream : batch == nullptr ? std::vector<StreamInput>() : batch->streams) {
    for (const Block& block : stream.blocks) {
      processing_bytes_ += static_cast<int64_t>(block.size_bytes);
    }
  }
  co_await SayIfPaused();
}

Task<void> ReceiverTracker::SayIfPaused() {
  const int64_t waiting = queue_.bytes() + processing_bytes_;
  const bool pause = waiting > unprocessed_bytes_max_;
  if (std::exchange(paused_, pause) == pause) co_return;
  changed_.Set();
  node_.Log(
      platform::LogLevel::kWarning,
      pause ? absl::StrCat("receivers pause: ", waiting, " bytes wait for batches, and ",
                           unprocessed_bytes_max_, " may (DStreamOptions::unprocessed_bytes_max)")
            : "receivers go on");
  if (pause) co_await node_.Step(steps::kReceiversPaused, {{"bytes", waiting}});
}

Task<absl::StatusOr<std::string>> ReceiverTracker::AwaitOrders(
    std::shared_ptr<ReceiverTracker> self, std::string request) {
  ReceiverQuestion question;
  WT_CO_RETURN_IF_ERROR(DecodeFromString(request, question));
  const platform::MonotonicTime until = self->node_.clock().Now() + kHoldAnswer;
  while (self->OrdersFor(question.stream) == question.known) {
    const absl::Duration left = until - self->node_.clock().Now();
    if (left <= absl::ZeroDuration()) break;
    self->changed_.Reset();
    co_await self->changed_.WaitFor(self->node_.clock(), left);
  }
  co_return EncodeToString(self->OrdersFor(question.stream));
}

Task<absl::StatusOr<std::string>> ReceiverTracker::ReportError(
    std::shared_ptr<ReceiverTracker> self, std::string request) {
  ReceiverFailure failure;
  WT_CO_RETURN_IF_ERROR(DecodeFromString(request, failure));
  self->node_.Log(platform::LogLevel::kWarning, failure.what);
  if (self->events_ != nullptr) {
    self->events_->ReceiverError(OperatorId(failure.stream), std::move(failure.what));
  }
  co_return std::string();
}

}  // namespace wavetank::runtime
