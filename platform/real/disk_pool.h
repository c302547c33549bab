// DiskPool: a few threads that make the blocking calls of PosixDisk, so that no loop does.
//
// Thread-safe. Work is taken in the order submitted and may overlap. Stop lets calls under way
// finish and drops the rest.
#ifndef WAVETANK_PLATFORM_REAL_DISK_POOL_H_
#define WAVETANK_PLATFORM_REAL_DISK_POOL_H_

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "platform/real/completion.h"
#include "platform/real/event_loop.h"
#include "platform/task.h"

namespace wavetank::platform {

class DiskPool {
 public:
  // Throws std::system_error if the system has no thread to give.
  explicit DiskPool(int threads);
  ~DiskPool() { Stop(); }

  // `work` runs once, or is destroyed unrun if the pool stops first.
  void Submit(std::function<void()> work);
  // Runs `work` on the pool and gives its result to the awaiting task of `loop`. What `work` needs
  // it owns, because the awaiting frame may be destroyed while it runs.
  template <typename F>
  Task<std::invoke_result_t<F>> Run(EventLoop& loop, F work) {
    Completion<std::invoke_result_t<F>> done(loop);
    Submit([done, work = std::move(work)] { done.Complete(work()); });
    loop.ExpectSoon();
    co_return co_await done.Wait();
  }
  void Stop();

 private:
  void Serve();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  bool lingering_ = false;              // one thread at most
  std::atomic<bool> has_work_ = false;  // written under the lock
  std::vector<std::thread> threads_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_DISK_POOL_H_
