#include "platform/real/real_process.h"

#include <signal.h>
#include <sys/random.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "platform/real/disk_pool.h"
#include "platform/real/event_loop.h"
#include "platform/real/inproc.h"
#include "platform/real/io_thread.h"
#include "platform/real/posix_disk.h"
#include "platform/real/real_network.h"
#include "platform/real/spdlog_logger.h"
#include "platform/status_macros.h"
#include "platform/text.h"

namespace wavetank::platform {
namespace {

// REQUIRES: at most 256, which come whole.
std::string DrawBytes(size_t count) {
  std::string bytes(count, '\0');
  WT_CHECK(::getrandom(bytes.data(), count, 0) == static_cast<ssize_t>(count));
  return bytes;
}

uint64_t DrawEntropy() {
  uint64_t value = 0;
  const std::string bytes = DrawBytes(sizeof value);
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// A node with what it stands on. The loop comes first: everything refers to it.
struct RealNode {
  EventLoop loop;
  std::unique_ptr<PosixDisk> disk;
  std::unique_ptr<RealNetwork> network;
  std::unique_ptr<Node> node;
  NodeMain main;
  std::thread thread;
};

absl::Status Lacks(const std::string& process, const std::system_error& error) {
  return absl::ResourceExhaustedError(
      absl::StrCat("start the threads of process ", process, ": ", error.what(),
                   ": raise the limits on threads, memory and open files, or ask for fewer nodes"));
}

Task<void> RunMain(NodeMain main, Node& node, std::function<void()> on_return) {
  co_await main(node);
  on_return();
}

}  // namespace

// Destroyed from the last member to the first: the I/O thread and the pool, whose leftovers refer
// to loops, before the nodes.
namespace {

class ToldSteps final : public StepGate {
 public:
  ToldSteps(std::function<void(const StepEvent&)> tell, StepGate* then)
      : tell_(std::move(tell)), then_(then) {}
  bool Reached(const StepEvent& event) override {
    tell_(event);
    return then_ == nullptr || then_->Reached(event);
  }
  void Hold(Waiter& waiter) override { then_->Hold(waiter); }

 private:
  const std::function<void(const StepEvent&)> tell_;
  StepGate* const then_;
};

}  // namespace

struct RealProcess::State {
  State(ProcessSpec s, RealProcessOptions o)
      : spec(std::move(s)), options(std::move(o)), logger(options.log_level, options.said_as) {}

  absl::Status Build();
  void OnMainReturned();

  const ProcessSpec spec;
  const RealProcessOptions options;
  SpdlogLogger logger;
  std::optional<StepKiller> step_killer;
  std::optional<ToldSteps> told_steps;
  std::shared_ptr<InprocHub> hub = std::make_shared<InprocHub>(options.network);
  std::vector<std::unique_ptr<RealNode>> nodes;

  std::mutex mutex;
  std::condition_variable stopped;
  std::optional<int> status;
  size_t mains_running = 0;

  DiskPool pool{options.disk_threads};
  IoThread io;

  std::atomic<bool> asked_to_stop = false;

