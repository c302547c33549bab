// SimNode: one node's incarnation: its ready queue, which the scheduler drives a turn at a time,
// and the services that its code sees.
//
// A turn resumes one coroutine. Turns and the work that the code declares take virtual time, during
// which the node does nothing else. While its process is paused the node takes no turn. Once its
// life has ended every seam call it makes is void: it neither completes nor changes anything.
#ifndef WAVETANK_SIMULATOR_SIM_NODE_H_
#define WAVETANK_SIMULATOR_SIM_NODE_H_

#include <coroutine>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "platform/node.h"
#include "simulator/scheduler.h"
#include "simulator/sim_clock.h"

namespace wavetank::simulator {

class SimNode;
class SimProcess;
struct Fault;

// What CPU work costs. A drawn cost lies between half and one and a half times what is stated here.
struct CpuOptions {
  absl::Duration turn_cost = absl::Microseconds(1);
  absl::Duration unit_cost = absl::Nanoseconds(100);
};

enum class SeamCallKind : uint8_t {
  kOpen,
  kRead,
  kWrite,
  kAppend,
  kTruncate,
  kSetModified,
  kSync,
  kSize,
  kRename,
  kLink,
  kRemove,
  kMakeDirectory,
  kRemoveDirectory,
  kSyncDirectory,
  kList,
  kStat,
  kLock,
  kWatch,
  kConnect,
  kListen,
  kAccept,
  kSend,
  kReceive,
};
std::string_view Name(SeamCallKind kind);
// Those on a disk; an append, which is a write at the end, is not among them.
std::span<const SeamCallKind> CallsOnFiles();

// A call of a node on its disk or network: the `number`-th of this incarnation, counted from 1.
struct SeamCall {
  SeamCallKind kind;
  uint64_t number;
  std::string_view target;  // the path or address
  // The machine at the other end of a connection, or that an address is of; "" if there is none.
  std::string_view peer = {};
};

// What a node asks of its world.
class NodeHooks {
 public:
  virtual ~NodeHooks() = default;
  // False: the task must not go on by itself. Hold() then decides.
  virtual bool OnStep(SimNode& node, const platform::StepEvent& event) = 0;
  virtual void OnHold(SimNode& node, platform::Waiter& waiter) = 0;
  // May end the node's life: the call is then one in flight at the death. A fault that it gives
  // befalls this call.
  virtual const Fault* OnSeamCall(SimNode& node, const SeamCall& call) = 0;
  virtual void OnLog(SimNode& node, platform::LogLevel level, const std::string& text) = 0;
  virtual void OnExit(SimNode& node, int status) = 0;
  virtual void OnMainReturned(SimNode& node) = 0;
};

// Waits for what never comes: how a void call ends.
struct Never {
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<>) const {}
  void await_resume() const {}
};

class SimNode final : private platform::Executor::Host,
                      private platform::StepGate,
                      private platform::CpuModel,
                      private platform::Logger {
 public:
  struct World {
    Scheduler& scheduler;
    NodeHooks& hooks;
    const MachineClock& clock;
    CpuOptions cpu;
    const std::string& planted;  // outlives the node
  };

  // The node does nothing before Boot().
  SimNode(const World& world, SimProcess& process, std::string name, int64_t clock_origin_ns);
  ~SimNode() override;

  void Boot(std::unique_ptr<platform::Network> network, std::unique_ptr<platform::Disk> disk,
            platform::NodeMain main);
  // Destroys the root tasks. REQUIRES: called from the scheduler, after the life has ended.
  void Destroy();

  SimProcess& process() { return process_; }
  const std::string& name() const { return name_; }
  Scheduler& scheduler() { return scheduler_; }
  ActorId actor() const { return actor_; }
  ActorKey key() const { return scheduler_.key(actor_); }
  LifeId life() const { return life_; }
  bool dead() const { return !scheduler_.alive(life_); }
  platform::Node& node() { return *node_; }

  // A seam call begins; REQUIRES: !dead(), though the node may be after it.
  const Fault* BeginSeamCall(SeamCallKind kind, std::string_view target,
                             std::string_view peer = {}) {
    return hooks_.OnSeamCall(*this, {kind, ++seam_calls_, target, peer});
  }
  uint64_t seam_calls() const { return seam_calls_; }

  // Every cost is multiplied by this.
  void SetSlowness(int64_t factor) { slowness_ = factor; }
  // Takes up the turns that a pause held back.
  void OnProcessResumed();

 private:
  void OnWorkReady() override;
  bool Reached(const platform::StepEvent& event) override;
  void Hold(platform::Waiter& waiter) override;
  absl::Duration Cost(const platform::Node& node, int64_t units) override;
  void Log(const platform::Node& node, platform::LogLevel level, std::string text) override;

  platform::Task<void> RunMain();
  int64_t DrawCostNs(int64_t stated_ns, uint64_t purpose, uint64_t number) const;
  void ScheduleTurn(int64_t hold_back_ns);
  void Turn();

  Scheduler& scheduler_;
  NodeHooks& hooks_;
  const std::string& planted_;
  SimProcess& process_;
  const std::string name_;
  const LifeId life_;
  const ActorId actor_;
  const uint64_t cost_key_;
  const int64_t turn_cost_ns_;
  const int64_t unit_cost_ns_;
  int64_t slowness_ = 1;
  int64_t busy_until_ns_ = 0;
  uint64_t turns_ = 0;
  uint64_t works_ = 0;
  uint64_t seam_calls_ = 0;
  bool turn_pending_ = false;

  // Destroyed from the executor up: the tasks hold files, connections and timers.
  SimClock clock_;
  std::unique_ptr<platform::Network> network_;
  std::unique_ptr<platform::Disk> disk_;
  std::unique_ptr<platform::Node> node_;
  platform::NodeMain main_;  // a lambda must outlive its coroutine
  platform::Executor executor_;
};

}  // namespace wavetank::simulator

#endif  // WAVETANK_SIMULATOR_SIM_NODE_H_
