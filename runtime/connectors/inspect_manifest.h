// What a file sink's manifest says, for checkpoint/inspect.h: its records, a line for each batch
// that the sink shows, and the parts that must be there.
#ifndef WAVETANK_RUNTIME_CONNECTORS_INSPECT_MANIFEST_H_
#define WAVETANK_RUNTIME_CONNECTORS_INSPECT_MANIFEST_H_

#include "checkpoint/log_summary.h"

namespace wavetank::runtime {

checkpoint::LogKind ManifestLogs();

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_INSPECT_MANIFEST_H_
