// Numbers by their digits: read once, for whole numbers and for others.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FORMATS_DECIMAL_NUMBER_H_
#define WAVETANK_RUNTIME_CONNECTORS_FORMATS_DECIMAL_NUMBER_H_

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace wavetank::runtime {

// A number by JSON's grammar: [-] digits [. digits] [e [+-] digits], and no 0 before other digits.
struct DecimalNumber {
  enum class Kind {
    kNone,     // the text is no number
    kWhole,    // it has neither a point nor an exponent
    kTooLong,  // such a one, which int64 does not hold
    kReal,
  };
  Kind kind = Kind::kNone;
  bool negative = false;
  bool exact = false;  // the number is mantissa * 10^exponent
  uint64_t mantissa = 0;
  int exponent = 0;

  // Of a whole number.
  int64_t whole() const { return static_cast<int64_t>(negative ? 0 - mantissa : mantissa); }

  // The nearest one to the number, where one multiplication or division of numbers that are exact
  // gives it (Clinger, "How to read floating point numbers accurately"); false elsewhere.
  template <typename T>
  bool ToReal(T* value) const {
    constexpr T kPowers[] = {T(1e0),  T(1e1),  T(1e2),  T(1e3),  T(1e4),  T(1e5),  T(1e6),  T(1e7),
                             T(1e8),  T(1e9),  T(1e10), T(1e11), T(1e12), T(1e13), T(1e14), T(1e15),
                             T(1e16), T(1e17), T(1e18), T(1e19), T(1e20), T(1e21), T(1e22)};
    constexpr bool kIsDouble = std::is_same_v<T, double>;
    constexpr int kMostExponent = kIsDouble ? 22 : 10;
    constexpr uint64_t kMostMantissa = uint64_t{1} << (kIsDouble ? 53 : 24);
    if (!exact || mantissa > kMostMantissa || exponent > kMostExponent ||
        exponent < -kMostExponent) {
      return false;
    }
    const T digits = static_cast<T>(mantissa);
    const T size = exponent < 0 ? digits / kPowers[-exponent] : digits * kPowers[exponent];
    *value = negative ? -size : size;
    return true;
  }
};

// What the whole text is.
inline DecimalNumber ReadDecimal(std::string_view text) {
  constexpr int kMostExponentDigits = 4;
  const auto is_digit = [](char c) { return static_cast<unsigned char>(c - '0') < 10; };
  DecimalNumber number;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto take_digits = [&] {
    const char* const first = at;
    for (; at != end && is_digit(*at); ++at) {
      number.mantissa = number.mantissa * 10 + static_cast<uint64_t>(*at - '0');
    }
    return at - first;
  };
  number.negative = at != end && *at == '-';
  if (number.negative) ++at;
  const char* const first = at;
  auto digits = take_digits();
  if (digits == 0 || (digits > 1 && *first == '0')) return {};
  // 19 digits fit into 64 bits; of more the mantissa holds nonsense.
  number.exact = digits <= 19;
  if (at == end) {
    const uint64_t most = (uint64_t{1} << 63) - (number.negative ? 0 : 1);
    const bool fits = number.exact && number.mantissa <= most;
    number.kind = fits ? DecimalNumber::Kind::kWhole : DecimalNumber::Kind::kTooLong;
    return number;
  }
  number.kind = DecimalNumber::Kind::kReal;
  if (*at == '.') {
    ++at;
    const auto fraction = take_digits();
    if (fraction == 0) return {};
    digits += fraction;
    number.exact = digits <= 19;
    number.exponent = static_cast<int>(-fraction);
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    const bool small = at != end && *at == '-';
    if (at != end && (*at == '+' || *at == '-')) ++at;
    const char* const from = at;
    int exponent = 0;
    for (; at != end && is_digit(*at); ++at) {
      if (at - from < kMostExponentDigits) exponent = exponent * 10 + (*at - '0');
    }
    if (at == from) return {};
    if (at - from > kMostExponentDigits) number.exact = false;
    number.exponent += small ? -exponent : exponent;
  }
  return at == end ? number : DecimalNumber();
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FORMATS_DECIMAL_NUMBER_H_
