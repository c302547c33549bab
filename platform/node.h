// Node: everything that code above the seam may touch, passed explicitly as one context. No
// globals, no thread-locals, no singletons: many worlds live in one process.
//
// Machine ⊃ process ⊃ node. A machine has a disk and a clock; a process is one incarnation of a
// program on it; nodes (a driver, a worker, a service) live in a process, each single-threaded and
// sharing nothing. `local[N]` is one process with a driver and N workers; a cluster is the same
// nodes in several processes on several machines.
//
// Crash: the process's nodes are marked dead, and every seam call they make from then on is void.
// Back in the scheduler their root tasks are destroyed, newest first. Whatever was in flight may
// turn out not, partly or wholly applied. A restarted process is a new incarnation, and nothing
// addressed to the old one reaches it.
#ifndef WAVETANK_PLATFORM_NODE_H_
#define WAVETANK_PLATFORM_NODE_H_

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>

#include "platform/clock.h"
#include "platform/disk.h"
#include "platform/executor.h"
#include "platform/network.h"
#include "platform/random.h"
#include "platform/step.h"
#include "platform/strong_id.h"
#include "platform/task.h"

namespace wavetank::platform {

// Counts the lives of a process: 1, 2, ... in the simulator; any distinct number in the real world.
using Incarnation = StrongId<struct IncarnationTag>;

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Where a node's words to people go: the timeline in the simulator, the log in the real world.
// Logging never touches the world: no randomness, no time.
class Logger {
 public:
  virtual ~Logger() = default;
  virtual void Log(const Node& node, LogLevel level, std::string text) = 0;
};

// What CPU work costs. The simulator makes it virtual time; in the real world it costs what it
// costs, and this is null.
class CpuModel {
 public:
  virtual ~CpuModel() = default;
  // How long `units` of work take here and now. A unit is about one row of simple work, 100 ns.
  virtual absl::Duration Cost(const Node& node, int64_t units) = 0;
};

// What a world supplies for one node. Everything outlives the node.
struct NodeServices {
  Executor& executor;
  Clock& clock;
  Network& network;
  Disk& disk;
  Logger& logger;
  StepGate* step_gate = nullptr;
  CpuModel* cpu = nullptr;
  // Asks the world to end this process at its next turn, as a clean exit with `status`.
  std::function<void(int status)> exit;
  // What the nodes of a cluster know and strangers do not (handshake.h); empty: none.
  std::string secret = {};
  // So many bytes that nobody can foretell; null, in a world where all is foretold: of the node's
  // randomness.
  std::function<std::string(size_t bytes)> entropy = {};
  // The bug that is to show, in a build that has bugs planted (planted.h); empty: none.
  std::string planted = {};
};

class Node {
 public:
  Node(std::string machine, std::string process, std::string name, Incarnation incarnation,
       Random random, NodeServices services)
      : machine_(std::move(machine)),
        process_(std::move(process)),
        name_(std::move(name)),
        incarnation_(incarnation),
        random_(random),
        nonces_(random.Fork("nonces")),
        services_(std::move(services)) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  Executor& executor() { return services_.executor; }
  Clock& clock() { return services_.clock; }
  Network& network() { return services_.network; }
  Disk& disk() { return services_.disk; }
  // The node's own stream; fork it by name rather than sharing it between parts.
  Random& random() { return random_; }

  const std::string& machine() const { return machine_; }
  const std::string& process() const { return process_; }
  const std::string& name() const { return name_; }
  Incarnation incarnation() const { return incarnation_; }
  std::string id() const { return machine_ + "/" + process_ + "/" + name_; }
  const std::string& secret() const { return services_.secret; }
  // Bytes that the node has not had before and others cannot guess.
  std::string DrawNonce(size_t bytes);

  StepAwaiter Step(const StepName& step, std::initializer_list<StepAttribute> attributes = {}) {
    return StepAwaiter(services_.step_gate,
                       StepEvent{*this, step, {attributes.begin(), attributes.size()}});
  }

  // Charges CPU work: virtual time in the simulator, nothing in the real world. Call it a batch,
  // not a record.
  Task<void> Work(int64_t units) {
    if (services_.cpu == nullptr) co_return;
    const absl::Duration cost = services_.cpu->Cost(*this, units);
    co_await services_.clock.Sleep(cost);
  }

  void Log(LogLevel level, std::string text) {
    services_.logger.Log(*this, level, std::move(text));
  }
  void Exit(int status) { services_.exit(status); }
  const std::string& planted() const { return services_.planted; }

 private:
  const std::string machine_;
  const std::string process_;
  const std::string name_;
  const Incarnation incarnation_;
  Random random_;
  Random nonces_;
  NodeServices services_;
};

// What a node runs: called anew in every incarnation. The node outlives the task.
using NodeMain = std::function<Task<void>(Node&)>;

// A program: the nodes that one process starts together.
struct NodeSpec {
  std::string name;
  NodeMain main;
};
struct ProcessSpec {
  std::string name;
  std::vector<NodeSpec> nodes;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_NODE_H_
