#include "properties/verdict.h"

namespace wavetank::properties {

std::vector<std::string> AllViolationKinds() {
  using namespace violation_kinds;
  return {kLost,      kDuplicated,  kPhantom,    kWrongAnswer,  kDefinition,
          kWatermark, kCommitOrder, kVisibility, kInputDurable, kUnreadable};
}

}  // namespace wavetank::properties
