// Completion<T>: an answer that another thread owes to a task of a loop.
//
// The state is shared by the asking coroutine and the answering thread, so either may go first: an
// answer to a coroutine that was destroyed meanwhile is itself destroyed, unread.
#ifndef WAVETANK_PLATFORM_REAL_COMPLETION_H_
#define WAVETANK_PLATFORM_REAL_COMPLETION_H_

#include <memory>
#include <optional>
#include <utility>

#include "platform/event.h"
#include "platform/real/event_loop.h"
#include "platform/task.h"

namespace wavetank::platform {

template <typename T>
class Completion {
 public:
  // `loop` must outlive the answer.
  explicit Completion(EventLoop& loop) : state_(std::make_shared<State>(loop)) {}

  // Any thread, at most once.
  void Complete(T value) const {
    state_->value.emplace(std::move(value));
    state_->loop.Post([state = state_] { state->done.Set(); });
  }

  // The loop's thread, at most once.
  Task<T> Wait() const { return WaitOn(state_); }

 private:
  struct State {
    explicit State(EventLoop& l) : loop(l) {}
    EventLoop& loop;
    Event done;              // the loop's thread
    std::optional<T> value;  // written before `done` is posted, read after it
  };
  static Task<T> WaitOn(std::shared_ptr<State> state) {
    co_await state->done.Wait();
    co_return *std::move(state->value);
  }

  std::shared_ptr<State> state_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_COMPLETION_H_
