#include "properties/part_rows.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "platform/status_macros.h"
#include "platform/text.h"
#include "properties/plain_json.h"
#include "runtime/connectors/manifest.pb.h"

namespace wavetank::properties {
namespace {

using Rows = std::vector<NaiveRow>;

std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines = absl::StrSplit(platform::ToAbsl(text), '\n');
  if (lines.back().empty()) lines.pop_back();  // after the last line's end
  return lines;
}

template <typename T>
std::string RealText(T value) {
  if (std::isnan(value)) return "nan";
  char buffer[64];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

// "...:00.500Z" as "...:00.5Z".
std::string WithoutZeros(std::string time) {
  const size_t point = time.find('.');
  if (point == std::string::npos || time.back() != 'Z') return time;
  time.pop_back();
  while (time.back() == '0') time.pop_back();
  if (time.back() == '.') time.pop_back();
  return time + "Z";
}

// A value as the other dialects have it. nullopt: it is none of the type.
std::optional<std::string> FieldOf(const PlainJson& json, const std::string& type) {
  using Kind = PlainJson::Kind;
  const bool is_string = json.kind == Kind::kString;
  if (json.kind == Kind::kNull) return "\\N";
  if (type == "string" || type == "date")
    return is_string ? std::optional(json.text) : std::nullopt;
  if (type == "timestamp") return is_string ? std::optional(WithoutZeros(json.text)) : std::nullopt;
  if (type == "bool") return json.kind == Kind::kBool ? std::optional(json.text) : std::nullopt;
  if (type == "binary") {
    std::string bytes;
    if (!is_string || !absl::Base64Unescape(json.text, &bytes)) return std::nullopt;
    return absl::StrCat("X'", absl::AsciiStrToUpper(absl::BytesToHexString(bytes)), "'");
  }
  if (type == "float" || type == "double") {
    const bool named =
        is_string && (json.text == "NaN" || json.text == "Infinity" || json.text == "-Infinity");
    if (!named && json.kind != Kind::kNumber) return std::nullopt;
    return type == "float" ? RealText(std::strtof(json.text.c_str(), nullptr))
                           : RealText(std::strtod(json.text.c_str(), nullptr));
  }
  if (type.starts_with("int")) {
    return json.kind == Kind::kNumber ? std::optional(json.text) : std::nullopt;
  }
  return json.Compact();
}

absl::StatusOr<Rows> JsonRows(const runtime::ManifestEntry& entry, std::string_view text) {
  Rows rows;
  for (const std::string& line : LinesOf(text)) {
    const std::optional<PlainJson> json = ParsePlainJson(line);
    if (!json || json->kind != PlainJson::Kind::kObject) {
      return absl::DataLossError(absl::StrCat("a part is no JSON lines: ", line));
    }
    NaiveRow& row = rows.emplace_back();
    size_t found = 0;
    for (const runtime::ManifestColumn& column : entry.columns()) {
      const PlainJson* const value = json->Find(column.name());
      const auto field = value == nullptr ? "\\N" : FieldOf(*value, column.type());
      if (!field) {
        return absl::DataLossError(
            absl::StrCat("a part's column ", column.name(), " is no ", column.type(), ": ", line));
      }
      found += value == nullptr ? 0 : 1;
      row.push_back(*field);
    }
    if (found != json->names.size()) {
      return absl::DataLossError(absl::StrCat("a part has columns that are none: ", line));
    }
  }
  return rows;
}

absl::Status CheckHeader(const runtime::ManifestEntry& entry, std::string_view header) {
  WT_ASSIGN_OR_RETURN(const Rows names, ParseCsv(header));
  NaiveRow expected;
  for (const runtime::ManifestColumn& column : entry.columns()) expected.push_back(column.name());
  if (names == Rows{expected}) return absl::OkStatus();
  return absl::DataLossError("a part's header does not name the columns");
}

}  // namespace

// A table of three states, a character at a time.
absl::StatusOr<Rows> ParseCsv(std::string_view text) {
  enum { kPlain, kQuoted, kQuoteInQuoted } state = kPlain;
  Rows rows;
  NaiveRow row(1);
  bool quoted = false;  // the field
  const auto end_field = [&] {
    if (row.back().empty() && !quoted) row.back() = "\\N";
    quoted = false;
  };
  for (const char c : text) {
    if (state == kQuoted) {
      if (c == '"') {
        state = kQuoteInQuoted;
      } else {
        row.back() += c;
      }
    } else if (state == kQuoteInQuoted && c == '"') {
      row.back() += '"';
      state = kQuoted;
    } else if (c == ',') {
      end_field();
      row.emplace_back();
      state = kPlain;
    } else if (c == '\n') {
      end_field();
      rows.push_back(std::move(row));
      row.assign(1, "");
      state = kPlain;
    } else if (c == '"' && row.back().empty() && !quoted) {
      quoted = true;
      state = kQuoted;
    } else if (quoted || c == '"' || c == '\r') {
      return absl::DataLossError("a part is no CSV: a quote or a return where none may be");
    } else {
      row.back() += c;
    }
  }
  if (state != kPlain || row != NaiveRow(1)) {
    return absl::DataLossError("a part is no CSV: its last row has no end");
  }
  return rows;
}

NaiveRow ParsePartLine(std::string_view line) {
  NaiveRow row(1);
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == ',') {
      row.emplace_back();
    } else if (line[i] == '\\' && i + 1 < line.size()) {
      const char escaped = line[++i];
      if (escaped == 'N') row.back() += '\\';
      row.back() += escaped == 'n' ? '\n' : escaped == 'r' ? '\r' : escaped;
    } else {
      row.back() += line[i];
    }
  }
  return row;
}

std::vector<NaiveRow> AsLines(const std::vector<NaiveRow>& rows) {
  Rows lines;
  for (const NaiveRow& row : rows) {
    const std::vector<std::string> texts = absl::StrSplit(row.front(), '\n');
    for (const std::string& text : texts) lines.push_back({text == "\\N" ? "" : text});
  }
  return lines;
}

absl::StatusOr<Rows> RowsOfPart(const runtime::ManifestEntry& entry,
                                const runtime::ManifestPart& part, std::string_view bytes) {
  if (part.header_bytes() > bytes.size()) {
    return absl::DataLossError("a part's header is longer than the part");
  }
  if (part.header_bytes() > 0) {
    WT_RETURN_IF_ERROR(CheckHeader(entry, bytes.substr(0, part.header_bytes())));
    bytes.remove_prefix(part.header_bytes());
  }
  switch (part.dialect()) {
    case runtime::PART_DIALECT_RFC4180:
      return ParseCsv(bytes);
    case runtime::PART_DIALECT_JSON:
      return JsonRows(entry, bytes);
    case runtime::PART_DIALECT_TEXT: {
      Rows rows;
      for (std::string& line : LinesOf(bytes)) rows.push_back({std::move(line)});
      return AsLines(rows);
    }
    default: {
      Rows rows;
      for (const std::string& line : LinesOf(bytes)) rows.push_back(ParsePartLine(line));
      return rows;
    }
  }
}

}  // namespace wavetank::properties
