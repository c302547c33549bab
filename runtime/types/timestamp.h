// Timestamps: microseconds since the epoch, and as text.
#ifndef WAVETANK_RUNTIME_TYPES_TIMESTAMP_H_
#define WAVETANK_RUNTIME_TYPES_TIMESTAMP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace wavetank::runtime {

// Time as a timestamp column holds it. The infinite times become the ends of int64.
int64_t ToMicros(absl::Time time);
absl::Time FromMicros(int64_t micros);

// 2026-01-31T00:00:00Z, with as many digits of a second as it needs.
std::string TimestampText(int64_t micros);

// Microseconds since the epoch of
// - ISO 8601: "2026-01-31", "2026-01-31T10:11[:12[.5]][Z or +02:00 or +0200 or +02]" (a space may
//   stand for the "T"; no zone means UTC; digits beyond microseconds are cut);
// - a whole number since the epoch, with a sign or without: seconds below 10^11, milliseconds below
//   10^14, microseconds from there to the end of the year 9999, either side of 0. (So of these
//   three any time between 1973 and 5138 is told right. Nanoseconds are none, nor seconds beyond
//   10^11.)
// Spaces around are ignored. nullopt: anything else.
std::optional<int64_t> ParseTimestamp(std::string_view text);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_TYPES_TIMESTAMP_H_
