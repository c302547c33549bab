#include "runtime/types/date.h"

#include <cstdlib>

#include "absl/strings/str_format.h"

#include "runtime/types/blank.h"
#include "runtime/types/calendar.h"

namespace wavetank::runtime {
namespace {

constexpr int64_t kMicrosPerDay = 86'400'000'000;

// Takes `least` to `most` digits off the front, as many as there are.
std::optional<int> TakeDigits(std::string_view& text, size_t least, size_t most) {
  int value = 0;
  size_t count = 0;
  for (; count < text.size() && text[count] >= '0' && text[count] <= '9'; ++count) {
    if (count == most) return std::nullopt;
    value = value * 10 + (text[count] - '0');
  }
  if (count < least) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

// Takes "-" and one or two digits off the front: 1 without them.
std::optional<int> TakePart(std::string_view& text) {
  if (text.empty()) return 1;
  if (text.front() != '-') return std::nullopt;
  text.remove_prefix(1);
  return TakeDigits(text, 1, 2);
}

}  // namespace

std::string DateText(int32_t days) {
  const CivilDate date = CivilFromDays(days);
  const char* const sign = date.year < 0 ? "-" : date.year > 9999 ? "+" : "";
  return absl::StrFormat("%s%04d-%02d-%02d", sign, std::abs(date.year), date.month, date.day);
}

std::optional<int32_t> ParseDate(std::string_view text) {
  text = WithoutBlanks(text);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::optional<int> year = TakeDigits(text, 4, 7);
  if (!year) return std::nullopt;
  const std::optional<int> month = TakePart(text);
  if (!month) return std::nullopt;
  const std::optional<int> day = TakePart(text);
  if (!day) return std::nullopt;
  if (!text.empty() && text.front() != ' ' && text.front() != 'T') return std::nullopt;
  const int64_t signed_year = negative ? -*year : *year;
  if (*month < 1 || *month > 12 || *day < 1 || *day > DaysInMonth(signed_year, *month)) {
    return std::nullopt;
  }
  const int64_t days = DaysFromCivil({signed_year, *month, *day});
  if (days != static_cast<int32_t>(days)) return std::nullopt;
  return static_cast<int32_t>(days);
}

int32_t DateOfMicros(int64_t micros) {
  return static_cast<int32_t>(micros / kMicrosPerDay - (micros % kMicrosPerDay < 0 ? 1 : 0));
}

std::optional<int64_t> MicrosOfDate(int32_t days) {
  int64_t micros = 0;
  if (__builtin_mul_overflow(int64_t{days}, kMicrosPerDay, &micros)) return std::nullopt;
  return micros;
}

}  // namespace wavetank::runtime
