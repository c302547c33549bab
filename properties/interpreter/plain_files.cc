#include "properties/interpreter/plain_files.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"

#include "properties/interpreter/plain_events.h"
#include "properties/interpreter/plain_expression.h"
#include "properties/interpreter/time_of_text.h"
#include "properties/plain_json.h"

namespace wavetank::properties {
namespace {

using Options = std::map<std::string, std::string>;

// Those that say which files are read, and how: the log and the scenario say that too.
constexpr const char* kOfFiles[] = {
    "maxFilesPerTrigger", "maxBytesPerTrigger", "ignoreNames",  "pathGlobFilter", "forgetAfter",
    "lostFiles",          "ignoreCorruptFiles", "maxLineBytes", "splitBytes",     "schema"};
constexpr const char* kOfCsv[] = {"header", "sep", "quote", "escape", "nullValue", "mode"};
constexpr const char* kOfJson[] = {"mode"};

absl::Status CheckKnown(const std::string& format, const Options& options) {
  std::span<const char* const> known;
  if (format == "csv") known = kOfCsv;
  if (format == "json") known = kOfJson;
  for (const auto& [name, value] : options) {
    const bool of_files = std::ranges::find(kOfFiles, name) != std::end(kOfFiles);
    if (of_files || std::ranges::find(known, name) != known.end()) continue;
    return absl::UnimplementedError(
        absl::StrCat("no check reads ", format, " by the option ", name));
  }
  const auto mode = options.find("mode");
  if (mode != options.end() && absl::EqualsIgnoreCase(mode->second, "FAILFAST")) {
    return absl::UnimplementedError("no check knows where the mode FAILFAST stops a query");
  }
  return absl::OkStatus();
}

std::string Get(const Options& options, const char* name, const char* otherwise) {
  const auto found = options.find(name);
  return found == options.end() ? otherwise : found->second;
}

// Whether digits, a sign before them, are all of the text.
std::optional<int64_t> Whole(const std::string& text, PlainKind kind) {
  const size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  if (text.size() == sign || text.find_first_not_of("0123456789", sign) != std::string::npos) {
    return std::nullopt;
  }
  const int64_t bits = kind == PlainKind::kInt8    ? 8
                       : kind == PlainKind::kInt16 ? 16
                       : kind == PlainKind::kInt32 ? 32
                                                   : 64;
  const __int128 beyond = __int128{1} << (bits - 1);
  __int128 number = 0;
  for (const char digit : text.substr(sign)) {
    number = number * 10 + (digit - '0');
    if (number > beyond) return std::nullopt;
  }
  if (text[0] == '-') number = -number;
  if (number >= beyond) return std::nullopt;
  return static_cast<int64_t>(number);
}

PlainValue RealOf(const std::string& text, PlainKind kind) {
  return kind == PlainKind::kFloat ? static_cast<double>(std::strtof(text.c_str(), nullptr))
                                   : std::strtod(text.c_str(), nullptr);
}

// Nothing: it is none.
std::optional<PlainValue> Infinite(const std::string& text, std::span<const char* const> names) {
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  for (const char* name : names) {
    if (text == name || text == std::string("+") + name) return kInfinite;
    if (text == std::string("-") + name) return -kInfinite;
  }
  return std::nullopt;
}

// "2026", "2026-1", "2026-01-31", and anything behind that after a blank or a "T".
PlainValue DateOf(const std::string& text) {
  const std::string date = Stripped(text);
  std::vector<std::string> parts = absl::StrSplit(date, absl::MaxSplits('-', 2));
  parts.back() =
      parts.size() == 3 ? parts[2].substr(0, parts[2].find_first_of(" T")) : parts.back();
  std::vector<int> numbers = {0, 1, 1};
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool digits = parts[i].find_first_not_of("0123456789") == std::string::npos;
    const bool sized = i == 0 ? parts[i].size() == 4 : parts[i].size() == 1 || parts[i].size() == 2;
    if (!digits || !sized || !absl::SimpleAtoi(parts[i], &numbers[i])) return {};
  }
  const absl::CivilDay day(numbers[0], numbers[1], numbers[2]);
  if (day.month() != numbers[1] || day.day() != numbers[2]) return {};
  return int64_t{day - absl::CivilDay(1970, 1, 1)};
}

// As a cast has it; null: it is none.
PlainValue TimeOf(const std::string& text, PlainKind kind) {
  if (kind == PlainKind::kDate) return DateOf(text);
  const PlainValue value(text);
  const PlainCall cast = OwnCast(PlainKind::kString, kind);
  return cast == nullptr ? PlainValue() : cast(std::span(&value, 1), 0);
}

// Of a CSV field; null: its text is none of the kind.
PlainValue FieldOf(const std::string& text, PlainKind kind) {
  switch (kind) {
    case PlainKind::kString:
      return text;
    case PlainKind::kBool:
      if (absl::EqualsIgnoreCase(text, "true")) return true;
      return absl::EqualsIgnoreCase(text, "false") ? PlainValue(false) : PlainValue();
    case PlainKind::kDouble:
    case PlainKind::kFloat: {
      constexpr const char* kNames[] = {"Inf"};
      if (const auto infinite = Infinite(text, kNames)) return *infinite;
      // Blanks around it, as Java lets stand.
      const std::string digits = Stripped(text);
      const bool number =
          !digits.empty() && digits.find_first_not_of("0123456789+-.eE") == std::string::npos;
      char* end = nullptr;
      if (number) std::strtod(digits.c_str(), &end);
      return number && *end == '\0' ? RealOf(digits, kind) : PlainValue();
    }
    case PlainKind::kTimestamp:
    case PlainKind::kDate:
      return TimeOf(text, kind);
    default: {
      const std::optional<int64_t> number = Whole(text, kind);
      return number ? PlainValue(*number) : PlainValue();
    }
  }
}

struct Dialect {
  std::string sep;
  std::string quote;   // "": none
  std::string escape;  // likewise
  std::string null_value;
};

struct CsvField {
  std::string text;
  bool quoted = false;
};

// A quoted field from `at`, which is behind the quote, on; nothing: the quote is none, and the
// field reaches to the first separator from `at` on.
std::optional<std::string> Quoted(const std::string& line, const Dialect& dialect, size_t& at) {
  std::string text;
  size_t next = at;
  while (next < line.size()) {
    const std::string c = line.substr(next, 1);
    const std::string after = line.substr(next + 1, 1);
    const bool escapes = !dialect.escape.empty() && c == dialect.escape && !after.empty() &&
                         (after == dialect.quote || after == dialect.escape);
    // An escape that is the quote is one of two quotes.
    if (escapes && (c != dialect.quote || after == dialect.quote)) {
      text += after;
      next += 2;
      continue;
    }
    if (c != dialect.quote) {
      text += c;
      ++next;
      continue;
    }
    size_t behind = next + 1;
    while (behind < line.size() && (line[behind] == ' ' || line[behind] == '\t')) ++behind;
    const bool ends =
        behind == line.size() || line.compare(behind, dialect.sep.size(), dialect.sep) == 0;
    if (!ends) {
      at = next;
      return std::nullopt;
    }
    at = behind;
    return text;
  }
  at = line.size();
  return text;
}

std::vector<CsvField> FieldsOf(const std::string& line, const Dialect& dialect) {
  std::vector<CsvField> fields;
  size_t at = 0;
  while (true) {
    CsvField& field = fields.emplace_back();
    const bool begins = !dialect.quote.empty() && line.substr(at, 1) == dialect.quote;
    size_t inside = begins ? at + 1 : at;
    const std::optional<std::string> quoted = begins ? Quoted(line, dialect, inside) : std::nullopt;
    if (quoted) {
      field = {.text = *quoted, .quoted = true};
      at = inside;
    } else {
      const size_t end = std::min(line.find(dialect.sep, inside), line.size());
      field.text = line.substr(at, end - at);
      at = end;
    }
    if (at >= line.size()) return fields;
    at += dialect.sep.size();
  }
}

// False: the record is malformed.
bool CsvRow(const std::string& line, const Dialect& dialect,
            const std::vector<PlainColumn>& columns, PlainRow& row) {
  const std::vector<CsvField> fields = FieldsOf(line, dialect);
  bool whole = fields.size() == columns.size();
  for (size_t i = 0; i < columns.size(); ++i) {
    PlainValue& value = row.emplace_back();
    if (i >= fields.size()) continue;
    const CsvField& field = fields[i];
    if ((field.text.empty() && !field.quoted) || field.text == dialect.null_value) continue;
    value = FieldOf(field.text, columns[i].kind);
    whole = whole && !value.is_null();
  }
  return whole;
}

// Null, and `whole` is false: it is none of the kind.
PlainValue JsonValue(const PlainJson& json, PlainKind kind, bool& whole) {
  using Kind = PlainJson::Kind;
  if (json.kind == Kind::kNull) return {};
  const bool is_string = json.kind == Kind::kString;
  const bool is_number = json.kind == Kind::kNumber;
  PlainValue value;
  switch (kind) {
    case PlainKind::kString:
      return is_string ? json.text : json.Compact();
    case PlainKind::kBool:
      if (json.kind == Kind::kBool) return json.text == "true";
      break;
    case PlainKind::kDouble:
    case PlainKind::kFloat: {
      constexpr const char* kNames[] = {"Infinity", "INF"};
      if (const auto infinite = Infinite(json.text, kNames); infinite && (is_string || is_number)) {
        return *infinite;
      }
      if (is_number) return RealOf(json.text, kind);
      break;
    }
    case PlainKind::kTimestamp:
      if (is_string) {
        value = TimeOf(json.text, kind);
      } else if (const auto seconds = Whole(json.text, PlainKind::kInt64); is_number && seconds) {
        const __int128 micros = __int128{*seconds} * 1'000'000;
        if (micros >= INT64_MIN && micros <= INT64_MAX) value = static_cast<int64_t>(micros);
      }
      break;
    case PlainKind::kDate:
      if (is_string) value = TimeOf(json.text, kind);
      break;
    case PlainKind::kBinary: {
      std::string bytes;
      if (is_string && absl::Base64Unescape(json.text, &bytes)) return bytes;
      break;
    }
    default:
      if (const auto number = Whole(json.text, kind); is_number && number) return *number;
      break;
  }
  whole = whole && !value.is_null();
  return value;
}

// The rows of a line, each with whether it is whole.
std::vector<std::pair<PlainRow, bool>> JsonLine(const std::string& line,
                                                const std::vector<PlainColumn>& columns) {
  std::vector<std::pair<PlainRow, bool>> rows;
  const std::optional<PlainJson> json = ParsePlainJson(line);
  std::vector<PlainJson> objects;
  if (json && json->kind == PlainJson::Kind::kObject) objects = {*json};
  if (json && json->kind == PlainJson::Kind::kArray) objects = json->children;
  const bool all = std::ranges::all_of(
      objects, [](const PlainJson& each) { return each.kind == PlainJson::Kind::kObject; });
  const bool is_array = json && json->kind == PlainJson::Kind::kArray;
  if (!all || (objects.empty() && !is_array)) return {{PlainRow(columns.size()), false}};
  for (const PlainJson& object : objects) {
    auto& [row, whole] = rows.emplace_back(PlainRow(), true);
    for (const PlainColumn& column : columns) {
      const PlainJson* const value = object.Find(column.name);
      row.push_back(value == nullptr ? PlainValue() : JsonValue(*value, column.kind, whole));
    }
  }
  return rows;
}

bool IsBlank(const std::string& line) {
  return std::ranges::all_of(line, [](char c) { return c == ' ' || c == '\t'; });
}

// So many rows in each second of [from, to), "<second>:<value of its first row>": the time at which
// each is due, in equal parts of the second, and a number that counts up.
absl::StatusOr<PlainFiles> RowsOfRate(const Options& options) {
  int64_t each = 0;
  if (!absl::SimpleAtoi(Get(options, "rowsPerSecond", "1"), &each) || each < 1) {
    return absl::UnimplementedError("no check knows such rowsPerSecond");
  }
  return [each](const NaiveInput& input) {
    std::vector<PlainFile> files(1);
    std::vector<PlainRow>& rows = files[0].rows;
    int64_t second = 0;
    int64_t value = 0;
    int64_t end = 0;
    const size_t colon = input.from.find(':');
    const bool read = colon != std::string::npos &&
                      absl::SimpleAtoi(input.from.substr(0, colon), &second) &&
                      absl::SimpleAtoi(input.from.substr(colon + 1), &value) &&
                      absl::SimpleAtoi(input.to.substr(0, input.to.find(':')), &end);
    for (; read && second < end; ++second) {
      for (int64_t i = 0; i < each; ++i) {
        rows.push_back(
            {PlainValue(second * 1'000'000 + i * 1'000'000 / each), PlainValue(value++)});
      }
    }
    return files;
  };
}

}  // namespace

