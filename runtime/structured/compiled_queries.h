// CompiledQueries: what was compiled before, by what it was compiled from. A job builds its plan
// anew on every node in every incarnation; who runs many of them in one thread, a simulated cluster
// or a search, has each query compiled once.
#ifndef WAVETANK_RUNTIME_STRUCTURED_COMPILED_QUERIES_H_
#define WAVETANK_RUNTIME_STRUCTURED_COMPILED_QUERIES_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "checkpoint/metadata.pb.h"
#include "runtime/structured/compile_query.h"

namespace wavetank::runtime {

struct RecordedQuery {
  CompiledQuery query;
  checkpoint::QueryPlan record;  // PlanRecord(query)
};
using RecordedQueryPtr = std::shared_ptr<const RecordedQuery>;

// For one thread.
class CompiledQueries {
 public:
  // CompileQuery's errors.
  absl::StatusOr<RecordedQueryPtr> Compile(const StreamingQueryDefinition& definition,
                                           int shuffle_partitions);
  // What the bytes of a physical plan were loaded as; null: not known. `functions`: as in
  // StreamingQueryDefinition.
  std::shared_ptr<const StreamingQueryPlan> Find(
      const std::string& physical, const std::shared_ptr<const FunctionRegistry>& functions) const;

 private:
  // Whoever draws queries draws many.
  static constexpr size_t kMost = 64;

  // Of queries without functions of the job's own, of whose code names say nothing.
  std::map<std::string, RecordedQueryPtr> by_definition_;
  std::map<std::string, std::shared_ptr<const StreamingQueryPlan>> by_physical_;
};

// By those that are known, if they are not null.
absl::StatusOr<RecordedQueryPtr> CompileAndRecord(const StreamingQueryDefinition& definition,
                                                  int shuffle_partitions,
                                                  CompiledQueries* compiled);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_COMPILED_QUERIES_H_
