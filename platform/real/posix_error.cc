#include "platform/real/posix_error.h"

#include <cerrno>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace wavetank::platform {
namespace {

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case ENOENT:
      return absl::StatusCode::kNotFound;
    case EEXIST:
      return absl::StatusCode::kAlreadyExists;
    case EACCES:
      return absl::StatusCode::kPermissionDenied;
    case EBADF:  // a write to a file opened for reading
    case ENOTEMPTY:
    case ENOTDIR:
    case EISDIR:
    case EPERM:  // a link to a directory
    case ELOOP:
    case ETXTBSY:
      return absl::StatusCode::kFailedPrecondition;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::StatusCode::kResourceExhausted;
    case EINVAL:
    case ENAMETOOLONG:
      return absl::StatusCode::kInvalidArgument;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

}  // namespace

absl::Status DiskError(int error, const std::string& attempt) {
  return absl::Status(CodeOf(error),
                      absl::StrCat(attempt, ": ", std::generic_category().message(error)));
}

absl::Status CheckPath(const std::string& path) {
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty() || part == "." || part == ".." || part.find('\0') != part.npos) {
      return absl::InvalidArgumentError(absl::StrCat(
          "path \"", absl::CEscape(path),
          "\": want components separated by \"/\", none of them empty, \".\" or \"..\""));
    }
  }
  return absl::OkStatus();
}

}  // namespace wavetank::platform
