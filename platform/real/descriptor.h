// Descriptor: owns a POSIX file descriptor. Retry: repeats a call that a signal interrupted.
#ifndef WAVETANK_PLATFORM_REAL_DESCRIPTOR_H_
#define WAVETANK_PLATFORM_REAL_DESCRIPTOR_H_

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace wavetank::platform {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  // Not repeated after EINTR: Linux has released the descriptor by then.
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }
  // From now on the caller's to close.
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// The result of `call`, a function that fails with -1 and errno, once it is not EINTR.
template <typename F>
auto Retry(F call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_DESCRIPTOR_H_
