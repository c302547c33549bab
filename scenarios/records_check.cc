#include "scenarios/records_check.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::scenarios {
namespace {

// What fits into memory.
constexpr int64_t kMostBytes = 256 << 20;

// Of a value, about.
int64_t BytesOf(const Column& column) {
  int64_t longest = std::max<int64_t>({32, column.min_bytes(), column.max_bytes(),
                                       std::ssize(column.constant()), std::ssize(column.prefix())});
  for (const std::string& value : column.list().value()) {
    longest = std::max<int64_t>(longest, std::ssize(value));
  }
  return longest;
}

bool IsNumber(const Column& column) {
  return column.type() == Column::INT64 || column.type() == Column::DOUBLE ||
         column.type() == Column::DATE;
}

// Whether its values have numbers.
bool IsByNumber(const Column& column) {
  return column.has_uniform() || column.has_zipf() || column.has_sequential();
}

bool IsOfType(const std::string& text, Column::Type type) {
  switch (type) {
    case Column::INT64: {
      int64_t number = 0;
      return absl::SimpleAtoi(text, &number);
    }
    case Column::DOUBLE: {
      double number = 0;
      return absl::SimpleAtod(text, &number);
    }
    case Column::BOOLEAN:
      return text == "true" || text == "false";
    case Column::TIMESTAMP: {
      absl::Time time;
      int64_t number = 0;
      return absl::SimpleAtoi(text, &number) ||
             absl::ParseTime(absl::RFC3339_full, text, &time, nullptr);
    }
    case Column::DATE: {
      absl::CivilDay day;
      return absl::ParseCivilTime(text, &day);
    }
    default:
      return true;
  }
}

// Of a date as text, as everybody reads it.
constexpr int64_t kYears[] = {1, 9999};

class Check {
 public:
  Check(const ParsedScenario& parsed, const Records& records)
      : parsed_(parsed), records_(records), separator_(SeparatorOf(records)) {}

