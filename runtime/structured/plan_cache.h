// How plans come to workers: by their hash, from the driver, when a task names one that is not here
// yet. Workers analyse and optimise nothing.
#ifndef WAVETANK_RUNTIME_STRUCTURED_PLAN_CACHE_H_
#define WAVETANK_RUNTIME_STRUCTURED_PLAN_CACHE_H_

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "runtime/cluster/cluster.h"
#include "runtime/cluster/task.h"
#include "runtime/structured/compile_query.h"
#include "runtime/structured/compiled_queries.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::runtime {

// The driver's side: answers workers that ask for a plan of the query. The newest one alone: an
// attempt that names another does not count any more.
void PublishPlan(const std::string& query, const CompiledQuery& compiled, Cluster& cluster);

// A worker's side, of one query.
class PlanCache {
 public:
  // `compiled`: where a plan that came may be found loaded; null: nowhere.
  PlanCache(std::string query, std::shared_ptr<const FunctionRegistry> functions,
            std::shared_ptr<const CompiledQueries> compiled = nullptr);

  // kNotFound: the driver has another plan by now. kFailedPrecondition: the plan needs functions
  // that this program has not, and names them.
  Task<absl::StatusOr<std::shared_ptr<const StreamingQueryPlan>>> Get(TaskContext& context,
                                                                      std::string hash);

 private:
  const std::string query_;
  const std::shared_ptr<const FunctionRegistry> functions_;
  const std::shared_ptr<const CompiledQueries> compiled_;
  std::deque<std::shared_ptr<const StreamingQueryPlan>> plans_;  // the newest first, a few
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_PLAN_CACHE_H_
