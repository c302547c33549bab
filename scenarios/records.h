// The lines of Records: what a schema says of each column, drawn from the seed.
//
// What a column holds depends on the seed and the column's name alone, so that a column that is
// added, or another order of them, leaves the others what they were.
#ifndef WAVETANK_SCENARIOS_RECORDS_H_
#define WAVETANK_SCENARIOS_RECORDS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "platform/random.h"
#include "scenarios/parse.h"

namespace wavetank::scenarios {

// REQUIRES: its numbers are within their bounds (field_bounds.h). kInvalidArgument, with the place:
// the schema contradicts itself, or a field of it does nothing.
absl::StatusOr<std::vector<std::string>> DrawRecords(const ParsedScenario& parsed,
                                                     const Records& records,
                                                     const platform::Random& random);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_RECORDS_H_
