// Casts, by what docs/functions.md says of them.
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "properties/interpreter/plain_expression.h"
#include "properties/interpreter/time_of_text.h"

namespace wavetank::properties {
namespace {

using Convert = PlainValue (*)(const PlainValue& value, PlainKind to);

bool IsReal(PlainKind kind) { return kind == PlainKind::kDouble || kind == PlainKind::kFloat; }

struct Range {
  int64_t least, most;
};
Range RangeOf(PlainKind kind) {
  switch (kind) {
    case PlainKind::kInt8:
      return {-128, 127};
    case PlainKind::kInt16:
      return {-32768, 32767};
    case PlainKind::kInt32:
      return {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
    default:
      return {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  }
}

// The lowest bits, with the sign that they have.
int64_t Cut(int64_t value, PlainKind to) {
  if (to == PlainKind::kInt8) return static_cast<int8_t>(value);
  if (to == PlainKind::kInt16) return static_cast<int16_t>(value);
  if (to == PlainKind::kInt32) return static_cast<int32_t>(value);
  return value;
}

PlainValue Real(double value, PlainKind to) {
  return to == PlainKind::kFloat ? static_cast<double>(static_cast<float>(value)) : value;
}

// Towards zero, within the range of int32 or of int64, whose lowest bits it is then.
PlainValue WholeOfReal(const PlainValue& value, PlainKind to) {
  if (std::isnan(value.real())) return int64_t{0};
  const Range range = RangeOf(to == PlainKind::kInt64 ? to : PlainKind::kInt32);
  const double whole = std::trunc(value.real());
  if (whole <= static_cast<double>(range.least)) return Cut(range.least, to);
  if (whole >= static_cast<double>(range.most)) return Cut(range.most, to);
  return Cut(static_cast<int64_t>(whole), to);
}

// Digits with or without a sign, and a fraction that is not read; of another range: none.
PlainValue WholeOfText(const PlainValue& value, PlainKind to) {
  std::string text = Stripped(value.text());
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.erase(0, 1);
  const size_t point = text.find('.');
  const std::string digits = text.substr(0, point);
  const std::string fraction = point == std::string::npos ? "" : text.substr(point + 1);
  if (text.empty() || (digits + fraction).find_first_not_of("0123456789") != std::string::npos) {
    return {};
  }
  const Range range = RangeOf(to);
  __int128 number = 0;
  for (const char c : digits) {
    number = number * 10 + (c - '0');
    if (number > -__int128{range.least}) return {};
  }
  if (negative) number = -number;
  return number > range.most ? PlainValue() : PlainValue(static_cast<int64_t>(number));
}

// Towards the past.
int64_t SecondsOf(int64_t micros) {
  const int64_t seconds = micros / 1'000'000;
  return seconds * 1'000'000 > micros ? seconds - 1 : seconds;
}

PlainValue TimeOfSeconds(const PlainValue& value, PlainKind) {
  const __int128 micros = __int128{value.number()} * 1'000'000;
  if (micros > INT64_MAX || micros < INT64_MIN) return {};
  return static_cast<int64_t>(micros);
}

PlainValue TimeOf(const PlainValue& value, PlainKind) {
  const std::optional<int64_t> time = TimeOfText(value.text());
  return time ? PlainValue(*time) : PlainValue();
}

PlainValue AsItIs(const PlainValue& value, PlainKind) { return value; }

Convert ToInteger(PlainKind from) {
  if (IsInteger(from)) {
    return
        [](const PlainValue& value, PlainKind to) { return PlainValue(Cut(value.number(), to)); };
  }
  if (IsReal(from)) return WholeOfReal;
  if (from == PlainKind::kString) return WholeOfText;
  if (from == PlainKind::kBool) {
    return [](const PlainValue& value, PlainKind) { return PlainValue(int64_t{value.truth()}); };
  }
  if (from == PlainKind::kTimestamp) {
    return [](const PlainValue& value, PlainKind to) {
      return PlainValue(Cut(SecondsOf(value.number()), to));
    };
  }
  return nullptr;
}

Convert ToReal(PlainKind from) {
  if (IsReal(from)) {
    return [](const PlainValue& value, PlainKind to) { return Real(value.real(), to); };
  }
  if (IsInteger(from)) {
    return [](const PlainValue& value, PlainKind to) {
      // Not by way of double, which would round twice.
      if (to == PlainKind::kFloat) {
        return PlainValue(static_cast<double>(static_cast<float>(value.number())));
      }
      return PlainValue(static_cast<double>(value.number()));
    };
  }
  return nullptr;
}

Convert CastOf(PlainKind from, PlainKind to) {
  if (from == to && from != PlainKind::kArray && from != PlainKind::kStruct) return AsItIs;
  if (from == PlainKind::kNull) return AsItIs;
  if (IsInteger(to)) return ToInteger(from);
  if (IsReal(to)) return ToReal(from);
  if (to == PlainKind::kTimestamp && from == PlainKind::kString) return TimeOf;
  if (to == PlainKind::kTimestamp && IsInteger(from)) return TimeOfSeconds;
  if (to == PlainKind::kString && IsInteger(from)) {
    return [](const PlainValue& value, PlainKind) {
      return PlainValue(std::to_string(value.number()));
    };
  }
  if (to == PlainKind::kString && from == PlainKind::kBool) {
    return [](const PlainValue& value, PlainKind) {
      return PlainValue(std::string(value.truth() ? "true" : "false"));
    };
  }
  return nullptr;
}

}  // namespace

PlainCall OwnCast(PlainKind from, PlainKind to) {
  const Convert convert = CastOf(from, to);
  if (convert == nullptr) return nullptr;
  return [convert, to](std::span<const PlainValue> arguments, int64_t) {
    return arguments[0].is_null() ? PlainValue() : convert(arguments[0], to);
  };
}

}  // namespace wavetank::properties
