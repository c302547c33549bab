// The source format "rate": so many rows a second, for trying a query out and for load tests.
//
//   timestamp   when the row is due, by the driver's clock
//   value       0, 1, 2, ... over the life of the query
//
// An offset is "<second>:<value>": rows of the seconds before that one, since the Unix epoch, come
// before it, and so do the values below. So a range holds all that its rows are made of, and a
// change of rowsPerSecond counts from the next batch on.
#ifndef WAVETANK_RUNTIME_CONNECTORS_RATE_SOURCE_H_
#define WAVETANK_RUNTIME_CONNECTORS_RATE_SOURCE_H_

#include "runtime/connectors/source_format.h"

namespace wavetank::runtime {

SourceFormat RateSource();

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_RATE_SOURCE_H_
