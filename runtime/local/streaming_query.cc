#include "runtime/local/streaming_query.h"

#include <thread>
#include <utility>

#include "runtime/local/running_query.h"

namespace wavetank::runtime {

StreamingQuery::StreamingQuery(std::unique_ptr<Running> running) : running_(std::move(running)) {}

// On a thread of the query's own it would wait for itself: somebody else does.
StreamingQuery::~StreamingQuery() {
  if (!running_->IsOwnThread()) return;
  std::thread([running = std::move(running_)]() mutable { running.reset(); }).detach();
}

const std::string& StreamingQuery::name() const { return running_->definition().name; }
std::string StreamingQuery::id() const { return running_->run().id; }
std::string StreamingQuery::run_id() const { return running_->run().run_id; }
bool StreamingQuery::is_active() const { return !running_->has_ended(); }
absl::Status StreamingQuery::exception() const { return running_->exception(); }

std::optional<StreamingQueryProgress> StreamingQuery::last_progress() const {
  const auto progress = running_->progress();
  return progress.empty() ? std::nullopt : std::optional(progress.back());
}
std::vector<StreamingQueryProgress> StreamingQuery::recent_progress() const {
  const auto progress = running_->progress();
  return {progress.begin(), progress.end()};
}

absl::Status StreamingQuery::AwaitTermination(absl::Duration timeout) {
  return running_->Await(timeout);
}
absl::Status StreamingQuery::ProcessAllAvailable(absl::Duration timeout) {
  return running_->ProcessAllAvailable(timeout);
}
absl::Status StreamingQuery::Stop() { return running_->Stop(); }

}  // namespace wavetank::runtime
