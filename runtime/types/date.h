// Dates: days since the epoch in the proleptic Gregorian calendar, and as text.
#ifndef WAVETANK_RUNTIME_TYPES_DATE_H_
#define WAVETANK_RUNTIME_TYPES_DATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wavetank::runtime {

// 2026-01-31; years beyond four digits with a sign: +10000-01-01, -0044-03-15.
std::string DateText(int32_t days);

// Days since the epoch of "2026", "2026-1" or "2026-1-31", by Spark's rule: years have four to
// seven digits and may have a sign, months and days one or two; what follows a whole date behind a
// space or a "T" is not read. Spaces and control characters around are ignored. nullopt: anything
// else.
std::optional<int32_t> ParseDate(std::string_view text);

// The day, in UTC, that a time lies in.
int32_t DateOfMicros(int64_t micros);
// Its first microsecond; nullopt: int64 does not hold it.
std::optional<int64_t> MicrosOfDate(int32_t days);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_TYPES_DATE_H_
