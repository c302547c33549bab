// The sink of format log: each row a record, by its columns value, and, if there are such, key,
// partition and topic; others are left out. It is a batch function (batch_function.h), so what a
// transaction holds is read from rows that are durable, and may be begun again as often as need be.
//
//   transactional  one transaction holds all records of a batch and, as the offset of the group
//                  that is called as the query, its number with the hash of its definition. Who
//                  applies a batch first makes a producer, which fences all before it, and then
//                  looks for that. Exactly once.
//   idempotent     what is sent again is told by its sequence; a batch that is applied again is not
//   plain          what is sent again is there twice
#ifndef WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_SINK_H_
#define WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_SINK_H_

#include "runtime/connectors/sink_format.h"

namespace wavetank::runtime {

SinkFormat LogSink();

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_SINK_H_
