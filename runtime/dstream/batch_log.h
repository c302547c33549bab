// BatchLog: the driver's durable memory, and what a new driver learns from it.
//
// Records of one fenced log, in this order for each batch: its whole input, before its first task
// starts; its completion, after all of its outputs have ended. Blocks that receivers hand over are
// recorded before they are queued. A new driver takes the log over, which fences the old one: its
// next append gives kAborted. Batches that have ended are dropped from the log in time.
//
// Without a checkpoint directory nothing is written, and every driver begins anew.
#ifndef WAVETANK_RUNTIME_DSTREAM_BATCH_LOG_H_
#define WAVETANK_RUNTIME_DSTREAM_BATCH_LOG_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "checkpoint/graph_history.h"
#include "checkpoint/seen_paths.h"
#include "checkpoint/store.h"
#include "platform/node.h"
#include "platform/task.h"
#include "runtime/dstream/accumulator_cell.h"
#include "runtime/dstream/batch_schedule.h"
#include "runtime/dstream/file_selector.h"
#include "runtime/dstream/graph.h"
#include "runtime/dstream/state_book.h"
#include "runtime/dstream/wire.h"

namespace wavetank::runtime {

using platform::Task;

// Of a partition of a log's topic, the offsets from `begin` to `end`, which is not included.
struct LogRange {
  int32_t partition = 0;
  int64_t begin = 0;
  int64_t end = 0;
};

// What one input stream gives to one batch. A stream has files, blocks, ranges of a log or
// partitions of its queue.
struct StreamInput {
  OperatorId stream;
  std::vector<SelectedFile> files = {};
  std::string root = {};  // as in FoundFiles
  std::vector<Block> blocks = {};
  std::vector<std::string> partitions = {};  // never logged: a queue refuses a checkpoint
  // Of each partition, also where there is nothing new; and of which log.
  std::string log_id = {};
  std::vector<LogRange> ranges = {};

  // Whether there is nothing to log.
  bool empty() const {
    return files.empty() && blocks.empty() && partitions.empty() && ranges.empty();
  }
  int64_t offsets() const {
    int64_t sum = 0;
    for (const LogRange& range : ranges) sum += range.end - range.begin;
    return sum;
  }
  bool has_rows() const {
    return !files.empty() || !blocks.empty() || !partitions.empty() || offsets() > 0;
  }
};

struct ForgottenPaths {
  OperatorId stream;
  std::vector<std::string> paths;
};

struct BatchInput {
  BatchNumber batch;
  std::vector<StreamInput> streams;
  std::vector<ForgottenPaths> forgotten = {};  // before the batch
};

// What the streams found when they first started.
struct StreamStart {
  absl::Time zero;
  std::vector<StreamInput> old_files = {};   // which are not input
  std::vector<StreamInput> log_begins = {};  // of each stream of a log, as ranges of nothing
  // Of each operator with state: in how many partitions it stands, from then on.
  std::map<OperatorId, int> state_partitions = {};
};

struct BatchLogOptions {
  // Batches that have ended and are kept, for people to look at. At least 1.
  int64_t batches_retained = 100;
  // How many batches before a batch others may lie whose input it needs: they are kept as long as
  // it has not ended.
  int64_t reach = 0;
  // How much the log may grow before it is begun anew without the others.
  uint64_t segment_bytes = uint64_t{1} << 20;
};

// What a new driver goes on from.
struct RecoveredStream {
  std::vector<BatchInput> unfinished;  // in order: durable input, no completion
  std::vector<BatchInput> completed;   // in order, as far as the log has them
  StateBook states;                    // of those
  AccumulatorTotals totals;            // as the newest mark has them
  std::vector<Block> unallocated;      // in the order they were recorded
  // Runs of receivers that have not ended, in the order in which they started.
  std::vector<checkpoint::GraphHistory::Receiver> receivers;
  // By stream: how many of its records are in blocks that were logged.
  std::map<int64_t, int64_t> records_logged;
  // Of streams of logs, whose ranges end where they go on.
  std::map<OperatorId, StreamInput> log_positions;
  BatchNumber last;           // the last batch with durable input; 0: none
  BatchNumber dropped_up_to;  // the last that ended and is not in the log any more; 0: none
};

// What the log of a stream says of its past.
enum class StreamAge {
  kNew,      // nothing: it has not begun
  kBegun,    // it has
  kUnknown,  // it cannot be read at this moment, as while somebody takes it over
};

class BatchLog {
 public:
  virtual ~BatchLog() = default;

  // What the log says to somebody who does not own it, before it is claimed: whoever is refused
  // must not fence a stream that is well. kFailedPrecondition: as from TakeOver.
  static Task<absl::StatusOr<StreamAge>> Compare(platform::Node& node, checkpoint::Store& store,
                                                 const StreamingGraph& graph, std::string directory,
                                                 BatchLogOptions options = {});

  // kFailedPrecondition when the checkpoint is of another plan or interval (named); kAborted when a
  // newer driver took over meanwhile; kDataLoss when what counts is damaged.
  static Task<absl::StatusOr<std::unique_ptr<BatchLog>>> TakeOver(platform::Node& node,
                                                                  checkpoint::Store& store,
                                                                  const StreamingGraph& graph,
                                                                  std::string directory,
                                                                  BatchLogOptions options = {});
  static std::unique_ptr<BatchLog> None(platform::Node& node);

  // Null before the stream has first started.
  virtual const StreamStart* start() const = 0;
  virtual const RecoveredStream& recovered() const = 0;
  // Names this driver's attempts: unlike any other driver's.
  virtual std::string driver_id() const = 0;
  // Whether this driver still owns the stream; errors as FencedLog::Look.
  virtual Task<absl::Status> Look() = 0;
  // The files of a stream that are not new: those in some batch's input, or too old. Stays where it
  // is while the log does.
  virtual checkpoint::SeenPaths& seen(OperatorId stream) = 0;

  // Each is durable, and not fenced, when it gives OK. kAborted: fenced, stop. Any other error: the
  // outcome is unknown, the log refuses everything from then on; take over anew.
  virtual Task<absl::Status> LogStart(StreamStart start) = 0;
  virtual Task<absl::Status> LogInput(BatchInput input) = 0;
  virtual Task<absl::Status> LogCompleted(BatchNumber batch, KeptStates states,
                                          AccumulatorTotals totals) = 0;
  virtual Task<absl::Status> LogBlock(Block block) = 0;
  virtual Task<absl::Status> LogReceiverStarted(ReceiverRun receiver) = 0;
  // `stored`: its blocks that were not logged yet. Together or not at all.
  virtual Task<absl::Status> LogReceiverEnded(ReceiverRun receiver, std::vector<Block> stored) = 0;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_BATCH_LOG_H_
