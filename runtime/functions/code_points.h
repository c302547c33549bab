// Code points of UTF-8. A code point is a byte that begins one and the bytes up to the next such
// one, or to the text's end: of malformed text too.
#ifndef WAVETANK_RUNTIME_FUNCTIONS_CODE_POINTS_H_
#define WAVETANK_RUNTIME_FUNCTIONS_CODE_POINTS_H_

#include <cstddef>
#include <string_view>

namespace wavetank::runtime {

inline bool StartsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

// Whether a code point begins or ends there. REQUIRES: at <= text.size().
inline bool IsBoundary(std::string_view text, size_t at) {
  return at == 0 || at == text.size() || StartsCodePoint(text[at]);
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_CODE_POINTS_H_
