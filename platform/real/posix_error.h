// What errno means in the words of disk.h.
#ifndef WAVETANK_PLATFORM_REAL_POSIX_ERROR_H_
#define WAVETANK_PLATFORM_REAL_POSIX_ERROR_H_

#include <string>

#include "absl/status/status.h"

namespace wavetank::platform {

// "attempt: reason", for instance "write logs/7 at 4096: No space left on device".
absl::Status DiskError(int error, const std::string& attempt);

// OK for "a/b/c": relative, no empty, "." or ".." component, no NUL.
absl::Status CheckPath(const std::string& path);

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_POSIX_ERROR_H_
