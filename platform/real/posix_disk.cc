#include "platform/real/posix_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "platform/real/file_system_sync.h"
#include "platform/real/inotify_watch.h"
#include "platform/real/posix_error.h"
#include "platform/real/posix_file.h"
#include "platform/status_macros.h"

namespace wavetank::platform {
namespace {

using Root = std::shared_ptr<const Descriptor>;

// The root is "" in disk.h, "." for the *at calls.
const char* AtPath(const std::string& path) { return path.empty() ? "." : path.c_str(); }

absl::Status CheckDirectoryPath(const std::string& path) {
  return path.empty() ? absl::OkStatus() : CheckPath(path);
}

absl::StatusOr<Descriptor> OpenAt(const Root& root, const std::string& path, int flags,
                                  const std::string& attempt) {
  Descriptor opened(
      Retry([&] { return ::openat(root->get(), AtPath(path), flags | O_CLOEXEC, 0666); }));
  if (!opened.valid()) return DiskError(errno, attempt);
  return opened;
}

int OpenFlags(OpenMode mode) {
  // O_NONBLOCK: opening a FIFO must not wait for its writer; it means nothing for files.
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY | O_NONBLOCK;
    case OpenMode::kWrite:
      return O_RDWR | O_NONBLOCK;
    case OpenMode::kCreateNew:
      break;
  }
  return O_RDWR | O_NONBLOCK | O_CREAT | O_EXCL;
}

absl::StatusOr<Descriptor> OpenFile(const Root& root, const std::string& path, OpenMode mode) {
  const std::string attempt = absl::StrCat("open ", path);
  WT_RETURN_IF_ERROR(CheckPath(path));
  WT_ASSIGN_OR_RETURN(Descriptor opened, OpenAt(root, path, OpenFlags(mode), attempt));
  struct stat info;
  if (::fstat(opened.get(), &info) != 0) return DiskError(errno, attempt);
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(attempt, ": not a file"));
  }
  return opened;
}

absl::Status RenamePath(const Root& root, const std::string& from, const std::string& to) {
  const std::string attempt = absl::StrCat("rename ", from, " to ", to);
  WT_RETURN_IF_ERROR(CheckPath(from));
  WT_RETURN_IF_ERROR(CheckPath(to));
  struct stat target;
  // rename(2) would replace an empty directory by a directory.
  if (::fstatat(root->get(), to.c_str(), &target, 0) == 0 && S_ISDIR(target.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(attempt, ": the target is a directory"));
  }
  if (::renameat(root->get(), from.c_str(), root->get(), to.c_str()) != 0) {
    return DiskError(errno, attempt);
  }
  return absl::OkStatus();
}

absl::Status LinkPath(const Root& root, const std::string& from, const std::string& to) {
  WT_RETURN_IF_ERROR(CheckPath(from));
  WT_RETURN_IF_ERROR(CheckPath(to));
  if (::linkat(root->get(), from.c_str(), root->get(), to.c_str(), 0) != 0) {
    return DiskError(errno, absl::StrCat("link ", from, " to ", to));
  }
  return absl::OkStatus();
}

absl::Status RemovePath(const Root& root, const std::string& path) {
  WT_RETURN_IF_ERROR(CheckPath(path));
  if (::unlinkat(root->get(), path.c_str(), 0) != 0) {
    return DiskError(errno, absl::StrCat("remove ", path));
  }
  return absl::OkStatus();
}

absl::Status MakeDirectoryAt(const Root& root, const std::string& path) {
  WT_RETURN_IF_ERROR(CheckPath(path));
  if (::mkdirat(root->get(), path.c_str(), 0777) != 0) {
    return DiskError(errno, absl::StrCat("make directory ", path));
  }
  return absl::OkStatus();
}

absl::Status RemoveDirectoryAt(const Root& root, const std::string& path) {
  WT_RETURN_IF_ERROR(CheckPath(path));
  if (::unlinkat(root->get(), path.c_str(), AT_REMOVEDIR) != 0) {
    const int error = errno == EEXIST ? ENOTEMPTY : errno;  // POSIX allows either
    return DiskError(error, absl::StrCat("remove directory ", path));
  }
  return absl::OkStatus();
}

