#include "platform/real/event_loop.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include "platform/real/linger.h"

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
    called_ = true;
  }
  changed_.notify_one();  // without the lock, which the woken thread wants
}

void EventLoop::Stop() {
  std::lock_guard lock(mutex_);
  stopping_ = true;
  called_ = true;
  changed_.notify_one();
}

bool EventLoop::TakePosted(std::vector<std::function<void()>>& calls) {
  const bool idle = executor_.ready_count() == 0;
  if (idle && std::exchange(expects_soon_, false)) Linger(called_);
  std::unique_lock lock(mutex_);
  if (idle) {
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
  called_ = false;
  return true;
}

}  // namespace wavetank::platform
