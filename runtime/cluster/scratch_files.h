// ScratchFiles: files of one node on the disk of its machine that nobody needs once it has ended.
// They are never synced. What an earlier node of the name has left is removed before anything is
// written.
//
// A file may be gone, cut off or damaged at any time (a power loss, a full disk, somebody who
// tidies up): whoever reads one checks what it gets.
#ifndef WAVETANK_RUNTIME_CLUSTER_SCRATCH_FILES_H_
#define WAVETANK_RUNTIME_CLUSTER_SCRATCH_FILES_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "platform/disk.h"
#include "platform/node.h"
#include "platform/task.h"

namespace wavetank::runtime {

class ScratchFiles {
 public:
  // They are in a directory `name` below `root` of the node's disk, or in "name-1", ... where
  // another process has that. `root` "": there are none, and each call is refused.
  ScratchFiles(platform::Node& node, std::string root, const std::string& name);

  bool may_be_used() const { return !root_.empty(); }
  // Makes the directory, and removes what is in it, unless that was done before. An error: nothing
  // can be written now.
  platform::Task<absl::Status> Open();

  // A new file. kAlreadyExists: there is one of that name. An error leaves none, or a part of one.
  platform::Task<absl::Status> Write(std::string name, std::string content);
  // Up to `length` bytes.
  platform::Task<absl::StatusOr<std::string>> Read(std::string name, uint64_t offset,
                                                   uint64_t length);
  platform::Task<void> Remove(std::string name);

 private:
  platform::Node& node_;
  const std::string root_;
  const std::string name_;
  std::string directory_;  // once it is open
  std::unique_ptr<platform::FileLock> lock_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_SCRATCH_FILES_H_
