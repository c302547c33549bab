#include "platform/real/io_thread.h"

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>
#include <utility>

#include "asio/executor_work_guard.hpp"
#include "asio/io_context.hpp"
#include "asio/post.hpp"
#include "asio/signal_set.hpp"

namespace wavetank::platform {

namespace {

// What still has something to deliver. It may be let go of after the thread is gone.
struct Holders {
  std::mutex mutex;
  std::condition_variable gone;
  int count = 0;
};

}  // namespace

struct IoThread::State {
  const std::shared_ptr<Holders> holders = std::make_shared<Holders>();
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> keep_running =
      asio::make_work_guard(context);
  asio::signal_set signals{context};
  std::atomic<bool> stopped = false;
  std::thread thread;

  void AwaitSignal(std::function<void(int)> on_signal) {
    signals.async_wait(
        [this, on_signal = std::move(on_signal)](asio::error_code error, int signal) {
          if (error) return;
          on_signal(signal);
          AwaitSignal(on_signal);
        });
  }
};

IoThread::IoThread() : state_(std::make_unique<State>()) {
  state_->thread = std::thread([state = state_.get()] { state->context.run(); });
}

IoThread::~IoThread() { Stop(); }

void IoThread::Post(std::function<void()> call) {
  if (!state_->stopped) asio::post(state_->context, std::move(call));
}

void IoThread::CatchStopSignals(std::function<void(int)> on_signal) {
  // Here and not on the thread: a signal that comes right after this call must be caught.
  state_->signals.add(SIGINT);
  state_->signals.add(SIGTERM);
  state_->AwaitSignal(std::move(on_signal));
}

std::shared_ptr<void> IoThread::HoldUpDrain() {
  const std::shared_ptr<Holders> holders = state_->holders;
  const std::lock_guard lock(holders->mutex);
  ++holders->count;
  return std::shared_ptr<void>(holders.get(), [holders](void*) {
    const std::lock_guard letting_go(holders->mutex);
    if (--holders->count == 0) holders->gone.notify_all();
  });
}

void IoThread::Drain(absl::Duration at_most) {
  Holders& holders = *state_->holders;
  std::unique_lock lock(holders.mutex);
  holders.gone.wait_for(lock, absl::ToChronoNanoseconds(at_most),
                        [&holders] { return holders.count == 0; });
}

void IoThread::Stop() {
  if (state_->stopped.exchange(true)) return;
  state_->context.stop();
  state_->thread.join();
}

asio::io_context& IoThread::context() { return state_->context; }

}  // namespace wavetank::platform
