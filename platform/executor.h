// Executor: the ready queue of one node, and the root tasks that live on it.
//
// Contract: single-threaded; coroutines resume only from RunOne, which the host calls when it
// wishes and with whichever index it wishes: code above the seam may rely on no order among waiters
// that are ready together. (The real world runs them first in first out; the simulator shuffles.)
// Destroying the roots is what a crash does: newest first, each frame destroying what it owns.
#ifndef WAVETANK_PLATFORM_EXECUTOR_H_
#define WAVETANK_PLATFORM_EXECUTOR_H_

#include <coroutine>
#include <cstddef>
#include <memory>
#include <string>

#include "platform/waiter.h"

namespace wavetank::platform {

template <typename T>
class Task;
class TaskScope;

class Executor {
 public:
  // Whoever drives an executor: the simulator's scheduler or a real node's event loop.
  class Host {
   public:
    virtual ~Host() = default;
    // The ready queue was empty and is not any more: call RunOne soon, never from inside this call.
    // Not called while RunOne runs: look at ready_count() after it.
    virtual void OnWorkReady() = 0;
  };

  // `host` must outlive the executor.
  explicit Executor(Host& host);
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  ~Executor();

  // Starts a root task, which lives until it ends or the node does. `name` is for reports.
  void Spawn(std::string name, Task<void> task);

  size_t ready_count() const { return ready_.size(); }
  // Resumes the ready waiter at `index`, counted from the longest-waiting. REQUIRES: not reentrant.
  void RunOne(size_t index = 0);
  // Drops what is ready and destroys the root tasks, newest first. REQUIRES: called by the host,
  // with no coroutine of this executor on the stack.
  void DestroyRoots();

  void MakeReady(Waiter& waiter);

  // `co_await executor.Yield()`: goes to the back of the ready queue.
  auto Yield();

  static constexpr int kMaxInlineDepth = 64;

  // Counts how many children are being started on one another's stack.
  class InlineDepth {
   public:
    explicit InlineDepth(Executor& executor) : executor_(executor) { ++executor_.inline_depth_; }
    ~InlineDepth() { --executor_.inline_depth_; }
    bool exceeded() const { return executor_.inline_depth_ > kMaxInlineDepth; }

   private:
    Executor& executor_;
  };

 private:
  Host& host_;
  WaitList ready_;
  int inline_depth_ = 0;
  bool running_ = false;
  std::unique_ptr<TaskScope> roots_;
};

struct YieldAwaiter {
  Executor& executor;
  Waiter waiter;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    waiter.Arm(executor, handle);
    waiter.MakeReady();
  }
  void await_resume() const {}
};
inline auto Executor::Yield() { return YieldAwaiter{*this, {}}; }

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_EXECUTOR_H_
