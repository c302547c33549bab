// StreamingListener: told by the driver of what it does, as Spark's is.
//
//   class Delays : public StreamingListener {
//     void OnBatchCompleted(const BatchInfo& batch) override { Show(*batch.total_delay()); }
//   };
//   ssc.AddStreamingListener(std::make_shared<Delays>());
//
// Calls come one at a time, in order, on the driver's thread, which waits: return soon. One that
// throws is said in the driver's log, and ends nothing. They are of one driver: the next one begins
// anew, and tells again of what it runs again.
#ifndef WAVETANK_RUNTIME_DSTREAM_STREAMING_LISTENER_H_
#define WAVETANK_RUNTIME_DSTREAM_STREAMING_LISTENER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace wavetank::runtime {

// What an input stream gave to a batch.
struct StreamInputInfo {
  int64_t stream = 0;  // its operator's number
  std::string name;    // "operator 0 (TextFileStream)"
  // Of blocks and logs; nullopt: of files and queues, which nobody has counted before they are
  // read. Of a log it counts offsets, also of what gives no rows.
  std::optional<int64_t> records = {};
  // Of files and blocks; nullopt: of logs and queues.
  std::optional<int64_t> bytes = {};
};

// An output operation in a batch.
struct OutputOperationInfo {
  absl::Time batch_time;
  int64_t output = 0;  // its operator's number
  std::string name;    // "operator 3 (Print)"
  // When the batch's tasks began, which are those of all its outputs.
  absl::Time start_time;
  std::optional<absl::Time> end_time = {};
  absl::Status status = {};  // why it failed
};

// Times are on the scale of batch times, and never run backwards within a driver.
struct BatchInfo {
  int64_t batch_id = 0;  // 1, 2, ... since the stream first started
  absl::Time batch_time;
  bool runs_again = false;                   // a driver before had not completed it
  std::vector<StreamInputInfo> inputs = {};  // of streams that gave something
  // When it was due, or, if that was before, when this driver took over.
  absl::Time submission_time;
  std::optional<absl::Time> processing_start_time = {};
  // After its completion was durable, or when it had failed.
  std::optional<absl::Time> processing_end_time = {};
  std::vector<OutputOperationInfo> outputs = {};  // those that were due, in the job's order
  absl::Status status = {};                       // why it failed

  // Unset before it started, or ended.
  std::optional<absl::Duration> scheduling_delay() const {
    return Between(submission_time, processing_start_time);
  }
  std::optional<absl::Duration> processing_delay() const {
    if (!processing_start_time.has_value()) return std::nullopt;
    return Between(*processing_start_time, processing_end_time);
  }
  std::optional<absl::Duration> total_delay() const {
    return Between(submission_time, processing_end_time);
  }
  // Of the inputs that know.
  int64_t num_records() const {
    int64_t sum = 0;
    for (const StreamInputInfo& input : inputs) sum += input.records.value_or(0);
    return sum;
  }
  int64_t num_bytes() const {
    int64_t sum = 0;
    for (const StreamInputInfo& input : inputs) sum += input.bytes.value_or(0);
    return sum;
  }

 private:
  static std::optional<absl::Duration> Between(absl::Time from, std::optional<absl::Time> to) {
    if (!to.has_value()) return std::nullopt;
    return *to - from;
  }
};

struct ReceiverInfo {
  int64_t stream = 0;
  std::string name;        // "operator 0 (SocketTextStream)"
  std::string last_error;  // of an error, and of an end that was none it was asked for
};

// Does nothing, unless a class below it says what.
class StreamingListener {
 public:
  virtual ~StreamingListener() = default;

  // The driver has taken the stream over. `time`: when.
  virtual void OnStreamingStarted(absl::Time /*time*/) {}
  // Its input is durable.
  virtual void OnBatchSubmitted(const BatchInfo& /*batch*/) {}
  virtual void OnBatchStarted(const BatchInfo& /*batch*/) {}
  // Its completion is durable.
  virtual void OnBatchCompleted(const BatchInfo& /*batch*/) {}
  // It keeps no mark: the next driver runs it again. (In Spark it completes, with the outputs'
  // errors.)
  virtual void OnBatchFailed(const BatchInfo& /*batch*/) {}
  virtual void OnOutputOperationStarted(const OutputOperationInfo& /*output*/) {}
  virtual void OnOutputOperationCompleted(const OutputOperationInfo& /*output*/) {}
  // A run of the stream's receiver is logged, and may store. One that is lost is started anew.
  virtual void OnReceiverStarted(const ReceiverInfo& /*receiver*/) {}
  virtual void OnReceiverError(const ReceiverInfo& /*receiver*/) {}
  // It ended, as asked or not.
  virtual void OnReceiverStopped(const ReceiverInfo& /*receiver*/) {}
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_STREAMING_LISTENER_H_
