// What of a scenario is settled before its run begins.
#ifndef WAVETANK_SCENARIOS_PREPARE_H_
#define WAVETANK_SCENARIOS_PREPARE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "runtime/job/deployment.h"
#include "scenarios/cluster_plan.h"
#include "scenarios/fakes/line_server.h"
#include "scenarios/input.h"
#include "scenarios/input_places.h"
#include "scenarios/job_shape.h"
#include "scenarios/oracle.h"
#include "scenarios/parse.h"
#include "scenarios/runner.h"
#include "simulator/fault_plan.h"

namespace wavetank::scenarios {

struct PreparedJob {
  runtime::JobInstance instance;  // as it is at the first start
  const JobOracle* oracle = nullptr;
  RowTokens tokens = nullptr;  // that the job's rows carry
  JobShape shape;
  ClusterPlan cluster;
  fakes::LineFeeds feeds;  // of the servers that the job reads
  LogServers logs;         // that it reads or writes
};

struct Prepared {
  PreparedJob job;
  std::vector<InputPlace> places;  // of the inputs, in their order
  InputPlan input;
  simulator::FaultPlan faults;
  uint64_t seed = 1;
};

// Of its job, as it is at the first start: its plan is one that can run. kInvalidArgument, with
// file:line:column: it cannot.
absl::StatusOr<runtime::JobInstance> FirstInstance(const ParsedScenario& parsed,
                                                   const ScenarioJobs& jobs);

// kInvalidArgument, with file:line:column: the scenario asks for what cannot be.
absl::StatusOr<Prepared> Prepare(const ParsedScenario& parsed, const ScenarioJobs& jobs,
                                 const RunOptions& options);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_PREPARE_H_
