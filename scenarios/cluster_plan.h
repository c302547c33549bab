// The cluster of a scenario: which processes run where, and how their nodes find each other.
#ifndef WAVETANK_SCENARIOS_CLUSTER_PLAN_H_
#define WAVETANK_SCENARIOS_CLUSTER_PLAN_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "platform/event.h"
#include "platform/node.h"
#include "runtime/job/deployment.h"
#include "scenarios/parse.h"

namespace wavetank::scenarios {

// By process and incarnation: what asks the nodes of it to end in good order. The nodes put them
// there, and the run sets them.
class StopEvents {
 public:
  std::shared_ptr<platform::Event> Of(const platform::Node& node) {
    auto event = std::make_shared<platform::Event>();
    Asked& asked = processes_[{node.process(), node.incarnation()}];
    if (asked.yes) event->Set();
    asked.events.push_back(event);
    return event;
  }
  void Set(const std::string& process, platform::Incarnation incarnation) {
    Asked& asked = processes_[{process, incarnation}];
    asked.yes = true;
    for (const auto& event : asked.events) event->Set();
  }

 private:
  struct Asked {
    bool yes = false;
    std::vector<std::shared_ptr<platform::Event>> events;
  };
  std::map<std::pair<std::string, platform::Incarnation>, Asked> processes_;
};

// The job as a process runs it from its `start`-th start on.
struct JobFromStart {
  int start = 1;
  runtime::JobInstance instance;
  std::optional<int> rescale = std::nullopt;  // its state first, in so many partitions
};

struct PlannedRival {
  runtime::JobInstance instance;
  absl::Duration at;
};

struct PlannedProcess {
  std::string machine;
  platform::ProcessSpec spec;
  bool standby = false;
  absl::Duration restart_after;  // infinite: never by itself
  // Of a process that stands by: when it is started all the same. Infinite: not by itself.
  absl::Duration start_at = absl::InfiniteDuration();
};

struct ClusterPlan {
  std::vector<std::string> machines;
  std::vector<PlannedProcess> processes;  // in the order in which they start
  // On whose disk the input, the results and the checkpoint stand.
  std::string store_machine;
  std::vector<std::string> external;  // processes that serve a system which faults may befall
  bool has_outside = false;           // a machine for the world outside is among them
  std::shared_ptr<StopEvents> stop_events = std::make_shared<StopEvents>();

  std::vector<std::string> process_names() const;
  std::vector<std::string> node_names() const;
};

// The machine that stands for the world outside of the cluster.
inline constexpr const char* kOutside = "outside";

// kInvalidArgument, with the place: a node that is no "driver", "standby", "store" or "worker-<n>",
// no driver, no worker, two stores, two things of one name, several machines without a store.
// `job`: in the order of the starts, from 1 on.
absl::StatusOr<ClusterPlan> PlanCluster(const ParsedScenario& parsed,
                                        const std::vector<JobFromStart>& job,
                                        const std::vector<PlannedRival>& rivals);

// Adds processes that stand outside of the cluster, on a machine of their own. kInvalidArgument,
// with the place: the cluster has something of such a name.
absl::Status AddOutside(const ParsedScenario& parsed, std::vector<platform::ProcessSpec> processes,
                        ClusterPlan& plan);

}  // namespace wavetank::scenarios

#endif  // WAVETANK_SCENARIOS_CLUSTER_PLAN_H_
