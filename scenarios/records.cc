#include "scenarios/records.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"

#include "platform/status_macros.h"
#include "scenarios/generator.h"
#include "scenarios/line_mishaps.h"
#include "scenarios/records_check.h"

namespace wavetank::scenarios {
namespace {

constexpr int64_t kFirstEventMs = 1'800'000'000'000;

// How often each value comes, as numbers that add up: integers, so that every machine draws alike.
std::vector<uint64_t> ZipfSums(const Zipf& zipf) {
  const int exponent = zipf.has_exponent() ? zipf.exponent() : 1;
  std::vector<uint64_t> sums;
  uint64_t sum = 0;
  for (uint64_t rank = 1; rank <= static_cast<uint64_t>(zipf.distinct()); ++rank) {
    uint64_t weight = uint64_t{1} << 40;
    for (int i = 0; i < exponent; ++i) weight /= rank;
    sum += std::max<uint64_t>(weight, 1);
    sums.push_back(sum);
  }
  return sums;
}

// What no cast makes a value of the type.
const std::vector<std::string>& NoValuesOf(Column::Type type) {
  static const std::vector<std::string> kNoNumbers = {"x", "1.2.3", "--4", "0x1F", "1e", "7 8"};
  static const std::vector<std::string> kNoBooleans = {"x", "2", "maybe", "tru"};
  static const std::vector<std::string> kNoTimes = {"x",    "12:34", "2026-13-01",
                                                    "0x1F", "1e9",   "99999999999999999999"};
  if (type == Column::TIMESTAMP || type == Column::DATE) return kNoTimes;
  return type == Column::BOOLEAN ? kNoBooleans : kNoNumbers;
}

// The values of one column, record by record.
class ColumnDraw {
 public:
  ColumnDraw(const Column& column, const platform::Random& random)
      : column_(column),
        values_(random.Fork("values")),
        lengths_(random.Fork("lengths")),
        mishaps_(random.Fork("mishaps")),
        formats_(random.Fork("formats")) {
    if (column.has_zipf()) sums_ = ZipfSums(column.zipf());
  }

  std::string Next() {
    std::string value = Draw();
    ++record_;
    // Each drawn for each record, so that one share does not depend on the other.
    const bool is_empty = mishaps_.PartsPerMillion(static_cast<uint32_t>(column_.empty_ppm()));
    const bool is_none = mishaps_.PartsPerMillion(static_cast<uint32_t>(column_.malformed_ppm()));
    const std::vector<std::string>& none = NoValuesOf(column_.type());
    const std::string& instead = none[mishaps_.Below(none.size())];
    if (is_empty) return "";
    return is_none ? instead : value;
  }

 private:
  std::string Draw() {
    switch (column_.values_case()) {
      case Column::kUniform:
        return ValueOf(static_cast<int64_t>(
            values_.Below(static_cast<uint64_t>(column_.uniform().distinct()))));
      case Column::kZipf: {
        const uint64_t place = values_.Below(sums_.back());
        return ValueOf(std::upper_bound(sums_.begin(), sums_.end(), place) - sums_.begin());
      }
      case Column::kSequential: {
        const Sequential& sequential = column_.sequential();
        return ValueOf(sequential.has_distinct() ? record_ % sequential.distinct() : record_);
      }
      case Column::kList: {
        const auto values = static_cast<uint64_t>(column_.list().value_size());
        return column_.list().value(static_cast<int>(values_.Below(values)));
      }
      case Column::kEventTime:
        return Time(column_.event_time());
      default:
        return column_.constant();
    }
  }

  // The value of this number.
  std::string ValueOf(int64_t number) const {
    const int64_t scaled = column_.first() + number * (column_.has_step() ? column_.step() : 1);
    switch (column_.type()) {
      case Column::INT64:
        return absl::StrCat(scaled);
      case Column::DOUBLE:
        return absl::StrFormat("%s%d.%03d", scaled < 0 ? "-" : "", std::abs(scaled / 1000),
                               std::abs(scaled % 1000));
      case Column::BOOLEAN:
        return number % 2 == 1 ? "true" : "false";
      case Column::DATE:
        return absl::FormatCivilTime(absl::CivilDay() + scaled);
      default:
        return Text(number);
    }
  }

