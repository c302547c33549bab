#include "runtime/types/value.h"

#include <charconv>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/check.h"
#include "runtime/types/timestamp.h"

namespace wavetank::runtime {

DataType TypeOf(const Value& value) {
  struct Visitor {
    DataType operator()(std::monostate) const { WT_CHECK(false, "null is of any type"); }
    DataType operator()(bool) const { return DataType::kBool; }
    DataType operator()(int64_t) const { return DataType::kInt64; }
    DataType operator()(double) const { return DataType::kDouble; }
    DataType operator()(const std::string&) const { return DataType::kString; }
    DataType operator()(Timestamp) const { return DataType::kTimestamp; }
    DataType operator()(Interval) const { return DataType::kInterval; }
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
    std::string operator()(double v) const {
      char text[32];
      const auto end = std::to_chars(text, text + sizeof text, v).ptr;
      return absl::StrCat(absl::string_view(text, static_cast<size_t>(end - text)), ":double");
    }
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

}  // namespace wavetank::runtime
