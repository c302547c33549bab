// Channel<T>: a bounded queue between tasks of one node. Senders wait while it is full, receivers
// while it is empty. Close() lets receivers drain what is there; then Receive gives nullopt, and a
// sender's value is refused. Everyone who waits is woken at a change and looks again: waking just
// one would lose the wake when that one is destroyed before its turn.
#ifndef WAVETANK_PLATFORM_CHANNEL_H_
#define WAVETANK_PLATFORM_CHANNEL_H_

#include <coroutine>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "platform/check.h"
#include "platform/task.h"
#include "platform/waiter.h"

namespace wavetank::platform {

template <typename T>
class Channel {
 public:
  // REQUIRES: capacity > 0.
  explicit Channel(size_t capacity) : capacity_(capacity) { WT_CHECK(capacity > 0); }

  size_t size() const { return items_.size(); }
  bool closed() const { return closed_; }

  // False when the channel is closed; the value is dropped then.
  Task<bool> Send(T value) {
    while (!closed_ && items_.size() >= capacity_) co_await WaitOn{senders_, {}};
    co_return TrySend(std::move(value));
  }
  // False, without waiting, when the channel is full or closed.
  bool TrySend(T value) {
    if (closed_ || items_.size() >= capacity_) return false;
    items_.push_back(std::move(value));
    receivers_.WakeAll();
    return true;
  }
  // The oldest value, or nullopt once the channel is closed and empty.
  Task<std::optional<T>> Receive() {
    while (items_.empty() && !closed_) co_await WaitOn{receivers_, {}};
    co_return TryReceive();
  }
  std::optional<T> TryReceive() {
    if (items_.empty()) return std::nullopt;
    std::optional<T> value(std::move(items_.front()));
    items_.pop_front();
    senders_.WakeAll();
    return value;
  }
  void Close() {
    closed_ = true;
    receivers_.WakeAll();
    senders_.WakeAll();
  }

 private:
  struct WaitOn {
    WaitList& list;
    Waiter waiter;
    bool await_ready() const { return false; }
    template <typename Promise>
    void await_suspend(std::coroutine_handle<Promise> handle) {
      waiter.Arm(handle.promise().executor(), handle);
      list.PushBack(waiter);
    }
    void await_resume() const {}
  };

  const size_t capacity_;
  bool closed_ = false;
  std::deque<T> items_;
  WaitList receivers_;
  WaitList senders_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_CHANNEL_H_