  void SetStopEvents() {
    for (const auto& running : nodes) {
      const auto found = options.stop_events.find(running->node->name());
      if (found == options.stop_events.end()) continue;
      running->loop.Post([event = found->second] { event->Set(); });
    }
  }
  void Stop(int with_status) {
    std::lock_guard lock(mutex);
    if (!status.has_value()) status = with_status;
    stopped.notify_all();
  }
};

absl::Status RealProcess::State::Build() {
  WT_CHECK(options.network.dead_after > options.network.heartbeat_interval);
  WT_CHECK(!spec.nodes.empty());
  // A write beyond the limit of a file's size shall fail as one on a full disk does, and not end
  // the process. A handler of the program's own stays.
  struct sigaction beyond_limit = {};
  if (::sigaction(SIGXFSZ, nullptr, &beyond_limit) == 0 && beyond_limit.sa_handler == SIG_DFL) {
    ::signal(SIGXFSZ, SIG_IGN);
  }
  if (!options.step_faults.empty()) step_killer.emplace(options.step_faults);
  StepGate* step_gate = step_killer.has_value() ? &*step_killer : nullptr;
  if (options.on_step != nullptr) {
    told_steps.emplace(options.on_step, step_gate);
    step_gate = &*told_steps;
  }
  NetworkOptions network = options.network;
  network.beyond_loopback = network.beyond_loopback || !options.secret.empty();
  const Random random(options.seed.has_value() ? *options.seed : DrawEntropy());
  const Incarnation incarnation(static_cast<int64_t>(DrawEntropy() >> 1));
  for (const NodeSpec& node_spec : spec.nodes) {
    auto made = std::make_unique<RealNode>();
    WT_ASSIGN_OR_RETURN(made->disk, PosixDisk::Open(options.disk_root, pool, io, made->loop));
    made->network = std::make_unique<RealNetwork>(io, *hub, made->loop, network);
    made->main = node_spec.main;
    NodeServices services{.executor = made->loop.executor(),
                          .clock = made->loop.clock(),
                          .network = *made->network,
                          .disk = *made->disk,
                          .logger = logger,
                          .step_gate = step_gate,
                          .cpu = nullptr,
                          .exit = [this](int exit_status) { Stop(exit_status); },
                          .secret = options.secret,
                          .entropy = DrawBytes};
    made->node = std::make_unique<Node>(
        options.machine, spec.name, node_spec.name, incarnation,
        random.Fork(options.machine).Fork(spec.name).Fork(node_spec.name), std::move(services));
    nodes.push_back(std::move(made));
  }
  if (options.stop_signals == StopSignals::kCatch) {
    io.CatchStopSignals([this](int signal) {
      if (options.stop_events.empty() || asked_to_stop.exchange(true)) {
        Stop(128 + signal);
      } else {
        SetStopEvents();
      }
    });
  }
  return absl::OkStatus();
}

void RealProcess::State::OnMainReturned() {
  std::unique_lock lock(mutex);
  const bool was_last = --mains_running == 0;
  lock.unlock();
  if (was_last) Stop(0);
}

RealProcess::RealProcess(std::unique_ptr<State> state) : state_(std::move(state)) {}

RealProcess::~RealProcess() = default;

absl::StatusOr<std::unique_ptr<RealProcess>> RealProcess::Create(ProcessSpec spec,
                                                                 RealProcessOptions options) {
  const std::string name = spec.name;
  try {
    auto state = std::make_unique<State>(std::move(spec), std::move(options));
    WT_RETURN_IF_ERROR(state->Build());
    return std::unique_ptr<RealProcess>(new RealProcess(std::move(state)));
  } catch (const std::system_error& error) {
    return Lacks(name, error);
  }
}

int RealProcess::Run() {
  State& state = *state_;
  state.mains_running = state.nodes.size();
  for (const auto& running : state.nodes) {
    RealNode& node = *running;
    node.loop.executor().Spawn(
        node.node->name(), RunMain(node.main, *node.node, [&state] { state.OnMainReturned(); }));
    try {
      node.thread = std::thread([&node] { node.loop.Run(); });
    } catch (const std::system_error& error) {
      state.logger.Log(*node.node, LogLevel::kError,
                       std::string(ToStd(Lacks(state.spec.name, error).message())));
      state.Stop(1);
      break;
    }
  }
  {
    std::unique_lock lock(state.mutex);
    state.stopped.wait(lock, [&state] { return state.status.has_value(); });
  }
  for (const auto& node : state.nodes) node->loop.Stop();
  for (const auto& node : state.nodes) {
    if (node->thread.joinable()) node->thread.join();
  }
  state.io.Drain(state.options.exit_drain);
  state.io.Stop();
  state.pool.Stop();
  return *state.status;
}

void RealProcess::RequestStop(int status) { state_->Stop(status); }

void RealProcess::Post(const std::string& node, std::function<void()> call) {
  for (const auto& running : state_->nodes) {
    if (running->node->name() == node) return running->loop.Post(std::move(call));
  }
  CheckFailed(__FILE__, __LINE__, "the process has a node of that name", node);
}

absl::StatusOr<int> RunNode(NodeMain main, RealProcessOptions options) {
  ProcessSpec spec{"process", {{"node", std::move(main)}}};
  WT_ASSIGN_OR_RETURN(const std::unique_ptr<RealProcess> process,
                      RealProcess::Create(std::move(spec), std::move(options)));
  return process->Run();
}

}  // namespace wavetank::platform
