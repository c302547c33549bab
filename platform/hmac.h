// HMAC-SHA-256 (RFC 2104, FIPS 180-4): a pure function, the same in both worlds.
#ifndef WAVETANK_PLATFORM_HMAC_H_
#define WAVETANK_PLATFORM_HMAC_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace wavetank::platform {

inline constexpr size_t kHmacBytes = 32;

std::string HmacSha256(std::string_view key, std::string_view message);

// Takes as long for bytes that differ early as for bytes that differ late.
bool SameProof(std::string_view a, std::string_view b);

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_HMAC_H_
