// Whether the schema of Records can be drawn, and each field of it does something.
#ifndef WAVETANK_SCENARIOS_RECORDS_CHECK_H_
#define WAVETANK_SCENARIOS_RECORDS_CHECK_H_

#include <string>

#include "absl/status/status.h"

#include "scenarios/parse.h"

namespace wavetank::scenarios {

// kInvalidArgument, with the place. REQUIRES: its numbers are within their bounds.
absl::Status CheckRecords(const ParsedScenario& parsed, const Records& records);

std::string SeparatorOf(const Records& records);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_RECORDS_CHECK_H_
