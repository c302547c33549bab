// Values by their text, as files have them: stricter than casts, whose rules of times and dates
// they share.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_PARSE_VALUE_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_PARSE_VALUE_H_

#include <charconv>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string_view>

namespace wavetank::runtime {

// Digits with or without a sign, all of the text, within the type: as Java's parseInt.
template <std::integral T>
bool ParseWhole(std::string_view text, T* value) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  const char* const end = text.data() + text.size();
  // Mostly it is a few digits.
  if (!text.empty() && text.size() <= 18 && text.front() != '-') {
    uint64_t number = 0;
    for (const char* at = text.data(); at != end; ++at) {
      const auto digit = static_cast<unsigned char>(*at - '0');
      if (digit > 9) return false;
      number = number * 10 + digit;
    }
    *value = static_cast<T>(number);
    return number <= static_cast<uint64_t>(std::numeric_limits<T>::max());
  }
  const auto [read, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && read == end;
}

// Digits with or without a sign, point and exponent, and what Java takes besides: blanks around, d
// or f behind, NaN, Infinity. What is beyond the type is infinite, or 0.
bool ParseReal(std::string_view text, double* value);
bool ParseReal(std::string_view text, float* value);

// "true" or "false", in any case.
bool ParseTruth(std::string_view text, bool* value);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_PARSE_VALUE_H_
