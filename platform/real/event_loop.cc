#include "platform/real/event_loop.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

namespace wavetank::platform {

void EventLoop::Run() {
  std::vector<std::function<void()>> calls;
  while (TakePosted(calls)) {
    for (const auto& call : calls) call();
    calls.clear();
    clock_.FireDue();
    for (size_t turns = executor_.ready_count(); turns > 0; --turns) {
      if (executor_.ready_count() == 0) break;  // a waiter may leave the queue by dying
      executor_.RunOne();
    }
  }
  executor_.DestroyRoots();
  std::vector<std::function<void()>> dropped;  // destroyed after the lock is released
  std::lock_guard lock(mutex_);
  ended_ = true;
  dropped.swap(posted_);
}

void EventLoop::Post(std::function<void()> call) {
  {
    std::lock_guard lock(mutex_);
    if (ended_) return;
    posted_.push_back(std::move(call));
  }
  changed_.notify_one();  // without the lock, which the woken thread wants
}

void EventLoop::Stop() {
  std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_one();
}

bool EventLoop::TakePosted(std::vector<std::function<void()>>& calls) {
  std::unique_lock lock(mutex_);
  if (executor_.ready_count() == 0) {
    const auto something_to_do = [this] { return stopping_ || !posted_.empty(); };
    if (const std::optional<MonotonicTime> deadline = clock_.next_deadline()) {
      const std::chrono::steady_clock::time_point wake{std::chrono::nanoseconds(deadline->ns)};
      changed_.wait_until(lock, wake, something_to_do);
    } else {
      changed_.wait(lock, something_to_do);
    }
  }
  if (stopping_) return false;
  calls.swap(posted_);
  return true;
}

}  // namespace wavetank::platform
