#include "properties/interpreter/plain_value.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

#include "platform/check.h"
#include "runtime/plan/expression.pb.h"

namespace wavetank::properties {
namespace {

namespace plan = runtime::plan;

template <typename T>
int Order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

int OrderOfReals(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return Order(std::isnan(a), std::isnan(b));
  return Order(a, b);
}

template <typename T>
std::string Digits(T number) {
  char text[400];
  return std::string(text, std::to_chars(text, text + sizeof text, number).ptr);
}

}  // namespace

PlainKind KindOf(const plan::Type& type) { return static_cast<PlainKind>(type.kind()); }

bool IsInteger(PlainKind kind) {
  return kind == PlainKind::kInt8 || kind == PlainKind::kInt16 || kind == PlainKind::kInt32 ||
         kind == PlainKind::kInt64;
}

int Compare(const PlainValue& a, const PlainValue& b) {
  if (a.is_null() || b.is_null()) return Order(!a.is_null(), !b.is_null());
  WT_CHECK(a.value.index() == b.value.index(), "values of two types are compared");
  if (std::holds_alternative<bool>(a.value)) return Order(a.truth(), b.truth());
  if (std::holds_alternative<int64_t>(a.value)) return Order(a.number(), b.number());
  if (std::holds_alternative<double>(a.value)) return OrderOfReals(a.real(), b.real());
  if (std::holds_alternative<std::string>(a.value)) return Order(a.text().compare(b.text()), 0);
  return Compare(a.children(), b.children());
}

int Compare(const PlainRow& a, const PlainRow& b) {
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (const int order = Compare(a[i], b[i]); order != 0) return order;
  }
  return Order(a.size(), b.size());
}

PlainValue AsKey(const PlainValue& value) {
  const double* const real = std::get_if<double>(&value.value);
  if (real == nullptr) return value;
  if (std::isnan(*real)) return std::numeric_limits<double>::quiet_NaN();
  return *real == 0 ? 0.0 : *real;
}

PlainValue ValueOf(const plan::Literal& literal) {
  switch (literal.value_case()) {
    case plan::Literal::kBoolValue:
      return literal.bool_value();
    case plan::Literal::kInt64Value:
      return int64_t{literal.int64_value()};
    case plan::Literal::kDoubleValue:
      return literal.double_value();
    case plan::Literal::kStringValue:
      return std::string(literal.string_value());
    case plan::Literal::kTimestampMicros:
      return int64_t{literal.timestamp_micros()};
    case plan::Literal::kIntervalMicros:
      return int64_t{literal.interval_micros()};
    case plan::Literal::kInt8Value:
      return int64_t{literal.int8_value()};
    case plan::Literal::kInt16Value:
      return int64_t{literal.int16_value()};
    case plan::Literal::kInt32Value:
      return int64_t{literal.int32_value()};
    case plan::Literal::kFloatValue:
      return static_cast<double>(literal.float_value());
    case plan::Literal::kBinaryValue:
      return std::string(literal.binary_value());
    case plan::Literal::kDateDays:
      return int64_t{literal.date_days()};
    case plan::Literal::VALUE_NOT_SET:
      break;
  }
  return {};
}

std::string TextOf(const PlainValue& value, PlainKind kind) {
  if (value.is_null()) return "\\N";
  switch (kind) {
    case PlainKind::kBool:
      return value.truth() ? "true" : "false";
    case PlainKind::kTimestamp:
      return absl::FormatTime("%E4Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixMicros(value.number()),
                              absl::UTCTimeZone());
    case PlainKind::kDate:
      return absl::FormatCivilTime(absl::CivilDay(1970, 1, 1) + value.number());
    case PlainKind::kDouble:
      return std::isnan(value.real()) ? "nan" : Digits(value.real());
    case PlainKind::kFloat:
      return std::isnan(value.real()) ? "nan" : Digits(static_cast<float>(value.real()));
    case PlainKind::kBinary:
      return absl::StrCat("X'", absl::AsciiStrToUpper(absl::BytesToHexString(value.text())), "'");
    case PlainKind::kString:
      return value.text();
    default:
      return Digits(value.number());
  }
}

}  // namespace wavetank::properties
