// Rounding to decimal places, half away from zero.
#ifndef WAVETANK_RUNTIME_FUNCTIONS_ROUNDING_H_
#define WAVETANK_RUNTIME_FUNCTIONS_ROUNDING_H_

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>

namespace wavetank::runtime {

// `value` with `scale` digits behind the point; a negative scale rounds before it. By the digits
// that people read, the fewest that mean the value: 2.675 is half way between 2.67 and 2.68.
template <std::floating_point T>
T RoundedHalfUp(T value, int64_t scale) {
  if (!std::isfinite(value)) return value;
  // "d.ddde-dd", of which the digits alone are kept: they stand for d.ddd * 10^exponent.
  char text[64];
  const char* const end =
      std::to_chars(text, text + sizeof text, std::fabs(value), std::chars_format::scientific).ptr;
  const char* const begin = text;
  const char* const mark = std::find(begin, end, 'e');
  int exponent = 0;
  std::from_chars(mark + (mark[1] == '+' ? 2 : 1), end, exponent);
  std::string digits(begin, mark);
  std::erase(digits, '.');
  const int64_t kept = exponent + 1 + std::clamp<int64_t>(scale, -1000, 1000);
  if (kept >= static_cast<int64_t>(digits.size())) return value == 0 ? T{0} : value;
  if (kept < 0) return T{0};
  const auto count = static_cast<size_t>(kept);
  const bool up = digits[count] >= '5';
  digits.resize(count);
  digits.insert(digits.begin(), '0');
  if (up) {
    size_t at = count;
    for (; digits[at] == '9'; --at) digits[at] = '0';
    ++digits[at];
  }
  digits += "e" + std::to_string(exponent + 1 - kept);
  T rounded{0};
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), rounded);
  // Only what is rounded up can be too large.
  if (read.ec != std::errc()) rounded = std::numeric_limits<T>::infinity();
  return value < 0 && rounded != 0 ? -rounded : rounded;
}

// What is beyond the type wraps around.
template <std::signed_integral T>
T RoundedHalfUp(T value, int64_t scale) {
  if (scale >= 0) return value;
  if (scale < -19) return 0;  // no int64 is half as large
  __int128 unit = 1;
  for (int64_t i = scale; i < 0; ++i) unit *= 10;
  const __int128 rest = value % unit;
  __int128 rounded = value - rest;
  if (rest * 2 >= unit) rounded += unit;
  if (rest * 2 <= -unit) rounded -= unit;
  return static_cast<T>(rounded);
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_ROUNDING_H_
