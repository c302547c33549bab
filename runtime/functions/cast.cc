#include "runtime/functions/cast.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/charconv.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"

#include "platform/check.h"
#include "platform/text.h"
#include "runtime/functions/kernels.h"
#include "runtime/types/blank.h"
#include "runtime/types/date.h"
#include "runtime/types/real_text.h"
#include "runtime/types/timestamp.h"

namespace wavetank::runtime {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

int64_t FloorSeconds(int64_t micros) {
  return micros / kMicrosPerSecond - (micros % kMicrosPerSecond < 0 ? 1 : 0);
}

// Towards zero; ends of the range for what is beyond, 0 for NaN.
template <typename T>
T Truncate(double value) {
  constexpr double kBound = -static_cast<double>(std::numeric_limits<T>::min());  // exact
  if (std::isnan(value)) return 0;
  if (value >= kBound) return std::numeric_limits<T>::max();
  if (value < -kBound) return std::numeric_limits<T>::min();
  return static_cast<T>(value);
}

template <typename To, typename From>
To ConvertNumber(From value) {
  if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    using Whole = std::conditional_t<sizeof(To) == 8, int64_t, int32_t>;
    return static_cast<To>(Truncate<Whole>(value));
  } else {
    return static_cast<To>(value);
  }
}

// Digits with or without a sign, and a fraction that is not read.
template <typename T>
  requires std::is_integral_v<T>
bool ParseNumber(std::string_view text, T* value) {
  text = WithoutBlanks(text);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  const std::string_view fraction = text.substr(text.starts_with('-') ? 1 : 0);
  if (fraction.starts_with('.')) {
    *value = 0;
    return fraction.find_first_not_of("0123456789", 1) == std::string_view::npos;
  }
  const char* const last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, *value);
  if (error != std::errc()) return false;
  if (end == last) return true;
  if (*end++ != '.') return false;
  while (end != last && *end >= '0' && *end <= '9') ++end;
  return end == last;
}

template <typename T>
  requires std::is_floating_point_v<T>
bool ParseNumber(std::string_view text, T* value) {
  text = WithoutBlanks(text);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  // As Java reads them: 1.5d is a double; NaN has no sign and no number; 0x1p3 has its exponent.
  const size_t size = text.size();
  constexpr std::string_view kMarks = "dDfF";
  if (size > 1 && kMarks.find(text.back()) != std::string_view::npos &&
      (absl::ascii_isdigit(static_cast<unsigned char>(text[size - 2])) || text[size - 2] == '.')) {
    text.remove_suffix(1);
  }
  const bool is_hexadecimal = text.find_first_of("xX") != std::string_view::npos;
  if ((is_hexadecimal && text.find_first_of("pP") == std::string_view::npos) ||
      text.find('(') != std::string_view::npos ||
      absl::StartsWithIgnoreCase(platform::ToAbsl(text), "-nan")) {
    return false;
  }
  const char* const last = text.data() + text.size();
  const absl::from_chars_result read = absl::from_chars(text.data(), last, *value);
  if (read.ptr != last || read.ec == std::errc::invalid_argument) return false;
  // Out of range: the largest, or next to nothing.
  if (read.ec != std::errc() && std::fabs(*value) > 1) {
    *value = std::copysign(std::numeric_limits<T>::infinity(), *value);
  }
  return true;
}

bool ParseBool(std::string_view text, bool* value) {
  text = WithoutBlanks(text);
  for (const char* word : {"t", "true", "y", "yes", "1", "f", "false", "n", "no", "0"}) {
    if (!absl::EqualsIgnoreCase(platform::ToAbsl(text), word)) continue;
    *value = word[0] == 't' || word[0] == 'y' || word[0] == '1';
    return true;
  }
  return false;
}

// A column of `to`: `value(row, &result)` for each row that is not null; false makes it null.
template <typename T, typename F>
Column EachRow(const Column& from, const DataType& to, F value) {
  return ValuesOrNull<T>(to, from.size(), from.validity_buffer(), value);
}

