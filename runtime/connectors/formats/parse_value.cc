#include "runtime/connectors/formats/parse_value.h"

#include <cmath>
#include <limits>

#include "absl/strings/charconv.h"
#include "absl/strings/match.h"

#include "platform/text.h"
#include "runtime/connectors/formats/decimal_number.h"
#include "runtime/types/blank.h"

namespace wavetank::runtime {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

template <typename T>
bool Parse(std::string_view text, T* value) {
  if (ReadDecimal(text).ToReal(value)) return true;
  text = WithoutBlanks(text);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "NaN" || text == "Infinity") {
    *value =
        text == "NaN" ? std::numeric_limits<T>::quiet_NaN() : std::numeric_limits<T>::infinity();
  } else {
    // What std::from_chars takes besides digits ("inf", "nan(1)") is not Java's.
    if (text.empty() || !(IsDigit(text.front()) || text.front() == '.')) return false;
    const char last = text.back();
    if (last == 'd' || last == 'D' || last == 'f' || last == 'F') text.remove_suffix(1);
    const char* const end = text.data() + text.size();
    const auto [read, error] = std::from_chars(text.data(), end, *value);
    if (read != end || error == std::errc::invalid_argument) return false;
    if (error == std::errc::result_out_of_range) {
      // It does not say on which side; this one does.
      absl::from_chars(text.data(), end, *value);
      if (*value > 1) *value = std::numeric_limits<T>::infinity();
    }
  }
  if (negative) *value = -*value;
  return true;
}

}  // namespace

bool ParseReal(std::string_view text, double* value) { return Parse(text, value); }
bool ParseReal(std::string_view text, float* value) { return Parse(text, value); }

bool ParseTruth(std::string_view text, bool* value) {
  *value = absl::EqualsIgnoreCase(platform::ToAbsl(text), "true");
  return *value || absl::EqualsIgnoreCase(platform::ToAbsl(text), "false");
}

}  // namespace wavetank::runtime
