// RealProcess: the nodes of one process in the real world. Each has an event loop on a thread of
// its own; they share the I/O thread, the disk pool and the log.
#ifndef WAVETANK_PLATFORM_REAL_REAL_PROCESS_H_
#define WAVETANK_PLATFORM_REAL_REAL_PROCESS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "platform/event.h"
#include "platform/network.h"
#include "platform/node.h"
#include "platform/real/step_killer.h"

namespace wavetank::platform {

enum class StopSignals {
  kIgnore,  // leave SIGINT and SIGTERM to the program
  kCatch,   // either requests a stop with status 128 + its number (but see stop_events)
};

struct RealProcessOptions {
  std::string machine = "localhost";  // what Node::machine() says
  std::string disk_root = "/";
  NetworkOptions network = {};
  // What all processes of the cluster know (handshake.h). Without one this process is neither
  // reached from other machines nor reaches them.
  std::string secret = {};
  // Drawn from the system's entropy if not given.
  std::optional<uint64_t> seed = {};
  LogLevel log_level = LogLevel::kInfo;
  // What people are told in place of a text that a node logs, on the thread of the node. Null: the
  // text.
  std::function<std::string(std::string)> said_as = nullptr;
  std::vector<StepFault> step_faults = {};
  // Told of each step, on the thread of its node, before a fault acts there.
  std::function<void(const StepEvent&)> on_step = nullptr;
  StopSignals stop_signals = StopSignals::kIgnore;
  // By node: what the first signal that is caught sets, each on the thread of its node, instead of
  // requesting the stop. The second one requests it. Empty: the first does.
  std::map<std::string, std::shared_ptr<Event>> stop_events = {};
  int disk_threads = 4;
  // How long the end of the process waits at most for what its connections have to deliver.
  absl::Duration exit_drain = absl::Seconds(1);
};

class RealProcess {
 public:
  // An error if the disk's root cannot be opened; kResourceExhausted if the system has no thread or
  // descriptor to give. REQUIRES: dead_after is longer than
  // heartbeat_interval.
  static absl::StatusOr<std::unique_ptr<RealProcess>> Create(ProcessSpec spec,
                                                             RealProcessOptions options);
  ~RealProcess();

  // Runs every node until all mains have returned (status 0), a node calls Exit or RequestStop is
  // called; then destroys each node's roots on its own thread, newest first, waits for what the
  // connections still have to deliver (exit_drain at most), ends all threads, and
  // gives the status of the first of these. A function of a user that does not return holds it up.
  // Where the system has no thread for a node: logs that, and gives 1.
  // REQUIRES: called once.
  int Run();

  // Thread-safe, from Create on; the first call counts.
  void RequestStop(int status = 0);
  // Thread-safe, from Create on: `call` runs on the thread of the node of that name, or is dropped
  // if that has ended. REQUIRES: there is one.
  void Post(const std::string& node, std::function<void()> call);

 private:
  struct State;
  explicit RealProcess(std::unique_ptr<State> state);

  const std::unique_ptr<State> state_;
};

// Runs one node until its main returns, for tests and tools. The status of Run, or an error of
// Create.
absl::StatusOr<int> RunNode(NodeMain main, RealProcessOptions options = {});

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_REAL_PROCESS_H_