template <typename T>
Column ToNumber(const Column& from, const DataType& to) {
  switch (from.type().kind()) {
    case DataType::kBool:
      return EachRow<T>(from, to, [&](int64_t row, T* value) {
        *value = from.BoolAt(row) ? 1 : 0;
        return true;
      });
    case DataType::kString:
      return EachRow<T>(
          from, to, [&](int64_t row, T* value) { return ParseNumber(from.StringAt(row), value); });
    case DataType::kTimestamp:
      return EachRow<T>(from, to, [&](int64_t row, T* value) {
        const int64_t micros = from.Int64At(row);
        *value = std::is_integral_v<T>
                     ? static_cast<T>(FloorSeconds(micros))
                     : static_cast<T>(static_cast<double>(micros) / kMicrosPerSecond);
        return true;
      });
    default:
      break;
  }
  WT_CHECK(from.type().is_number());
  Buffer values = WithValueType(from.type(), [&]<typename F>(F) {
    return Values<T>(from.size(), [given = from.values<F>()](int64_t row) {
      return ConvertNumber<T>(given[row]);
    });
  });
  return Column(to, from.size(), std::move(values), from.validity_buffer());
}

Column ToBool(const Column& from) {
  ColumnBuilder builder(DataType::kBool);
  for (int64_t row = 0; row < from.size(); ++row) {
    bool value = false;
    bool given = !from.IsNull(row);
    if (given && from.type() == DataType::kString) {
      given = ParseBool(from.StringAt(row), &value);
    } else if (given) {
      value = WithValueType(from.type(), [&]<typename T>(T) { return from.values<T>()[row] != 0; });
    }
    given ? builder.Bool(value) : builder.Null();
  }
  return builder.Finish();
}

template <typename T>
bool Assign(const std::optional<T>& from, T* to) {
  if (from) *to = *from;
  return from.has_value();
}

template <typename T>
bool MicrosOf(T seconds, int64_t* micros) {
  if constexpr (std::is_integral_v<T>) {
    return !__builtin_mul_overflow(int64_t{seconds}, kMicrosPerSecond, micros);
  } else {
    const double value = static_cast<double>(seconds) * kMicrosPerSecond;
    if (!(std::fabs(value) < 9223372036854775808.0)) return false;
    *micros = static_cast<int64_t>(value);
    return true;
  }
}

Column ToTimestamp(const Column& from) {
  const DataType to = DataType::kTimestamp;
  switch (from.type().kind()) {
    case DataType::kString:
      return EachRow<int64_t>(from, to, [&](int64_t row, int64_t* value) {
        return Assign(ParseTimestamp(from.StringAt(row)), value);
      });
    case DataType::kDate:
      return EachRow<int64_t>(from, to, [&](int64_t row, int64_t* value) {
        return Assign(MicrosOfDate(from.Int32At(row)), value);
      });
    default:
      return WithValueType(from.type(), [&]<typename T>(T) {
        return EachRow<int64_t>(from, to, [&](int64_t row, int64_t* value) {
          return MicrosOf(from.values<T>()[row], value);
        });
      });
  }
}

Column ToDate(const Column& from) {
  return EachRow<int32_t>(from, DataType::kDate, [&](int64_t row, int32_t* value) {
    if (from.type() == DataType::kString) return Assign(ParseDate(from.StringAt(row)), value);
    *value = DateOfMicros(from.Int64At(row));
    return true;
  });
}

// "2026-01-31 00:00:00", and as much of a fraction as there is.
std::string TimeText(int64_t micros) {
  const int64_t seconds = FloorSeconds(micros);
  const auto fraction = static_cast<int>(micros - seconds * kMicrosPerSecond);
  const int32_t day = DateOfMicros(micros);
  const int64_t of_day = seconds - int64_t{day} * 86'400;
  std::string text = absl::StrFormat("%s %02d:%02d:%02d", DateText(day), of_day / 3600,
                                     of_day / 60 % 60, of_day % 60);
  if (fraction == 0) return text;
  absl::StrAppendFormat(&text, ".%06d", fraction);
  while (text.back() == '0') text.pop_back();
  return text;
}

