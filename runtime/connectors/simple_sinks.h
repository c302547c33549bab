// Sinks for trying a query out: "console" prints each batch's first rows into the log of the node
// that applies it, "noop" runs the query and keeps nothing.
#ifndef WAVETANK_RUNTIME_CONNECTORS_SIMPLE_SINKS_H_
#define WAVETANK_RUNTIME_CONNECTORS_SIMPLE_SINKS_H_

#include "runtime/connectors/sink_format.h"

namespace wavetank::runtime {

SinkFormat ConsoleSink();
SinkFormat NoopSink();

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_SIMPLE_SINKS_H_
