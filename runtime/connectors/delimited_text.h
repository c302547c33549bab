// Rows as lines of text: what a file sink's parts hold and its readers parse.
//
// One row a line, ended by '\n'; fields joined by ','. Inside a field a backslash, a comma, a
// newline and a carriage return are written as \\ \, \n and \r; the two characters \N, alone in a
// field, are null (so an empty field is an empty text). Nothing else is changed: UTF-8 stays
// readable, and a field without these five characters is itself.
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

// Appends the escaped field, without a separator.
void AppendTextField(std::string_view field, std::string& line);
void AppendNullField(std::string& line);

// A line without its newline. kDataLoss on an escape that no writer makes.
absl::StatusOr<TextRow> ParseTextRow(std::string_view line);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_DELIMITED_TEXT_H_
