// Intervals as SQL writes them.
#ifndef WAVETANK_RUNTIME_SQL_INTERVAL_TEXT_H_
#define WAVETANK_RUNTIME_SQL_INTERVAL_TEXT_H_

#include <string_view>

#include "absl/status/statusor.h"

#include "runtime/types/value.h"

namespace wavetank::runtime::sql {

// So many of a unit: '10', SECONDS; '-1.5', "hour". Units are weeks to microseconds, in one or
// several; a fraction of a second has up to six digits.
// kInvalidArgument: no number, no unit, or one of no fixed length (months, years); says what.
absl::StatusOr<Interval> IntervalOf(std::string_view number, std::string_view unit);

// "10 seconds", "1 hour 30 minutes", "interval 2 days".
absl::StatusOr<Interval> ParseInterval(std::string_view text);

// '1 02:03:04.5' DAY TO SECOND, '10:30' HOUR TO MINUTE and so on.
absl::StatusOr<Interval> ParseIntervalFields(std::string_view text, std::string_view from,
                                             std::string_view to);

// Whether the word is a unit of time, also one that is refused.
bool IsUnit(std::string_view word);

}  // namespace wavetank::runtime::sql

#endif  // WAVETANK_RUNTIME_SQL_INTERVAL_TEXT_H_
