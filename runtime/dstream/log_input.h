// LogInput: a topic of a partitioned log as a stream (StreamingContext::LogStream), as Spark's
// direct Kafka stream. No receiver: the driver decides for each batch a range of offsets of each
// partition (log_planner.h), which is durable in the batch log before a task starts, and a task
// reads one range. Ranges of a partition follow on one another, so each record is input of one
// batch, and a batch that runs again reads the same ones.
#ifndef WAVETANK_RUNTIME_DSTREAM_LOG_INPUT_H_
#define WAVETANK_RUNTIME_DSTREAM_LOG_INPUT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "runtime/connectors/log/log_offsets.h"
#include "runtime/dstream/codec.h"
#include "runtime/dstream/operator.h"

namespace wavetank::runtime {

// A record of a topic, as Spark's ConsumerRecord. A key or value may be null.
struct LogRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  int32_t partition = 0;
  int64_t offset = 0;    // unique in its partition, and rising
  absl::Time timestamp;  // to the millisecond, as its producer says
  static constexpr auto Fields() {
    return std::tuple(&LogRecord::key, &LogRecord::value, &LogRecord::partition, &LogRecord::offset,
                      &LogRecord::timestamp);
  }
  friend bool operator==(const LogRecord&, const LogRecord&) = default;
};

// Where a stream begins that has no checkpoint yet: after that, where it was. What was fixed by the
// first start stays so, also if nothing was read before that ended.
enum class LogStart {
  kEarliest,  // each partition at the first record that it still has
  kLatest,    // each partition behind the last one that it has by then
  kGiven,     // as LogStreamOptions::offsets; a partition that is not named at its first record
};

// What records that are gone before they were read do, by retention, say.
enum class LostRecords {
  kStop,  // the job stops, naming partition and offsets
  kSkip,  // said in the node's log, and it goes on without them
};

struct LogStreamOptions {
  std::string address;                 // HOST:PORT where the log is served
  std::string topic;                   // with all its partitions, those that come later too
  LogStart start = LogStart::kLatest;  // as Kafka's auto.offset.reset
  LogOffsets offsets = {};             // of kGiven
  // Records a second and partition, at most; of each partition a batch may have one in any case.
  // 0: no limit. spark.streaming.kafka.maxRatePerPartition.
  int64_t max_rate_per_partition = 0;
  // Whether records of open and of aborted transactions are left out. A range then ends before the
  // first open transaction.
  bool read_committed = true;
  LostRecords lost = LostRecords::kStop;
};

// kInvalidArgument names the option that says what cannot be.
absl::Status CheckLogStream(const LogStreamOptions& options);

namespace internal {

// Records as they are read. A piece, for who has them encoded, is some of them as a vector.
class LogFeed final : public ByteFeed {
 public:
  explicit LogFeed(RowSink& sink) : sink_(static_cast<TypedSink<LogRecord>&>(sink)) {}
  // Leaves what it has not moved out.
  void Take(std::vector<LogRecord>& records) { sink_.Take(records); }
  absl::Status Push(std::string_view piece) override {
    std::vector<LogRecord> records;
    absl::Status decoded = DecodeFromString(piece, records);
    if (decoded.ok()) sink_.Take(records);
    return decoded;
  }
  absl::Status Finish() override {
    sink_.Finish();
    return absl::OkStatus();
  }

 private:
  TypedSink<LogRecord>& sink_;
};

}  // namespace internal

class LogInput final : public InputOperator {
 public:
  explicit LogInput(LogStreamOptions chosen)
      // Where it is served may change: the log says of itself which it is.
      : InputOperator(
            "LogStream",
            absl::StrCat("topic ", chosen.topic, chosen.read_committed ? "" : ", read_uncommitted"),
            Codec<LogRecord>::Name()),
        options(std::move(chosen)) {}
  std::unique_ptr<ByteFeed> OpenFeed(RowSink& sink) const override {
    return std::make_unique<internal::LogFeed>(sink);
  }
  const LogStreamOptions options;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_LOG_INPUT_H_
