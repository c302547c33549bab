// The rows of a SELECT, for people.
#ifndef WAVETANK_SCENARIOS_SHELL_SQL_ROWS_H_
#define WAVETANK_SCENARIOS_SHELL_SQL_ROWS_H_

#include <cstdint>

#include "absl/status/status.h"

#include "runtime/connectors/sink_format.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::scenarios::shell {

// Prints what the query gives of what is there now: on a terminal as a table, otherwise a line a
// row, cells between tabs. More than `max_bytes` of input are refused.
absl::Status PrintRows(const runtime::StreamingQueryDefinition& query, int64_t max_bytes);

// A sink that prints the rows of each batch, a line each: at least once. Its name is "rows".
runtime::SinkFormat RowsSink();

}  // namespace wavetank::scenarios::shell

#endif  // WAVETANK_SCENARIOS_SHELL_SQL_ROWS_H_
