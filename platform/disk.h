// Disk: the files of one machine, as its processes see them.
//
// Paths are relative to the disk's root, "/"-separated, without "." or "..": kInvalidArgument else.
// A directory must exist before something is made in it. Names beginning with ".tmp-" are by
// convention leftovers that recovery may remove.
//
// Fault model.
// * A process's death (crash, kill -9) takes nothing that a completed call did: the machine keeps
//   its page cache. A call in flight at the death may turn out not, partly or wholly done. Locks
//   go.
// * A power loss decides anew, for each thing that no completed sync covers:
//   - file content: each 512-byte sector written since the file's last completed Sync has any of
//     the values it was given since then, or its synced value; a sector in appended space may also
//     be zeros or stale bytes; the size is anything between the synced and the last size;
//   - names: a file's or directory's creation, link, rename or removal is done or undone, each by
//     itself, until SyncDirectory of its parent completes. (A rename is atomic: a power loss shows
//     the old or the new name, and for a replaced target either its old or its new file.)
// * Sync makes the file's content and size durable, not its name. SyncDirectory makes the names in
//   that directory durable, not their content, nor the directory's own name in its parent.
// * After a Sync that failed, what was written since the last completed one may be lost even though
//   a later Sync succeeds: never trust that file again; write a new one. Whatever handle's sync it
//   was, every other one that was open then learns of it by an error of its own next Sync; one
//   opened later does not. (Linux, from 4.13 on: https://docs.kernel.org/core-api/errseq.html.)
// * Reads see every completed write. A read during an unfinished write sees any mixture.
// * Errors: kNotFound, kAlreadyExists, kFailedPrecondition (lock held, directory not empty, wrong
//   kind), kPermissionDenied, kResourceExhausted (no space; a failed write may have been done in
//   part), kUnavailable (any other: it may pass, also where the device cannot read a sector). Never
//   kDataLoss: that is for whoever checks what was read. Messages name the call, the path, and the
//   offset.
#ifndef WAVETANK_PLATFORM_DISK_H_
#define WAVETANK_PLATFORM_DISK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "platform/status_macros.h"
#include "platform/task.h"

namespace wavetank::platform {

enum class OpenMode {
  kRead,       // the file must exist
  kWrite,      // read and write; the file must exist
  kCreateNew,  // read and write; kAlreadyExists if there is something of that name
};

// What a write and the sync after it came to.
struct WriteOutcome {
  absl::Status written;
  absl::Status synced;  // kFailedPrecondition if the write failed: nothing was synced
};

// An open file. Destroying it closes it (without a sync). Calls on one file may overlap; two
// overlapping appends land one after the other, in no stated order.
class File {
 public:
  virtual ~File() = default;

  // Up to `length` bytes; fewer only at the end of the file.
  virtual Task<absl::StatusOr<std::string>> ReadAt(uint64_t offset, uint64_t length) = 0;
  // Writes all of `data`; a gap beyond the end reads as zeros.
  virtual Task<absl::Status> WriteAt(uint64_t offset, std::string data) = 0;
  // Writes all of `data` at the end; gives the offset where it begins.
  virtual Task<absl::StatusOr<uint64_t>> Append(std::string data) = 0;
  virtual Task<absl::Status> Truncate(uint64_t size_bytes) = 0;
  // What Stat shows as its time, until it is written again; durable when the file is synced.
  virtual Task<absl::Status> SetModified(absl::Time modified) = 0;
  virtual Task<absl::Status> Sync() = 0;
  // WriteAt, then Sync. Where a call costs a change of threads, an implementation makes one of it.
  virtual Task<WriteOutcome> WriteAndSync(uint64_t offset, std::string data) {
    WriteOutcome outcome;
    outcome.written = co_await WriteAt(offset, std::move(data));
    outcome.synced = outcome.written.ok() ? co_await Sync() : NothingToSync();
    co_return outcome;
  }
  virtual Task<absl::StatusOr<uint64_t>> Size() = 0;

  static absl::Status NothingToSync() {
    return absl::FailedPreconditionError("not synced: what comes before it failed");
  }
};

// Held until destroyed, or until the process dies.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class FileKind {
  kFile,
  kDirectory,
  // What one can neither read as a file nor list: a FIFO, a device, a socket, a link to nothing.
  kOther,
};

// Names a file or directory itself, on its machine, whatever it is called: nothing else has the
// same while it is there.
struct FileId {
  uint64_t device = 0;
  uint64_t number = 0;

  friend bool operator==(const FileId&, const FileId&) = default;
};

struct FileInfo {
  FileKind kind = FileKind::kFile;
  uint64_t size_bytes = 0;
  // On the machine's wall clock, so it may lie. What it says after a change within one clock
  // granule is unstated.
  absl::Time modified;
  FileId id;
};

struct DirectoryEntry {
  std::string name;
  FileKind kind = FileKind::kFile;

  friend bool operator==(const DirectoryEntry&, const DirectoryEntry&) = default;
};

