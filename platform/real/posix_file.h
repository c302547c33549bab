// PosixFile: an open file of a PosixDisk (contract: disk.h).
#ifndef WAVETANK_PLATFORM_REAL_POSIX_FILE_H_
#define WAVETANK_PLATFORM_REAL_POSIX_FILE_H_

#include <memory>
#include <string>

#include "platform/disk.h"
#include "platform/real/descriptor.h"
#include "platform/real/disk_pool.h"
#include "platform/real/event_loop.h"

namespace wavetank::platform {

// As File::ReadAt, of an open file; `path` is for messages.
absl::StatusOr<std::string> ReadFrom(const Descriptor& file, const std::string& path,
                                     uint64_t offset, uint64_t length);
// As File::Sync.
absl::Status SyncContent(const Descriptor& file, const std::string& path);

class PosixFile final : public File {
 public:
  // `path` is for error messages. The pool and the loop must outlive the file.
  PosixFile(std::string path, Descriptor opened, DiskPool& pool, EventLoop& loop);
  // The descriptor is closed on the pool, after the calls in flight.
  ~PosixFile() override;

  Task<absl::StatusOr<std::string>> ReadAt(uint64_t offset, uint64_t length) override;
  Task<absl::Status> WriteAt(uint64_t offset, std::string data) override;
  Task<absl::StatusOr<uint64_t>> Append(std::string data) override;
  Task<absl::Status> Truncate(uint64_t size_bytes) override;
  Task<absl::Status> SetModified(absl::Time modified) override;
  Task<absl::Status> Sync() override;
  Task<WriteOutcome> WriteAndSync(uint64_t offset, std::string data) override;
  Task<absl::StatusOr<uint64_t>> Size() override;

 private:
  struct Opened;

  std::shared_ptr<Opened> opened_;  // shared with the calls in flight
  DiskPool& pool_;
  EventLoop& loop_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_POSIX_FILE_H_
