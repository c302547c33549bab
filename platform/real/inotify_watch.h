// InotifyWatch: a DirectoryWatch by Linux's inotify(7). The I/O thread reads what the kernel says;
// however much that is, the loop is posted to once for each time that somebody waits.
#ifndef WAVETANK_PLATFORM_REAL_INOTIFY_WATCH_H_
#define WAVETANK_PLATFORM_REAL_INOTIFY_WATCH_H_

#include <memory>

#include "platform/disk.h"
#include "platform/real/descriptor.h"
#include "platform/real/event_loop.h"
#include "platform/real/io_thread.h"
#include "platform/task.h"

namespace wavetank::platform {

// What the kernel says of the names of an open directory; invalid, with errno: it says nothing.
// Does not block for long: for the disk pool.
Descriptor OpenInotify(const Descriptor& directory);

class InotifyWatch final : public DirectoryWatch {
 public:
  // The thread and the loop must outlive it. REQUIRES: valid, of OpenInotify.
  InotifyWatch(Descriptor inotify, IoThread& io, EventLoop& loop);
  ~InotifyWatch() override;

  Task<void> Wait() override;

 private:
  struct State;

  IoThread& io_;
  const std::shared_ptr<State> state_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_INOTIFY_WATCH_H_
