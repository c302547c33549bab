#include "runtime/dstream/log_input.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace wavetank::runtime {

absl::Status CheckLogStream(const LogStreamOptions& options) {
  const auto wrong = [](const auto&... parts) {
    return absl::InvalidArgumentError(absl::StrCat("LogStream: ", parts...));
  };
  const size_t colon = options.address.rfind(':');
  int port = 0;
  const bool is_address = colon != std::string::npos && colon > 0 &&
                          absl::SimpleAtoi(options.address.substr(colon + 1), &port) && port > 0 &&
                          port < 65'536;
  if (!is_address) return wrong("address is '", options.address, "': give HOST:PORT");
  if (options.topic.empty()) return wrong("topic is empty: give its name");
  if (options.max_rate_per_partition < 0) {
    return wrong("max_rate_per_partition is ", options.max_rate_per_partition,
                 ": give records a second, or 0 for no limit");
  }
  if (options.start != LogStart::kGiven && !options.offsets.empty()) {
    return wrong("offsets are given, and start is not kGiven: give one or the other");
  }
  for (const auto& [partition, offset] : options.offsets) {
    if (partition >= 0 && offset >= 0) continue;
    return wrong("offsets say ", offset, " of partition ", partition, ": give numbers from 0 on");
  }
  return absl::OkStatus();
}

}  // namespace wavetank::runtime
