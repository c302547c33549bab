// Task<T>: the coroutine of everything that waits.
//
// Contract: lazily started (nothing runs before the first co_await or Spawn), awaited at most once,
// owned by exactly one frame, scope or executor; destroying a Task destroys its frame and, through
// it, everything that frame owns. A finished child does not resume its parent: it puts the parent
// into the executor's ready queue, the one choke point for order, exploration and crashes. (A child
// that finishes without suspending lets its parent go on at once.) Exceptions travel to the
// awaiter.
//
// A chain of awaits may be 10,000 deep: its start is bounded on the stack by kMaxInlineDepth, its
// destruction is not, and recurses once a frame.
//
// Rules for coroutines: parameters by value; no capturing lambda coroutines (the captures die with
// the lambda); no co_await in a catch handler. docs/architecture.md says why.
#ifndef WAVETANK_PLATFORM_TASK_H_
#define WAVETANK_PLATFORM_TASK_H_

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "platform/check.h"
#include "platform/executor.h"
#include "platform/waiter.h"

namespace wavetank::platform {

template <typename T = void>
class Task;

namespace internal {

class PromiseBase {
 public:
  std::suspend_always initial_suspend() noexcept { return {}; }

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    void await_suspend(std::coroutine_handle<Promise> finished) noexcept {
      PromiseBase& promise = finished.promise();
      // While the parent is starting us on its own stack it sees done() and goes on by itself.
      if (!promise.starting_inline_) promise.continuation_->MakeReady();
    }
    void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }

  Executor& executor() const { return *executor_; }

 protected:
  template <typename T>
  friend class ::wavetank::platform::Task;
  friend class ::wavetank::platform::TaskScope;

  Executor* executor_ = nullptr;
  Waiter* continuation_ = nullptr;
  bool starting_inline_ = false;
  std::exception_ptr exception_;
};

template <typename T>
class Promise : public PromiseBase {
 public:
  Task<T> get_return_object();
  template <typename U>
    requires std::convertible_to<U&&, T>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T TakeResult() {
    if (exception_) std::rethrow_exception(exception_);
    return *std::move(value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  Task<void> get_return_object();
  void return_void() {}
  void TakeResult() {
    if (exception_) std::rethrow_exception(exception_);
  }
};

}  // namespace internal

template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;
  using value_type = T;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      Reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() { Reset(); }

  bool valid() const { return handle_ != nullptr; }
  bool done() const { return handle_ && handle_.done(); }
  void Reset() {
    if (handle_) std::exchange(handle_, nullptr).destroy();
  }

  class Awaiter {
   public:
    explicit Awaiter(Handle child) : child_(child) {}
    bool await_ready() const { return false; }
    template <typename ParentPromise>
    bool await_suspend(std::coroutine_handle<ParentPromise> parent) {
      Executor& executor = parent.promise().executor();
      auto& promise = child_.promise();
      promise.executor_ = &executor;
      promise.continuation_ = &waiter_;
      Executor::InlineDepth depth(executor);
      if (depth.exceeded()) {
        starter_.Arm(executor, child_);
        starter_.MakeReady();
      } else {
        promise.starting_inline_ = true;
        child_.resume();
        promise.starting_inline_ = false;
        if (child_.done()) return false;
      }
      waiter_.Arm(executor, parent);
      return true;
    }
    T await_resume() { return child_.promise().TakeResult(); }

   private:
    Handle child_;
    Waiter waiter_;
    Waiter starter_;
  };
  // REQUIRES: valid() and not awaited before. The task must outlive the await, as it does in
  // `co_await Call()` and `co_await named_task`.
  Awaiter operator co_await() const {
    WT_CHECK(handle_ && !handle_.done(), "a Task is awaited at most once");
    return Awaiter(handle_);
  }

 private:
  friend class TaskScope;
  Handle handle_;
};

template <typename T>
Task<T> internal::Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> internal::Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace wavetank::platform

#if !defined(__clang__)
#error \
    "platform/task.h: g++ 12 compiles coroutines that co_await wrongly, without a warning. Compile \
this file with clang++-19; or include only headers that build plans, as \
runtime/dstream/streaming_context.h and runtime/structured/data_frame.h: these work with g++."
#endif

#endif  // WAVETANK_PLATFORM_TASK_H_