absl::Status SyncDirectoryAt(const Root& root, const std::string& path) {
  const std::string attempt = absl::StrCat("sync directory ", path);
  WT_RETURN_IF_ERROR(CheckDirectoryPath(path));
  const Descriptor directory(Retry(
      [&] { return ::openat(root->get(), AtPath(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!directory.valid() && errno == EACCES) {
    // Names can be made where they may not be read. Then all that the machine has is synced.
    ::sync();
    return absl::OkStatus();
  }
  if (!directory.valid()) return DiskError(errno, attempt);
  if (Retry([&] { return ::fsync(directory.get()); }) != 0) return DiskError(errno, attempt);
  return absl::OkStatus();
}

FileKind KindOf(const struct stat& info) {
  if (S_ISDIR(info.st_mode)) return FileKind::kDirectory;
  return S_ISREG(info.st_mode) ? FileKind::kFile : FileKind::kOther;
}

// Of an entry, as far as the directory itself says; links are followed.
FileKind KindOf(int directory, const dirent& entry) {
  if (entry.d_type == DT_DIR) return FileKind::kDirectory;
  if (entry.d_type == DT_REG) return FileKind::kFile;
  struct stat info;
  return ::fstatat(directory, entry.d_name, &info, 0) == 0 ? KindOf(info) : FileKind::kOther;
}

absl::StatusOr<std::vector<DirectoryEntry>> ListAt(const Root& root, const std::string& path) {
  const std::string attempt = absl::StrCat("list ", path);
  WT_RETURN_IF_ERROR(CheckDirectoryPath(path));
  const int fd = Retry(
      [&] { return ::openat(root->get(), AtPath(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0) return DiskError(errno, attempt);
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(fd), ::closedir);
  if (directory == nullptr) return DiskError(errno, attempt);

  std::vector<DirectoryEntry> entries;
  errno = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    entries.push_back({name, KindOf(fd, *entry)});
    errno = 0;
  }
  if (errno != 0) return DiskError(errno, attempt);
  std::sort(entries.begin(), entries.end(),
            [](const DirectoryEntry& a, const DirectoryEntry& b) { return a.name < b.name; });
  return entries;
}

FileInfo InfoOf(const struct stat& info) {
  return {KindOf(info),
          static_cast<uint64_t>(info.st_size),
          absl::TimeFromTimespec(info.st_mtim),
          {.device = info.st_dev, .number = info.st_ino}};
}

absl::StatusOr<FileInfo> StatAt(const Root& root, const std::string& path) {
  WT_RETURN_IF_ERROR(CheckDirectoryPath(path));
  struct stat info;
  if (::fstatat(root->get(), AtPath(path), &info, 0) != 0) {
    return DiskError(errno, absl::StrCat("stat ", path));
  }
  return InfoOf(info);
}

absl::StatusOr<FileInfo> StatOpened(const Descriptor& file, const std::string& path) {
  struct stat info;
  if (::fstat(file.get(), &info) != 0) return DiskError(errno, absl::StrCat("stat ", path));
  return InfoOf(info);
}

absl::StatusOr<BytesOfFile> ReadAt(const Root& root, const std::string& path, uint64_t offset,
                                   uint64_t length) {
  WT_ASSIGN_OR_RETURN(const Descriptor file, OpenFile(root, path, OpenMode::kRead));
  BytesOfFile read;
  WT_ASSIGN_OR_RETURN(read.bytes, ReadFrom(file, path, offset, length));
  WT_ASSIGN_OR_RETURN(read.info, StatOpened(file, path));
  return read;
}

// What it is before a sync: what is written later is none of what is synced.
absl::StatusOr<Descriptor> OpenStatted(const Root& root, const std::string& path,
                                       SyncOutcome& outcome) {
  absl::StatusOr<Descriptor> file = OpenFile(root, path, OpenMode::kRead);
  const absl::StatusOr<FileInfo> info = file.ok() ? StatOpened(*file, path) : file.status();
  outcome.opened = info.status();
  outcome.synced = info.ok() ? absl::OkStatus() : File::NothingToSync();
  if (!info.ok()) return info.status();
  outcome.info = *info;
  return file;
}

SyncOutcome SyncFileAt(const Root& root, const std::string& path) {
  SyncOutcome outcome;
  const absl::StatusOr<Descriptor> file = OpenStatted(root, path, outcome);
  if (file.ok()) outcome.synced = SyncContent(*file, path);
  return outcome;
}

absl::StatusOr<Descriptor> LockAt(const Root& root, const std::string& path) {
  const std::string attempt = absl::StrCat("lock ", path);
  WT_RETURN_IF_ERROR(CheckPath(path));
  WT_ASSIGN_OR_RETURN(Descriptor file, OpenAt(root, path, O_RDWR | O_CREAT, attempt));
  if (Retry([&] { return ::flock(file.get(), LOCK_EX | LOCK_NB); }) != 0) {
    if (errno != EWOULDBLOCK) return DiskError(errno, attempt);
    return absl::FailedPreconditionError(absl::StrCat(attempt, ": another holds it"));
  }
  return file;
}

absl::StatusOr<Descriptor> InotifyAt(const Root& root, const std::string& path) {
  const std::string attempt = absl::StrCat("watch ", path);
  WT_RETURN_IF_ERROR(CheckDirectoryPath(path));
  WT_ASSIGN_OR_RETURN(const Descriptor directory,
                      OpenAt(root, path, O_PATH | O_DIRECTORY, attempt));
  Descriptor inotify = OpenInotify(directory);
  if (!inotify.valid()) return DiskError(errno, attempt);
  return inotify;
}

class PosixFileLock final : public FileLock {
 public:
  explicit PosixFileLock(Descriptor file) : file_(std::move(file)) {}

 private:
  const Descriptor file_;  // closing it unlocks
};

}  // namespace

absl::StatusOr<std::unique_ptr<PosixDisk>> PosixDisk::Open(const std::string& root, DiskPool& pool,
                                                           IoThread& io, EventLoop& loop) {
  Descriptor opened(
      Retry([&] { return ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!opened.valid()) return DiskError(errno, absl::StrCat("open the disk's root ", root));
  return std::unique_ptr<PosixDisk>(
      new PosixDisk(std::make_shared<const Descriptor>(std::move(opened)), pool, io, loop));
}

Task<absl::StatusOr<std::unique_ptr<File>>> PosixDisk::Open(std::string path, OpenMode mode) {
  auto open = [root = root_, path, mode, &pool = pool_,
               &loop = loop_]() -> absl::StatusOr<std::unique_ptr<File>> {
    WT_ASSIGN_OR_RETURN(Descriptor opened, OpenFile(root, path, mode));
    return std::make_unique<PosixFile>(path, std::move(opened), pool, loop);
  };
  return pool_.Run(loop_, std::move(open));
}

Task<absl::StatusOr<BytesOfFile>> PosixDisk::Read(std::string path, uint64_t offset,
                                                  uint64_t length) {
  return pool_.Run(
      loop_, [root = root_, path, offset, length] { return ReadAt(root, path, offset, length); });
}

Task<SyncOutcome> PosixDisk::SyncFile(std::string path) {
  return pool_.Run(loop_, [root = root_, path] { return SyncFileAt(root, path); });
}

Task<std::vector<SyncOutcome>> PosixDisk::SyncFiles(std::vector<std::string> paths) {
  return pool_.Run(loop_, [root = root_, paths = std::move(paths)] {
    std::vector<SyncOutcome> outcomes;
    FileSystemSync all;
    for (const std::string& path : paths) {
      SyncOutcome& outcome = outcomes.emplace_back();
      absl::StatusOr<Descriptor> file = OpenStatted(root, path, outcome);
      if (file.ok()) all.Add(*std::move(file), outcome.info.id.device);
    }
    if (all.Sync()) return outcomes;
    // Which of them it was, or that there is no such way, each says by itself.
    for (size_t i = 0; i < paths.size(); ++i) outcomes[i] = SyncFileAt(root, paths[i]);
    return outcomes;
  });
}

Task<absl::Status> PosixDisk::Rename(std::string from, std::string to) {
  return pool_.Run(loop_, [root = root_, from, to] { return RenamePath(root, from, to); });
}

Task<absl::Status> PosixDisk::Link(std::string from, std::string to) {
  return pool_.Run(loop_, [root = root_, from, to] { return LinkPath(root, from, to); });
}

Task<absl::Status> PosixDisk::Remove(std::string path) {
  return pool_.Run(loop_, [root = root_, path] { return RemovePath(root, path); });
}

Task<absl::Status> PosixDisk::MakeDirectory(std::string path) {
  return pool_.Run(loop_, [root = root_, path] { return MakeDirectoryAt(root, path); });
}

Task<absl::Status> PosixDisk::RemoveDirectory(std::string path) {
  return pool_.Run(loop_, [root = root_, path] { return RemoveDirectoryAt(root, path); });
}

Task<absl::Status> PosixDisk::SyncDirectory(std::string path) {
  return pool_.Run(loop_, [root = root_, path] { return SyncDirectoryAt(root, path); });
}

Task<absl::StatusOr<std::vector<DirectoryEntry>>> PosixDisk::List(std::string path) {
  return pool_.Run(loop_, [root = root_, path] { return ListAt(root, path); });
}

Task<absl::StatusOr<FileInfo>> PosixDisk::Stat(std::string path) {
  return pool_.Run(loop_, [root = root_, path] { return StatAt(root, path); });
}

Task<std::vector<absl::StatusOr<FileInfo>>> PosixDisk::StatFiles(std::vector<std::string> paths) {
  return pool_.Run(loop_, [root = root_, paths = std::move(paths)] {
    std::vector<absl::StatusOr<FileInfo>> infos;
    infos.reserve(paths.size());
    for (const std::string& path : paths) infos.push_back(StatAt(root, path));
    return infos;
  });
}

Task<absl::StatusOr<std::unique_ptr<DirectoryWatch>>> PosixDisk::Watch(std::string path) {
  auto watch = [root = root_, path, &io = io_,
                &loop = loop_]() -> absl::StatusOr<std::unique_ptr<DirectoryWatch>> {
    WT_ASSIGN_OR_RETURN(Descriptor inotify, InotifyAt(root, path));
    return std::make_unique<InotifyWatch>(std::move(inotify), io, loop);
  };
  return pool_.Run(loop_, std::move(watch));
}

Task<absl::StatusOr<std::unique_ptr<FileLock>>> PosixDisk::Lock(std::string path) {
  auto lock = [root = root_, path]() -> absl::StatusOr<std::unique_ptr<FileLock>> {
    WT_ASSIGN_OR_RETURN(Descriptor file, LockAt(root, path));
    return std::make_unique<PosixFileLock>(std::move(file));
  };
  return pool_.Run(loop_, std::move(lock));
}

}  // namespace wavetank::platform
