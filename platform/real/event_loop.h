// EventLoop: the thread of one node. It resumes what is ready, fires timers, and runs what other
// threads post. It does no I/O of its own (files: the disk pool; sockets: the I/O thread), so that
// nothing but the node's own functions can hold it up.
//
// Fairness: each turn takes all that was posted, then all timers that are due, then resumes as many
// waiters as were ready at that moment, oldest first. None of the three can starve another.
#ifndef WAVETANK_PLATFORM_REAL_EVENT_LOOP_H_
#define WAVETANK_PLATFORM_REAL_EVENT_LOOP_H_

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "platform/executor.h"
#include "platform/real/real_clock.h"

namespace wavetank::platform {

class EventLoop final : public Executor::Host {
 public:
  EventLoop() = default;

  // The loop's thread only, once Run has begun.
  Executor& executor() { return executor_; }
  RealClock& clock() { return clock_; }

  // Runs on the calling thread, which becomes the loop's, until Stop; then destroys the roots,
  // newest first, and ends: what is posted from then on is dropped.
  void Run();

  // Thread-safe; the loop must outlive the callers. The posted call runs on the loop's thread, and
  // is destroyed there or, if the loop has ended, on the caller's.
  void Post(std::function<void()> call);
  void Stop();

  // The loop's thread only. Something that was asked of another thread may be posted before this
  // one could sleep: it lingers when it has nothing else to do, once.
  void ExpectSoon() { expects_soon_ = true; }

 private:
  void OnWorkReady() override {}  // Run looks at ready_count() before it waits
  // What was posted; waits for something to do if nothing is ready. False once stopped.
  bool TakePosted(std::vector<std::function<void()>>& calls);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> posted_;
  bool stopping_ = false;
  bool ended_ = false;
  std::atomic<bool> called_ = false;  // posted to, or stopped; written under the lock
  bool expects_soon_ = false;

  RealClock clock_;  // outlives the roots, whose timers stand in it
  Executor executor_{*this};
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_EVENT_LOOP_H_
