// Text as a batch of lines: what text sources give.
#ifndef WAVETANK_RUNTIME_COLUMNAR_TEXT_LINES_H_
#define WAVETANK_RUNTIME_COLUMNAR_TEXT_LINES_H_

#include <string_view>

#include "runtime/columnar/record_batch.h"

namespace wavetank::runtime {

// One string column, "value".
SchemaPtr TextSchema();
// The lines, without "\n" or "\r\n"; the last one may lack them. Bytes are taken as they are.
RecordBatch TextLines(std::string_view text);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_COLUMNAR_TEXT_LINES_H_
