// The sink formats "csv" ("file", as it was first called), "json" and "text": a directory of files
// with a manifest (file_sink.h).
#ifndef WAVETANK_RUNTIME_CONNECTORS_FILE_SINK_FORMAT_H_
#define WAVETANK_RUNTIME_CONNECTORS_FILE_SINK_FORMAT_H_

#include "runtime/connectors/sink_format.h"

namespace wavetank::runtime {

SinkFormat FileSinkFormat();
SinkFormat CsvSinkFormat();
SinkFormat JsonSinkFormat();
SinkFormat TextSinkFormat();

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FILE_SINK_FORMAT_H_