  absl::Status OfAll() const {
    if (records_.column_size() == 0) {
      return parsed_.ErrorAt(records_, "count", 0, "records need a column: say what a line holds");
    }
    int64_t line = 0;
    for (const Column& column : records_.column()) line += BytesOf(column);
    if (records_.count() > kMostBytes / line) {
      return parsed_.ErrorAt(
          records_, "count", 0,
          absl::StrCat("lines of up to ", line, " bytes, of which there may be at most ",
                       kMostBytes / line, ": ", kMostBytes, " bytes in all"));
    }
    WT_RETURN_IF_ERROR(OfSeparator());
    WT_RETURN_IF_ERROR(OfPair(records_, "disorder_ppm", records_.has_disorder_ppm(), "disorder_by",
                              records_.has_disorder_by()));
    WT_RETURN_IF_ERROR(OfPair(records_, "duplicate_ppm", records_.has_duplicate_ppm(),
                              "duplicate_by", records_.has_duplicate_by()));
    std::set<std::string> names;
    for (const Column& column : records_.column()) {
      if (column.name().empty()) return At(column, "name", "a column needs a name");
      if (!names.insert(column.name()).second) {
        return At(column, "name", absl::StrCat("two columns are called \"", column.name(), "\""));
      }
      WT_RETURN_IF_ERROR(OfColumn(column));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status At(const google::protobuf::Message& message, const char* field,
                  std::string_view text, int index = 0) const {
    return parsed_.ErrorAt(message, field, index, text);
  }

  // How many, and how far: neither does anything alone.
  absl::Status OfPair(const google::protobuf::Message& message, const char* a, bool has_a,
                      const char* b, bool has_b) const {
    if (has_a == has_b) return absl::OkStatus();
    return At(message, has_a ? a : b, absl::StrCat(a, " and ", b, " go together"));
  }

  absl::Status OfSeparator() const {
    if (separator_.find_first_of("\r\n") != std::string::npos) {
      return At(records_, "separator", "a record is a line: its separator cannot end one");
    }
    const bool csv = records_.quoting() == Records::CSV;
    if (csv && (separator_.size() != 1 || separator_ == "\"")) {
      return At(records_, "separator", "CSV needs a separator of one byte, which is no quote");
    }
    if (records_.has_separator() && records_.column_size() == 1 && !csv) {
      return At(records_, "separator", "a separator does nothing beside one column");
    }
    return absl::OkStatus();
  }

  absl::Status OfText(const google::protobuf::Message& message, const char* field, int index,
                      const std::string& text) const {
    if (text.find_first_of("\r\n") != std::string::npos) {
      return At(message, field, "a record is a line: no value of it holds the end of one", index);
    }
    const bool splits = records_.column_size() > 1 && !separator_.empty() &&
                        text.find(separator_) != std::string::npos;
    if (!splits || records_.quoting() == Records::CSV) return absl::OkStatus();
    return At(message, field,
              absl::StrCat("\"", text, "\" holds the separator \"", separator_,
                           "\": choose another one, or quoting: CSV"),
              index);
  }

  absl::Status OfValue(const Column& column, const google::protobuf::Message& message,
                       const char* field, int index, const std::string& text) const {
    if (!IsOfType(text, column.type())) {
      return At(message, field,
                absl::StrCat("\"", text, "\" is no ", Column::Type_Name(column.type()),
                             ", which is the type of column \"", column.name(), "\""),
                index);
    }
    return OfText(message, field, index, text);
  }

  absl::Status OfColumn(const Column& column) const {
    WT_RETURN_IF_ERROR(OfValues(column));
    WT_RETURN_IF_ERROR(OfWhatTakesIt(column));
    if (column.has_min_bytes() && column.has_max_bytes() &&
        column.min_bytes() > column.max_bytes()) {
      return At(column, "min_bytes", "min_bytes is above max_bytes");
    }
    if (column.type() == Column::DATE && IsByNumber(column)) WT_RETURN_IF_ERROR(OfDates(column));
    return OfText(column, "prefix", 0, column.has_prefix() ? column.prefix() : column.name());
  }

  absl::Status OfDates(const Column& column) const {
    const int64_t distinct = column.has_uniform()                 ? column.uniform().distinct()
                             : column.has_zipf()                  ? column.zipf().distinct()
                             : column.sequential().has_distinct() ? column.sequential().distinct()
                                                                  : records_.count();
    const int64_t step = column.has_step() ? column.step() : 1;
    for (const int64_t days : {column.first(), column.first() + step * (distinct - 1)}) {
      const int64_t year = (absl::CivilDay() + days).year();
      if (year >= kYears[0] && year <= kYears[1]) continue;
      return At(column, column.has_first() ? "first" : "step",
                absl::StrCat("dates of the year ", year, ": they are of the years ", kYears[0],
                             " to ", kYears[1]));
    }
    return absl::OkStatus();
  }

  absl::Status OfValues(const Column& column) const {
    const bool is_time = column.type() == Column::TIMESTAMP;
    switch (column.values_case()) {
      case Column::kConstant:
        return OfValue(column, column, "constant", 0, column.constant());
      case Column::kList:
        if (column.list().value_size() == 0) return At(column, "list", "a list needs a value");
        for (int i = 0; i < column.list().value_size(); ++i) {
          WT_RETURN_IF_ERROR(OfValue(column, column.list(), "value", i, column.list().value(i)));
        }
        return absl::OkStatus();
      case Column::kEventTime:
        if (!is_time) return At(column, "event_time", "event_time needs type: TIMESTAMP");
        return OfPair(column.event_time(), "late_ppm", column.event_time().has_late_ppm(),
                      "late_by_ms", column.event_time().has_late_by_ms());
      case Column::VALUES_NOT_SET:
        return At(column, "name",
                  absl::StrCat("column \"", column.name(), "\" needs values: uniform, zipf, ",
                               "sequential, constant, list or event_time"));
      default:
        if (!is_time) return absl::OkStatus();
        return At(column, "type", "the values of a TIMESTAMP are event_time, constant or list");
    }
  }

  // Fields that do nothing beside the others.
  absl::Status OfWhatTakesIt(const Column& column) const {
    const bool text = column.type() == Column::STRING && IsByNumber(column);
    const bool number = IsNumber(column) && IsByNumber(column);
    const struct {
      const char* field;
      bool given;
      bool taken;
      const char* of;
    } kFields[] = {
        {"prefix", column.has_prefix(), text, "a STRING with uniform, zipf or sequential"},
        {"min_bytes", column.has_min_bytes(), text, "a STRING with uniform, zipf or sequential"},
        {"max_bytes", column.has_max_bytes(), text, "a STRING with uniform, zipf or sequential"},
        {"first", column.has_first(), number, "a number with uniform, zipf or sequential"},
        {"step", column.has_step(), number, "a number with uniform, zipf or sequential"},
        {"malformed_ppm", column.has_malformed_ppm(), column.type() != Column::STRING,
         "another type than STRING, of which any text is one"},
    };
    for (const auto& each : kFields) {
      if (each.given && !each.taken) {
        return At(column, each.field, absl::StrCat(each.field, " is of ", each.of));
      }
    }
    return absl::OkStatus();
  }

  const ParsedScenario& parsed_;
  const Records& records_;
  const std::string separator_;
};

}  // namespace

std::string SeparatorOf(const Records& records) {
  return records.has_separator() ? records.separator() : ",";
}

absl::Status CheckRecords(const ParsedScenario& parsed, const Records& records) {
  return Check(parsed, records).OfAll();
}

}  // namespace wavetank::scenarios
