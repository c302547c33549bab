#include "runtime/structured/compiled_queries.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/plan/plan_codec.h"
#include "runtime/structured/query_identity.h"

namespace wavetank::runtime {
namespace {

// What the analyser refuses for its size is not written as bytes either.
bool CanBeKnown(const StreamingQueryDefinition& definition) {
  return definition.functions == nullptr &&
         std::ranges::all_of(InOrder(definition.plan), [](const LogicalPlanPtr& node) {
           return std::ranges::all_of(node->expressions, [](const ExpressionPtr& expression) {
             const ExpressionSize size = SizeOf(*expression);
             return size.depth <= kMaxExpressionDepth && size.nodes <= kMaxExpressionNodes;
           });
         });
}

}  // namespace

absl::StatusOr<RecordedQueryPtr> CompileAndRecord(const StreamingQueryDefinition& definition,
                                                  int shuffle_partitions,
                                                  CompiledQueries* compiled) {
  if (compiled != nullptr) return compiled->Compile(definition, shuffle_partitions);
  WT_ASSIGN_OR_RETURN(CompiledQuery query,
                      CompileQuery(definition, {.shuffle_partitions = shuffle_partitions}));
  checkpoint::QueryPlan record = PlanRecord(query);
  return std::make_shared<const RecordedQuery>(
      RecordedQuery{.query = std::move(query), .record = std::move(record)});
}

absl::StatusOr<RecordedQueryPtr> CompiledQueries::Compile(
    const StreamingQueryDefinition& definition, int shuffle_partitions) {
  if (!CanBeKnown(definition)) return CompileAndRecord(definition, shuffle_partitions, nullptr);
  const std::string from = absl::StrCat(shuffle_partitions, " ", definition.output_mode, "\n",
                                        EncodePlan(definition.plan));
  if (const auto known = by_definition_.find(from); known != by_definition_.end()) {
    return known->second;
  }
  WT_ASSIGN_OR_RETURN(const RecordedQueryPtr fresh,
                      CompileAndRecord(definition, shuffle_partitions, nullptr));
  if (by_definition_.size() == kMost) {
    by_definition_.clear();
    by_physical_.clear();
  }
  by_definition_.emplace(from, fresh);
  by_physical_.emplace(fresh->query.physical, fresh->query.plan);
  return fresh;
}

std::shared_ptr<const StreamingQueryPlan> CompiledQueries::Find(
    const std::string& physical, const std::shared_ptr<const FunctionRegistry>& functions) const {
  const auto known = by_physical_.find(physical);
  return functions != nullptr || known == by_physical_.end() ? nullptr : known->second;
}

}  // namespace wavetank::runtime
