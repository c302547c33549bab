// StreamingContext's Start, AwaitTermination and Stop: the plan runs in this process, as a driver
// and N workers with a thread each, over the files of the host.
#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/node.h"
#include "platform/real/real_process.h"
#include "platform/status_macros.h"
#include "runtime/cluster/cluster.h"
#include "runtime/dstream/driver.h"
#include "runtime/dstream/real/host_store.h"
#include "runtime/dstream/streaming_context.h"

namespace wavetank::runtime {

namespace {

constexpr char kDriver[] = "driver";
constexpr char kDriverAddress[] = "inproc:driver";

// kInvalidArgument unless `master` is "local", "local[N]" or "local[*]".
absl::StatusOr<int> WorkersOf(const std::string& master) {
  if (master == "local") return 1;
  if (master == "local[*]")
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  int workers = 0;
  const bool is_local = master.starts_with("local[") && master.ends_with("]");
  if (is_local && absl::SimpleAtoi(master.substr(6, master.size() - 7), &workers) && workers > 0) {
    return workers;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "master \"", master,
      "\": give local[N]; for drivers and workers in processes of their own see `wavetank start`"));
}

// A relative path leads elsewhere when the program is started elsewhere: a checkpoint that does not
// would go on there with other files, and take them for those that it has counted.
absl::Status CheckOneOrigin(const std::vector<JobDirectory>& directories) {
  const auto checkpoint =
      std::ranges::find(directories, JobDirectory::Use::kCheckpoint, &JobDirectory::use);
  if (checkpoint == directories.end()) return absl::OkStatus();
  const bool absolute = checkpoint->path.starts_with('/');
  for (const JobDirectory& directory : directories) {
    if (directory.path.starts_with('/') == absolute) continue;
    const JobDirectory& relative = absolute ? directory : *checkpoint;
    return absl::InvalidArgumentError(absl::StrCat(
        NameOf(relative), " is relative to where the program is started, and ",
        NameOf(absolute ? *checkpoint : directory),
        " is not: started elsewhere, the stream would go on with other files; name all of them "
        "from / on, or give StreamingConfig::directory from / on"));
  }
  return absl::OkStatus();
}

void PrintToStandardOutput(std::string text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

// The process within the process. Its mutex guards how it ended; the stop request belongs to the
// driver's thread.
class StreamingContext::Running {
 public:
  Running(const StreamingGraph& graph, int workers, std::string directory)
      : graph_(graph), workers_(workers), directory_(std::move(directory)) {}

  // Not gracefully.
  ~Running() {
    if (process_ != nullptr) process_->RequestStop();
    if (thread_.joinable()) thread_.join();
    if (!scratch_.empty()) {
      std::error_code ignored;
      std::filesystem::remove_all(scratch_, ignored);
    }
  }

  absl::Status Start() {
    if (graph_.checkpoint_directory.empty()) WT_RETURN_IF_ERROR(MakeScratch());
    platform::ProcessSpec spec{"local", {}};
    spec.nodes.push_back(
        {kDriver, [this](platform::Node& node) { return RunDriver(node, *this); }});
    for (int i = 0; i < workers_; ++i) {
      spec.nodes.push_back({absl::StrCat("worker-", i),
                            [this](platform::Node& node) { return RunWorkerNode(node, *this); }});
    }
    platform::RealProcessOptions options;
    options.log_level = platform::LogLevel::kWarning;
    WT_ASSIGN_OR_RETURN(process_,
                        platform::RealProcess::Create(std::move(spec), std::move(options)));
    thread_ = std::thread([this] {
      process_->Run();
      End(absl::OkStatus());
    });
    return absl::OkStatus();
  }

  // The first error, or OK once ended; nothing when the time ran out first.
  std::optional<absl::Status> Await(absl::Duration timeout) {
    std::unique_lock lock(mutex_);
    const auto over = [this] { return ended_ || !error_.ok(); };
    if (timeout == absl::InfiniteDuration()) {
      changed_.wait(lock, over);
    } else if (!changed_.wait_for(lock, absl::ToChronoNanoseconds(timeout), over)) {
      return std::nullopt;
    }
    return error_;
  }

  void Stop(bool gracefully) {
    process_->Post(kDriver, [this, gracefully] { stop_.Stop(gracefully); });
    std::unique_lock lock(mutex_);
    // A function that the driver calls would wait for itself.
    if (std::this_thread::get_id() == driver_thread_) return;
    changed_.wait(lock, [this] { return ended_; });
  }

 private:
  static platform::Task<void> RunDriver(platform::Node& node, Running& self) {
    self.OnDriverThread();
    HostStore store(node, self.directory_);
    auto cluster = co_await Cluster::Start(
        node, {.address = kDriverAddress, .plan_fingerprint = self.graph_.Fingerprint()});
    absl::Status ended = cluster.status();
    if (cluster.ok()) {
      DStreamOptions options;
      options.scratch_directory = self.scratch_;
      options.default_parallelism = self.workers_;
      options.min_workers = self.workers_;
      options.print = PrintToStandardOutput;
      options.on_batch_failed = [&self](const absl::Status& failed) { self.Report(failed); };
      options.stop = &self.stop_;
      ended = co_await RunDStreamDriver(node, store, **cluster, self.graph_, options);
    }
    self.Report(ended);
    node.Exit(0);
  }

  static platform::Task<void> RunWorkerNode(platform::Node& node, Running& self) {
    HostStore store(node, self.directory_);
    TaskRegistry registry;
    RegisterTasks(self.graph_, registry);
    co_await RunWorker(node, store, registry,
                       {.driver_addresses = {kDriverAddress},
                        .address = absl::StrCat("inproc:", node.name()),
                        .plan_fingerprint = self.graph_.Fingerprint()});
  }

  absl::Status MakeScratch() {
    std::string name = (std::filesystem::temp_directory_path() / "wavetank-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      return absl::UnavailableError(absl::StrCat("make a scratch directory ", name));
    }
    scratch_ = std::move(name);
    return absl::OkStatus();
  }

  void OnDriverThread() {
    std::lock_guard lock(mutex_);
    driver_thread_ = std::this_thread::get_id();
  }
  void Report(const absl::Status& status) {
    std::lock_guard lock(mutex_);
    error_.Update(status);
    changed_.notify_all();
  }
  void End(const absl::Status& status) {
    std::lock_guard lock(mutex_);
    error_.Update(status);
    ended_ = true;
    changed_.notify_all();
  }

  const StreamingGraph& graph_;
  const int workers_;
  const std::string directory_;  // what relative paths are relative to
  std::string scratch_;
  StopRequest stop_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  absl::Status error_;
  std::thread::id driver_thread_;

  std::unique_ptr<platform::RealProcess> process_;
  std::thread thread_;
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
  WT_ASSIGN_OR_RETURN(const int workers, WorkersOf(config_.master));
  std::error_code error;
  const auto directory = std::filesystem::absolute(config_.directory, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("directory ", config_.directory, ": ", error.message()));
  }
  if (!std::filesystem::path(config_.directory).is_absolute()) {
    WT_RETURN_IF_ERROR(CheckOneOrigin(graph_->Directories()));
  }
  WT_RETURN_IF_ERROR(CheckApart(graph_->Directories(), [&directory](const std::string& path) {
    std::error_code unresolved;
    const auto resolved = std::filesystem::weakly_canonical(directory / path, unresolved);
    return checkpoint::NormalPath((unresolved ? directory / path : resolved).string());
  }));
  auto running = std::make_shared<Running>(*graph_, workers, directory.string());
  WT_RETURN_IF_ERROR(running->Start());
  running_ = std::move(running);
  return absl::OkStatus();
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
