#include "runtime/local/local_process.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/paths.h"
#include "platform/status_macros.h"

namespace wavetank::runtime {

namespace {

constexpr char kDriver[] = "driver";

thread_local const LocalProcess* process_of_this_thread = nullptr;

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
        " is not: started elsewhere, the job would go on with other files; name all of them from "
        "/ on, or give the configuration's directory (StreamingConfig::directory, "
        "LocalConfig::directory) from / on"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int> LocalWorkers(const std::string& master) {
  if (master == "local") return 1;
  if (master == "local[*]") {
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }
  int workers = 0;
  const bool is_local = master.starts_with("local[") && master.ends_with("]");
  if (is_local && absl::SimpleAtoi(master.substr(6, master.size() - 7), &workers) && workers > 0) {
    return workers;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "master \"", master,
      "\": give local[N]; for drivers and workers in processes of their own see `wavetank start`"));
}

absl::StatusOr<std::string> OnHostInFull(const std::string& directory) {
  std::error_code error;
  const auto full = std::filesystem::absolute(directory, error);
  if (!error) return full.string();
  return absl::InvalidArgumentError(absl::StrCat("directory ", directory, ": ", error.message()));
}

absl::Status CheckOrigin(const std::vector<JobDirectory>& directories, const std::string& base) {
  return base.starts_with('/') ? absl::OkStatus() : CheckOneOrigin(directories);
}

absl::Status CheckApartOnHost(const std::vector<JobDirectory>& directories,
                              const std::string& base) {
  WT_ASSIGN_OR_RETURN(const std::string full, OnHostInFull(base));
  return CheckApart(directories, [&full](const std::string& path) {
    const auto on_host = std::filesystem::path(full) / path;
    std::error_code unresolved;
    const auto resolved = std::filesystem::weakly_canonical(on_host, unresolved);
    return checkpoint::NormalPath((unresolved ? on_host : resolved).string());
  });
}

std::string LocalProcess::WorkerAddress(const platform::Node& node) {
  return absl::StrCat("inproc:", node.name());
}

LocalProcess::~LocalProcess() {
  if (process_ != nullptr) process_->RequestStop();
  if (thread_.joinable()) thread_.join();
}

// Begins on the node's thread, which ends with the node.
platform::Task<void> LocalProcess::RunOnItsThread(platform::Node& node, platform::NodeMain main,
                                                  LocalProcess& self) {
  process_of_this_thread = &self;
  co_await main(node);
}

absl::Status LocalProcess::Start(int workers, const platform::NodeMain& driver,
                                 const platform::NodeMain& worker) {
  platform::ProcessSpec spec{"local", {}};
  const auto add = [&](std::string name, const platform::NodeMain& main) {
    spec.nodes.push_back({std::move(name), [this, main](platform::Node& node) {
                            return RunOnItsThread(node, main, *this);
                          }});
  };
  add(kDriver, driver);
  for (int i = 0; i < workers; ++i) add(absl::StrCat("worker-", i), worker);
  platform::RealProcessOptions options;
  options.log_level = platform::LogLevel::kWarning;
  WT_ASSIGN_OR_RETURN(process_, platform::RealProcess::Create(std::move(spec), std::move(options)));
  try {
    thread_ = std::thread([this] {
      process_->Run();
      Guarded([this] { ended_ = true; });
    });
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(absl::StrCat("start a thread: ", error.what()));
  }
  return absl::OkStatus();
}

std::optional<absl::Status> LocalProcess::Await(absl::Duration timeout) {
  if (!WaitUntil([this] { return !error_.ok(); }, timeout)) return std::nullopt;
  return Guarded([this] { return error_; });
}

void LocalProcess::AwaitEnd() {
  if (IsOwnThread()) return;  // it would wait for itself
  WaitUntil([] { return false; }, absl::InfiniteDuration());
}

bool LocalProcess::ended() const {
  return Guarded([this] { return ended_; });
}

void LocalProcess::Report(const absl::Status& status) {
  Guarded([&] { error_.Update(status); });
}

void LocalProcess::Post(std::function<void()> call) { process_->Post(kDriver, std::move(call)); }

bool LocalProcess::IsOwnThread() const { return process_of_this_thread == this; }
bool LocalProcess::IsSomeonesThread() { return process_of_this_thread != nullptr; }

}  // namespace wavetank::runtime
