#include "platform/real/posix_error.h"

#include <cerrno>

#include "gtest/gtest.h"

namespace wavetank::platform {
namespace {

// Whoever checks what was read says kDataLoss, nobody else: an error of the device may pass.
TEST(PosixError, NoErrorOfACallIsDataLoss) {
  for (int error = 1; error < 200; ++error) {
    EXPECT_NE(DiskError(error, "read a at 0").code(), absl::StatusCode::kDataLoss) << error;
  }
}

struct Meaning {
  int error;
  absl::StatusCode code;
};

TEST(PosixError, MeansWhatTheSeamSays) {
  using enum absl::StatusCode;
  constexpr Meaning kMeanings[] = {
      {ENOENT, kNotFound},
      {EEXIST, kAlreadyExists},
      {EISDIR, kFailedPrecondition},
      {ENOTDIR, kFailedPrecondition},
      {ENOTEMPTY, kFailedPrecondition},
      {EBADF, kFailedPrecondition},
      {ENOSPC, kResourceExhausted},
      {EDQUOT, kResourceExhausted},
      {EFBIG, kResourceExhausted},
      {EACCES, kPermissionDenied},
      {EINVAL, kInvalidArgument},
      {ENAMETOOLONG, kInvalidArgument},
      // May pass, by itself or once somebody has mended it.
      {EIO, kUnavailable},
      {EMFILE, kUnavailable},
      {ENFILE, kUnavailable},
      {ENOMEM, kUnavailable},
      {EROFS, kUnavailable},
      {ESTALE, kUnavailable},
  };
  for (const Meaning& meaning : kMeanings) {
    const absl::Status status = DiskError(meaning.error, "open a/b");
    EXPECT_EQ(status.code(), meaning.code) << status;
    EXPECT_EQ(status.message().substr(0, 10), "open a/b: ") << status;
  }
}

}  // namespace
}  // namespace wavetank::platform
