// Rows as text: what a file sink's parts hold and its readers parse. Two dialects; which one a part
// has, the manifest says (manifest.proto).
//
// RFC 4180, written today: one row a line, ended by '\n'; fields joined by ','. A field with a
// quote, a comma, a newline or a carriage return in it, and one that is an empty text, stands
// between quotes, where a quote is written twice. A field of nothing at all is null. So a row of a
// single null is an empty line.
//
// Escaped, read only: inside a field a backslash, a comma, a newline and a carriage return are
// \\ \, \n and \r; the two characters \N, alone in a field, are null, and an empty field is an
// empty text.
//
// In both, nothing else is changed: UTF-8 stays readable, and an ordinary field is itself.
#ifndef WAVETANK_RUNTIME_CONNECTORS_DELIMITED_TEXT_H_
#define WAVETANK_RUNTIME_CONNECTORS_DELIMITED_TEXT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace wavetank::runtime {

// One field of a row; nullopt is null.
using TextField = std::optional<std::string>;
using TextRow = std::vector<TextField>;

// Appends the field by RFC 4180, without a separator.
void AppendField(const std::optional<std::string_view>& field, std::string& line);

// Takes the first row off `text`, which is RFC 4180 and not empty. kDataLoss: what no writer makes.
absl::StatusOr<TextRow> TakeRow(std::string_view& text);

// The same of escaped text.
absl::StatusOr<TextRow> TakeEscapedRow(std::string_view& text);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_DELIMITED_TEXT_H_
