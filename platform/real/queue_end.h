// A loop's end of a BoundedQueue: the signal that its wakes set, and the coroutines that push and
// pop. Both take shared ownership, so the connection that began them may be destroyed meanwhile.
#ifndef WAVETANK_PLATFORM_REAL_QUEUE_END_H_
#define WAVETANK_PLATFORM_REAL_QUEUE_END_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "platform/event.h"
#include "platform/real/bounded_queue.h"
#include "platform/real/event_loop.h"
#include "platform/status_macros.h"
#include "platform/task.h"

namespace wavetank::platform {

// An event of one loop that other threads may set.
class LoopSignal : public std::enable_shared_from_this<LoopSignal> {
 public:
  // `loop` must outlive those who wake it.
  explicit LoopSignal(EventLoop& loop) : loop_(loop) {}

  // The loop's thread.
  Event& event() { return event_; }
  // Sets the event, from any thread, at a later turn of the loop.
  std::function<void()> Waker() {
    return [&loop = loop_, weak = weak_from_this()] {
      loop.Post([weak] {
        if (const auto signal = weak.lock()) signal->event_.Set();
      });
    };
  }

 private:
  EventLoop& loop_;
  Event event_;
};

// One end, for the loop that owns it. Cancel: this end's owner has closed it.
struct QueueEnd {
  std::shared_ptr<LoopSignal> signal;
  bool cancelled = false;

  explicit QueueEnd(EventLoop& loop) : signal(std::make_shared<LoopSignal>(loop)) {}
  void Cancel() {
    cancelled = true;
    signal->event().Set();
  }
  absl::Status CancelledStatus() const { return absl::CancelledError("closed by this end"); }
};

// Waits while the queue is full. `end` is this loop's, whose Waker the queue calls.
template <typename T>
Task<absl::Status> PushWhenRoom(std::shared_ptr<BoundedQueue<T>> queue,
                                std::shared_ptr<QueueEnd> end, T value, int64_t weight) {
  while (!end->cancelled) {
    end->signal->event().Reset();
    WT_CO_ASSIGN_OR_RETURN(const bool taken, queue->TryPush(value, weight));
    if (taken) co_return absl::OkStatus();
    co_await end->signal->event().Wait();
  }
  co_return end->CancelledStatus();
}

// Waits while the queue is empty.
template <typename T>
Task<absl::StatusOr<typename BoundedQueue<T>::Weighed>> PopWhenThere(
    std::shared_ptr<BoundedQueue<T>> queue, std::shared_ptr<QueueEnd> end) {
  while (!end->cancelled) {
    end->signal->event().Reset();
    WT_CO_ASSIGN_OR_RETURN(std::optional<typename BoundedQueue<T>::Weighed> item, queue->TryPop());
    if (item.has_value()) co_return *std::move(item);
    co_await end->signal->event().Wait();
  }
  co_return end->CancelledStatus();
}

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_QUEUE_END_H_
