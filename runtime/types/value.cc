#include "runtime/types/value.h"

#include <charconv>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/check.h"
#include "runtime/types/date.h"
#include "runtime/types/timestamp.h"

namespace wavetank::runtime {
namespace {

// The shortest text that reads back as `value`.
template <typename T>
std::string NumberText(T value) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
}

}  // namespace

DataType TypeOf(const Value& value) {
  struct Visitor {
    DataType operator()(std::monostate) const { WT_CHECK(false, "null is of any type"); }
    DataType operator()(bool) const { return DataType::kBool; }
    DataType operator()(int64_t) const { return DataType::kInt64; }
    DataType operator()(double) const { return DataType::kDouble; }
    DataType operator()(const std::string&) const { return DataType::kString; }
    DataType operator()(Timestamp) const { return DataType::kTimestamp; }
    DataType operator()(Interval) const { return DataType::kInterval; }
    DataType operator()(int8_t) const { return DataType::kInt8; }
    DataType operator()(int16_t) const { return DataType::kInt16; }
    DataType operator()(int32_t) const { return DataType::kInt32; }
    DataType operator()(float) const { return DataType::kFloat; }
    DataType operator()(const Binary&) const { return DataType::kBinary; }
    DataType operator()(Date) const { return DataType::kDate; }
  };
  return std::visit(Visitor{}, value);
}

std::string ToText(const Value& value, const DataType& type) {
  struct Visitor {
    const DataType& type;
    std::string operator()(std::monostate) const {
      return absl::StrCat("null:", DataTypeName(type));
    }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(int64_t v) const { return absl::StrCat(v); }
    std::string operator()(double v) const { return NumberText(v) + ":double"; }
    std::string operator()(float v) const { return NumberText(v) + ":float"; }
    std::string operator()(int8_t v) const { return NumberText(v) + ":int8"; }
    std::string operator()(int16_t v) const { return NumberText(v) + ":int16"; }
    std::string operator()(int32_t v) const { return NumberText(v) + ":int32"; }
    std::string operator()(const Binary& v) const { return BinaryText(v.bytes); }
    std::string operator()(Date v) const { return "date " + DateText(v.days); }
    std::string operator()(const std::string& v) const {
      return absl::StrCat("'", absl::CEscape(v), "'");
    }
    std::string operator()(Timestamp v) const {
      return absl::StrCat("timestamp ", TimestampText(v.micros));
    }
    std::string operator()(Interval v) const {
      return absl::FormatDuration(absl::Microseconds(v.micros));
    }
  };
  return std::visit(Visitor{type}, value);
}

std::string BinaryText(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text = "X'";
  for (const char c : bytes) {
    text += kDigits[static_cast<uint8_t>(c) >> 4];
    text += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return text + "'";
}

}  // namespace wavetank::runtime
