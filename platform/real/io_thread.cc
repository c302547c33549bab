#include "platform/real/io_thread.h"

#include <atomic>
#include <csignal>
#include <thread>
#include <utility>

#include "asio/executor_work_guard.hpp"
#include "asio/io_context.hpp"
#include "asio/post.hpp"
#include "asio/signal_set.hpp"

namespace wavetank::platform {

struct IoThread::State {
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

void IoThread::Stop() {
  if (state_->stopped.exchange(true)) return;
  state_->context.stop();
  state_->thread.join();
}

asio::io_context& IoThread::context() { return state_->context; }

}  // namespace wavetank::platform
