#include "runtime/local/running_query.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/unique.h"
#include "platform/status_macros.h"
#include "runtime/cluster/cluster.h"
#include "runtime/local/host_store.h"
#include "runtime/structured/streaming_query.h"

namespace wavetank::runtime {

absl::Status StreamingQuery::Running::Start(int workers, std::string fingerprint) {
  fingerprint_ = std::move(fingerprint);
  run_.name = definition_.name;
  watch_.on_taken_over = [this](const std::string& id) { TakenOver(id); };
  watch_.on_idle = [this](int64_t question) { Idle(question); };
  return process_.Start(
      workers, [this](platform::Node& node) { return RunDriver(node, *this); },
      [this](platform::Node& node) { return RunWorkerNode(node, *this); });
}

platform::Task<void> StreamingQuery::Running::RunDriver(platform::Node& node, Running& self) {
  HostStore store(node, self.directory_);
  self.process_.Guarded([&] { self.run_.run_id = checkpoint::UniqueId(node); });
  auto cluster = co_await Cluster::Start(node, {.address = LocalProcess::kDriverAddress,
                                                .plan_fingerprint = self.fingerprint_,
                                                .speculation = self.config_.speculation});
  absl::Status ended = cluster.status();
  if (cluster.ok()) {
    QueryOptions options;
    options.shuffle_partitions = self.config_.shuffle_partitions;
    options.poll_interval = self.config_.poll_interval;
    options.stop = &self.stop_;
    options.watch = &self.watch_;
    options.on_progress = [&self](const StreamingQueryProgress& progress) {
      self.Committed(progress);
    };
    ended = co_await RunStreamingQuery(node, store, **cluster, self.definition_, options);
  }
  self.End(ended);
  node.Exit(0);
}

platform::Task<void> StreamingQuery::Running::RunWorkerNode(platform::Node& node, Running& self) {
  HostStore store(node, self.directory_);
  TaskRegistry registry;
  RegisterTasks(self.definition_, registry);
  co_await RunWorker(node, store, registry,
                     {.driver_addresses = {LocalProcess::kDriverAddress},
                      .address = LocalProcess::WorkerAddress(node),
                      .plan_fingerprint = self.fingerprint_});
}

void StreamingQuery::Running::TakenOver(const std::string& id) {
  const bool again = process_.Guarded([&] { return !std::exchange(run_.id, id).empty(); });
  if (again) return;
  const QueryRun run = this->run();
  tell_([run](StreamingQueryListener& listener) { listener.OnQueryStarted(run); });
}

void StreamingQuery::Running::Committed(StreamingQueryProgress progress) {
  said_idle_ = false;
  process_.Guarded([&] {
    progress.run_id = run_.run_id;
    if (!progress_.empty()) {
      const double seconds = absl::ToDoubleSeconds(progress.timestamp - progress_.back().timestamp);
      if (seconds > 0) {
        progress.input_rows_per_second = static_cast<double>(progress.num_input_rows) / seconds;
      }
    }
    progress_.push_back(progress);
    if (progress_.size() > config_.recent_progress) progress_.pop_front();
  });
  tell_([progress](StreamingQueryListener& listener) { listener.OnQueryProgress(progress); });
}

void StreamingQuery::Running::Idle(int64_t question) {
  process_.Guarded([&] { answered_ = question; });
  if (std::exchange(said_idle_, true)) return;
  const QueryRun run = this->run();
  tell_([run](StreamingQueryListener& listener) { listener.OnQueryIdle(run); });
}

void StreamingQuery::Running::End(const absl::Status& status) {
  process_.Guarded([&] { outcome_ = status; });
  ended_();
  const QueryRun run = this->run();
  tell_(
      [run, status](StreamingQueryListener& listener) { listener.OnQueryTerminated(run, status); });
}

void StreamingQuery::Running::AwaitStart(absl::Duration timeout) {
  process_.WaitUntil([this] { return !run_.id.empty() || outcome_.has_value(); }, timeout);
}

absl::Status StreamingQuery::Running::CheckMayWait(const char* call) const {
  if (!process_.IsOwnThread()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(call, " of query ", definition_.name,
                   " in a function that the query itself calls: it would wait for itself"));
}

absl::Status StreamingQuery::Running::Await(absl::Duration timeout) {
  WT_RETURN_IF_ERROR(CheckMayWait("AwaitTermination"));
  if (process_.WaitUntil([this] { return outcome_.has_value(); }, timeout)) return exception();
  return absl::DeadlineExceededError(absl::StrCat(
      "query ", definition_.name, " was still active after ", absl::FormatDuration(timeout)));
}

absl::Status StreamingQuery::Running::ProcessAllAvailable(absl::Duration timeout) {
  WT_RETURN_IF_ERROR(CheckMayWait("ProcessAllAvailable"));
  // The question's number, once the driver has it.
  const auto asked = std::make_shared<int64_t>(INT64_MAX);
  process_.Post([this, asked] {
    const int64_t question = watch_.Ask();
    process_.Guarded([&] { *asked = question; });
  });
  const auto over = [&] { return outcome_.has_value() || answered_ >= *asked; };
  if (process_.WaitUntil(over, timeout)) return exception();
  return absl::DeadlineExceededError(absl::StrCat("query ", definition_.name,
                                                  " was not through with its input after ",
                                                  absl::FormatDuration(timeout)));
}

absl::Status StreamingQuery::Running::Stop() {
  process_.Post([this] { stop_.Set(); });
  if (!process_.IsOwnThread()) process_.AwaitEnd();
  return exception();
}

}  // namespace wavetank::runtime
