#include "scenarios/cluster_plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "scenarios/job_shape.h"
#include "scenarios/rescale_first.h"

namespace wavetank::scenarios {
namespace {

constexpr int kDriverPort = 7000;
constexpr int kStorePort = 7001;
constexpr int kFirstWorkerPort = 7100;
constexpr int64_t kRestartAfterMs = 500;
// A driver that stands by (runtime/job/driver_lease.h).
constexpr char kStandby[] = "standby";

// "worker-3" gives 3; anything else -1.
int WorkerNumber(const std::string& node) {
  int number = -1;
  if (!absl::StartsWith(node, "worker-")) return -1;
  return absl::SimpleAtoi(node.substr(7), &number) && number > 0 ? number : -1;
}

Cluster LocalCluster() {
  Cluster cluster;
  Machine& machine = *cluster.add_machine();
  machine.set_name("m1");
  Process& process = *machine.add_process();
  process.set_name("app");
  for (const char* node : {"driver", "worker-1", "worker-2"}) process.add_node(node);
  return cluster;
}

class Planner {
 public:
  Planner(const ParsedScenario& parsed, const Cluster& cluster)
      : parsed_(parsed), cluster_(cluster) {}

  absl::StatusOr<ClusterPlan> Plan(const std::vector<JobFromStart>& job,
                                   const std::vector<PlannedRival>& rivals) {
    WT_RETURN_IF_ERROR(Survey());
    // Nodes of one process meet in it; nodes of several need addresses that cross.
    const bool one_process = processes_ == 1;
    ClusterPlan plan;
    plan.store_machine = store_machine_.empty() ? cluster_.machine(0).name() : store_machine_;
    runtime::Deployment deployment;
    // Fewer than a job uses: what a service does when it has forgotten one is done in every run.
    deployment.store.logs_remembered = 1;
    deployment.stop_requested = [events = plan.stop_events](platform::Node& node) {
      return events->Of(node);
    };
    if (!store_machine_.empty()) {
      deployment.store_address = absl::StrCat(store_machine_, ":", kStorePort);
    }
    for (const std::string& machine : driver_machines_) {
      deployment.driver_addresses.push_back(one_process ? "inproc:driver"
                                                        : absl::StrCat(machine, ":", kDriverPort));
    }
    for (const Machine& machine : cluster_.machine()) {
      plan.machines.push_back(machine.name());
      for (const Process& process : machine.process()) {
        PlannedProcess planned{.machine = machine.name(),
                               .spec = {process.name(), {}},
                               .standby = process.standby(),
                               .restart_after = {}};
        const int64_t after_ms =
            process.has_restart_after_ms() ? process.restart_after_ms() : kRestartAfterMs;
        planned.restart_after =
            after_ms < 0 ? absl::InfiniteDuration() : absl::Milliseconds(after_ms);
        for (const std::string& node : process.node()) {
          planned.spec.nodes.push_back(
              {node, NodeMainOf(node, machine.name(), one_process, job, deployment)});
        }
        plan.processes.push_back(std::move(planned));
      }
    }
    for (size_t i = 0; i < rivals.size(); ++i) {
      plan.processes.push_back(
          RivalProcess(absl::StrCat(i + 1), rivals[i], plan.store_machine, deployment));
    }
    return plan;
  }

 private:
  absl::Status Survey() {
    for (const Machine& machine : cluster_.machine()) {
      if (machine.name().empty()) return Error(machine, "name", 0, "a machine needs a name");
      if (!names_.insert(machine.name()).second) return Twice(machine, machine.name());
      for (const Process& process : machine.process()) {
        ++processes_;
        if (process.name().empty()) return Error(process, "name", 0, "a process needs a name");
        if (!names_.insert(process.name()).second) return Twice(process, process.name());
        for (int i = 0; i < process.node_size(); ++i) {
          WT_RETURN_IF_ERROR(SurveyNode(machine, process, i));
        }
      }
    }
    if (drivers_ == 0) return Error(cluster_, "machine", 0, "the cluster has no driver");
    if (workers_ == 0) return Error(cluster_, "machine", 0, "the cluster has no worker-1");
    if (store_machine_.empty() && cluster_.machine_size() > 1) {
      return Error(cluster_, "machine", 0,
                   "a cluster of several machines needs a node \"store\" on one of them");
    }
    return absl::OkStatus();
  }

  absl::Status SurveyNode(const Machine& machine, const Process& process, int index) {
    const std::string& node = process.node(index);
    if (node == "driver" || node == kStandby) {
      if (node == "driver") ++drivers_;
      if (std::count(driver_machines_.begin(), driver_machines_.end(), machine.name()) > 0) {
        return Error(process, "node", index, "two drivers on one machine would share an address");
      }
      driver_machines_.push_back(machine.name());
      return absl::OkStatus();
    }
    if (node == "store") {
      if (!store_machine_.empty()) return Error(process, "node", index, "there is a store already");
      store_machine_ = machine.name();
      return absl::OkStatus();
    }
    if (WorkerNumber(node) < 0) {
      return Error(process, "node", index,
                   absl::StrCat("\"", node,
                                "\" is none of driver, standby, store, worker-1, worker-2, ..."));
    }
    ++workers_;
    return names_.insert(node).second ? absl::OkStatus()
                                      : Error(process, "node", index, "a second " + node);
  }

