#include "runtime/connectors/delimited_text.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "platform/text.h"

namespace wavetank::runtime {

void AppendTextField(std::string_view field, std::string& line) {
  for (const char c : field) {
    switch (c) {
      case '\\':
        line += "\\\\";
        break;
      case ',':
        line += "\\,";
        break;
      case '\n':
        line += "\\n";
        break;
      case '\r':
        line += "\\r";
        break;
      default:
        line += c;
    }
  }
}

void AppendNullField(std::string& line) { line += "\\N"; }

absl::StatusOr<TextRow> ParseTextRow(std::string_view line) {
  const auto malformed = [line] {
    return absl::DataLossError(
        absl::StrCat("not a row of a file sink: '", platform::ToAbsl(line), "'"));
  };
  TextRow row;
  std::string field;
  bool null = false;
  const auto end_field = [&] {
    row.push_back(null ? TextField() : TextField(std::move(field)));
    field.clear();
    null = false;
  };
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == ',') {
      end_field();
      continue;
    }
    if (null) return malformed();
    if (c != '\\') {
      field += c;
      continue;
    }
    if (++i == line.size()) return malformed();
    switch (line[i]) {
      case '\\':
        field += '\\';
        break;
      case ',':
        field += ',';
        break;
      case 'n':
        field += '\n';
        break;
      case 'r':
        field += '\r';
        break;
      case 'N':
        if (!field.empty()) return malformed();
        null = true;
        break;
      default:
        return malformed();
    }
  }
  end_field();
  return row;
}

}  // namespace wavetank::runtime