absl::StatusOr<PlainFiles> MakePlainFiles(const std::string& format, const Options& options,
                                          std::vector<PlainColumn> columns) {
  if (format == "rate") return RowsOfRate(options);
  if (IsOfEvents(format)) return RowsOfEvents(format, Get(options, "table", ""));
  if (format != "text" && format != "csv" && format != "json") {
    return absl::UnimplementedError(absl::StrCat("no check reads a source of format ", format));
  }
  const absl::Status known = CheckKnown(format, options);
  if (!known.ok()) return known;
  for (const PlainColumn& column : columns) {
    if (column.kind == PlainKind::kArray || column.kind == PlainKind::kStruct) {
      return absl::UnimplementedError("no check reads arrays and structs of JSON");
    }
    if (format != "text" && column.name == "_corrupt_record") {
      return absl::UnimplementedError("no check reads the column _corrupt_record");
    }
  }
  const bool drops = absl::EqualsIgnoreCase(Get(options, "mode", ""), "DROPMALFORMED");
  const bool header = format == "csv" && absl::EqualsIgnoreCase(Get(options, "header", ""), "true");
  const Dialect dialect{.sep = Get(options, "sep", ","),
                        .quote = Get(options, "quote", "\""),
                        .escape = Get(options, "escape", "\\"),
                        .null_value = Get(options, "nullValue", "")};
  return [=, columns = std::move(columns)](const NaiveInput& input) {
    std::vector<PlainFile> files;
    size_t line = 0;
    for (const size_t end : input.file_ends) {
      PlainFile& file = files.emplace_back();
      const auto add = [&](PlainRow row) {
        file.rows.push_back(std::move(row));
        file.lines.push_back(line);
      };
      bool named = !header;
      for (; line < end; ++line) {
        const std::string& text = input.lines[line];
        if (format == "text") {
          add({PlainValue(text)});
        } else if (IsBlank(text)) {
          continue;
        } else if (format == "json") {
          for (auto& [row, whole] : JsonLine(text, columns)) {
            if (whole || !drops) add(std::move(row));
          }
        } else if (named) {
          PlainRow row;
          const bool whole = CsvRow(text, dialect, columns, row);
          if (whole || !drops) add(std::move(row));
        } else {
          named = true;
        }
      }
    }
    return files;
  };
}

}  // namespace wavetank::properties
