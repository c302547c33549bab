// Rounding to decimal places, half away from zero.
#ifndef WAVETANK_RUNTIME_FUNCTIONS_ROUNDING_H_
#define WAVETANK_RUNTIME_FUNCTIONS_ROUNDING_H_

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>

namespace wavetank::runtime {

// `value` with `scale` digits behind the point; a negative scale rounds before it. By the digits
// that people read, the fewest that mean the double: 2.675 is half way between 2.67 and 2.68. A
// float is widened before (as in Spark: 0.35 is 0.3499999940395355 then, and below the half).
template <std::floating_point T>
T RoundedHalfUp(T value, int64_t scale) {
  if (!std::isfinite(value)) return value;
  if (scale >= 0 && std::trunc(value) == value) return value + T{0};  // of -0, 0
  // "d.ddde-dd", of which the digits alone are kept: they stand for d.ddd * 10^exponent.
  char text[64];
  const char* const end = std::to_chars(text, text + sizeof text, std::fabs(double{value}),
                                        std::chars_format::scientific)
                              .ptr;
  const char* const begin = text;
  const char* const mark = std::find(begin, end, 'e');
  int exponent = 0;
  std::from_chars(mark + (mark[1] == '+' ? 2 : 1), end, exponent);
  char digits[64] = {'0'};  // and the digits behind
  char* const first = digits + 1;
  const auto size = std::copy_if(begin, mark, first, [](char c) { return c != '.'; }) - first;
  const int64_t kept = exponent + 1 + std::clamp<int64_t>(scale, -1000, 1000);
  if (kept >= size) return value + T{0};
  if (kept < 0) return T{0};
  if (first[kept] >= '5') {
    char* at = first + kept - 1;
    for (; *at == '9'; --at) *at = '0';
    ++*at;
  }
  char* to = first + kept;
  *to++ = 'e';
  to = std::to_chars(to, digits + sizeof digits, exponent + 1 - kept).ptr;
  T rounded{0};
  const auto read = std::from_chars(digits, to, rounded);
  // Only what is rounded up can be too large.
  if (read.ec != std::errc()) rounded = std::numeric_limits<T>::infinity();
  return value < 0 && rounded != 0 ? -rounded : rounded;
}

// What is beyond the type wraps around.
template <std::signed_integral T>
T RoundedHalfUp(T value, int64_t scale) {
  if (scale >= 0) return value;
  if (scale < -19) return 0;  // no int64 is half as large
  uint64_t unit = 1;
  for (int64_t i = scale; i < 0; ++i) unit *= 10;
  const uint64_t size = value < 0 ? uint64_t{0} - static_cast<uint64_t>(int64_t{value})
                                  : static_cast<uint64_t>(value);
  const uint64_t rest = size % unit;
  const uint64_t rounded = size - rest + (rest >= unit - rest ? unit : 0);
  return static_cast<T>(value < 0 ? uint64_t{0} - rounded : rounded);
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_ROUNDING_H_
