#include "runtime/sql/interval_text.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "platform/nearest_name.h"
#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::runtime::sql {
namespace {

using platform::ToAbsl;

struct Unit {
  std::string_view name;
  int64_t micros;  // 0: of no fixed length
};
// From the longest on.
constexpr Unit kUnits[] = {{"YEAR", 0},
                           {"MONTH", 0},
                           {"WEEK", int64_t{7} * 24 * 3'600'000'000},
                           {"DAY", int64_t{24} * 3'600'000'000},
                           {"HOUR", int64_t{3'600'000'000}},
                           {"MINUTE", int64_t{60'000'000}},
                           {"SECOND", int64_t{1'000'000}},
                           {"MILLISECOND", int64_t{1'000}},
                           {"MICROSECOND", int64_t{1}}};

const Unit* FindUnit(std::string_view word) {
  std::string name = absl::AsciiStrToUpper(ToAbsl(word));
  if (name.size() > 1 && name.ends_with('S')) name.pop_back();
  const auto* const found = std::ranges::find(kUnits, name, &Unit::name);
  return found == std::end(kUnits) ? nullptr : found;
}

absl::Status Wrong(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

absl::StatusOr<Unit> UnitOf(std::string_view word) {
  const Unit* const unit = FindUnit(word);
  if (unit == nullptr) {
    std::vector<std::string> names;
    for (const Unit& known : kUnits) {
      if (known.micros > 0) names.emplace_back(known.name);
    }
    return Wrong(absl::StrCat("there is no unit of time \"", ToAbsl(word), "\"",
                              platform::Suggestion(absl::AsciiStrToUpper(ToAbsl(word)), names)));
  }
  if (unit->micros > 0) return *unit;
  return Wrong(absl::StrCat("an interval of a ", absl::AsciiStrToLower(ToAbsl(unit->name)),
                            " has no fixed length, and there is none here: give it in days"));
}

bool AllDigits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// nullopt: it is no number, or beyond int64.
std::optional<int64_t> Micros(std::string_view number, const Unit& unit) {
  number = platform::ToStd(absl::StripAsciiWhitespace(ToAbsl(number)));
  const bool negative = number.starts_with('-');
  if (negative || number.starts_with('+')) number.remove_prefix(1);
  const size_t point = std::min(number.find('.'), number.size());
  const std::string_view whole = number.substr(0, point);
  std::string_view fraction = number.substr(std::min(point + 1, number.size()));
  int64_t value = 0;
  if (!AllDigits(whole) || !absl::SimpleAtoi(ToAbsl(whole), &value)) return std::nullopt;
  if (__builtin_mul_overflow(value, unit.micros, &value)) return std::nullopt;
  if (point < number.size()) {
    if (!AllDigits(fraction) || fraction.size() > 9 || unit.name != "SECOND") return std::nullopt;
    fraction = fraction.substr(0, 6);
    int64_t part = 0;
    if (!absl::SimpleAtoi(ToAbsl(fraction), &part)) return std::nullopt;
    for (size_t digits = fraction.size(); digits < 6; ++digits) part *= 10;
    if (__builtin_add_overflow(value, part, &value)) return std::nullopt;
  }
  return negative ? -value : value;
}

absl::StatusOr<Interval> Added(Interval sum, int64_t micros) {
  if (__builtin_add_overflow(sum.micros, micros, &sum.micros)) {
    return Wrong("an interval is longer than microseconds can count");
  }
  return sum;
}

}  // namespace

bool IsUnit(std::string_view word) { return FindUnit(word) != nullptr; }

absl::StatusOr<Interval> IntervalOf(std::string_view number, std::string_view unit) {
  WT_ASSIGN_OR_RETURN(const Unit of, UnitOf(unit));
  const std::optional<int64_t> micros = Micros(number, of);
  if (micros) return Interval{*micros};
  return Wrong(absl::StrCat("'", ToAbsl(number), "' is no number of ",
                            absl::AsciiStrToLower(ToAbsl(of.name)),
                            "s: whole ones, and of seconds also parts, to the microsecond"));
}

absl::StatusOr<Interval> ParseInterval(std::string_view text) {
  std::vector<std::string> words =
      absl::StrSplit(ToAbsl(text), absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
  if (!words.empty() && absl::EqualsIgnoreCase(words[0], "interval")) words.erase(words.begin());
  if (words.empty() || words.size() % 2 != 0) {
    return Wrong(absl::StrCat("'", ToAbsl(text),
                              "' is no interval: write numbers and units, as '10 seconds' or "
                              "'1 hour 30 minutes'"));
  }
  Interval sum;
  for (size_t i = 0; i < words.size(); i += 2) {
    WT_ASSIGN_OR_RETURN(const Interval part, IntervalOf(words[i], words[i + 1]));
    WT_ASSIGN_OR_RETURN(sum, Added(sum, part.micros));
  }
  return sum;
}

absl::StatusOr<Interval> ParseIntervalFields(std::string_view text, std::string_view from,
                                             std::string_view to) {
  static constexpr std::string_view kFields[] = {"DAY", "HOUR", "MINUTE", "SECOND"};
  WT_ASSIGN_OR_RETURN(const Unit first, UnitOf(from));
  WT_ASSIGN_OR_RETURN(const Unit last, UnitOf(to));
  const auto* const begin = std::ranges::find(kFields, first.name);
  const auto* const end = std::ranges::find(kFields, last.name);
  if (begin == std::end(kFields) || end == std::end(kFields) || begin >= end) {
    return Wrong(absl::StrCat("there is no interval from ", ToAbsl(first.name), " to ",
                              ToAbsl(last.name), ": it goes down from days, hours or minutes"));
  }
  const absl::Status wrong =
      Wrong(absl::StrCat("'", ToAbsl(text), "' is no interval from ", ToAbsl(first.name), " to ",
                         ToAbsl(last.name), ": write it as '1 02:03:04', as far as those go"));
  std::string_view rest = platform::ToStd(absl::StripAsciiWhitespace(ToAbsl(text)));
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  Interval sum;
  for (const auto* field = begin; field <= end; ++field) {
    const size_t cut = field == end ? rest.size() : rest.find(*field == "DAY" ? ' ' : ':');
    if (cut == std::string_view::npos || rest.empty() || rest[0] == '-' || rest[0] == '+') {
      return wrong;
    }
    const std::optional<int64_t> micros = Micros(rest.substr(0, cut), *FindUnit(*field));
    if (!micros) return wrong;
    WT_ASSIGN_OR_RETURN(sum, Added(sum, *micros));
    rest.remove_prefix(std::min(cut + 1, rest.size()));
  }
  if (negative) sum.micros = -sum.micros;
  return sum;
}

}  // namespace wavetank::runtime::sql
