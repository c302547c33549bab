// BoundedQueue<T>: hands values from one thread to another, holding back a producer that is ahead.
//
// Any number of threads may call it; in use each side is one loop or the I/O thread. Nothing
// blocks: who is refused is woken once the refusal may no longer hold, and asks again. Wakes come
// on the other side's thread, so they only post. They may be spurious.
//
// A value is taken while the queue holds less than its capacity, and so may exceed it once by its
// own weight: the bound on memory is the capacity plus the heaviest value.
#ifndef WAVETANK_PLATFORM_REAL_BOUNDED_QUEUE_H_
#define WAVETANK_PLATFORM_REAL_BOUNDED_QUEUE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace wavetank::platform {

template <typename T>
class BoundedQueue {
 public:
  struct Weighed {
    T value;
    int64_t weight;
  };
  // `on_item` wakes the consumer, `on_room` the producer.
  BoundedQueue(int64_t capacity, std::function<void()> on_item, std::function<void()> on_room)
      : capacity_(capacity), on_item_(std::move(on_item)), on_room_(std::move(on_room)) {}

  // True: `value` was moved in. False: full, `value` is untouched, and on_room will be called. The
  // status it was closed with: closed.
  absl::StatusOr<bool> TryPush(T& value, int64_t weight) {
    std::unique_lock lock(mutex_);
    if (!closed_.ok()) return closed_;
    if (weight_ >= capacity_) {
      producer_waits_ = true;
      return false;
    }
    items_.push_back({std::move(value), weight});
    weight_ += weight;
    Wake(lock, consumer_waits_, on_item_);
    return true;
  }

  // The oldest value. Nothing: empty, and on_item will be called. The status it was closed with:
  // closed and drained.
  absl::StatusOr<std::optional<Weighed>> TryPop() {
    std::unique_lock lock(mutex_);
    if (items_.empty()) {
      if (!closed_.ok()) return closed_;
      consumer_waits_ = true;
      return std::optional<Weighed>();
    }
    std::optional<Weighed> item(std::move(items_.front()));
    items_.pop_front();
    weight_ -= item->weight;
    Wake(lock, producer_waits_, on_room_);
    return item;
  }

  // Refuses further values with `why`, and reports it to the consumer after what is queued. The
  // first close stands.
  void Close(absl::Status why) { End(std::move(why), false); }
  bool closed() const {
    const std::lock_guard lock(mutex_);
    return !closed_.ok();
  }
  // Close, and drops what is queued.
  void Abort(absl::Status why) { End(std::move(why), true); }

 private:
  void End(absl::Status why, bool drop) {
    std::deque<Weighed> dropped;  // destroyed after the lock is released
    std::unique_lock lock(mutex_);
    if (closed_.ok()) closed_ = std::move(why);
    if (drop) {
      dropped.swap(items_);
      weight_ = 0;
    }
    const bool wake_producer = std::exchange(producer_waits_, false);
    Wake(lock, consumer_waits_, on_item_);
    if (wake_producer) on_room_();
  }
  // Releases the lock and calls `wake` if that side waits for it.
  static void Wake(std::unique_lock<std::mutex>& lock, bool& waits,
                   const std::function<void()>& wake) {
    const bool call = std::exchange(waits, false);
    lock.unlock();
    if (call) wake();
  }

  const int64_t capacity_;
  const std::function<void()> on_item_;
  const std::function<void()> on_room_;

  mutable std::mutex mutex_;
  std::deque<Weighed> items_;
  int64_t weight_ = 0;
  absl::Status closed_;  // OK while open
  bool consumer_waits_ = false;
  bool producer_waits_ = false;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_BOUNDED_QUEUE_H_