std::string TextOf(const Column& from, int64_t row) {
  if (from.IsNull(row)) return "null";
  switch (from.type().kind()) {
    case DataType::kFloat:
      return JavaText(from.FloatAt(row));
    case DataType::kDouble:
      return JavaText(from.DoubleAt(row));
    case DataType::kTimestamp:
      return TimeText(from.Int64At(row));
    case DataType::kBinary:
      return std::string(from.StringAt(row));
    case DataType::kStruct: {
      std::string text;
      for (int i = 0; i < static_cast<int>(from.type().children().size()); ++i) {
        text += (i == 0 ? "{" : ", ") + TextOf(from.field(i), row);
      }
      return text + "}";
    }
    case DataType::kArray: {
      std::string text = "[";
      for (int64_t i = from.offsets()[row]; i < from.offsets()[row + 1]; ++i) {
        if (i > from.offsets()[row]) text += ", ";
        text += TextOf(from.elements(), i);
      }
      return text + "]";
    }
    default:
      return from.CellText(row);
  }
}

// The same bytes, as they are.
Column ToBytes(const Column& from, const DataType& to) {
  return Column(from.size(), from.values_buffer(), from.bytes_buffer(), from.validity_buffer(), to);
}

Column ToText(const Column& from) {
  ColumnBuilder builder(DataType::kString);
  for (int64_t row = 0; row < from.size(); ++row) {
    from.IsNull(row) ? builder.Null() : builder.String(TextOf(from, row));
  }
  return builder.Finish();
}

Column AllNull(int64_t rows, const DataType& to) {
  ColumnBuilder builder(to);
  for (int64_t row = 0; row < rows; ++row) builder.Null();
  return builder.Finish();
}

// The highest byte first.
Column ToBinary(const Column& from) {
  return WithWidth(from.type().width(), [&]<typename T>(T) {
    ColumnBuilder builder(DataType::kBinary);
    for (int64_t row = 0; row < from.size(); ++row) {
      char bytes[sizeof(T)];
      for (size_t i = 0; i < sizeof(T); ++i) {
        bytes[i] = static_cast<char>(from.values<T>()[row] >> (8 * (sizeof(T) - 1 - i)));
      }
      from.IsNull(row) ? builder.Null() : builder.String({bytes, sizeof(T)});
    }
    return builder.Finish();
  });
}

// Element by element, field by field.
Column CastNested(const Column& from, const DataType& to) {
  if (to.kind() == DataType::kArray) {
    return Column(
        from.values_buffer().Slice(0, static_cast<size_t>(from.size() + 1) * sizeof(int64_t)),
        CastColumn(from.elements(), to.element()), from.validity_buffer());
  }
  std::vector<Column> fields;
  for (size_t i = 0; i < to.children().size(); ++i) {
    fields.push_back(CastColumn(from.field(static_cast<int>(i)), to.children()[i]));
  }
  return Column(to, from.size(), std::move(fields), from.validity_buffer());
}

}  // namespace

bool CanCast(const DataType& from, const DataType& to) {
  if (from == to) return true;
  if (from.is_nested() && from.kind() == to.kind() && from.names() == to.names()) {
    return std::ranges::equal(from.children(), to.children(), CanCast);
  }
  if (from == DataType::kNull) return to != DataType::kInterval;
  if (to == DataType::kString) return from != DataType::kInterval;
  if (!from.is_storable() || !to.is_storable()) return false;
  const bool text = from == DataType::kString;
  if (to == DataType::kBinary) return text || from.is_integer();
  if (to == DataType::kDate) return text || from == DataType::kTimestamp;
  if (to == DataType::kTimestamp) return text || from == DataType::kDate || from.is_number();
  if (to == DataType::kBool) return text || from.is_number();
  return text || from.is_number() || from == DataType::kBool || from == DataType::kTimestamp;
}

Column CastColumn(const Column& from, const DataType& to) {
  if (from.type() == to) return from;
  if (from.type() == DataType::kNull) return AllNull(from.size(), to);
  switch (to.kind()) {
    case DataType::kBool:
      return ToBool(from);
    case DataType::kString:
      return from.type() == DataType::kBinary ? ToBytes(from, to) : ToText(from);
    case DataType::kBinary:
      return from.type() == DataType::kString ? ToBytes(from, to) : ToBinary(from);
    case DataType::kDate:
      return ToDate(from);
    case DataType::kTimestamp:
      return ToTimestamp(from);
    case DataType::kArray:
    case DataType::kStruct:
      return CastNested(from, to);
    default:
      WT_CHECK(to.is_number(), "no cast to " + DataTypeName(to));
      return WithValueType(to, [&]<typename T>(T) { return ToNumber<T>(from, to); });
  }
}

}  // namespace wavetank::runtime
