// Errors of SQL text: where, what, and the line with a caret under the place.
//
//   2:8: there is no table "linse": did you mean "lines"?
//     SELECT value FROM linse
//                       ^
#ifndef WAVETANK_RUNTIME_SQL_SQL_ERROR_H_
#define WAVETANK_RUNTIME_SQL_SQL_ERROR_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace wavetank::runtime::sql {

// kInvalidArgument; line and column are counted from 1, columns in code points. `offset`: a byte of
// the text, or its end.
absl::Status ErrorAt(std::string_view text, size_t offset, std::string_view what);

// What is right and cannot be done yet: the same, as kUnimplemented.
absl::Status NotYetAt(std::string_view text, size_t offset, std::string_view what);

}  // namespace wavetank::runtime::sql

#endif  // WAVETANK_RUNTIME_SQL_SQL_ERROR_H_
