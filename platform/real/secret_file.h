// The secret that the processes of a cluster share (handshake.h), from a file that its owner alone
// may read.
#ifndef WAVETANK_PLATFORM_REAL_SECRET_FILE_H_
#define WAVETANK_PLATFORM_REAL_SECRET_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace wavetank::platform {

inline constexpr size_t kLeastSecretBytes = 16;
inline constexpr size_t kMostSecretBytes = 4096;

// The file's bytes, without white space at their end. kInvalidArgument, saying what to do: it
// cannot be read, others than its owner may read or write it, or it is too short or too long.
absl::StatusOr<std::string> ReadSecretFile(const std::string& path);

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_SECRET_FILE_H_
