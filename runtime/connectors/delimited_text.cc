#include "runtime/connectors/delimited_text.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "platform/text.h"
#include "runtime/connectors/formats/encode_rows.h"

namespace wavetank::runtime {
namespace {

constexpr size_t kMostShown = 200;

absl::Status Malformed(std::string_view text, absl::string_view why) {
  return absl::DataLossError(absl::StrCat("not a row of a file sink, ", why, ": '",
                                          platform::ToAbsl(text.substr(0, kMostShown)), "'"));
}

// Takes what stands between quotes, them included. False: there is no closing one.
bool TakeQuoted(std::string_view& text, std::string& field) {
  text.remove_prefix(1);
  while (true) {
    const size_t quote = text.find('"');
    if (quote == std::string_view::npos) return false;
    field += text.substr(0, quote);
    text.remove_prefix(quote + 1);
    if (!text.starts_with('"')) return true;
    field += '"';
    text.remove_prefix(1);
  }
}

}  // namespace

void AppendField(const std::optional<std::string_view>& field, std::string& line) {
  AppendCsvField(field, line);
}

absl::StatusOr<TextRow> TakeRow(std::string_view& text) {
  const std::string_view all = text;
  TextRow row;
  while (true) {
    TextField& field = row.emplace_back();
    if (text.starts_with('"')) {
      if (!TakeQuoted(text, field.emplace())) return Malformed(all, "a quote is not closed");
    } else {
      const size_t end = text.find_first_of(",\n\"\r");
      if (end == std::string_view::npos) return Malformed(all, "it has no end");
      if (end > 0) field.emplace(text.substr(0, end));
      text.remove_prefix(end);
    }
    const char after = text.empty() ? '\0' : text.front();
    if (after != ',' && after != '\n') {
      return Malformed(all, text.empty() ? "it has no end" : "a field is quoted in part");
    }
    text.remove_prefix(1);
    if (after == '\n') return row;
  }
}

absl::StatusOr<TextRow> TakeEscapedRow(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  if (end == std::string_view::npos) return Malformed(line, "it has no end");
  text.remove_prefix(end + 1);
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
    if (null) return Malformed(line, "something follows a null");
    if (c != '\\') {
      field += c;
      continue;
    }
    if (++i == line.size()) return Malformed(line, "it ends in an escape");
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
        if (!field.empty()) return Malformed(line, "a null follows something");
        null = true;
        break;
      default:
        return Malformed(line, "it has an unknown escape");
    }
  }
  end_field();
  return row;
}

}  // namespace wavetank::runtime
