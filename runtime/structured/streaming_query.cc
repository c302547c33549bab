#include "runtime/structured/streaming_query.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/status_macros.h"
#include "platform/task_scope.h"
#include "platform/timeout.h"
#include "runtime/structured/fragment_task.h"
#include "runtime/structured/micro_batch.h"
#include "runtime/structured/open_sink.h"
#include "runtime/structured/query_check.h"

namespace wavetank::runtime {
namespace {

constexpr absl::Duration kMaxBackoff = absl::Minutes(1);

bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status);
}

absl::Status CheckOptions(const std::string& query, const QueryOptions& options) {
  const auto wrong = [&](absl::string_view option, const auto& value, absl::string_view advice) {
    return absl::InvalidArgumentError(
        absl::StrCat("query ", query, ": ", option, " is ", value, ": give ", advice));
  };
  if (options.min_batches_to_retain < 2) {
    return wrong("min_batches_to_retain", options.min_batches_to_retain,
                 "2 or more, since a batch starts from the state of the one before");
  }
  if (options.log_segment_bytes == 0 || options.sink_log_segment_bytes == 0) {
    return wrong("log_segment_bytes or sink_log_segment_bytes", 0, "1 or more");
  }
  if (options.poll_interval <= absl::ZeroDuration()) {
    return wrong("poll_interval", absl::FormatDuration(options.poll_interval), "more than 0s");
  }
  if (options.source_timeout <= absl::ZeroDuration()) {
    return wrong("source_timeout", absl::FormatDuration(options.source_timeout), "more than 0s");
  }
  if (options.max_restarts < 0) return wrong("max_restarts", options.max_restarts, "0 or more");
  if (options.graceful_stop_timeout <= absl::ZeroDuration()) {
    return wrong("graceful_stop_timeout", absl::FormatDuration(options.graceful_stop_timeout),
                 "more than 0s");
  }
  if (options.restart_backoff < absl::ZeroDuration()) {
    return wrong("restart_backoff", absl::FormatDuration(options.restart_backoff), "0s or more");
  }
  return absl::OkStatus();
}

Task<void> SetWith(platform::Event& first, platform::Event& then) {
  co_await first.Wait();
  then.Set();
}

// How the execution ends, by itself or because `stop` is set: at once if it has not begun, which
// `began_before` says of those before it, else when what is under way is finished. Everything
// outlives the task.
Task<absl::Status> RunUntilStopped(platform::Node& node, MicroBatchExecution& execution,
                                   platform::Event& stop, absl::Duration stop_timeout,
                                   bool began_before) {
  std::optional<absl::Status> end;
  platform::Event ended;
  platform::Event either;
  platform::TaskScope scope(node.executor());
  scope.Spawn("query", platform::internal::RunInto(execution.Run(), end, ended));
  scope.Spawn("end watch", SetWith(ended, either));
  scope.Spawn("stop watch", SetWith(stop, either));
  co_await either.Wait();
  if (end.has_value()) co_return *end;
  if (!began_before && !execution.has_taken_over()) co_return absl::OkStatus();
  const bool in_time = co_await ended.WaitFor(node.clock(), stop_timeout);
  if (in_time) co_return *end;
  co_return absl::DeadlineExceededError(absl::StrCat(
      execution.UnderWay(), ": still under way ", absl::FormatDuration(stop_timeout),
      " after the query was asked to stop; what it has not finished, its next start does"));
}

}  // namespace

Task<absl::Status> RunStreamingQuery(platform::Node& node, checkpoint::Store& store,
                                     Cluster& cluster, StreamingQueryDefinition definition,
                                     QueryOptions options) {
  WT_CO_RETURN_IF_ERROR(CheckOptions(definition.name, options));
  WT_CO_RETURN_IF_ERROR(CheckDefinition(definition));
  if (definition.available_now) options.trigger = TriggerKind::kAvailableNow;
  if (definition.once) options.trigger = TriggerKind::kOnce;
  platform::Event never;
  platform::Event& stop = options.stop != nullptr ? *options.stop : never;
  AvailableInput available;
  bool began = false;
  int restarts = 0;
  absl::Duration backoff = options.restart_backoff;
  while (true) {
    absl::Status status;
    int64_t committed = 0;
    {
      // Ends before the pause: what it has begun must not go on during that.
      MicroBatchExecution execution(node, store, cluster, definition, options, available);
      status =
          co_await RunUntilStopped(node, execution, stop, options.graceful_stop_timeout, began);
      began = began || execution.has_taken_over();
      committed = execution.batches_committed();
    }
    if (!MayPass(status) || stop.is_set()) co_return status;
    if (committed > 0) {
      restarts = 0;
      backoff = options.restart_backoff;
    }
    if (restarts == options.max_restarts) co_return status;
    ++restarts;
    node.Log(platform::LogLevel::kWarning,
             absl::StrCat(status.message(), " (restart ", restarts, " of ", options.max_restarts,
                          " in ", absl::FormatDuration(backoff), ")"));
    const bool stopped = co_await stop.WaitFor(node.clock(), backoff);
    if (stopped) co_return status;
    backoff = std::min(backoff * 2, kMaxBackoff);
  }
}

void RegisterTasks(const StreamingQueryDefinition& definition, TaskRegistry& registry,
                   std::shared_ptr<const CompiledQueries> compiled) {
  WT_CHECK(!registry.contains(FragmentTaskKind(definition.name)),
           "two queries of this registry are called " + definition.name);
  auto plans =
      std::make_shared<PlanCache>(definition.name, definition.functions, std::move(compiled));
  registry[FragmentTaskKind(definition.name)] =
      std::make_unique<FragmentTaskBody>(definition, std::move(plans));
  std::unique_ptr<TaskBody> apply = ApplyTaskBodyOf(definition);
  if (apply != nullptr) registry[ApplyTaskKind(definition.name)] = std::move(apply);
}

}  // namespace wavetank::runtime
