// From what was written to what is run: a definition is analysed, checked against its output mode,
// optimised, and lowered to a physical plan (plan/), which is then loaded (fragment/).
#ifndef WAVETANK_RUNTIME_STRUCTURED_COMPILE_QUERY_H_
#define WAVETANK_RUNTIME_STRUCTURED_COMPILE_QUERY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "runtime/fragment/query_plan.h"
#include "runtime/plan/output_mode.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::runtime {

struct FailurePlace;  // plan/analyser.h
struct OptimiserRule;

// Of a query without a checkpoint, unless its job says otherwise.
inline constexpr int kDefaultShufflePartitions = 2;

struct CompileOptions {
  int shuffle_partitions = kDefaultShufflePartitions;
  // Null: all there are (optimiser.h). Tests compare what some rules or none make of a query.
  const std::vector<OptimiserRule>* rules = nullptr;
  // Is told where in the definition's plan an error lies. Null: nobody asks.
  FailurePlace* place = nullptr;
};

// One query in all its forms.
struct CompiledQuery {
  QueryOutputMode mode = QueryOutputMode::kAppend;  // as it was asked for
  LogicalPlanPtr analysed;
  LogicalPlanPtr optimised;
  std::string physical;  // plan::PhysicalPlan: what workers are given
  std::shared_ptr<const StreamingQueryPlan> plan;
};

// Analyses, optimises and lowers. kInvalidArgument: one line that says what is wrong with the
// query, on which column, what there is, and what to do. kUnimplemented: it can be explained and
// not be run yet.
absl::StatusOr<CompiledQuery> CompileQuery(const StreamingQueryDefinition& definition,
                                           const CompileOptions& options);
// The same without what runs: `physical` and `plan` are not set.
absl::StatusOr<CompiledQuery> AnalyseQuery(const StreamingQueryDefinition& definition,
                                           const CompileOptions& options);

// Its plan alone, analysed: what columns it gives, whatever it is written to and how.
absl::StatusOr<LogicalPlanPtr> AnalysePlan(const StreamingQueryDefinition& definition,
                                           FailurePlace* place = nullptr);

// What runs it over what is there, once: in update mode, where every operator gives all that an
// epoch has made of it, and in one partition. What only a stream forbids is permitted.
absl::StatusOr<std::shared_ptr<const StreamingQueryPlan>> CompileFinished(
    const StreamingQueryDefinition& definition);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_COMPILE_QUERY_H_
