// Running a structured streaming query: the micro-batch engine as jobs and scenario runners see it.
//
// The driver node calls RunStreamingQuery; every worker node calls RegisterTasks with the same
// definition. Everything durable of a query stands in the store under its option
// "checkpointLocation"; its sink under "path". "stateCompression" is "none" (the default), "lz4" or
// "zstd". Options of the source: "maxFilesPerTrigger"; "ignoreNames", further names that are not
// input ("*.bak,core"); "lostFiles", what a file does that is gone or changed: "stop" (the default)
// or "skip"; "forgetAfter", after how long a file that is gone is forgotten ("10m"), by
// source_directory.h. Directories may be written as a shell completes them ("in/"); they must stand
// apart: input, sink and checkpoint, none in another.
//
// All that can be checked is checked before anything durable is written, so that what was refused
// can be corrected.
//
// A query that ended, in whatever way, goes on from its checkpoint when it is run again, here or on
// another machine; whoever starts it last owns it, and the former owner stops with kAborted.
#ifndef WAVETANK_RUNTIME_STRUCTURED_STREAMING_QUERY_H_
#define WAVETANK_RUNTIME_STRUCTURED_STREAMING_QUERY_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "checkpoint/store.h"
#include "platform/event.h"
#include "platform/node.h"
#include "runtime/cluster/cluster.h"
#include "runtime/cluster/task.h"
#include "runtime/connectors/source_format.h"
#include "runtime/structured/data_frame.h"
#include "runtime/structured/progress.h"

namespace wavetank::runtime {

enum class TriggerKind {
  kProcessingTime,  // the definition's trigger_interval; zero: as soon as there is data
  kAvailableNow,    // what is there at the start, in batches, then ends with OK
  kOnce,            // what is there at the start, in one batch, then ends with OK
};

class CompiledQueries;
class QueryWatch;  // query_watch.h

struct QueryOptions {
  // A definition may ask for kAvailableNow or kOnce, too.
  TriggerKind trigger = TriggerKind::kProcessingTime;
  // Unset: as many as its checkpoint keeps state in, kDefaultShufflePartitions in a new one. A
  // checkpoint with state in another number of them is refused: RescaleCheckpoint lays it out anew.
  std::optional<int> shuffle_partitions = std::nullopt;
  // What the job declares itself to be. A checkpoint of another version is refused.
  std::string job_version = "1";
  // Noted in the checkpoint; another build is reported, not refused.
  std::string build_id = "";
  // Committed batches that the checkpoint keeps whole, state included: those that one can go back
  // to (spark.sql.streaming.minBatchesToRetain). At least 2.
  int64_t min_batches_to_retain = 100;
  // How much the query's log may grow before it is begun anew, without what it no longer needs.
  uint64_t log_segment_bytes = uint64_t{1} << 20;
  // The same for the sink's manifest, which goes on in another file; in complete mode it is begun
  // anew.
  uint64_t sink_log_segment_bytes = uint64_t{4} << 20;
  // How many bytes of a batch's output may stand in the query's log and the sink's manifest, which
  // saves the files' syncs before the commit; those files come afterwards. More is staged at once.
  uint64_t inline_output_bytes = uint64_t{256} << 10;
  // How many bytes a batch has of each source at most, as far as the source can tell, but always
  // something; a source may be told otherwise (maxBytesPerTrigger). > 0.
  int64_t batch_bytes = kDefaultBatchBytes;
  // How often an idle query asks its sources for news. Of sources that tell of news by themselves,
  // as directories of a local disk do, it asks a tenth as often, since they may miss some (a
  // directory of a network, in which another machine has put a file).
  absl::Duration poll_interval = absl::Milliseconds(100);
  // How long a source may take to answer. One that takes longer keeps its offset in batches that
  // the others fill; it is asked again, and said to be late.
  absl::Duration source_timeout = absl::Seconds(30);
  // Set by others, on this node: the batch under way is finished, no other is begun, and the query
  // ends with OK; before it has taken its log over, at once. Null: never.
  platform::Event* stop = nullptr;
  // How long that may take; then the query ends with kDeadlineExceeded, and what it had not
  // finished the next start does. An error that may pass ends it too.
  absl::Duration graceful_stop_timeout = absl::Seconds(30);
  // Called after each commit, on the driver's node. Null: its text goes to the node's log.
  std::function<void(const StreamingQueryProgress&)> on_progress = nullptr;
  // Of somebody on this node who follows the query, and outlives it. Null: nobody.
  QueryWatch* watch = nullptr;
  // How often in a row, without a batch committed in between, the query takes its log over anew
  // after an error that may pass (kUnavailable, kDeadlineExceeded, kResourceExhausted), and the
  // first pause before it does; each further one doubles, up to a minute.
  int max_restarts = 8;
  absl::Duration restart_backoff = absl::Milliseconds(200);
  // What the query may be found compiled in. Null: it is compiled.
  std::shared_ptr<CompiledQueries> compiled = nullptr;
};

// Runs the query until it is stopped (OK; kDeadlineExceeded if that took too long), fenced by a
// newer driver (kAborted) or in error: one line that names the query, the batch, what was attempted
// and what to do. `node`, `store` and
// `cluster` outlive the task.
Task<absl::Status> RunStreamingQuery(platform::Node& node, checkpoint::Store& store,
                                     Cluster& cluster, StreamingQueryDefinition definition,
                                     QueryOptions options);

// Adds the query's tasks to a worker's registry: one registry a node, since tasks keep state in it.
// REQUIRES: the registry has no query of that name.
// `compiled`: as in QueryOptions.
void RegisterTasks(const StreamingQueryDefinition& definition, TaskRegistry& registry,
                   std::shared_ptr<const CompiledQueries> compiled = nullptr);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_STREAMING_QUERY_H_
