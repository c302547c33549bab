// What casts of text ignore around a value.
#ifndef WAVETANK_RUNTIME_TYPES_BLANK_H_
#define WAVETANK_RUNTIME_TYPES_BLANK_H_

#include <string_view>

namespace wavetank::runtime {

// Without spaces and control characters of ASCII at both ends.
inline std::string_view WithoutBlanks(std::string_view text) {
  const auto is_blank = [](char c) { return (c >= 0 && c <= ' ') || c == 0x7f; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_TYPES_BLANK_H_
