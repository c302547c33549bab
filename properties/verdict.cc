#include "properties/verdict.h"

#include <algorithm>

namespace wavetank::properties {

RecordCounts CountRecords(const std::map<std::string, int64_t>& given,
                          const std::map<std::string, int64_t>& came_out) {
  RecordCounts counts;
  for (const auto& [id, times] : given) {
    const auto found = came_out.find(id);
    const int64_t came = found == came_out.end() ? 0 : found->second;
    const int64_t too_often = came > times ? 1 : 0;
    counts.duplicated += too_often;
    counts.once += std::min(came, times) - too_often;
    counts.lost += std::max<int64_t>(0, times - came);
  }
  return counts;
}

int64_t CountReordered(const std::vector<int64_t>& first_seen) {
  int64_t reordered = 0;
  int64_t newest = -1;
  for (const int64_t batch : first_seen) {
    if (batch < 0) continue;
    reordered += batch < newest ? 1 : 0;
    newest = std::max(newest, batch);
  }
  return reordered;
}

std::vector<std::string> AllViolationKinds() {
  namespace kinds = violation_kinds;
  return {kinds::kLost,        kinds::kDuplicated,   kinds::kPhantom,       kinds::kReordered,
          kinds::kWrongAnswer, kinds::kDefinition,   kinds::kWatermark,     kinds::kCommitOrder,
          kinds::kVisibility,  kinds::kInputDurable, kinds::kMixedAttempts, kinds::kUnreadable,
          kinds::kProtocol,    kinds::kFalseAlarm};
}

}  // namespace wavetank::properties