  std::string Text(int64_t number) const {
    std::string text =
        absl::StrCat(column_.has_prefix() ? column_.prefix() : column_.name(), number);
    const int64_t least = column_.min_bytes();
    const int64_t most = column_.has_max_bytes() ? column_.max_bytes() : least;
    platform::Random length = lengths_.Fork("length", {static_cast<uint64_t>(number)});
    const auto bytes = static_cast<size_t>(length.Between(std::min(least, most), most));
    if (text.size() < bytes) text.append(bytes - text.size(), 'x');
    return text;
  }

  std::string Time(const EventTime& time) {
    const int64_t step_ms = time.has_step_ms() ? time.step_ms() : 1000;
    int64_t event_ms = (time.has_start_ms() ? time.start_ms() : kFirstEventMs) + record_ * step_ms;
    event_ms -= values_.Between(0, time.jitter_ms());
    const bool is_late = values_.PartsPerMillion(static_cast<uint32_t>(time.late_ppm()));
    const int64_t late_ms = time.late_by_ms() + values_.Between(0, time.late_by_ms());
    if (is_late) event_ms -= late_ms;
    Generator::TimeFormat format = time.format();
    if (format == Generator::ANY) {
      format = static_cast<Generator::TimeFormat>(
          formats_.Between(Generator::SECONDS, Generator::ISO_8601));
    }
    return EventTimeText(event_ms, format);
  }

  const Column& column_;
  platform::Random values_;
  const platform::Random lengths_;
  platform::Random mishaps_;
  platform::Random formats_;
  std::vector<uint64_t> sums_;  // of Zipf's weights, up to each value's
  int64_t record_ = 0;
};

// By RFC 4180.
std::string Quoted(const std::string& value, const std::string& separator) {
  const bool blank = !value.empty() && (value.front() == ' ' || value.back() == ' ');
  const bool plain =
      value.find('"') == std::string::npos && value.find(separator) == std::string::npos && !blank;
  if (plain) return value;
  std::string quoted = "\"";
  for (const char c : value) {
    quoted += c;
    if (c == '"') quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

absl::StatusOr<std::vector<std::string>> DrawRecords(const ParsedScenario& parsed,
                                                     const Records& records,
                                                     const platform::Random& random) {
  WT_RETURN_IF_ERROR(CheckRecords(parsed, records));
  std::vector<ColumnDraw> columns;
  for (const Column& column : records.column()) {
    columns.emplace_back(column, random.Fork("column", {platform::StableHash(column.name())}));
  }
  const std::string separator = SeparatorOf(records);
  std::vector<std::string> lines;
  for (int32_t record = 0; record < records.count(); ++record) {
    std::vector<std::string> values;
    for (ColumnDraw& column : columns) {
      std::string value = column.Next();
      values.push_back(records.quoting() == Records::CSV ? Quoted(value, separator)
                                                         : std::move(value));
    }
    lines.push_back(absl::StrJoin(values, separator));
  }
  static const std::vector<std::string> kEmpty = {""};
  static const std::vector<std::string> kOdd = {
      " ", "\\N", std::string("nul\0nul", 7), "\xff\xfe \xc3", "\t\"", "no_record"};
  ChangePlaces(records.disorder_ppm(), records.disorder_by(), random.Fork("disorder"), lines);
  ComeAgain(records.duplicate_ppm(), records.duplicate_by(), random.Fork("duplicate"), lines);
  InsertLines(records.empty_ppm(), kEmpty, random.Fork("empty"), lines);
  InsertLines(records.malformed_ppm(), kOdd, random.Fork("malformed"), lines);
  return lines;
}

}  // namespace wavetank::scenarios
