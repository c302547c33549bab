// The rows of files of text, CSV and JSON lines, and those of the source `rate`, for oracles:
// written from Spark's documentation of the options, a line at a time, without the engine's code.
#ifndef WAVETANK_PROPERTIES_INTERPRETER_PLAIN_FILES_H_
#define WAVETANK_PROPERTIES_INTERPRETER_PLAIN_FILES_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "properties/interpreter/plain_value.h"
#include "properties/naive_query.h"

namespace wavetank::properties {

struct PlainColumn {
  std::string name;
  PlainKind kind = PlainKind::kString;
};

struct PlainFile {
  std::vector<PlainRow> rows;
  std::vector<size_t> lines = {};  // of the input: of which one each row is
};

// The rows of a source's files, by file; of `rate` and of generated streams (plain_events.h) as of
// one file, without lines.
using PlainFiles = std::function<std::vector<PlainFile>(const NaiveInput& input)>;

// kUnimplemented: a format, an option or a type of column that is not known here; it says which.
absl::StatusOr<PlainFiles> MakePlainFiles(const std::string& format,
                                          const std::map<std::string, std::string>& options,
                                          std::vector<PlainColumn> columns);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_INTERPRETER_PLAIN_FILES_H_
