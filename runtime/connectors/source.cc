#include "runtime/connectors/source.h"

#include "platform/check.h"

namespace wavetank::runtime {

Task<absl::StatusOr<std::string>> Source::Freeze() {
  co_return absl::UnimplementedError(
      "it cannot say what there is now: run the query without AvailableNow");
}

absl::Status Source::StopAt(const std::string&) {
  return absl::UnimplementedError("it gave nothing to stop at");
}

Task<absl::Status> Source::Committed(std::string) { co_return absl::OkStatus(); }

Task<void> Source::AwaitNews() { platform::CheckFailed(__FILE__, __LINE__, "tells_news()"); }

}  // namespace wavetank::runtime
