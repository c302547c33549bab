// LogPositions: where a reader of a topic begins, and how far it may read: the part of either
// engine's driver. What it decides on is read by log_range_reader.h.
#ifndef WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_POSITIONS_H_
#define WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_POSITIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "platform/node.h"
#include "platform/task.h"
#include "platform/wait_notice.h"
#include "runtime/connectors/log/log_client.h"
#include "runtime/connectors/log/log_offsets.h"
#include "runtime/connectors/log/log_options.h"

namespace wavetank::runtime {

class LogPositions {
 public:
  // `node` outlives it.
  LogPositions(platform::Node& node, LogSourceOptions options)
      : node_(node), options_(std::move(options)), client_(node, options_.address) {}

  // Of a reader that has read nothing, as the options say; of which log, too.
  Task<absl::StatusOr<LogPosition>> Begin();
  // From now on that log is asked, and no other. "": the one there is, if none was known before.
  Task<absl::Status> Know(std::string log_id);
  // Where each partition ends for this reader, and none before `from`; those that have come since
  // are there too. kDataLoss: what was not read is gone, where that is not allowed, or the log is
  // shorter than what was read. REQUIRES: Know.
  Task<absl::StatusOr<LogOffsets>> Newest(LogOffsets from);
  // What is wrong with these ranges, by partition, that were decided on before: "" if nothing is.
  // What may be left out is not wrong. REQUIRES: Know.
  Task<absl::StatusOr<std::string>> Missing(LogOffsets begins, LogOffsets ends);

  const std::string& log_id() const { return log_id_; }
  LogClient& client() { return client_; }
  const LogSourceOptions& options() const { return options_; }

 private:
  int64_t EndOf(const logs::PartitionOffsets& offsets) const {
    return options_.read_committed ? offsets.last_stable() : offsets.end();
  }
  absl::Status BeginsBeyond(int32_t partition, int64_t begin, int64_t end) const;
  void SayWhetherItIsThere(bool there);

  platform::Node& node_;
  const LogSourceOptions options_;
  LogClient client_;
  std::optional<platform::WaitNotice> away_;  // since the topic was seen not to be there
  std::string log_id_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_POSITIONS_H_
