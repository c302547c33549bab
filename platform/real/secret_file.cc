#include "platform/real/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "platform/real/descriptor.h"

namespace wavetank::platform {
namespace {

constexpr const char* kHowToMake =
    ": make one with `(umask 077; openssl rand -hex 32 > FILE)` and give each process a copy";

absl::Status Refused(const std::string& path, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat("secret file ", path, ": ", why, kHowToMake));
}

}  // namespace

absl::StatusOr<std::string> ReadSecretFile(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info = {};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) {
    return Refused(path, absl::StrCat("cannot be read, ", std::strerror(errno)));
  }
  if (!S_ISREG(info.st_mode)) return Refused(path, "is no regular file");
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Refused(path, "others than its owner have rights to it (chmod 600)");
  }
  std::string secret(kMostSecretBytes + 1, '\0');
  size_t size = 0;
  while (size < secret.size()) {
    const ssize_t read =
        Retry([&] { return ::read(file.get(), secret.data() + size, secret.size() - size); });
    if (read < 0) return Refused(path, absl::StrCat("cannot be read, ", std::strerror(errno)));
    if (read == 0) break;
    size += static_cast<size_t>(read);
  }
  if (size > kMostSecretBytes) {
    return Refused(path, absl::StrCat("is longer than ", kMostSecretBytes, " bytes"));
  }
  secret.resize(size);
  secret.resize(secret.find_last_not_of(" \t\r\n") + 1);
  if (secret.size() < kLeastSecretBytes) {
    return Refused(path, absl::StrCat("is shorter than ", kLeastSecretBytes, " bytes"));
  }
  return secret;
}

}  // namespace wavetank::platform
