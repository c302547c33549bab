// InterpretQuery: what a structured query must answer, worked out by the interpreter
// (properties/interpreter) from the bytes of its analysed plan.
#ifndef WAVETANK_SCENARIOS_INTERPRET_QUERY_H_
#define WAVETANK_SCENARIOS_INTERPRET_QUERY_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"

#include "properties/event_time_watermarks.h"
#include "properties/interpreter/plain_expression.h"
#include "properties/naive_query.h"
#include "runtime/functions/registry.h"
#include "runtime/structured/compile_query.h"
#include "runtime/structured/compiled_queries.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::scenarios {

// Functions and casts of single values that the interpreter has no code of its own for, computed by
// the engine's, a row at a time: a job's own ones among them.
properties::OtherFunctions EngineFunctions(
    std::shared_ptr<const runtime::FunctionRegistry> functions);

// kInvalidArgument: an option is wrong.
absl::StatusOr<properties::WatermarkPolicy> PolicyOf(
    const runtime::StreamingQueryDefinition& definition);

// Of a query that is compiled already. Errors as below.
enum class DoubleSums : bool { kDependOnOrder, kAreExact };
absl::StatusOr<std::unique_ptr<properties::NaiveQuery>> InterpretPlan(
    const runtime::CompiledQuery& query, const runtime::StreamingQueryDefinition& definition,
    DoubleSums sums = DoubleSums::kDependOnOrder);

// kInvalidArgument: the query is none. kUnimplemented: the interpreter cannot judge it; says what
// of it is not known.
absl::StatusOr<std::unique_ptr<properties::NaiveQuery>> InterpretQuery(
    const runtime::StreamingQueryDefinition& definition,
    DoubleSums sums = DoubleSums::kDependOnOrder);

// A query as one start of its job or another has it.
struct KnownPlan {
  runtime::RecordedQueryPtr compiled;
  runtime::StreamingQueryDefinition definition;
};
// Which of them a batch is run under, its log says by the plan's hash; nothing: the first.
// REQUIRES: the interpreter knows each of them.
std::unique_ptr<properties::NaiveQuery> InterpretPlans(std::vector<KnownPlan> plans);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_INTERPRET_QUERY_H_
