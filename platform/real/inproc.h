// Connections between nodes of one process, at "inproc:name": no bytes, no I/O thread. Attachments
// are handed over as they are. Buffers are bounded like TCP's; an end that is destroyed breaks the
// connection at once, so there is nothing that a heartbeat would find.
#ifndef WAVETANK_PLATFORM_REAL_INPROC_H_
#define WAVETANK_PLATFORM_REAL_INPROC_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"

#include "platform/network.h"
#include "platform/real/bounded_queue.h"
#include "platform/real/event_loop.h"

namespace wavetank::platform {

// The names of one process. Thread-safe.
class InprocHub : public std::enable_shared_from_this<InprocHub> {
 public:
  explicit InprocHub(const NetworkOptions& options) : options_(options) {}

  // `loop` is the asking node's; it must outlive what is returned. kUnavailable if nobody listens
  // or the listener has too many connections to accept.
  absl::StatusOr<std::unique_ptr<Connection>> Connect(EventLoop& loop, const std::string& name);
  // kAlreadyExists if somebody listens.
  absl::StatusOr<std::unique_ptr<Listener>> Listen(EventLoop& loop, const std::string& name);

 private:
  class InprocListener;
  using AcceptQueue = BoundedQueue<std::unique_ptr<Connection>>;
  struct Entry {
    EventLoop* loop;
    std::shared_ptr<AcceptQueue> accepts;
  };

  const NetworkOptions options_;
  std::mutex mutex_;
  std::map<std::string, Entry> listeners_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_INPROC_H_
