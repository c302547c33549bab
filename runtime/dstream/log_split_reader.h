// LogSplitReader: on a worker, the records of the range that a task of a LogStream reads.
#ifndef WAVETANK_RUNTIME_DSTREAM_LOG_SPLIT_READER_H_
#define WAVETANK_RUNTIME_DSTREAM_LOG_SPLIT_READER_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"

#include "platform/node.h"
#include "platform/task.h"
#include "runtime/dstream/log_input.h"
#include "runtime/dstream/wire.h"

namespace wavetank::runtime {

class LogRangeReader;

class LogSplitReader {
 public:
  // `node` and `input` outlive it.
  LogSplitReader(platform::Node& node, const LogInput& input, LogSplit split);
  ~LogSplitReader();

  // Some records, in order; none: there are none left. kDataLoss: some are gone, which the stream
  // does not allow.
  platform::Task<absl::StatusOr<std::vector<LogRecord>>> Next();

 private:
  platform::Task<absl::Status> Open();

  platform::Node& node_;
  const LogInput& input_;
  LogSplit split_;
  std::unique_ptr<LogRangeReader> range_;  // once it is open
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_LOG_SPLIT_READER_H_
