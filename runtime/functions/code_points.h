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

// Whether `point` is one of the code points of `points`.
inline bool HasPoint(std::string_view points, std::string_view point) {
  for (size_t at = points.find(point); at != std::string_view::npos;
       at = points.find(point, at + 1)) {
    if (IsBoundary(points, at) && IsBoundary(points, at + point.size())) return true;
  }
  return false;
}

// `text` without those code points at its beginning; at its end.
inline std::string_view WithoutAtBegin(std::string_view text, std::string_view points) {
  while (!text.empty()) {
    size_t size = 1;
    while (!IsBoundary(text, size)) ++size;
    if (!HasPoint(points, text.substr(0, size))) break;
    text.remove_prefix(size);
  }
  return text;
}
inline std::string_view WithoutAtEnd(std::string_view text, std::string_view points) {
  while (!text.empty()) {
    size_t begin = text.size() - 1;
    while (!IsBoundary(text, begin)) --begin;
    if (!HasPoint(points, text.substr(begin))) break;
    text = text.substr(0, begin);
  }
  return text;
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_CODE_POINTS_H_
