// SimCluster: a driver and workers in a simulated world, and faults at the n-th reaching of a step.
#ifndef WAVETANK_TESTS_RUNTIME_CLUSTER_SIM_CLUSTER_H_
#define WAVETANK_TESTS_RUNTIME_CLUSTER_SIM_CLUSTER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "platform/node.h"
#include "runtime/cluster/cluster.h"
#include "simulator/sim_world.h"

namespace wavetank::runtime {

// What a driver does with its cluster. A coroutine function: what it captures outlives the world.
using DriverBody = std::function<Task<void>(platform::Node&, Cluster&)>;

struct SimClusterOptions {
  uint64_t seed = 1;
  int workers = 2;
  int slots = 2;
  // Driver and workers as nodes of one process, joined by in-process connections; else each in a
  // process and on a machine of its own, "driver" and "w0", "w1", ...
  bool one_process = false;
  simulator::SimNetworkOptions::Attachments attachments =
      simulator::SimNetworkOptions::Attachments::kDrawn;
  simulator::PolicyKind policy = simulator::PolicyKind::kShuffle;
  // Where workers look for drivers.
  std::vector<std::string> driver_addresses = {"driver:7000"};
  std::string worker_plan = "plan";
};

class SimCluster final : private simulator::FaultHook {
 public:
  using MakeRegistry = std::function<TaskRegistry()>;

  SimCluster(SimClusterOptions options, MakeRegistry make_registry)
      : options_(std::move(options)),
        make_registry_(std::move(make_registry)),
        world_({.seed = options_.seed,
                .policy = {.kind = options_.policy},
                .network = {.attachments = options_.attachments}}) {
    world_.SetFaultHook(this);
  }
  ~SimCluster() override { world_.SetFaultHook(nullptr); }

  simulator::SimWorld& world() { return world_; }

  // Starts the workers, and one driver whose body is `body`.
  void Start(DriverBody body) {
    if (options_.one_process) {
      world_.AddMachine("m");
      platform::ProcessSpec local{"local", {}};
      local.nodes.push_back({"driver", DriverMain("inproc:driver", std::move(body))});
      for (int i = 0; i < options_.workers; ++i) {
        const std::string name = absl::StrCat("w", i);
        local.nodes.push_back({name, WorkerMain("inproc:" + name, {"inproc:driver"})});
      }
      world_.Start("m", std::move(local));
      return;
    }
    StartDriver("driver", std::move(body));
    for (int i = 0; i < options_.workers; ++i) {
      const std::string name = absl::StrCat("w", i);
      world_.AddMachine(name);
      world_.Start(name,
                   {name, {{"worker", WorkerMain(name + ":8000", options_.driver_addresses)}}});
    }
  }
  // A driver on a machine of its own, at "<name>:7000".
  void StartDriver(const std::string& name, DriverBody body) {
    world_.AddMachine(name);
    world_.Start(name, {name, {{"driver", DriverMain(name + ":7000", std::move(body))}}});
  }

  // When some process (or `process`, if it is named) reaches `step` for the n-th time: `act`.
  void AtStep(std::string step, int occurrence, std::function<void(simulator::SimProcess&)> act,
              std::string process = "") {
    strikes_.push_back({std::move(step), std::move(process), occurrence, std::move(act)});
  }
  void CrashAt(std::string step, int occurrence, absl::Duration restart_after) {
    AtStep(std::move(step), occurrence, [this, restart_after](simulator::SimProcess& process) {
      Crash(process, restart_after);
    });
  }
  void PauseAt(std::string step, int occurrence, absl::Duration duration) {
    AtStep(std::move(step), occurrence,
           [this, duration](simulator::SimProcess& process) { Pause(process, duration); });
  }
  void Crash(simulator::SimProcess& process, absl::Duration restart_after) {
    world_.Crash(process);
    const std::string name = process.name();
    After(restart_after, [this, name] { world_.Restart(name); });
  }
  void Pause(simulator::SimProcess& process, absl::Duration duration) {
    world_.Pause(process);
    After(duration, [this, paused = &process] { world_.Resume(*paused); });
  }
  void After(absl::Duration delay, std::function<void()> action) {
    if (delay != absl::InfiniteDuration()) later_.emplace(world_.now() + delay, std::move(action));
  }

  // Runs until `done`; a test failure when that takes more than ten minutes of virtual time.
  void RunUntil(const bool& done) {
    const absl::Duration limit = world_.now() + absl::Minutes(10);
    while (!done && world_.now() < limit) Advance(absl::Milliseconds(10));
    EXPECT_TRUE(done) << "not done after ten minutes";
  }
  void RunFor(absl::Duration duration) {
    const absl::Duration until = world_.now() + duration;
    while (world_.now() < until) Advance(absl::Milliseconds(10));
  }
  int strikes() const { return struck_; }
  uint64_t Reached(const std::string& step) const {
    const auto found = reached_.find(step);
    return found == reached_.end() ? 0 : found->second;
  }

  ClusterOptions cluster_options = {.plan_fingerprint = "plan"};

 private:
  struct Strike {
    std::string step;
    std::string process;
    int left;
    std::function<void(simulator::SimProcess&)> act;
  };

  void Advance(absl::Duration by) {
    world_.RunFor(by);
    while (!later_.empty() && later_.begin()->first <= world_.now()) {
      const std::function<void()> action = std::move(later_.begin()->second);
      later_.erase(later_.begin());
      action();
    }
  }

  void OnStep(simulator::SimNode& node, const platform::StepEvent& event) override {
    ++reached_[std::string(event.step.name)];
    for (Strike& strike : strikes_) {
      if (strike.step != event.step.name) continue;
      if (!strike.process.empty() && strike.process != node.process().name()) continue;
      if (--strike.left != 0) continue;
      ++struck_;
      strike.act(node.process());
    }
  }
  const simulator::Fault* OnSeamCall(simulator::SimNode&, const simulator::SeamCall&) override {
    return nullptr;
  }
  void OnStarted(simulator::SimProcess&) override {}
  void Freeze() override {}

  platform::NodeMain DriverMain(std::string address, DriverBody body) {
    return [this, address, body](platform::Node& node) {
      ClusterOptions options = cluster_options;
      options.address = address;
      return RunDriver(node, std::move(options), body);
    };
  }
  static Task<void> RunDriver(platform::Node& node, ClusterOptions options, DriverBody body) {
    absl::StatusOr<std::unique_ptr<Cluster>> cluster =
        co_await Cluster::Start(node, std::move(options));
    EXPECT_TRUE(cluster.ok()) << cluster.status();
    if (cluster.ok()) co_await body(node, **cluster);
  }

  platform::NodeMain WorkerMain(std::string address, std::vector<std::string> drivers) {
    return [this, address, drivers](platform::Node& node) {
      return WorkerNode(node, make_registry_(),
                        {.driver_addresses = drivers,
                         .address = address,
                         .plan_fingerprint = options_.worker_plan,
                         .slots = options_.slots});
    };
  }
  static Task<void> WorkerNode(platform::Node& node, TaskRegistry registry, WorkerOptions options) {
    checkpoint::LocalStore store(node, "worker");
    co_await RunWorker(node, store, registry, std::move(options));
  }

  const SimClusterOptions options_;
  const MakeRegistry make_registry_;
  std::vector<Strike> strikes_;
  int struck_ = 0;
  std::map<std::string, uint64_t> reached_;
  std::multimap<absl::Duration, std::function<void()>> later_;
  simulator::SimWorld world_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_CLUSTER_SIM_CLUSTER_H_
