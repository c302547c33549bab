// LogPlanner: the driver's part of a LogStream: which offsets of each partition a batch has.
//
// Rules.
// - The first start fixes where each partition begins, durably, with the stream's start itself. A
//   driver that dies before the first batch leaves that to the next one; nobody asks for "latest"
//   twice. The log is named there by its id, and another log is refused from then on.
// - A batch has of each partition what is there when it is planned, from where the last logged
//   batch ends, within the limits. Every batch says so of every partition, also of those with
//   nothing new, so the newest batch in the log is the whole position.
// - A partition that has come since is read from its first record.
// - What was decided on is in the position once the batch's input is durable, not before.
// - While the log does not answer, batches have nothing of it; the position stays.
#ifndef WAVETANK_RUNTIME_DSTREAM_LOG_PLANNER_H_
#define WAVETANK_RUNTIME_DSTREAM_LOG_PLANNER_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "platform/node.h"
#include "platform/task.h"
#include "runtime/connectors/log/log_options.h"
#include "runtime/connectors/log/log_positions.h"
#include "runtime/dstream/batch_log.h"
#include "runtime/dstream/log_input.h"

namespace wavetank::runtime {

// What readers and driver ask the log for, of a stream.
LogSourceOptions SourceOptionsOf(const LogStreamOptions& options);

// How many records a second a stream may take; 0: no limit.
struct LogRates {
  int64_t of_each = 0;  // partition
  int64_t of_all = 0;   // each partition its part, by what waits in it
};
// How far a batch of this interval may get: from there, of what there is. Of each partition with
// something new it has one record at least, as Spark (spark.streaming.kafka.minRatePerPartition).
LogOffsets WithinRates(const LogOffsets& from, LogOffsets to, LogRates rates,
                       absl::Duration interval);

class LogPlanner {
 public:
  // `input` and `node` outlive it.
  LogPlanner(platform::Node& node, const LogInput& input, absl::Duration interval)
      : node_(node),
        input_(input),
        interval_(interval),
        positions_(node, SourceOptionsOf(input.options)) {}

  // Where the stream begins, as ranges of nothing. Errors that may pass: the log is away.
  Task<absl::StatusOr<StreamInput>> Begin();
  // From where it goes on: the ends of these ranges, which the log has.
  Task<absl::Status> GoOn(StreamInput from);
  // What the next batch has. `rate`: records a second of all partitions, at most; 0: no limit.
  // kDataLoss as LogPositions::Newest.
  Task<absl::StatusOr<StreamInput>> Plan(int64_t rate);
  // It is durable, as a part of a batch.
  void Logged(const StreamInput& planned);
  // What of a batch's ranges is not there any more; "": all is. REQUIRES: GoOn.
  Task<absl::StatusOr<std::string>> Missing(StreamInput planned);

 private:
  StreamInput RangesTo(const LogOffsets& to) const;

  platform::Node& node_;
  const LogInput& input_;
  const absl::Duration interval_;
  LogPositions positions_;
  LogOffsets position_;
};

// By the stream that they plan for.
using LogPlanners = std::map<OperatorId, std::unique_ptr<LogPlanner>>;

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_LOG_PLANNER_H_