// Says when names come into a directory: to who would have to look again and again.
class DirectoryWatch {
 public:
  virtual ~DirectoryWatch() = default;
  // Returns once a name has come into the directory (made, linked or renamed) since the last call
  // returned, or since the watch was made; perhaps also when none has. It may be late and it may
  // miss some (what another machine does on a shared file system, what is more than the kernel
  // keeps), so whoever waits looks from time to time, too. One call at a time.
  virtual Task<void> Wait() = 0;
};

// Some bytes of a file, and what the file was when they had been read.
struct BytesOfFile {
  FileInfo info;
  std::string bytes;
};

// What opening a file, and then syncing it, came to.
struct SyncOutcome {
  absl::Status opened = {};
  FileInfo info = {};        // if it was opened: before the sync
  absl::Status synced = {};  // kFailedPrecondition if it was not: nothing was synced
};

class Disk {
 public:
  virtual ~Disk() = default;

  virtual Task<absl::StatusOr<std::unique_ptr<File>>> Open(std::string path, OpenMode mode) = 0;
  // Open and ReadAt; Stat, Open and Sync: where a call costs a change of threads, an implementation
  // makes one of them.
  virtual Task<absl::StatusOr<BytesOfFile>> Read(std::string path, uint64_t offset,
                                                 uint64_t length);
  virtual Task<SyncOutcome> SyncFile(std::string path);
  // SyncFile of each, in any order. Of many it may cost hardly more than of one.
  virtual Task<std::vector<SyncOutcome>> SyncFiles(std::vector<std::string> paths);
  // Atomically replaces `to` if it is a file. Both names must be in this disk.
  virtual Task<absl::Status> Rename(std::string from, std::string to) = 0;
  // A second name for a file: the atomic create-if-absent of a whole file, since `to` appears with
  // all of its content. kAlreadyExists if `to` exists.
  virtual Task<absl::Status> Link(std::string from, std::string to) = 0;
  virtual Task<absl::Status> Remove(std::string path) = 0;
  // kAlreadyExists if there is something of that name.
  virtual Task<absl::Status> MakeDirectory(std::string path) = 0;
  virtual Task<absl::Status> RemoveDirectory(std::string path) = 0;
  virtual Task<absl::Status> SyncDirectory(std::string path) = 0;
  // Ordered by name. "" is the root. Names that appear or go during the call may or may not be
  // seen.
  virtual Task<absl::StatusOr<std::vector<DirectoryEntry>>> List(std::string path) = 0;
  virtual Task<absl::StatusOr<FileInfo>> Stat(std::string path) = 0;
  // Stat of each, in any order.
  virtual Task<std::vector<absl::StatusOr<FileInfo>>> StatFiles(std::vector<std::string> paths);
  // Of the directory that stands there now, whatever comes to stand there later. kUnimplemented,
  // kResourceExhausted, ...: nobody tells: look from time to time.
  virtual Task<absl::StatusOr<std::unique_ptr<DirectoryWatch>>> Watch(std::string path) = 0;
  // An exclusive lock on a file, created if absent; kFailedPrecondition at once if any process (or
  // this one) holds it.
  virtual Task<absl::StatusOr<std::unique_ptr<FileLock>>> Lock(std::string path) = 0;
};

inline Task<absl::StatusOr<BytesOfFile>> Disk::Read(std::string path, uint64_t offset,
                                                    uint64_t length) {
  BytesOfFile read;
  WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, co_await Open(path, OpenMode::kRead));
  WT_CO_ASSIGN_OR_RETURN(read.bytes, co_await file->ReadAt(offset, length));
  WT_CO_ASSIGN_OR_RETURN(read.info, co_await Stat(path));
  co_return read;
}

inline Task<SyncOutcome> Disk::SyncFile(std::string path) {
  SyncOutcome outcome{.synced = File::NothingToSync()};
  const absl::StatusOr<FileInfo> info = co_await Stat(path);
  outcome.opened = info.status();
  if (!info.ok()) co_return outcome;
  outcome.info = *info;
  const absl::StatusOr<std::unique_ptr<File>> file =
      co_await Open(std::move(path), OpenMode::kRead);
  outcome.opened = file.status();
  if (file.ok()) outcome.synced = co_await (*file)->Sync();
  co_return outcome;
}

inline Task<std::vector<absl::StatusOr<FileInfo>>> Disk::StatFiles(std::vector<std::string> paths) {
  std::vector<absl::StatusOr<FileInfo>> infos;
  infos.reserve(paths.size());
  for (std::string& path : paths) infos.push_back(co_await Stat(std::move(path)));
  co_return infos;
}

inline Task<std::vector<SyncOutcome>> Disk::SyncFiles(std::vector<std::string> paths) {
  std::vector<SyncOutcome> outcomes;
  outcomes.reserve(paths.size());
  for (std::string& path : paths) outcomes.push_back(co_await SyncFile(std::move(path)));
  co_return outcomes;
}

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_DISK_H_
