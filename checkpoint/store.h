// Store: the durable files of a cluster. Every durable thing goes through one: logs, state, sink
// output. Over a local disk (local_store.h) or served to other machines (served_store.h), with the
// same contract. Nothing else coordinates: there is no consensus here, only names, order, and the
// rule that what a store has shown survives.
//
// Contract:
// - Durable means: survives the death of every process and a power loss of the store's machine.
// - What a call has acknowledged is durable. What Read, List or Exists has shown is durable too: a
//   local store syncs what it found before it answers, a served one never shows what is not.
// - Every request may be repeated after its reply was lost, with the same arguments: it then gives
//   the same answer, or one that says that the first was done.
// - A request that failed with kUnavailable, kDeadlineExceeded, kResourceExhausted or kDataLoss may
//   turn out done, partly done or not done, and not before long: a file whose Append failed must
//   not be appended to again by that writer.
// - Directories come into being with the first file in them; an absent directory lists as empty.
// - List shows an entry that is no file or directory, or that cannot be looked at (as its
//   permissions are, say), as FileKind::kOther: whoever needs it fails when it is read, and others
//   are not stopped by it. Nothing is promised of its durability.
//
// Paths are relative to the store's root, "/"-separated. A name beginning with ".tmp-" is refused
// and never listed.
//
// Errors: kNotFound, kAlreadyExists, kFailedPrecondition (Append: the file does not end at the
// offset), kInvalidArgument (path), kDataLoss (checksum, naming file and offset),
// kResourceExhausted (no space), kUnavailable (retry, or the store service cannot be reached),
// kAborted (made under a fencing token, and a newer owner exists).
#ifndef WAVETANK_CHECKPOINT_STORE_H_
#define WAVETANK_CHECKPOINT_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "checkpoint/staged_file.h"
#include "platform/disk.h"
#include "platform/status_macros.h"
#include "platform/task.h"

namespace wavetank::checkpoint {

using platform::Task;

struct StoredFile {
  std::string name = {};  // within the listed directory
  platform::FileKind kind = platform::FileKind::kFile;
  uint64_t size_bytes = 0;
  absl::Time modified = {};  // by the wall clock of the store's machine; zero for directories
};

// Some bytes of a file, and its entry when they had been read.
struct ShownBytes {
  StoredFile file = {};
  std::string bytes = {};
};

// A fencing token: the epoch that its holder owns of the fenced log in `directory`.
struct StoreFence {
  std::string directory;
  int64_t epoch = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  // This store, for calls that are made under a token: once a newer epoch of that log exists, its
  // changing calls have no effect and give kAborted, by name, however late they arrive. What was
  // done before that may be answered as done, to who repeats it after a lost reply. Null: nobody is
  // there who could refuse (a directory cannot); use the store itself. This store must outlive it.
  virtual std::unique_ptr<Store> Under(StoreFence) { return nullptr; }

  // Makes a whole file, atomically: one of several callers wins. kAlreadyExists otherwise, and the
  // file is whatever the winner wrote; read it to tell your own repeated request.
  virtual Task<absl::Status> CreateIfAbsent(std::string path, std::string content) = 0;

  // A new file that comes in parts. It keeps no other from being created under that path. This
  // store must outlive it.
  virtual Task<absl::StatusOr<std::unique_ptr<StagedFile>>> Stage(std::string path);

  // Appends to an existing file whose size is exactly `offset`. Also OK when these very bytes
  // already stand at `offset` (a repeated request). kFailedPrecondition when anything else does.
  virtual Task<absl::Status> Append(std::string path, uint64_t offset, std::string bytes) = 0;

  // Up to `length` bytes at `offset`; fewer only at the end of the file.
  virtual Task<absl::StatusOr<std::string>> Read(std::string path, uint64_t offset,
                                                 uint64_t length) = 0;
  Task<absl::StatusOr<std::string>> ReadAll(std::string path) { return Read(path, 0, UINT64_MAX); }

  // The same of a file that does not change and that this store has shown before (List, Stat),
  // perhaps to another node: so it is durable, and need not be made so.
  virtual Task<absl::StatusOr<ShownBytes>> ReadShown(std::string path, uint64_t offset,
                                                     uint64_t length);

  // Ordered by name.
  virtual Task<absl::StatusOr<std::vector<StoredFile>>> List(std::string directory) = 0;

  // The names alone, ordered: all of them were there at one instant of the call. Cheaper than List,
  // which makes durable how long each file is.
  virtual Task<absl::StatusOr<std::vector<std::string>>> ListNames(std::string directory) {
    WT_CO_ASSIGN_OR_RETURN(const std::vector<StoredFile> files,
                           co_await List(std::move(directory)));
    std::vector<std::string> names;
    names.reserve(files.size());
    for (const StoredFile& file : files) names.push_back(file.name);
    co_return names;
  }

  // The entry of one file, as List has it. kNotFound: there is none.
  virtual Task<absl::StatusOr<StoredFile>> Stat(std::string path);

  // Names the directory itself: the answer is another one when another directory has come to stand
  // there, as when a file system was mounted or unmounted, or a link turned. kNotFound: there is
  // none.
  virtual Task<absl::StatusOr<std::string>> Identify(std::string directory) = 0;

  // Says when names come into the directory (platform::DirectoryWatch). An error: nobody tells.
  virtual Task<absl::StatusOr<std::unique_ptr<platform::DirectoryWatch>>> Watch(
      std::string directory);

  // Gives the file `from` the further name `to`. OK too if `to` already is that file or one of
  // equal content; kAlreadyExists if it is another.
  virtual Task<absl::Status> Link(std::string from, std::string to) = 0;

  // OK too when the file is not there.
  virtual Task<absl::Status> Remove(std::string path) = 0;
  // The same of each, in any order: on an error some may be gone. Costs little more than one.
  virtual Task<absl::Status> RemoveAll(std::vector<std::string> paths) {
    for (std::string& path : paths) WT_CO_RETURN_IF_ERROR(co_await Remove(std::move(path)));
    co_return absl::OkStatus();
  }
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STORE_H_
