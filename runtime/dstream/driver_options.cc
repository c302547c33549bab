// Which DStreamOptions mean something.
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"

#include "runtime/dstream/driver.h"

namespace wavetank::runtime {

absl::Status CheckDStreamOptions(const DStreamOptions& options) {
  const auto wrong = [](absl::string_view option, const auto& value, absl::string_view advice) {
    return absl::InvalidArgumentError(absl::StrCat(option, " is ", value, ": give ", advice));
  };
  if (options.batches_retained < 1) {
    return wrong("batches_retained", options.batches_retained,
                 "1 or more, since the next batch time is told from the newest batch");
  }
  const std::pair<const char*, int64_t> numbers[] = {
      {"default_parallelism", options.default_parallelism},
      {"min_workers", options.min_workers},
      {"overdue_batches_max", options.overdue_batches_max},
      {"line_bytes_max", options.line_bytes_max},
      {"buffer_bytes_max", options.buffer_bytes_max},
      {"unprocessed_bytes_max", options.unprocessed_bytes_max},
      {"log_segment_bytes", options.log_segment_bytes > 0 ? 1 : 0}};
  for (const auto& [name, value] : numbers) {
    if (value < 1) return wrong(name, value, "1 or more");
  }
  if (options.block_interval < absl::Milliseconds(1)) {
    return wrong("block_interval", absl::FormatDuration(options.block_interval), "1ms or more");
  }
  const std::pair<const char*, int64_t> rates[] = {
      {"rates.receiver_max_rate", options.rates.receiver_max_rate},
      {"rates.initial_rate", options.rates.initial_rate}};
  for (const auto& [name, value] : rates) {
    if (value < 0) return wrong(name, value, "rows a second, or 0 for no limit");
  }
  const PidOptions& pid = options.rates.pid;
  const std::pair<const char*, double> factors[] = {{"rates.pid.proportional", pid.proportional},
                                                    {"rates.pid.integral", pid.integral},
                                                    {"rates.pid.derived", pid.derived}};
  for (const auto& [name, value] : factors) {
    if (!(value >= 0)) return wrong(name, value, "0 or more");
  }
  if (!(pid.min_rate > 0)) return wrong("rates.pid.min_rate", pid.min_rate, "more than 0");
  const std::pair<const char*, absl::Duration> durations[] = {
      {"worker_timeout", options.worker_timeout},
      {"receiver_restart_delay", options.receiver_restart_delay},
      {"graceful_stop_timeout", options.graceful_stop_timeout}};
  for (const auto& [name, value] : durations) {
    if (value < absl::ZeroDuration()) {
      return wrong(name, absl::FormatDuration(value), "0s or more");
    }
  }
  return absl::OkStatus();
}

}  // namespace wavetank::runtime
