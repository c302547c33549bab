// What a thread does before it sleeps: to wake one takes longer than most of the calls that it
// waits for.
#ifndef WAVETANK_PLATFORM_REAL_LINGER_H_
#define WAVETANK_PLATFORM_REAL_LINGER_H_

#include <atomic>
#include <chrono>
#include <thread>

namespace wavetank::platform {

// Until `something_to_do`, for some microseconds at most; other threads that want the core have it.
inline void Linger(const std::atomic<bool>& something_to_do) {
  constexpr auto kLongest = std::chrono::microseconds(20);
  const auto until = std::chrono::steady_clock::now() + kLongest;
  while (!something_to_do && std::chrono::steady_clock::now() < until) std::this_thread::yield();
}

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_LINGER_H_
