// FindByte: where a byte comes first, for places where it comes soon: fields are short, and a call
// of memchr costs more than looking at sixteen bytes.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_FIND_BYTE_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_FIND_BYTE_H_

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace wavetank::runtime {

// The first one in [at, end), or `end`.
inline const char* FindByte(const char* at, const char* end, char byte) {
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi8(byte);
  for (int looks = 0; end - at >= 16; at += 16) {
    const __m128i given = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const auto found = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(given, wanted)));
    if (found != 0) return at + std::countr_zero(found);
    if (++looks == 4) break;
  }
#endif
  if (end - at >= 16) {
    const void* const found = std::memchr(at, byte, static_cast<size_t>(end - at));
    return found == nullptr ? end : static_cast<const char*>(found);
  }
  while (at != end && *at != byte) ++at;
  return at;
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_FIND_BYTE_H_
