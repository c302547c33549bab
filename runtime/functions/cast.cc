#include "runtime/functions/cast.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "platform/check.h"
#include "runtime/types/timestamp.h"

namespace wavetank::runtime {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr double kInt64Bound = 9223372036854775808.0;  // 2^63, exact

int64_t FloorSeconds(int64_t micros) {
  return micros / kMicrosPerSecond - (micros % kMicrosPerSecond < 0 ? 1 : 0);
}

// Towards zero; ends of the range for what is beyond, 0 for NaN.
int64_t Truncate(double value) {
  if (std::isnan(value)) return 0;
  if (value >= kInt64Bound) return std::numeric_limits<int64_t>::max();
  if (value < -kInt64Bound) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(value);
}

std::string_view Trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
  text = Trimmed(text);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> ParseBool(std::string_view text) {
  text = Trimmed(text);
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

std::optional<int64_t> ToInt64(const Column& from, int64_t row) {
  switch (from.type().kind()) {
    case DataType::kBool:
      return from.BoolAt(row) ? 1 : 0;
    case DataType::kDouble:
      return Truncate(from.DoubleAt(row));
    case DataType::kTimestamp:
      return FloorSeconds(from.Int64At(row));
    case DataType::kString:
      return ParseNumber<int64_t>(from.StringAt(row));
    case DataType::kInt64:
      return from.Int64At(row);
    default:
      return std::nullopt;
  }
}

std::optional<double> ToDouble(const Column& from, int64_t row) {
  switch (from.type().kind()) {
    case DataType::kBool:
      return from.BoolAt(row) ? 1 : 0;
    case DataType::kInt64:
      return static_cast<double>(from.Int64At(row));
    case DataType::kTimestamp:
      return static_cast<double>(from.Int64At(row)) / kMicrosPerSecond;
    case DataType::kString:
      return ParseNumber<double>(from.StringAt(row));
    case DataType::kDouble:
      return from.DoubleAt(row);
    default:
      return std::nullopt;
  }
}

std::optional<bool> ToBool(const Column& from, int64_t row) {
  switch (from.type().kind()) {
    case DataType::kInt64:
      return from.Int64At(row) != 0;
    case DataType::kDouble:
      return from.DoubleAt(row) != 0;
    case DataType::kString:
      return ParseBool(from.StringAt(row));
    case DataType::kBool:
      return from.BoolAt(row);
    default:
      return std::nullopt;
  }
}

std::optional<int64_t> ToTimestamp(const Column& from, int64_t row) {
  int64_t micros = 0;
  switch (from.type().kind()) {
    case DataType::kInt64:
      if (__builtin_mul_overflow(from.Int64At(row), kMicrosPerSecond, &micros)) return std::nullopt;
      return micros;
    case DataType::kDouble: {
      const double value = from.DoubleAt(row) * kMicrosPerSecond;
      if (!(value > -kInt64Bound && value < kInt64Bound)) return std::nullopt;
      return Truncate(value);
    }
    case DataType::kString:
      return ParseTimestamp(from.StringAt(row));
    case DataType::kTimestamp:
      return from.Int64At(row);
    default:
      return std::nullopt;
  }
}

}  // namespace

bool CanCast(const DataType& from, const DataType& to) {
  if (to == DataType::kString) return from != DataType::kInterval;
  if (!from.is_storable() || !to.is_storable()) return false;
  const bool bool_and_time = (from == DataType::kBool && to == DataType::kTimestamp) ||
                             (from == DataType::kTimestamp && to == DataType::kBool);
  return !bool_and_time;
}

Column CastColumn(const Column& from, const DataType& to) {
  ColumnBuilder result(to);
  for (int64_t row = 0; row < from.size(); ++row) {
    if (from.IsNull(row)) {
      result.Null();
      continue;
    }
    switch (to.kind()) {
      case DataType::kBool: {
        const std::optional<bool> value = ToBool(from, row);
        value ? result.Bool(*value) : result.Null();
        break;
      }
      case DataType::kInt64: {
        const std::optional<int64_t> value = ToInt64(from, row);
        value ? result.Int64(*value) : result.Null();
        break;
      }
      case DataType::kDouble: {
        const std::optional<double> value = ToDouble(from, row);
        value ? result.Double(*value) : result.Null();
        break;
      }
      case DataType::kTimestamp: {
        const std::optional<int64_t> value = ToTimestamp(from, row);
        value ? result.Int64(*value) : result.Null();
        break;
      }
      case DataType::kString:
        result.String(from.CellText(row));
        break;
      case DataType::kInterval:
      case DataType::kArray:
        WT_CHECK(false, "no cast to " + DataTypeName(to));
    }
  }
  return result.Finish();
}

}  // namespace wavetank::runtime
