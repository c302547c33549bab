// PosixDisk: a folder of the host's file system as a Disk (contract and fault model: disk.h).
//
// Every call runs on the disk pool and answers on the node's loop; an operation owns its buffers,
// so the frame that awaits it may be destroyed at any time. What disk.h asks for, and what gives
// it:
//
// * Sync is fdatasync, SyncDirectory is fsync of the directory: real ones, as durable as the file
//   system and the device below are. A directory that may not be opened for reading (mode 0711) is
//   synced by sync(2), with all else, which tells no errors. Link is link(2), kCreateNew is O_EXCL.
// * Lock is flock(2) on a description of its own, and so excludes this process's other holders too.
// * Append writes at the end as this handle finds it, one append at a time. Two handles that append
//   to one file at once may overwrite each other: a file has one writer, which Lock is for.
// * Watch is inotify(7).
// * Symbolic links are followed, also out of the root: the root is no jail.
#ifndef WAVETANK_PLATFORM_REAL_POSIX_DISK_H_
#define WAVETANK_PLATFORM_REAL_POSIX_DISK_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "platform/disk.h"
#include "platform/real/descriptor.h"
#include "platform/real/disk_pool.h"
#include "platform/real/event_loop.h"
#include "platform/real/io_thread.h"

namespace wavetank::platform {

class PosixDisk final : public Disk {
 public:
  // `root` is a directory, "/" allowed. The pool, the I/O thread and the loop must outlive the disk
  // and its files. kNotFound or another error that names `root`.
  static absl::StatusOr<std::unique_ptr<PosixDisk>> Open(const std::string& root, DiskPool& pool,
                                                         IoThread& io, EventLoop& loop);

  Task<absl::StatusOr<std::unique_ptr<File>>> Open(std::string path, OpenMode mode) override;
  Task<absl::StatusOr<BytesOfFile>> Read(std::string path, uint64_t offset,
                                         uint64_t length) override;
  Task<SyncOutcome> SyncFile(std::string path) override;
  Task<std::vector<SyncOutcome>> SyncFiles(std::vector<std::string> paths) override;
  Task<absl::Status> Rename(std::string from, std::string to) override;
  Task<absl::Status> Link(std::string from, std::string to) override;
  Task<absl::Status> Remove(std::string path) override;
  Task<absl::Status> MakeDirectory(std::string path) override;
  Task<absl::Status> RemoveDirectory(std::string path) override;
  Task<absl::Status> SyncDirectory(std::string path) override;
  Task<absl::StatusOr<std::vector<DirectoryEntry>>> List(std::string path) override;
  Task<absl::StatusOr<FileInfo>> Stat(std::string path) override;
  Task<std::vector<absl::StatusOr<FileInfo>>> StatFiles(std::vector<std::string> paths) override;
  Task<absl::StatusOr<std::unique_ptr<DirectoryWatch>>> Watch(std::string path) override;
  Task<absl::StatusOr<std::unique_ptr<FileLock>>> Lock(std::string path) override;

 private:
  PosixDisk(std::shared_ptr<const Descriptor> root, DiskPool& pool, IoThread& io, EventLoop& loop)
      : root_(std::move(root)), pool_(pool), io_(io), loop_(loop) {}

  const std::shared_ptr<const Descriptor> root_;  // shared with the calls in flight
  DiskPool& pool_;
  IoThread& io_;
  EventLoop& loop_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_REAL_POSIX_DISK_H_
