#include "properties/interpreter/time_of_text.h"

#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace wavetank::properties {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::optional<int64_t> TimeOfNumber(const std::string& text) {
  std::string digits = text;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.erase(0, 1);
  if (digits.empty()) return {};
  for (const char c : digits) {
    if (!IsDigit(c)) return {};
  }
  while (digits.size() > 1 && digits.front() == '0') digits.erase(0, 1);
  if (digits.size() > 18) return {};
  const int64_t size = std::stoll(digits);
  if (size > 253'402'300'799'999'999) return {};  // beyond the year 9999
  const int64_t number = negative ? -size : size;
  if (digits.size() <= 11) return number * 1'000'000;
  return digits.size() <= 14 ? number * 1000 : number;
}

// Runs of digits, and the text with a "d" in place of each: "2026-1-31" is "d-d-d".
struct Shape {
  std::string shape;
  std::vector<std::string> runs;
};
Shape ShapeOf(const std::string& text) {
  Shape shape;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!IsDigit(text[i])) {
      shape.shape += text[i];
      continue;
    }
    if (i == 0 || !IsDigit(text[i - 1])) {
      shape.shape += 'd';
      shape.runs.emplace_back();
    }
    shape.runs.back() += text[i];
  }
  return shape;
}

// Takes an offset off the text's end.
std::optional<absl::Duration> TakeOffset(std::string& text) {
  const size_t time = text.find_first_of("T ");
  if (time == std::string::npos) return absl::ZeroDuration();
  if (text.ends_with('Z')) {
    text.pop_back();
    return absl::ZeroDuration();
  }
  const size_t sign = text.find_first_of("+-", time);
  if (sign == std::string::npos) return absl::ZeroDuration();
  const Shape offset = ShapeOf(text.substr(sign + 1));
  std::string hours, minutes = "00";
  if (offset.shape == "d" && offset.runs[0].size() == 4) {
    hours = offset.runs[0].substr(0, 2);
    minutes = offset.runs[0].substr(2);
  } else if (offset.shape == "d") {
    hours = offset.runs[0];
  } else if (offset.shape == "d:d") {
    hours = offset.runs[0];
    minutes = offset.runs[1];
  } else {
    return {};
  }
  if (hours.size() > 2 || minutes.size() != 2) return {};
  const int hour = std::stoi(hours);
  const int minute = std::stoi(minutes);
  if (hour > 18 || minute > 59) return {};
  const absl::Duration value = absl::Hours(hour) + absl::Minutes(minute);
  const bool west = text[sign] == '-';
  text.resize(sign);
  return west ? -value : value;
}

std::optional<int64_t> TimeOfIso(std::string text) {
  const std::optional<absl::Duration> offset = TakeOffset(text);
  if (!offset) return {};
  const Shape shape = ShapeOf(text);
  std::string form = shape.shape;
  for (char& c : form) c = c == 'T' ? ' ' : c;
  if (form != "d-d" && form != "d-d-d" && form != "d-d-d d:d" && form != "d-d-d d:d:d" &&
      form != "d-d-d d:d:d.d") {
    return {};
  }
  if (shape.runs[0].size() != 4) return {};
  int fields[] = {1, 1, 0, 0, 0};  // month, day, hour, minute, second
  for (size_t i = 1; i < shape.runs.size() && i < 6; ++i) {
    if (shape.runs[i].size() > 2) return {};
    fields[i - 1] = std::stoi(shape.runs[i]);
  }
  const auto [month, day, hour, minute, second] = fields;
  const absl::CivilSecond civil(std::stoi(shape.runs[0]), month, day, hour, minute, second);
  // What is beyond a field's range has been carried over to another one.
  if (civil.month() != month || civil.day() != day || civil.hour() != hour ||
      civil.minute() != minute || civil.second() != second) {
    return {};
  }
  int64_t fraction = 0;
  if (shape.runs.size() == 7) fraction = std::stoll((shape.runs[6] + "000000").substr(0, 6));
  return absl::ToUnixMicros(absl::FromCivil(civil, absl::UTCTimeZone()) - *offset) + fraction;
}

}  // namespace

std::string Stripped(const std::string& text) {
  const auto is_blank = [](char c) { return (c >= 0 && c <= 32) || c == 127; };
  size_t begin = 0;
  size_t end = text.size();
  while (begin < end && is_blank(text[begin])) ++begin;
  while (begin < end && is_blank(text[end - 1])) --end;
  return text.substr(begin, end - begin);
}

std::optional<int64_t> TimeOfText(const std::string& text) {
  std::string stripped = Stripped(text);
  if (stripped.size() > 4 && stripped[4] == '-') return TimeOfIso(std::move(stripped));
  return TimeOfNumber(stripped);
}

}  // namespace wavetank::properties
