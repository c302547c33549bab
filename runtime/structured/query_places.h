// Where a query reads and writes: what must stand apart before anything runs.
#ifndef WAVETANK_RUNTIME_STRUCTURED_QUERY_PLACES_H_
#define WAVETANK_RUNTIME_STRUCTURED_QUERY_PLACES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/connectors/job_directories.h"
#include "runtime/fragment/query_plan.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::runtime {

// The directories, as far as the query's options say.
std::vector<JobDirectory> DirectoriesOf(const StreamingQueryDefinition& definition,
                                        const StreamingQueryPlan& plan);

// "address=localhost:9092 topic=visits": what the query's sink was told of where it writes in
// another system; "" of one that writes in none.
absl::StatusOr<std::string> PlaceOfSink(const StreamingQueryDefinition& definition);

// kInvalidArgument: the query reads from another system what it writes there, as a copy of a topic
// into itself would, for ever.
absl::Status CheckFeedsNotItself(const StreamingQueryDefinition& definition,
                                 const StreamingQueryPlan& plan);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_QUERY_PLACES_H_
