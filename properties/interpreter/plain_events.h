// The rows of generated streams (`nexmark`, `ad_events`), for oracles: written a second time from
// what their headers in runtime/connectors/generated say of them, an event at a time.
#ifndef WAVETANK_PROPERTIES_INTERPRETER_PLAIN_EVENTS_H_
#define WAVETANK_PROPERTIES_INTERPRETER_PLAIN_EVENTS_H_

#include <string>

#include "absl/status/statusor.h"

#include "properties/interpreter/plain_files.h"

namespace wavetank::properties {

// Whether a format is one of them.
bool IsOfEvents(const std::string& format);

// As of one file, without lines. `table`: the option of that name. kUnimplemented: the format has
// no such table here.
absl::StatusOr<PlainFiles> RowsOfEvents(const std::string& format, const std::string& table);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_INTERPRETER_PLAIN_EVENTS_H_
