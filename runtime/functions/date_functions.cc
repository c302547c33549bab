// Dates, and the parts of timestamps, in UTC.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"

#include "platform/text.h"
#include "runtime/functions/groups.h"
#include "runtime/functions/row_kernels.h"

namespace wavetank::runtime {
namespace {

constexpr int64_t kMicrosASecond = 1'000'000;
constexpr int64_t kSecondsADay = 86'400;
constexpr int64_t kMicrosADay = kSecondsADay * kMicrosASecond;

int64_t FloorDivide(int64_t a, int64_t b) {
  const int64_t quotient = a / b;
  return a % b < 0 ? quotient - 1 : quotient;
}

absl::CivilDay DayOf(int64_t days) { return absl::CivilDay(1970, 1, 1) + days; }

// False: beyond what dates are.
bool SetDays(const absl::CivilDay& day, int32_t* result) {
  const int64_t days = day - absl::CivilDay(1970, 1, 1);
  if (days < std::numeric_limits<int32_t>::min() || days > std::numeric_limits<int32_t>::max()) {
    return false;
  }
  *result = static_cast<int32_t>(days);
  return true;
}

int64_t WeekDay(const absl::CivilDay& day) {  // 0: Monday
  return static_cast<int64_t>(absl::GetWeekday(day));
}

// The ISO week: that of its Thursday.
int64_t WeekOfYear(const absl::CivilDay& day) {
  const absl::CivilDay thursday = day + (3 - WeekDay(day));
  return (absl::GetYearDay(thursday) - 1) / 7 + 1;
}

Entry OfDay(const char* name, int64_t (*part)(const absl::CivilDay&), const char* help,
            const char* gives) {
  return {.name = name,
          .parameters = {{"time", Accepts::kTimestamp}},
          .result = Gives(DataType::kInt64),
          .kernel = RowKernel<int64_t>([part](const RowArguments& a, int64_t* result) {
            *result = part(DayOf(FloorDivide(a.int64(0), kMicrosADay)));
            return true;
          }),
          .help = help,
          .examples = {{.arguments = {Timestamp{1'769'864'399'000'000}}, .gives = gives},
                       {.arguments = {ExampleTerm::Null(DataType::kTimestamp)}, .gives = "null"}},
          .always = true};
}

// The part below `whole` in `unit`, both in microseconds.
Entry OfTime(const char* name, int64_t whole, int64_t unit, const char* help, const char* gives) {
  return {.name = name,
          .parameters = {{"time", Accepts::kTimestamp}},
          .result = Gives(DataType::kInt64),
          .kernel = RowKernel<int64_t>([whole, unit](const RowArguments& a, int64_t* result) {
            *result = (a.int64(0) - FloorDivide(a.int64(0), whole) * whole) / unit;
            return true;
          }),
          .help = help,
          .examples = {{.arguments = {Timestamp{1'769'864'399'000'000}}, .gives = gives},
                       {.arguments = {Timestamp{-1}}, .gives = whole == kMicrosADay ? "23" : "59"}},
          .always = true};
}

// Whole units since 1970, towards the past.
Entry Since(const char* name, int64_t unit, const char* help, const char* gives) {
  return {.name = name,
          .parameters = {{"time", Accepts::kTimestamp}},
          .result = Gives(DataType::kInt64),
          .kernel = RowKernel<int64_t>([unit](const RowArguments& a, int64_t* result) {
            *result = FloorDivide(a.int64(0), unit);
            return true;
          }),
          .help = help,
          .examples = {{.arguments = {Timestamp{1'500'000}}, .gives = gives},
                       {.arguments = {Timestamp{-1}}, .gives = "-1"}},
          .always = true};
}

Entry FromUnits(const char* name, int64_t unit, const char* help, ExampleTerm of) {
  return {.name = name,
          .parameters = {{"number", Accepts::kInt64}},
          .result = Gives(DataType::kTimestamp),
          .kernel = RowKernel<int64_t>([unit](const RowArguments& a, int64_t* result) {
            return !__builtin_mul_overflow(a.int64(0), unit, result);
          }),
          .help = help,
          .examples = {{.arguments = {std::move(of)}, .gives = "1970-01-01T00:00:02Z"}}};
}

bool AddDays(const RowArguments& a, int64_t sign, int32_t* result) {
  const __int128 days = __int128{a.days(0)} + sign * __int128{a.int64(1)};
  if (days < std::numeric_limits<int32_t>::min() || days > std::numeric_limits<int32_t>::max()) {
    return false;
  }
  *result = static_cast<int32_t>(days);
  return true;
}
bool Later(const RowArguments& a, int32_t* result) { return AddDays(a, 1, result); }
bool Earlier(const RowArguments& a, int32_t* result) { return AddDays(a, -1, result); }

absl::CivilDay LastDay(const absl::CivilDay& day) {
  return absl::CivilDay(absl::CivilMonth(day) + 1) - 1;
}

// The same day of the month, or its last.
bool AddMonths(const RowArguments& a, int32_t* result) {
  constexpr int64_t kMostMonths = 12 * int64_t{20'000'000};
  if (a.int64(1) < -kMostMonths || a.int64(1) > kMostMonths) return false;
  const absl::CivilDay day = DayOf(a.days(0));
  const absl::CivilMonth month = absl::CivilMonth(day) + a.int64(1);
  const int last = LastDay(absl::CivilDay(month)).day();
  return SetDays(absl::CivilDay(month.year(), month.month(), std::min(day.day(), last)), result);
}

bool LastDayOf(const RowArguments& a, int32_t* result) {
  return SetDays(LastDay(DayOf(a.days(0))), result);
}

bool NextDay(const RowArguments& a, int32_t* result) {
  static constexpr std::string_view kDays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                               "friday", "saturday", "sunday"};
  const std::string name = absl::AsciiStrToLower(platform::ToAbsl(a.text(1)));
  for (int64_t i = 0; i < 7; ++i) {
    const std::string_view known = kDays[i];
    if (name != known && name != known.substr(0, 3) && name != known.substr(0, 2)) continue;
    const absl::CivilDay day = DayOf(a.days(0));
    const int64_t ahead = (i - WeekDay(day) + 7) % 7;
    return SetDays(day + (ahead == 0 ? 7 : ahead), result);
  }
  return false;
}

// Where the unit that a day lies in begins; nothing: there is no such unit.
std::optional<absl::CivilDay> BeginOf(const absl::CivilDay& day, const std::string& unit) {
  if (unit == "year" || unit == "yyyy" || unit == "yy") return absl::CivilDay(day.year(), 1, 1);
  if (unit == "quarter") return absl::CivilDay(day.year(), (day.month() - 1) / 3 * 3 + 1, 1);
  if (unit == "month" || unit == "mon" || unit == "mm")
    return absl::CivilDay(absl::CivilMonth(day));
  if (unit == "week") return day - WeekDay(day);
  return std::nullopt;
}

bool TruncateDate(const RowArguments& a, int32_t* result) {
  const auto begin = BeginOf(DayOf(a.days(0)), absl::AsciiStrToLower(platform::ToAbsl(a.text(1))));
  return begin && SetDays(*begin, result);
}

bool TruncateTime(const RowArguments& a, int64_t* result) {
  const std::string unit = absl::AsciiStrToLower(platform::ToAbsl(a.text(0)));
  const int64_t time = a.int64(1);
  static const std::vector<std::pair<std::string_view, int64_t>> kUnits = {
      {"microsecond", 1},
      {"millisecond", 1'000},
      {"second", kMicrosASecond},
      {"minute", 60 * kMicrosASecond},
      {"hour", 3600 * kMicrosASecond},
      {"day", kMicrosADay},
      {"dd", kMicrosADay}};
  for (const auto& [name, micros] : kUnits) {
    if (unit == name) return !__builtin_mul_overflow(FloorDivide(time, micros), micros, result);
  }
  const auto begin = BeginOf(DayOf(FloorDivide(time, kMicrosADay)), unit);
  if (!begin) return false;
  return !__builtin_mul_overflow(*begin - absl::CivilDay(1970, 1, 1), kMicrosADay, result);
}

bool MakeDate(const RowArguments& a, int32_t* result) {
  const int64_t year = a.int64(0);
  const int64_t month = a.int64(1);
  const int64_t day = a.int64(2);
  if (year < -5'000'000 || year > 5'000'000 || month < 1 || month > 12) return false;
  const absl::CivilDay first(year, month, 1);
  if (day < 1 || day > LastDay(first).day()) return false;
  return SetDays(first + (day - 1), result);
}

bool MakeTimestamp(const RowArguments& a, int64_t* result) {
  int32_t days = 0;
  if (!MakeDate(a, &days)) return false;
  const int64_t hour = a.int64(3);
  const int64_t minute = a.int64(4);
  const double second = a.real(5);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return false;
  if (!(second >= 0 && second < 60)) return false;
  const __int128 micros = __int128{days} * kMicrosADay +
                          (hour * 60 + minute) * 60 * kMicrosASecond +
                          static_cast<int64_t>(second * 1e6 + 0.5);
  if (micros > std::numeric_limits<int64_t>::max() ||
      micros < std::numeric_limits<int64_t>::min()) {
    return false;
  }
  *result = static_cast<int64_t>(micros);
  return true;
}

// Whole months where both are of one day of the month, or the last; else a 31st part for each day.
bool MonthsBetween(const RowArguments& a, double* result) {
  const absl::CivilDay to = DayOf(FloorDivide(a.int64(0), kMicrosADay));
  const absl::CivilDay from = DayOf(FloorDivide(a.int64(1), kMicrosADay));
  const auto months = static_cast<double>(absl::CivilMonth(to) - absl::CivilMonth(from));
  const bool both_last = to == LastDay(to) && from == LastDay(from);
  *result = months;
  if (to.day() == from.day() || both_last) return true;
  const auto of_day = [](int64_t micros) {
    return static_cast<double>(micros - FloorDivide(micros, kMicrosADay) * kMicrosADay);
  };
  const double seconds = (to.day() - from.day()) * static_cast<double>(kSecondsADay) +
                         (of_day(a.int64(0)) - of_day(a.int64(1))) / 1e6;
  const double between = months + seconds / (31.0 * static_cast<double>(kSecondsADay));
  *result = std::round(between * 1e8) / 1e8;
  return true;
}

template <typename T>
Entry Of(const char* name, std::vector<Parameter> parameters, DataType type,
         bool (*compute)(const RowArguments&, T*), const char* help,
         std::vector<Example> examples) {
  return {.name = name,
          .parameters = std::move(parameters),
          .result = Gives(std::move(type)),
          .kernel = RowKernel<T>(compute),
          .help = help,
          .examples = std::move(examples)};
}

Column CurrentDateKernel(const KernelCall& call) {
  const int64_t days = FloorDivide(absl::ToUnixSeconds(call.timestamp), kSecondsADay);
  return Column(call.type, call.rows,
                Values<int32_t>(call.rows, [&](int64_t) { return static_cast<int32_t>(days); }),
                Buffer());
}

}  // namespace

void AddDateFunctions(std::vector<Function>& functions) {
  const Parameter date = {"date", Accepts::kDate};
  const Parameter days = {"days", Accepts::kInt64};
  const ExampleTerm january = Date{20'484};  // 2026-01-31, a Saturday
  const ExampleTerm no_date = ExampleTerm::Null(DataType::kDate);
  AddAll(
      {OfDay(
           "year", [](const absl::CivilDay& d) -> int64_t { return d.year(); }, "its year", "2026"),
       OfDay(
           "quarter", [](const absl::CivilDay& d) -> int64_t { return (d.month() + 2) / 3; },
           "its quarter, from 1", "1"),
       OfDay(
           "month", [](const absl::CivilDay& d) -> int64_t { return d.month(); },
           "its month, from 1", "1"),
       OfDay(
           "day", [](const absl::CivilDay& d) -> int64_t { return d.day(); },
           "its day of the month", "31"),
       OfDay(
           "dayofyear", [](const absl::CivilDay& d) -> int64_t { return absl::GetYearDay(d); },
           "its day of the year", "31"),
       OfDay(
           "dayofweek", [](const absl::CivilDay& d) { return (WeekDay(d) + 1) % 7 + 1; },
           "its day of the week, 1 is Sunday", "7"),
       OfDay("weekday", WeekDay, "its day of the week, 0 is Monday", "5"),
       OfDay("weekofyear", WeekOfYear, "its ISO week, of the year that its Thursday is in", "5"),
       OfTime("hour", kMicrosADay, 3600 * kMicrosASecond, "its hour", "12"),
       OfTime("minute", 3600 * kMicrosASecond, 60 * kMicrosASecond, "its minute", "59"),
       OfTime("second", 60 * kMicrosASecond, kMicrosASecond, "its second", "59"),
       Since("unix_seconds", kMicrosASecond, "whole seconds since 1970, towards the past", "1"),
       Since("unix_millis", 1'000, "whole milliseconds since 1970, towards the past", "1500"),
       Since("unix_micros", 1, "microseconds since 1970", "1500000"),
       FromUnits("timestamp_seconds", kMicrosASecond,
                 "so many seconds after 1970; null beyond all timestamps", 2),
       FromUnits("timestamp_millis", 1'000,
                 "so many milliseconds after 1970; null beyond all timestamps", 2'000),
       FromUnits("timestamp_micros", 1, "so many microseconds after 1970", 2'000'000),
       Of<int64_t>("unix_date", {date}, DataType::kInt64,
                   [](const RowArguments& a, int64_t* result) {
                     *result = a.days(0);
                     return true;
                   },
                   "days since 1970", {{.arguments = {january}, .gives = "20484"}}),
       Of<int32_t>("date_from_unix_date", {days}, DataType::kDate,
                   [](const RowArguments& a, int32_t* result) {
                     *result = static_cast<int32_t>(a.int64(0));
                     return *result == a.int64(0);
                   },
                   "so many days after 1970; null beyond all dates",
                   {{.arguments = {20'484}, .gives = "2026-01-31"},
                    {.arguments = {ExampleTerm::Of(INT64_MAX)}, .gives = "null"}}),
       Of<int32_t>("date_add", {date, days}, DataType::kDate, Later,
                   "so many days later; null beyond all dates",
                   {{.arguments = {january, 1}, .gives = "2026-02-01"},
                    {.arguments = {january, ExampleTerm::Of(INT64_MAX)}, .gives = "null"}}),
       Of<int32_t>("date_sub", {date, days}, DataType::kDate, Earlier,
                   "so many days earlier; null beyond all dates",
                   {{.arguments = {january, 31}, .gives = "2025-12-31"},
                    {.arguments = {no_date, 1}, .gives = "null"}}),
       Of<int64_t>(
           "datediff", {{"end", Accepts::kDate}, {"start", Accepts::kDate}}, DataType::kInt64,
           [](const RowArguments& a, int64_t* result) {
             *result = int64_t{a.days(0)} - a.days(1);
             return true;
           },
           "days from start to end", {{.arguments = {january, Date{20'483}}, .gives = "1"}}),
       Of<int32_t>("add_months", {date, {"months", Accepts::kInt64}}, DataType::kDate, AddMonths,
                   "the same day of the month so many later, or its last; null beyond all dates",
                   {{.arguments = {january, 1}, .gives = "2026-02-28"},
                    {.arguments = {january, -12}, .gives = "2025-01-31"}}),
       Of<double>("months_between", {{"end", Accepts::kTimestamp}, {"start", Accepts::kTimestamp}},
                  DataType::kDouble, MonthsBetween,
                  "months from start to end: whole ones if both are of one day of the month or its "
                  "last, else with 31sts of one, to 8 digits",
                  {{.arguments = {Timestamp{1'769'864'399'000'000}, Timestamp{0}},
                    .gives = "672.98521468"}}),
       Of<int32_t>("last_day", {date}, DataType::kDate, LastDayOf, "the last day of its month",
                   {{.arguments = {Date{20'500}}, .gives = "2026-02-28"}}),
       Of<int32_t>("next_day", {date, {"weekday", Accepts::kString}}, DataType::kDate, NextDay,
                   "the first such day after it: MO, MON, MONDAY and so on; null of other words",
                   {{.arguments = {january, "Mon"}, .gives = "2026-02-02"},
                    {.arguments = {january, "x"}, .gives = "null"}}),
       Of<int32_t>("trunc", {date, {"unit", Accepts::kString}}, DataType::kDate, TruncateDate,
                   "where its year, quarter, month or week begins; null of other units",
                   {{.arguments = {january, "year"}, .gives = "2026-01-01"},
                    {.arguments = {january, "week"}, .gives = "2026-01-26"},
                    {.arguments = {january, "day"}, .gives = "null"}}),
       Of<int64_t>(
           "date_trunc", {{"unit", Accepts::kString}, {"time", Accepts::kTimestamp}},
           DataType::kTimestamp, TruncateTime,
           "where its year, quarter, month, week, day, hour, minute, second, millisecond or "
           "microsecond begins; null of other units",
           {{.arguments = {"hour", Timestamp{1'769'864'399'000'000}},
             .gives = "2026-01-31T12:00:00Z"},
            {.arguments = {"month", Timestamp{1'769'864'399'000'000}},
             .gives = "2026-01-01T00:00:00Z"},
            {.arguments = {"x", Timestamp{0}}, .gives = "null"}}),
       Of<int32_t>(
           "make_date",
           {{"year", Accepts::kInt64}, {"month", Accepts::kInt64}, {"day", Accepts::kInt64}},
           DataType::kDate, MakeDate, "a date; null where there is none",
           {{.arguments = {2026, 1, 31}, .gives = "2026-01-31"},
            {.arguments = {2026, 2, 29}, .gives = "null"}}),
       Of<int64_t>("make_timestamp",
                   {{"year", Accepts::kInt64},
                    {"month", Accepts::kInt64},
                    {"day", Accepts::kInt64},
                    {"hour", Accepts::kInt64},
                    {"minute", Accepts::kInt64},
                    {"second", Accepts::kDouble}},
                   DataType::kTimestamp, MakeTimestamp, "a time in UTC; null where there is none",
                   {{.arguments = {2026, 1, 31, 12, 59, 59.5}, .gives = "2026-01-31T12:59:59.5Z"},
                    {.arguments = {2026, 1, 31, 24, 0, 0.0}, .gives = "null"}})},
      functions);
  functions.push_back({.name = "current_date",
                       .result = Gives(DataType::kDate),
                       .nulls = Nulls::kNever,
                       .kernel = CurrentDateKernel,
                       .help = "the date of the batch's time in UTC",
                       .no_example = "it depends on the batch"});
}

}  // namespace wavetank::runtime
