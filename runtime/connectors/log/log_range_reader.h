// LogRangeReader: the records of a range of offsets of one partition, the same whenever it is read:
// offsets are of one record each, for ever. Read_committed, those of aborted transactions and
// markers give none. Who decides on ranges is log_positions.h.
#ifndef WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_RANGE_READER_H_
#define WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_RANGE_READER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "platform/node.h"
#include "platform/task.h"
#include "runtime/connectors/log/log_client.h"
#include "runtime/connectors/log/log_options.h"

namespace wavetank::runtime {

// "partition 3 of topic visits".
std::string WhereInLog(const std::string& topic, int32_t partition);
// kDataLoss: offsets that were to be read are not there, for this reason.
absl::Status LogOffsetsGone(const LogSourceOptions& options, int32_t partition, int64_t from,
                            int64_t to, const std::string& why);

class LogRangeReader {
 public:
  // `log_id`: of the log that the range is of; another one is not read. `node` outlives it.
  LogRangeReader(platform::Node& node, LogSourceOptions options, const std::string& log_id,
                 int32_t partition, int64_t begin, int64_t end)
      : node_(node),
        options_(std::move(options)),
        client_(node, options_.address),
        partition_(partition),
        next_(begin),
        end_(end) {
    client_.Expect(log_id, options_.words.else_do, options_.words.reader);
  }

  // The next records, some, in order; nullopt: there are none left. kDataLoss: some are gone, and
  // LogSourceOptions::fail_on_data_loss.
  Task<absl::StatusOr<std::optional<logs::FetchReply>>> Next();

 private:
  // What is gone, where that is allowed.
  Task<absl::Status> Skip();

  platform::Node& node_;
  const LogSourceOptions options_;
  LogClient client_;
  const int32_t partition_;
  int64_t next_;
  const int64_t end_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_RANGE_READER_H_
