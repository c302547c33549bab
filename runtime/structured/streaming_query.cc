#include "runtime/structured/streaming_query.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "runtime/structured/batch_tasks.h"
#include "runtime/structured/micro_batch.h"

namespace wavetank::runtime {
namespace {

constexpr absl::Duration kMaxBackoff = absl::Minutes(1);

bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status);
}

}  // namespace

Task<absl::Status> RunStreamingQuery(platform::Node& node, checkpoint::Store& store,
                                     Cluster& cluster, StreamingQueryDefinition definition,
                                     QueryOptions options) {
  if (options.min_batches_to_retain < 2) {
    co_return absl::InvalidArgumentError(absl::StrCat(
        "query ", definition.name, ": min_batches_to_retain is ", options.min_batches_to_retain,
        ": give 2 or more, since a batch starts from "
        "the state of the one before"));
  }
  int restarts = 0;
  absl::Duration backoff = options.restart_backoff;
  while (true) {
    MicroBatchExecution execution(node, store, cluster, definition, options);
    const absl::Status status = co_await execution.Run();
    if (!MayPass(status)) co_return status;
    if (execution.batches_committed() > 0) {
      restarts = 0;
      backoff = options.restart_backoff;
    }
    if (restarts == options.max_restarts) co_return status;
    ++restarts;
    node.Log(platform::LogLevel::kWarning,
             absl::StrCat(status.message(), " (restart ", restarts, " of ", options.max_restarts,
                          " in ", absl::FormatDuration(backoff), ")"));
    co_await node.clock().Sleep(backoff);
    backoff = std::min(backoff * 2, kMaxBackoff);
  }
}

void RegisterTasks(const StreamingQueryDefinition& definition, TaskRegistry& registry) {
  registry[MapTaskKind(definition.name)] = std::make_unique<MapTaskBody>(definition);
  registry[ReduceTaskKind(definition.name)] = std::make_unique<ReduceTaskBody>(definition);
}

}  // namespace wavetank::runtime
