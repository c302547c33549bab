#include "runtime/dstream/receiver_tracker.h"

#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/steps.h"

namespace wavetank::runtime {

namespace {

// How long a receiver's question is held before it is told to go on.
constexpr absl::Duration kHoldAnswer = absl::Seconds(5);

// "<directory>/stream-1-<task>-<number>" without the number: one run of one receiver.
std::string ReceiverRun(const std::string& path) { return path.substr(0, path.rfind('-')); }

}  // namespace

std::shared_ptr<ReceiverTracker> ReceiverTracker::Create(platform::Node& node,
                                                         std::shared_ptr<BatchLog> log) {
  std::shared_ptr<ReceiverTracker> tracker(new ReceiverTracker(node, log));
  constexpr platform::MonotonicTime kBeforeAll{std::numeric_limits<int64_t>::min()};
  for (const Block& block : log->recovered().unallocated) tracker->queue_.Add(block, kBeforeAll);
  return tracker;
}

void ReceiverTracker::Serve(std::shared_ptr<ReceiverTracker> tracker, Cluster& cluster) {
  cluster.Handle(kAddBlockMethod,
                 [tracker](std::string request) { return AddBlock(tracker, std::move(request)); });
  cluster.Handle(kAwaitStopMethod, [tracker](std::string) { return AwaitStop(tracker); });
  cluster.Handle(kReceiverErrorMethod,
                 [tracker](std::string error) { return ReportError(tracker, std::move(error)); });
}

Task<absl::StatusOr<std::string>> ReceiverTracker::AddBlock(std::shared_ptr<ReceiverTracker> self,
                                                            std::string request) {
  Block block;
  WT_CO_RETURN_IF_ERROR(DecodeFromString(request, block));
  if (self->closed_) co_return absl::UnavailableError("the driver has stopped");
  Newest& newest = self->newest_[ReceiverRun(block.path)];
  if (newest.path == block.path) {
    if (newest.queued) co_return std::string("added");
    co_return absl::UnavailableError(absl::StrCat("block ", block.path, " is being logged"));
  }
  newest = {.path = block.path, .queued = false};
  const auto take_over = std::make_shared<TakeOver>();
  self->scope_.Spawn("taking a block over", self->LogAndQueue(std::move(block), take_over));
  co_await take_over->ended.Wait();
  WT_CO_RETURN_IF_ERROR(take_over->status);
  co_return std::string("added");
}

Task<void> ReceiverTracker::LogAndQueue(Block block, std::shared_ptr<TakeOver> take_over) {
  take_over->status = co_await log_->LogBlock(block);
  if (take_over->status.ok()) {
    newest_[ReceiverRun(block.path)].queued = true;
    queue_.Add(block, node_.clock().Now());
    co_await node_.Step(steps::kBlockLogged,
                        {{"stream", block.stream}, {"records", block.records}});
  } else {
    failure_ = take_over->status;
    failed_.Set();
  }
  take_over->ended.Set();
}

Task<absl::StatusOr<std::string>> ReceiverTracker::AwaitStop(
    std::shared_ptr<ReceiverTracker> self) {
  const bool stop = co_await self->stopping_.WaitFor(self->node_.clock(), kHoldAnswer);
  co_return std::string(stop ? "stop" : "go on");
}

Task<absl::StatusOr<std::string>> ReceiverTracker::ReportError(
    std::shared_ptr<ReceiverTracker> self, std::string error) {
  self->node_.Log(platform::LogLevel::kWarning, std::move(error));
  co_return std::string();
}

}  // namespace wavetank::runtime
