// Floats and doubles as Java, and so Spark, writes them.
#ifndef WAVETANK_RUNTIME_TYPES_REAL_TEXT_H_
#define WAVETANK_RUNTIME_TYPES_REAL_TEXT_H_

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

namespace wavetank::runtime {

// 1.0, 1.0E7, 1.0E-4, NaN, -Infinity: with the fewest digits that mean the value.
template <typename T>
std::string JavaText(T value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  const T size = std::fabs(value);
  const bool plain = size == 0 || (size >= T{1e-3} && size < T{1e7});
  char buffer[64];
  const char* const end =
      std::to_chars(buffer, buffer + sizeof buffer, value,
                    plain ? std::chars_format::fixed : std::chars_format::scientific)
          .ptr;
  const std::string_view text(buffer, static_cast<size_t>(end - buffer));
  const size_t mark = std::min(text.find('e'), text.size());
  std::string java(text.substr(0, mark));
  if (java.find('.') == std::string::npos) java += ".0";
  if (mark == text.size()) return java;
  std::string_view exponent = text.substr(mark + 1);
  java += exponent.front() == '-' ? "E-" : "E";
  exponent.remove_prefix(1);
  while (exponent.size() > 1 && exponent.front() == '0') exponent.remove_prefix(1);
  return java.append(exponent);
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_TYPES_REAL_TEXT_H_
