// FieldBounds: what each number of a scenario may be, in one table.
//
// Every numeric field of scenario.proto has a row, so no number reaches a run unlooked at. A row
// keeps out what makes no sense and what would overflow, whatever else is asked for; what depends
// on other fields is checked where they meet.
#ifndef WAVETANK_SCENARIOS_FIELD_BOUNDS_H_
#define WAVETANK_SCENARIOS_FIELD_BOUNDS_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "absl/status/status.h"

#include "scenarios/parse.h"

namespace wavetank::scenarios {

// Both ends included. A `high` of INT64_MAX is no bound for an unsigned field.
struct FieldBounds {
  std::string_view message;
  std::string_view field;
  int64_t low;
  int64_t high;
};

std::span<const FieldBounds> AllFieldBounds();

// kInvalidArgument, with file:line:column, for the first number of `message` or below it that is
// out of its bounds. A field that is left out counts as what it then is, unless it is optional.
// REQUIRES: `message` is of the scenario that was parsed.
absl::Status CheckBounds(const ParsedScenario& parsed, const google::protobuf::Message& message);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_FIELD_BOUNDS_H_
