// StreamingContext's Start, AwaitTermination and Stop: the plan runs in this process, as a driver
// and N workers with a thread each, over the files of the host.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/node.h"
#include "platform/status_macros.h"
#include "runtime/cluster/cluster.h"
#include "runtime/dstream/driver.h"
#include "runtime/dstream/streaming_context.h"
#include "runtime/local/host_store.h"
#include "runtime/local/local_process.h"

namespace wavetank::runtime {

namespace {

void PrintToStandardOutput(std::string text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

// Below the root of the host.
std::string SpillDirectory() {
  return (std::filesystem::temp_directory_path() / "wavetank").relative_path().string();
}

}  // namespace

// The process within the process. The stop request belongs to the driver's thread.
class StreamingContext::Running {
 public:
  Running(const StreamingGraph& graph, int workers, std::string directory, BlockBounds bounds,
          const SpeculationOptions& speculation)
      : graph_(graph),
        workers_(workers),
        directory_(std::move(directory)),
        bounds_(std::move(bounds)),
        speculation_(speculation) {}

  // Not gracefully.
  ~Running() {
    process_.reset();
    if (scratch_.empty()) return;
    std::error_code ignored;
    std::filesystem::remove_all(scratch_, ignored);
  }

  absl::Status Start() {
    if (graph_.checkpoint_directory.empty()) WT_RETURN_IF_ERROR(MakeScratch());
    process_.emplace();
    return process_->Start(
        workers_, [this](platform::Node& node) { return RunDriver(node, *this); },
        [this](platform::Node& node) { return RunWorkerNode(node, *this); });
  }

  std::optional<absl::Status> Await(absl::Duration timeout) { return process_->Await(timeout); }

  void Stop(bool gracefully) {
    process_->Post([this, gracefully] { stop_.Stop(gracefully); });
    process_->AwaitEnd();
  }

 private:
  static platform::Task<void> RunDriver(platform::Node& node, Running& self) {
    HostStore store(node, self.directory_);
    auto cluster = co_await Cluster::Start(node, {.address = LocalProcess::kDriverAddress,
                                                  .plan_fingerprint = self.graph_.Fingerprint(),
                                                  .speculation = self.speculation_});
    absl::Status ended = cluster.status();
    if (cluster.ok()) {
      DStreamOptions options;
      options.scratch_directory = self.scratch_;
      options.default_parallelism = self.workers_;
      options.min_workers = self.workers_;
      options.print = PrintToStandardOutput;
      options.on_batch_failed = [&self](const absl::Status& failed) {
        self.process_->Report(failed);
      };
      options.stop = &self.stop_;
      ended = co_await RunDStreamDriver(node, store, **cluster, self.graph_, options);
    }
    self.process_->Report(ended);
    node.Exit(0);
  }

  static platform::Task<void> RunWorkerNode(platform::Node& node, Running& self) {
    HostStore store(node, self.directory_);
    TaskRegistry registry;
    RegisterTasks(self.graph_, registry);
    co_await RunWorker(node, store, registry,
                       {.driver_addresses = {LocalProcess::kDriverAddress},
                        .address = LocalProcess::WorkerAddress(node),
                        .plan_fingerprint = self.graph_.Fingerprint(),
                        .kept_bytes_max = self.bounds_.memory_bytes_max,
                        .spilled_bytes_max = self.bounds_.spilled_bytes_max,
                        .scratch = self.bounds_.scratch});
  }

  absl::Status MakeScratch() {
    std::string name = (std::filesystem::temp_directory_path() / "wavetank-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      return absl::UnavailableError(absl::StrCat("make a scratch directory ", name));
    }
    scratch_ = std::move(name);
    return absl::OkStatus();
  }

  const StreamingGraph& graph_;
  const int workers_;
  const std::string directory_;  // what relative paths are relative to
  const BlockBounds bounds_;     // of each worker
  const SpeculationOptions speculation_;
  std::string scratch_;
  StopRequest stop_;
  std::optional<LocalProcess> process_;  // set once started
};

absl::Status StreamingContext::Start() {
  start_error_ = StartRunning();
  return start_error_;
}

absl::Status StreamingContext::StartRunning() {
  if (stopped_) {
    return absl::FailedPreconditionError("start the context: it was stopped; make a new one");
  }
  if (running_ != nullptr) return absl::OkStatus();
  WT_RETURN_IF_ERROR(graph_->Validate());
  WT_RETURN_IF_ERROR(CheckSpeculation(config_.speculation));
  WT_ASSIGN_OR_RETURN(const int workers, LocalWorkers(config_.master));
  WT_ASSIGN_OR_RETURN(const std::string directory, OnHostInFull(config_.directory));
  WT_RETURN_IF_ERROR(CheckOrigin(graph_->Directories(), config_.directory));
  WT_RETURN_IF_ERROR(CheckApartOnHost(graph_->Directories(), config_.directory));
  // There before its functions are called, which may stop it.
  BlockBounds bounds{.memory_bytes_max = config_.kept_bytes,
                     .spilled_bytes_max = config_.spill_bytes,
                     .scratch = SpillDirectory()};
  running_ = std::make_shared<Running>(*graph_, workers, directory, std::move(bounds),
                                       config_.speculation);
  absl::Status started = running_->Start();
  if (!started.ok()) running_ = nullptr;
  return started;
}

absl::Status StreamingContext::AwaitTermination() {
  return AwaitTerminationOrTimeout(absl::InfiniteDuration());
}

absl::Status StreamingContext::AwaitTerminationOrTimeout(absl::Duration timeout) {
  if (!start_error_.ok()) return start_error_;
  if (running_ == nullptr) {
    return absl::FailedPreconditionError("await the context's end: it was not started");
  }
  const std::optional<absl::Status> ended = running_->Await(timeout);
  if (ended) return *ended;
  return absl::DeadlineExceededError(
      absl::StrCat("the context was still running after ", absl::FormatDuration(timeout)));
}

absl::Status StreamingContext::Stop(bool gracefully) {
  if (running_ != nullptr && !stopped_) running_->Stop(gracefully);
  stopped_ = true;
  return absl::OkStatus();
}

}  // namespace wavetank::runtime
