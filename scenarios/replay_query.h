// ReplayQuery: what a structured query must answer, worked out by replay (ReplayRunner): the
// engine's own operators in one loop over tables in memory, without cluster, exchange, store, log
// or retries. It needs to know nothing of the query, and so judges any; what operators themselves
// get wrong it gets wrong too, which is what an oracle that shares no code with them is for.
#ifndef WAVETANK_SCENARIOS_REPLAY_QUERY_H_
#define WAVETANK_SCENARIOS_REPLAY_QUERY_H_

#include <memory>
#include <vector>

#include "properties/interpreter/plain_files.h"
#include "properties/naive_query.h"
#include "runtime/fragment/query_plan.h"
#include "runtime/structured/compiled_queries.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::scenarios {

// The rows of a source's files, by code of the oracles' own. kUnimplemented: they do not read such
// a source; it says what of it.
absl::StatusOr<properties::PlainFiles> PlainFilesOf(
    const runtime::StreamingQueryPlan::Source& source);

// `definitions`: what the query may be from one start or another on; which it is, the log says by
// the hash of the plan, and nothing: the first. `shuffle_partitions`: where a query's checkpoint
// does not say. `compiled`: what it may be found compiled in, or null. REQUIRES: they compile, and
// keep the same state.
std::unique_ptr<properties::NaiveQuery> ReplayQuery(
    std::vector<runtime::StreamingQueryDefinition> definitions, int shuffle_partitions,
    std::shared_ptr<runtime::CompiledQueries> compiled = nullptr);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_REPLAY_QUERY_H_
