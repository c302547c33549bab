#include "properties/verdict.h"

#include <algorithm>

namespace wavetank::properties {

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
  return {kinds::kLost,        kinds::kDuplicated,   kinds::kPhantom,   kinds::kReordered,
          kinds::kWrongAnswer, kinds::kDefinition,   kinds::kWatermark, kinds::kCommitOrder,
          kinds::kVisibility,  kinds::kInputDurable, kinds::kUnreadable};
}

}  // namespace wavetank::properties
