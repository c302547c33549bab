// Text as a batch of lines: what text sources give.
#ifndef WAVETANK_RUNTIME_COLUMNAR_TEXT_LINES_H_
#define WAVETANK_RUNTIME_COLUMNAR_TEXT_LINES_H_

#include <string_view>

#include "runtime/columnar/record_batch.h"

namespace wavetank::runtime {

// One string column, "value".
SchemaPtr TextSchema();
// The lines, by the rule of line_splitter.h.
RecordBatch TextLines(std::string_view text);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_COLUMNAR_TEXT_LINES_H_
