// IoThread: the one thread of a process that waits for sockets and signals, and keeps the
// heartbeats of its connections, whatever the nodes' loops are doing.
#ifndef WAVETANK_PLATFORM_REAL_IO_THREAD_H_
#define WAVETANK_PLATFORM_REAL_IO_THREAD_H_

#include <functional>
#include <memory>

#include "absl/time/time.h"

namespace asio {
class io_context;
}

namespace wavetank::platform {

class IoThread {
 public:
  // Throws std::system_error if the system has no thread or descriptor to give.
  IoThread();
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  // Thread-safe. In the order posted; destroyed unrun after Stop.
  void Post(std::function<void()> call);
  // Once this returns SIGINT and SIGTERM call `on_signal` with their number, on this thread.
  // REQUIRES: called once.
  void CatchStopSignals(std::function<void(int signal)> on_signal);
  // Thread-safe. Drain waits as long as what this gave lives.
  std::shared_ptr<void> HoldUpDrain();
  // Returns once nothing holds it up, or after that long.
  void Drain(absl::Duration at_most);
  // Ends the thread; what it had in hand is dropped, its sockets are closed with this object.
  void Stop();

  // For the transports, on this thread.
  asio::io_context& context();

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_IO_THREAD_H_
