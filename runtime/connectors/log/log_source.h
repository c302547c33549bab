// The source of format log: the records of a topic, with the columns key, value, topic, partition,
// offset, timestamp. A range of offsets of each partition is read again as it was: offsets are of
// one record each, for ever. Read_committed, a range ends before what is undecided.
#ifndef WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_SOURCE_H_
#define WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_SOURCE_H_

#include "runtime/connectors/source_format.h"

namespace wavetank::runtime {

SourceFormat LogSource();

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_SOURCE_H_
