#include "platform/real/inotify_watch.h"

#include <sys/inotify.h>

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "asio/buffer.hpp"
#include "asio/error_code.hpp"
#include "asio/io_context.hpp"
#include "asio/posix/stream_descriptor.hpp"

#include "platform/event.h"

namespace wavetank::platform {

Descriptor OpenInotify(const Descriptor& directory) {
  Descriptor inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify.valid()) return inotify;
  const std::string path = absl::StrCat("/proc/self/fd/", directory.get());
  const int watch =
      ::inotify_add_watch(inotify.get(), path.c_str(), IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
  return watch < 0 ? Descriptor(-1) : std::move(inotify);
}

struct InotifyWatch::State : std::enable_shared_from_this<State> {
  explicit State(EventLoop& l) : loop(l) {}

  // The I/O thread, from here on.
  void Begin(asio::io_context& context, Descriptor inotify) {
    if (closed) return;
    in.emplace(context, inotify.Release());
    Read();
  }
  void Read() {
    in->async_read_some(asio::buffer(buffer),
                        [self = shared_from_this()](asio::error_code error, size_t) {
                          if (error || self->closed) return;
                          self->Tell();
                          self->Read();
                        });
  }
  void Tell() {
    if (told.exchange(true)) return;
    loop.Post([self = shared_from_this()] {
      self->told = false;
      self->came.Set();
    });
  }
  void Close() {
    closed = true;
    in.reset();
  }

  EventLoop& loop;
  Event came;  // the loop's thread
  std::atomic<bool> told = false;
  bool closed = false;
  std::optional<asio::posix::stream_descriptor> in;
  std::array<char, 4096> buffer;
};

InotifyWatch::InotifyWatch(Descriptor inotify, IoThread& io, EventLoop& loop)
    : io_(io), state_(std::make_shared<State>(loop)) {
  auto owned = std::make_shared<Descriptor>(std::move(inotify));
  io_.Post([state = state_, owned, &io] { state->Begin(io.context(), std::move(*owned)); });
}

InotifyWatch::~InotifyWatch() {
  io_.Post([state = state_] { state->Close(); });
}

Task<void> InotifyWatch::Wait() {
  co_await state_->came.Wait();
  state_->came.Reset();
}

}  // namespace wavetank::platform
