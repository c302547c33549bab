#include "platform/real/posix_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/real/posix_error.h"
#include "platform/status_macros.h"

namespace wavetank::platform {

namespace {

std::string AttemptAt(const char* attempt, const std::string& path, uint64_t offset) {
  return absl::StrCat(attempt, " ", path, " at ", offset);
}

absl::StatusOr<uint64_t> SizeOf(const Descriptor& file, const std::string& path) {
  struct stat info;
  if (::fstat(file.get(), &info) != 0) return DiskError(errno, absl::StrCat("size of ", path));
  return static_cast<uint64_t>(info.st_size);
}

}  // namespace

absl::StatusOr<std::string> ReadFrom(const Descriptor& file, const std::string& path,
                                     uint64_t offset, uint64_t length) {
  WT_ASSIGN_OR_RETURN(const uint64_t size, SizeOf(file, path));
  std::string data(offset < size ? std::min(length, size - offset) : 0, '\0');
  size_t done = 0;
  while (done < data.size()) {
    const auto at = static_cast<off_t>(offset + done);
    const ssize_t n =
        Retry([&] { return ::pread(file.get(), data.data() + done, data.size() - done, at); });
    if (n < 0) return DiskError(errno, AttemptAt("read", path, offset + done));
    if (n == 0) break;  // truncated meanwhile
    done += static_cast<size_t>(n);
  }
  data.resize(done);
  return data;
}

absl::Status SyncContent(const Descriptor& file, const std::string& path) {
  if (Retry([&] { return ::fdatasync(file.get()); }) == 0) return absl::OkStatus();
  return DiskError(errno, absl::StrCat("sync ", path));
}

struct PosixFile::Opened {
  Opened(std::string p, Descriptor d) : path(std::move(p)), descriptor(std::move(d)) {}
  std::string At(const char* attempt, uint64_t offset) const {
    return AttemptAt(attempt, path, offset);
  }

  const std::string path;
  const Descriptor descriptor;
  std::mutex appending;  // from finding the end to the last byte written there

  absl::StatusOr<uint64_t> Size() const { return SizeOf(descriptor, path); }
  absl::StatusOr<std::string> ReadAt(uint64_t offset, uint64_t length) const {
    return ReadFrom(descriptor, path, offset, length);
  }

  absl::Status WriteAt(uint64_t offset, const std::string& data) const {
    constexpr auto kMaxEnd = static_cast<uint64_t>(std::numeric_limits<off_t>::max());
    if (offset > kMaxEnd || data.size() > kMaxEnd - offset) {
      return DiskError(EINVAL, At("write", offset));
    }
    size_t done = 0;
    while (done < data.size()) {
      const auto at = static_cast<off_t>(offset + done);
      const ssize_t n = Retry(
          [&] { return ::pwrite(descriptor.get(), data.data() + done, data.size() - done, at); });
      if (n < 0) return DiskError(errno, At("write", offset + done));
      done += static_cast<size_t>(n);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<uint64_t> Append(const std::string& data) {
    std::lock_guard lock(appending);
    WT_ASSIGN_OR_RETURN(const uint64_t end, Size());
    WT_RETURN_IF_ERROR(WriteAt(end, data));
    return end;
  }

  absl::Status Truncate(uint64_t size_bytes) const {
    const auto size = static_cast<off_t>(size_bytes);  // a negative one is EINVAL
    if (Retry([&] { return ::ftruncate(descriptor.get(), size); }) != 0) {
      return DiskError(errno, At("truncate", size_bytes));
    }
    return absl::OkStatus();
  }

  absl::Status SetModified(absl::Time modified) const {
    const timespec times[] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, absl::ToTimespec(modified)};
    if (Retry([&] { return ::futimens(descriptor.get(), times); }) != 0) {
      return DiskError(errno, absl::StrCat("set the time of ", path));
    }
    return absl::OkStatus();
  }

  absl::Status Sync() const { return SyncContent(descriptor, path); }
};

PosixFile::PosixFile(std::string path, Descriptor opened, DiskPool& pool, EventLoop& loop)
    : opened_(std::make_shared<Opened>(std::move(path), std::move(opened))),
      pool_(pool),
      loop_(loop) {}

PosixFile::~PosixFile() {
  pool_.Submit([opened = std::move(opened_)] {});
}

Task<absl::StatusOr<std::string>> PosixFile::ReadAt(uint64_t offset, uint64_t length) {
  return pool_.Run(loop_,
                   [opened = opened_, offset, length] { return opened->ReadAt(offset, length); });
}

Task<absl::Status> PosixFile::WriteAt(uint64_t offset, std::string data) {
  return pool_.Run(loop_, [opened = opened_, offset, data = std::move(data)] {
    return opened->WriteAt(offset, data);
  });
}

Task<absl::StatusOr<uint64_t>> PosixFile::Append(std::string data) {
  return pool_.Run(loop_,
                   [opened = opened_, data = std::move(data)] { return opened->Append(data); });
}

Task<absl::Status> PosixFile::Truncate(uint64_t size_bytes) {
  return pool_.Run(loop_, [opened = opened_, size_bytes] { return opened->Truncate(size_bytes); });
}

Task<absl::Status> PosixFile::SetModified(absl::Time modified) {
  return pool_.Run(loop_, [opened = opened_, modified] { return opened->SetModified(modified); });
}

Task<absl::Status> PosixFile::Sync() {
  return pool_.Run(loop_, [opened = opened_] { return opened->Sync(); });
}

Task<WriteOutcome> PosixFile::WriteAndSync(uint64_t offset, std::string data) {
  return pool_.Run(loop_, [opened = opened_, offset, data = std::move(data)] {
    WriteOutcome outcome;
    outcome.written = opened->WriteAt(offset, data);
    outcome.synced = outcome.written.ok() ? opened->Sync() : NothingToSync();
    return outcome;
  });
}

Task<absl::StatusOr<uint64_t>> PosixFile::Size() {
  return pool_.Run(loop_, [opened = opened_] { return opened->Size(); });
}

}  // namespace wavetank::platform
