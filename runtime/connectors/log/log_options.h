// The options of the source and of the sink of format log, as tables and as values.
#ifndef WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_OPTIONS_H_
#define WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "runtime/connectors/connector_option.h"
#include "runtime/connectors/log/log_offsets.h"

namespace wavetank::runtime {

// What people are told who read the log by other means than a query.
struct LogReaderWords {
  std::string reader = "query";
  std::string begins = "startingOffsets";  // what says where it begins
  std::string or_skip = "the option failOnDataLoss=false";
  // In place of the log that was read.
  std::string else_do = "start the query with a new checkpoint";
};

struct LogSourceOptions {
  enum class Start : uint8_t { kEarliest, kLatest, kGiven };

  std::string address;
  std::string topic;
  Start start = Start::kEarliest;
  LogOffsets given = {};
  int64_t max_offsets = 0;
  int64_t max_bytes = 0;  // 0: as the query says
  bool read_committed = true;
  bool fail_on_data_loss = true;
  LogReaderWords words = {};
};
const std::vector<ConnectorOption>& LogSourceOptionTable();
// kInvalidArgument names the option, what it was given and what it takes.
absl::StatusOr<LogSourceOptions> LogSourceOptionsOf(const OptionMap& values);

struct LogSinkOptions {
  enum class Delivery : uint8_t { kTransactional, kIdempotent, kPlain };

  std::string address;
  std::string topic;  // "": the rows say it
  Delivery delivery = Delivery::kTransactional;
  absl::Duration transaction_timeout;
};
const std::vector<ConnectorOption>& LogSinkOptionTable();
absl::StatusOr<LogSinkOptions> LogSinkOptionsOf(const OptionMap& values);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_OPTIONS_H_
