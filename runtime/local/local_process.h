// LocalProcess: a driver and some workers, each a thread of this process, over the files of the
// host, seen from the program's other threads.
#ifndef WAVETANK_RUNTIME_LOCAL_LOCAL_PROCESS_H_
#define WAVETANK_RUNTIME_LOCAL_LOCAL_PROCESS_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "platform/node.h"
#include "platform/real/real_process.h"
#include "runtime/connectors/job_directories.h"

namespace wavetank::runtime {

// "local", "local[N]", "local[*]": how many workers. kInvalidArgument: it is none of these.
absl::StatusOr<int> LocalWorkers(const std::string& master);

// A directory of the host, in full. kInvalidArgument: `directory` cannot be one.
absl::StatusOr<std::string> OnHostInFull(const std::string& directory);

// Of one job: where `base` is relative to where the program is started, refuses directories some of
// which are too, and a checkpoint that is not, or the other way round: the job would go on with
// other files when it is started elsewhere. kInvalidArgument.
absl::Status CheckOrigin(const std::vector<JobDirectory>& directories, const std::string& base);
// Refuses directories that are in one another. kInvalidArgument.
absl::Status CheckApartOnHost(const std::vector<JobDirectory>& directories,
                              const std::string& base);

class LocalProcess {
 public:
  static constexpr char kDriverAddress[] = "inproc:driver";
  static std::string WorkerAddress(const platform::Node& node);

  LocalProcess() = default;
  LocalProcess(const LocalProcess&) = delete;
  LocalProcess& operator=(const LocalProcess&) = delete;
  // Ends it, whatever it does.
  ~LocalProcess();

  // The driver ends the process by node.Exit, after it has reported what went wrong.
  // kResourceExhausted: there is no thread to be had.
  absl::Status Start(int workers, const platform::NodeMain& driver,
                     const platform::NodeMain& worker);

  // The first error that was reported, or OK once it has ended; nothing when time ran out first.
  std::optional<absl::Status> Await(absl::Duration timeout);
  // Until it has ended. From a function that one of its nodes calls: at once.
  void AwaitEnd();
  bool ended() const;
  void Report(const absl::Status& status);

  // Runs on the driver's node, unless that has ended.
  void Post(std::function<void()> call);

  // What `call` reads or changes is guarded by the process's lock; who waits in WaitUntil looks
  // again.
  template <typename Call>
  auto Guarded(const Call& call) {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
    return call();
  }
  template <typename Call>
  auto Guarded(const Call& call) const {
    const std::lock_guard lock(mutex_);
    return call();
  }
  // Until `condition`, of what is guarded, or the end. False: the time ran out.
  template <typename Condition>
  bool WaitUntil(const Condition& condition, absl::Duration timeout) {
    std::unique_lock lock(mutex_);
    const auto over = [&] { return ended_ || condition(); };
    if (timeout != absl::InfiniteDuration()) {
      return changed_.wait_for(lock, absl::ToChronoNanoseconds(timeout), over);
    }
    changed_.wait(lock, over);
    return true;
  }
  // Whether the caller is a function that a node of this process calls; of any.
  bool IsOwnThread() const;
  static bool IsSomeonesThread();

 private:
  static platform::Task<void> RunOnItsThread(platform::Node& node, platform::NodeMain main,
                                             LocalProcess& self);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  absl::Status error_;

  std::unique_ptr<platform::RealProcess> process_;
  std::thread thread_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_LOCAL_LOCAL_PROCESS_H_
