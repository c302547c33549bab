// A query's plan in all its forms, as text for people.
#ifndef WAVETANK_RUNTIME_STRUCTURED_EXPLAIN_H_
#define WAVETANK_RUNTIME_STRUCTURED_EXPLAIN_H_

#include <string>

#include "absl/status/statusor.h"

#include "runtime/structured/data_frame.h"

namespace wavetank::runtime {

// As it was written, analysed, optimised, and in fragments as workers run it; or, for a query that
// cannot be run yet, why. Errors are CompileQuery's.
absl::StatusOr<std::string> ExplainQuery(const StreamingQueryDefinition& definition,
                                         int shuffle_partitions);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_EXPLAIN_H_
