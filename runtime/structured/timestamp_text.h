// Timestamps as text.
#ifndef WAVETANK_RUNTIME_STRUCTURED_TIMESTAMP_TEXT_H_
#define WAVETANK_RUNTIME_STRUCTURED_TIMESTAMP_TEXT_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace wavetank::runtime {

// Microseconds since the epoch of "2026-01-31", "2026-01-31T10:11[:12[.5]][Z or +02:00]" (a space
// may stand for the "T"; no zone means UTC; digits beyond microseconds are cut), or of whole
// seconds since the epoch, "-12". Spaces around are ignored. nullopt: anything else, or a time
// outside of what int64 holds.
std::optional<int64_t> ParseTimestamp(std::string_view text);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_TIMESTAMP_TEXT_H_
