#include "runtime/local/listener_bus.h"

#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <deque>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

namespace wavetank::runtime {

namespace {

constexpr size_t kMostWaiting = 10'000;

using Call = std::function<void(StreamingQueryListener&)>;

void CallGuarded(const Call& call, StreamingQueryListener& listener) {
  const auto say = [](const char* what) {
    std::fprintf(stderr, "wavetank: a StreamingQueryListener threw: %s\n", what);
  };
  try {
    call(listener);
  } catch (const std::exception& error) {
    say(error.what());
  } catch (...) {
    say("what is no std::exception");
  }
}

}  // namespace

struct ListenerBus::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::shared_ptr<StreamingQueryListener>> listeners;
  std::deque<Call> waiting;
  bool dropped = false;  // some since there was room
  bool ends = false;
};

ListenerBus::ListenerBus()
    : state_(std::make_shared<State>()), thread_([state = state_] { Run(*state); }) {}

ListenerBus::~ListenerBus() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ends = true;
    state_->changed.notify_all();
  }
  if (std::this_thread::get_id() == thread_.get_id()) {
    thread_.detach();  // a listener let the last one go
  } else {
    thread_.join();
  }
}

void ListenerBus::Run(State& state) {
  while (true) {
    Call call;
    std::vector<std::shared_ptr<StreamingQueryListener>> listeners;
    {
      std::unique_lock lock(state.mutex);
      state.changed.wait(lock, [&state] { return state.ends || !state.waiting.empty(); });
      if (state.waiting.empty()) return;
      call = std::move(state.waiting.front());
      state.waiting.pop_front();
      state.dropped = false;
      listeners = state.listeners;
    }
    for (const auto& listener : listeners) CallGuarded(call, *listener);
  }
}

void ListenerBus::Add(std::shared_ptr<StreamingQueryListener> listener) {
  const std::lock_guard lock(state_->mutex);
  state_->listeners.push_back(std::move(listener));
}
void ListenerBus::Remove(const std::shared_ptr<StreamingQueryListener>& listener) {
  const std::lock_guard lock(state_->mutex);
  std::erase(state_->listeners, listener);
}

void ListenerBus::Post(Call call) {
  const std::lock_guard lock(state_->mutex);
  if (state_->listeners.empty()) return;
  if (state_->waiting.size() >= kMostWaiting) {
    if (!std::exchange(state_->dropped, true)) {
      std::fprintf(stderr, "wavetank: events of queries are dropped: listeners are too slow\n");
    }
    return;
  }
  state_->waiting.push_back(std::move(call));
  state_->changed.notify_all();
}

}  // namespace wavetank::runtime
