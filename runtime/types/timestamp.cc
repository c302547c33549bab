#include "runtime/types/timestamp.h"

#include <charconv>
#include <limits>

#include "runtime/types/blank.h"
#include "runtime/types/calendar.h"

namespace wavetank::runtime {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

// Takes what it reads off the front of the text; a failure leaves it anywhere.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool Skip(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // `least` to `most` digits, as many as there are; a number within [low, high].
  bool Digits(size_t least, size_t most, int low, int high, int* value) {
    *value = 0;
    size_t count = 0;
    for (; count < most && count < rest_.size(); ++count) {
      const char c = rest_[count];
      if (c < '0' || c > '9') break;
      *value = *value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return count >= least && low <= *value && *value <= high;
  }
  // At least one digit behind a decimal point, as microseconds.
  bool Fraction(int* micros) {
    *micros = 0;
    int scale = kMicrosPerSecond / 10;
    size_t digits = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      *micros += (rest_[digits] - '0') * scale;
      scale /= 10;
    }
    rest_.remove_prefix(digits);
    return digits > 0;
  }

 private:
  std::string_view rest_;
};

std::optional<int64_t> ParseNumber(std::string_view text) {
  constexpr int64_t kLeastMillis = 100'000'000'000;
  constexpr int64_t kLeastMicros = 1000 * kLeastMillis;
  // The last of the year 9999. What is more is of another unit, and one row of it would have the
  // watermark take every later row for late.
  constexpr int64_t kMostMicros = 253'402'300'799'999'999;
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (number > kMostMicros || number < -kMostMicros) return std::nullopt;
  if (number >= kLeastMicros || number <= -kLeastMicros) return number;
  if (number >= kLeastMillis || number <= -kLeastMillis) return number * 1000;
  return number * kMicrosPerSecond;
}

std::optional<int64_t> ParseIso(std::string_view text) {
  Scanner scanner(text);
  int year, month;
  int day = 1;
  int hour = 0, minute = 0, second = 0, micros = 0;
  int zone_sign = 0, zone_hour = 0, zone_minute = 0;
  if (!scanner.Digits(4, 4, 0, 9999, &year) || !scanner.Skip('-') ||
      !scanner.Digits(1, 2, 1, 12, &month)) {
    return std::nullopt;
  }
  if (!scanner.done() &&
      (!scanner.Skip('-') || !scanner.Digits(1, 2, 1, DaysInMonth(year, month), &day))) {
    return std::nullopt;
  }
  if (!scanner.done()) {
    if (!scanner.Skip('T') && !scanner.Skip(' ')) return std::nullopt;
    if (!scanner.Digits(1, 2, 0, 23, &hour) || !scanner.Skip(':') ||
        !scanner.Digits(1, 2, 0, 59, &minute)) {
      return std::nullopt;
    }
    if (scanner.Skip(':')) {
      if (!scanner.Digits(1, 2, 0, 59, &second)) return std::nullopt;
      if (scanner.Skip('.') && !scanner.Fraction(&micros)) return std::nullopt;
    }
    if (scanner.Skip('+'))
      zone_sign = 1;
    else if (scanner.Skip('-'))
      zone_sign = -1;
    else
      scanner.Skip('Z');
    if (zone_sign != 0) {
      if (!scanner.Digits(1, 2, 0, 18, &zone_hour)) return std::nullopt;
      const bool minutes_follow = scanner.Skip(':') || !scanner.done();
      if (minutes_follow && !scanner.Digits(2, 2, 0, 59, &zone_minute)) return std::nullopt;
    }
    if (!scanner.done()) return std::nullopt;
  }
  const int64_t minutes = (DaysFromCivil({year, month, day}) * 24 + hour) * 60 + minute -
                          zone_sign * (zone_hour * 60 + zone_minute);
  return (minutes * 60 + second) * kMicrosPerSecond + micros;
}

}  // namespace

int64_t ToMicros(absl::Time time) {
  // absl saturates at the ends of int64, which are its infinities.
  return absl::ToUnixMicros(time);
}

absl::Time FromMicros(int64_t micros) {
  if (micros == std::numeric_limits<int64_t>::max()) return absl::InfiniteFuture();
  if (micros == std::numeric_limits<int64_t>::min()) return absl::InfinitePast();
  return absl::FromUnixMicros(micros);
}

std::string TimestampText(int64_t micros) {
  // Not FromMicros, which takes the ends of int64 for infinities.
  return absl::FormatTime("%E4Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixMicros(micros),
                          absl::UTCTimeZone());
}

std::optional<int64_t> ParseTimestamp(std::string_view text) {
  text = WithoutBlanks(text);
  if (text.size() > 4 && text[4] == '-') return ParseIso(text);
  return ParseNumber(text);
}

}  // namespace wavetank::runtime
