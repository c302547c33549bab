#include "runtime/cluster/speculation.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"

namespace wavetank::runtime {

absl::Status CheckSpeculation(const SpeculationOptions& options) {
  const auto wrong = [](const char* option, const auto& value, const char* advice) {
    return absl::InvalidArgumentError(
        absl::StrCat("speculation.", option, " is ", value, ": give ", advice));
  };
  if (options.interval < absl::Milliseconds(1)) {
    return wrong("interval", absl::FormatDuration(options.interval), "1ms or more");
  }
  if (!(options.multiplier >= 1)) return wrong("multiplier", options.multiplier, "1 or more");
  if (!(options.quantile >= 0 && options.quantile <= 1)) {
    return wrong("quantile", options.quantile, "a number from 0 to 1");
  }
  if (options.min_task_runtime < absl::ZeroDuration()) {
    return wrong("min_task_runtime", absl::FormatDuration(options.min_task_runtime), "0s or more");
  }
  if (options.task_duration_threshold < absl::ZeroDuration()) {
    return wrong("task_duration_threshold", absl::FormatDuration(options.task_duration_threshold),
                 "0s or more");
  }
  return absl::OkStatus();
}

std::optional<absl::Duration> TakesLongAfter(const SpeculationOptions& options, size_t tasks,
                                             const std::vector<absl::Duration>& took, int slots) {
  const auto of_all = static_cast<size_t>(options.quantile * static_cast<double>(tasks));
  if (took.size() >= std::max<size_t>(of_all, 1)) {
    std::vector<absl::Duration> sorted = took;
    const auto middle = sorted.begin() + static_cast<ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    return std::max(options.multiplier * *middle, options.min_task_runtime);
  }
  const bool is_small = tasks <= static_cast<size_t>(std::max(slots, 1));
  if (is_small && options.task_duration_threshold > absl::ZeroDuration()) {
    return std::max(options.task_duration_threshold, options.min_task_runtime);
  }
  return std::nullopt;
}

}  // namespace wavetank::runtime
