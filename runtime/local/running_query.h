// StreamingQuery::Running: the driver and the workers of one query, behind its handle.
#ifndef WAVETANK_RUNTIME_LOCAL_RUNNING_QUERY_H_
#define WAVETANK_RUNTIME_LOCAL_RUNNING_QUERY_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/event.h"
#include "platform/node.h"
#include "runtime/local/local_process.h"
#include "runtime/local/query_listener.h"
#include "runtime/local/streaming_query.h"
#include "runtime/structured/query_watch.h"

namespace wavetank::runtime {

class StreamingQuery::Running {
 public:
  // Has somebody's listeners told: call(listener) for each.
  using Tell = std::function<void(std::function<void(StreamingQueryListener&)> call)>;

  // `ended`: called once the query has ended.
  Running(StreamingQueryDefinition definition, LocalConfig config, std::string directory, Tell tell,
          std::function<void()> ended)
      : definition_(std::move(definition)),
        config_(std::move(config)),
        directory_(std::move(directory)),
        tell_(std::move(tell)),
        ended_(std::move(ended)) {}

  absl::Status Start(int workers, std::string fingerprint);
  // Until it has taken its checkpoint over, or has ended.
  void AwaitStart(absl::Duration timeout);

  absl::Status Await(absl::Duration timeout);
  absl::Status ProcessAllAvailable(absl::Duration timeout);
  absl::Status Stop();

  const StreamingQueryDefinition& definition() const { return definition_; }
  QueryRun run() const {
    return process_.Guarded([this] { return run_; });
  }
  bool has_ended() const { return process_.ended() || outcome().has_value(); }
  // OK: it is active.
  absl::Status exception() const {
    const std::optional<absl::Status> ended = outcome();
    if (ended.has_value()) return *ended;
    return process_.ended() ? absl::InternalError(absl::StrCat("query ", definition_.name,
                                                               " ended without saying why"))
                            : absl::OkStatus();
  }
  bool IsOwnThread() const { return process_.IsOwnThread(); }
  std::deque<StreamingQueryProgress> progress() const {
    return process_.Guarded([this] { return progress_; });
  }

 private:
  static platform::Task<void> RunDriver(platform::Node& node, Running& self);
  static platform::Task<void> RunWorkerNode(platform::Node& node, Running& self);
  std::optional<absl::Status> outcome() const {
    return process_.Guarded([this] { return outcome_; });
  }
  void TakenOver(const std::string& id);
  void Committed(StreamingQueryProgress progress);
  void Idle(int64_t question);
  void End(const absl::Status& status);
  // kFailedPrecondition on a thread of the query's own.
  absl::Status CheckMayWait(const char* call) const;

  const StreamingQueryDefinition definition_;
  const LocalConfig config_;
  const std::string directory_;  // what relative paths are relative to
  const Tell tell_;
  const std::function<void()> ended_;
  std::string fingerprint_;

  // Of the driver's thread.
  platform::Event stop_;
  QueryWatch watch_;
  bool said_idle_ = false;

  // Guarded by the process.
  QueryRun run_;
  std::deque<StreamingQueryProgress> progress_;
  int64_t answered_ = 0;                 // the newest question
  std::optional<absl::Status> outcome_;  // of the query

  LocalProcess process_;  // last: its threads use all of the above
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_LOCAL_RUNNING_QUERY_H_
