// The sink format "file": a directory of CSV files with a manifest (file_sink.h).
#ifndef WAVETANK_RUNTIME_CONNECTORS_FILE_SINK_FORMAT_H_
#define WAVETANK_RUNTIME_CONNECTORS_FILE_SINK_FORMAT_H_

#include "runtime/connectors/sink_format.h"

namespace wavetank::runtime {

SinkFormat FileSinkFormat();

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FILE_SINK_FORMAT_H_
