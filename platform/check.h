// Checks for programmer errors: on in every build, because an engine that goes on after a broken
// invariant may write what it cannot take back. Operating errors are absl::Status, never a CHECK.
#ifndef WAVETANK_PLATFORM_CHECK_H_
#define WAVETANK_PLATFORM_CHECK_H_

#include <string>

namespace wavetank::platform {

// Prints "file:line: check failed: condition: message" to standard error and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              const std::string& message = "");

}  // namespace wavetank::platform

// WT_CHECK(condition) or WT_CHECK(condition, message); the message is only built on failure.
#define WT_CHECK(condition, ...)                                                \
  do {                                                                          \
    if (!(condition)) [[unlikely]] {                                            \
      ::wavetank::platform::CheckFailed(__FILE__, __LINE__,                     \
                                        #condition __VA_OPT__(, ) __VA_ARGS__); \
    }                                                                           \
  } while (false)

#endif  // WAVETANK_PLATFORM_CHECK_H_