  static platform::NodeMain NodeMainOf(const std::string& node, const std::string& machine,
                                       bool one_process, const std::vector<JobFromStart>& job,
                                       runtime::Deployment deployment) {
    if (node == "store") return runtime::StoreMain(deployment);
    if (node == "driver" || node == kStandby) {
      deployment.stands_by = node == kStandby;
      // A replacement may run on another machine than it was planned for.
      const std::string address = one_process ? "inproc:driver" : absl::StrCat(":", kDriverPort);
      return FromStarts(job, [&](const JobFromStart& from) {
        platform::NodeMain main = runtime::DriverMain(from.instance, deployment, address);
        // (Before it is at work nobody can tell whether another one is.)
        if (!from.rescale || node == kStandby) return main;
        return RescaleFirst(*from.rescale, CheckpointsOf(from.instance), deployment,
                            std::move(main));
      });
    }
    const std::string address =
        one_process ? "inproc:" + node
                    : absl::StrCat(machine, ":", kFirstWorkerPort + WorkerNumber(node));
    return FromStarts(job, [&](const JobFromStart& from) {
      return runtime::WorkerMain(from.instance, deployment, address);
    });
  }

  static std::vector<std::string> CheckpointsOf(const runtime::JobInstance& instance) {
    std::vector<std::string> checkpoints;
    for (const JobPart& part : ShapeOf(instance).parts) {
      checkpoints.push_back(part.paths.checkpoint);
    }
    return checkpoints;
  }

  // What each incarnation runs.
  template <typename MakeMain>
  static platform::NodeMain FromStarts(const std::vector<JobFromStart>& job,
                                       const MakeMain& make_main) {
    std::vector<std::pair<int64_t, platform::NodeMain>> mains;
    for (const JobFromStart& from : job) mains.emplace_back(from.start, make_main(from));
    return [mains = std::move(mains)](platform::Node& node) {
      size_t newest = 0;
      for (size_t i = 0; i < mains.size(); ++i) {
        if (mains[i].first <= node.incarnation().value()) newest = i;
      }
      return mains[newest].second(node);
    };
  }

  static PlannedProcess RivalProcess(const std::string& number, const PlannedRival& rival,
                                     const std::string& machine, runtime::Deployment deployment) {
    const std::string driver = "inproc:rival-driver-" + number;
    deployment.driver_addresses = {driver};
    const std::string worker = "rival-worker-" + number;
    platform::ProcessSpec spec{"rival-" + number, {}};
    spec.nodes.push_back(
        {"rival-driver-" + number, runtime::DriverMain(rival.instance, deployment, driver)});
    spec.nodes.push_back(
        {worker, runtime::WorkerMain(rival.instance, deployment, "inproc:" + worker)});
    return {.machine = machine,
            .spec = std::move(spec),
            .standby = true,
            .restart_after = absl::InfiniteDuration(),
            .start_at = rival.at};
  }

  absl::Status Error(const google::protobuf::Message& message, const char* field, int index,
                     const std::string& text) const {
    return parsed_.ErrorAt(message, field, index, text);
  }
  absl::Status Twice(const google::protobuf::Message& message, const std::string& name) const {
    return Error(message, "name", 0, "there is something called \"" + name + "\" already");
  }

  const ParsedScenario& parsed_;
  const Cluster& cluster_;
  std::set<std::string> names_;
  std::vector<std::string> driver_machines_;  // of those that stand by, too
  int drivers_ = 0;
  std::string store_machine_;
  int processes_ = 0;
  int workers_ = 0;
};

}  // namespace

std::vector<std::string> ClusterPlan::process_names() const {
  std::vector<std::string> names;
  names.reserve(processes.size());
  for (const PlannedProcess& process : processes) names.push_back(process.spec.name);
  return names;
}

std::vector<std::string> ClusterPlan::node_names() const {
  std::vector<std::string> names;
  for (const PlannedProcess& process : processes) {
    for (const platform::NodeSpec& node : process.spec.nodes) names.push_back(node.name);
  }
  return names;
}

absl::StatusOr<ClusterPlan> PlanCluster(const ParsedScenario& parsed,
                                        const std::vector<JobFromStart>& job,
                                        const std::vector<PlannedRival>& rivals) {
  const Cluster local = LocalCluster();
  const bool given = parsed.scenario->cluster().machine_size() > 0;
  return Planner(parsed, given ? parsed.scenario->cluster() : local).Plan(job, rivals);
}

absl::Status AddOutside(const ParsedScenario& parsed, std::vector<platform::ProcessSpec> processes,
                        ClusterPlan& plan) {
  if (processes.empty()) return absl::OkStatus();
  std::vector<std::string> taken = plan.process_names();
  taken.insert(taken.end(), plan.machines.begin(), plan.machines.end());
  std::vector<std::string> names;
  if (!plan.has_outside) names.emplace_back(kOutside);
  for (const platform::ProcessSpec& process : processes) names.push_back(process.name);
  for (const std::string& name : names) {
    if (std::find(taken.begin(), taken.end(), name) == taken.end()) continue;
    return parsed.ErrorAt(parsed.scenario->cluster(), "machine", 0,
                          absl::StrCat("\"", name,
                                       "\" is the name of the machine or a process that the input "
                                       "comes from: choose another"));
  }
  if (!std::exchange(plan.has_outside, true)) plan.machines.emplace_back(kOutside);
  for (platform::ProcessSpec& process : processes) {
    plan.processes.push_back({kOutside, std::move(process), false,
                              absl::Milliseconds(kRestartAfterMs), absl::InfiniteDuration()});
  }
  return absl::OkStatus();
}

}  // namespace wavetank::scenarios
