// The task of a structured query's batch: one partition of one fragment, and what surrounds its
// operators: reading source files, the shuffle, state versions, staged sink parts.
//
//   structured:<query>   reads its files in chunks, or its exchange; loads the state versions
//                        that the batch starts from, runs the fragment, commits new versions under
//                        unique names; shuffles what the fragment writes, or stages it as a part
//
// Nothing that a task writes counts before the driver has logged it: any number of attempts may run
// at once, also of batches long over.
#ifndef WAVETANK_RUNTIME_STRUCTURED_FRAGMENT_TASK_H_
#define WAVETANK_RUNTIME_STRUCTURED_FRAGMENT_TASK_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "checkpoint/state_store.h"
#include "runtime/cluster/task.h"
#include "runtime/fragment/query_plan.h"
#include "runtime/structured/data_frame.h"
#include "runtime/structured/plan_cache.h"

namespace wavetank::runtime {

std::string FragmentTaskKind(const std::string& query);

// Of the operators of a query with this fingerprint (StreamingQueryPlan).
checkpoint::StateStoreOptions StateOptionsOf(const std::string& state_fingerprint);

// How the query's state stands in files, of an operator with these stores. kInvalidArgument: an
// option is wrong.
absl::StatusOr<checkpoint::StateStoreOptions> StateOptions(
    const StreamingQueryDefinition& definition, const StreamingQueryPlan& plan,
    std::vector<checkpoint::NamedStore> stores);

// Keeps, for each partition, the state as it stands after the last task that ran here, and uses it
// when the next batch starts from exactly that version; otherwise it reads the version's files.
class FragmentTaskBody : public TaskBody {
 public:
  FragmentTaskBody(StreamingQueryDefinition definition, std::shared_ptr<PlanCache> plans)
      : definition_(std::move(definition)), plans_(std::move(plans)) {}
  Task<absl::StatusOr<std::string>> Run(TaskContext& context, std::string payload) override;
  // Of how many partitions: no more than there are here.
  size_t states_kept() const { return cache_.size(); }

 private:
  class Attempt;  // at one task
  // Takes the state out of the cache: two attempts at one partition never share it.
  std::unique_ptr<checkpoint::StateStore> TakeCached(const std::string& directory,
                                                     const checkpoint::StateVersion& version);

  const StreamingQueryDefinition definition_;
  const std::shared_ptr<PlanCache> plans_;
  std::map<std::string, std::unique_ptr<checkpoint::StateStore>> cache_;  // by state directory
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_FRAGMENT_TASK_H_
