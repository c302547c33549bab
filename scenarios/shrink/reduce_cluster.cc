#include "scenarios/shrink/reduce_cluster.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/str_split.h"

#include "simulator/fault_effects.h"
#include "simulator/fault_table.h"

namespace wavetank::scenarios {
namespace {

using Names = std::set<std::string>;

struct NamesOfCluster {
  Names machines;
  Names processes;
};

NamesOfCluster NamesOf(const Cluster& cluster) {
  NamesOfCluster names;
  for (const Machine& machine : cluster.machine()) {
    names.machines.insert(machine.name());
    for (const Process& process : machine.process()) names.processes.insert(process.name());
  }
  return names;
}

bool IsOneProcess(const Cluster& cluster) {
  return cluster.machine_size() == 1 && cluster.machine(0).process_size() == 1;
}

// False: it has nothing to strike in one process.
bool MoveToOneProcess(const NamesOfCluster& names, Fault& fault) {
  const simulator::FaultInfo* info = simulator::FindFault(fault.kind());
  if (info == nullptr || simulator::TakesSeveralMachines(info->kind)) return false;
  const auto moved = [&names](const std::string& name) -> std::string {
    if (names.processes.contains(name)) return "app";
    return names.machines.contains(name) ? "m1" : name;
  };
  const bool on_disk = info->family == simulator::FaultFamily::kDisk;  // there a peer is of files
  fault.set_target(moved(fault.target()));
  if (!on_disk && !fault.peer().empty()) fault.set_peer(moved(fault.peer()));
  if (info->family == simulator::FaultFamily::kNetwork && fault.peer() == fault.target()) {
    return false;
  }
  if (info->family == simulator::FaultFamily::kProcess) fault.clear_peer();
  if (fault.has_at_call() && fault.at_call().node() == "store") {
    fault.mutable_at_call()->set_node("driver");
  }
  if (fault.has_at_step() && fault.at_step().node() == "store")
    fault.mutable_at_step()->clear_node();
  return true;
}

bool IsNamed(const Fault& fault, const std::string& name) {
  const std::vector<std::string> targets = absl::StrSplit(fault.target(), ',');
  return std::find(targets.begin(), targets.end(), name) != targets.end() || fault.peer() == name ||
         fault.at_call().node() == name || fault.at_step().node() == name;
}

// Without what has no node left, and without the faults that name what is gone.
void TakeAway(const Names& gone, Scenario& scenario) {
  Names all = gone;
  auto& machines = *scenario.mutable_cluster()->mutable_machine();
  for (int m = machines.size() - 1; m >= 0; --m) {
    auto& processes = *machines.Mutable(m)->mutable_process();
    for (int p = processes.size() - 1; p >= 0; --p) {
      if (processes.Get(p).node_size() > 0) continue;
      all.insert(processes.Get(p).name());
      processes.DeleteSubrange(p, 1);
    }
    if (!processes.empty()) continue;
    all.insert(machines.Get(m).name());
    machines.DeleteSubrange(m, 1);
  }
  auto& faults = *scenario.mutable_fault();
  for (int i = faults.size() - 1; i >= 0; --i) {
    const bool named = std::any_of(all.begin(), all.end(), [&](const std::string& name) {
      return IsNamed(faults.Get(i), name);
    });
    if (named) faults.DeleteSubrange(i, 1);
  }
}

// A cluster without one makes no progress, whatever was looked for.
bool StartsADriver(const Cluster& cluster) {
  for (const Machine& machine : cluster.machine()) {
    for (const Process& process : machine.process()) {
      const auto& nodes = process.node();
      if (process.standby()) continue;
      if (std::find(nodes.begin(), nodes.end(), "driver") != nodes.end()) return true;
    }
  }
  return false;
}

}  // namespace

std::vector<Scenario> OneProcess(const Scenario& scenario) {
  const Cluster& cluster = scenario.cluster();
  if (cluster.machine_size() == 0 || IsOneProcess(cluster)) return {};
  Scenario one = scenario;
  one.clear_cluster();
  Machine& machine = *one.mutable_cluster()->add_machine();
  machine.set_name("m1");
  Process& process = *machine.add_process();
  process.set_name("app");
  Names nodes;
  for (const Machine& each : cluster.machine()) {
    for (const Process& of : each.process()) nodes.insert(of.node().begin(), of.node().end());
  }
  nodes.erase("store");
  for (const std::string& node : nodes) process.add_node(node);
  const NamesOfCluster names = NamesOf(cluster);
  one.clear_fault();
  for (const Fault& fault : scenario.fault()) {
    Fault moved = fault;
    if (MoveToOneProcess(names, moved)) *one.add_fault() = std::move(moved);
  }
  return {std::move(one)};
}

std::vector<Scenario> WithoutOne(const Scenario& scenario) {
  std::vector<Scenario> candidates;
  for (int m = 0; m < scenario.cluster().machine_size(); ++m) {
    const Machine& machine = scenario.cluster().machine(m);
    for (int p = 0; p < machine.process_size(); ++p) {
      const Process& process = machine.process(p);
      {
        Scenario& without = candidates.emplace_back(scenario);
        without.mutable_cluster()->mutable_machine(m)->mutable_process(p)->clear_node();
        Names gone(process.node().begin(), process.node().end());
        // There may be another driver.
        gone.erase("driver");
        TakeAway(gone, without);
      }
      for (int n = process.node_size() - 1; process.node_size() > 1 && n >= 0; --n) {
        Scenario& without = candidates.emplace_back(scenario);
        auto& left = *without.mutable_cluster()->mutable_machine(m)->mutable_process(p);
        left.mutable_node()->DeleteSubrange(n, 1);
        TakeAway({process.node(n)}, without);
      }
    }
  }
  std::erase_if(candidates, [](const Scenario& each) { return !StartsADriver(each.cluster()); });
  return candidates;
}

}  // namespace wavetank::scenarios
