// StagedFile: a new file that comes in parts. It has no name, and nobody sees it, until Publish
// gives it one; so it is never in memory as a whole.
#ifndef WAVETANK_CHECKPOINT_STAGED_FILE_H_
#define WAVETANK_CHECKPOINT_STAGED_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "platform/task.h"

namespace wavetank::checkpoint {

class Store;

class StagedFile {
 public:
  // What was not published may stay behind, as what a process leaves that dies: as a temporary.
  virtual ~StagedFile() = default;
  // After an error the file is of no use any more.
  virtual platform::Task<absl::Status> Append(std::string bytes) = 0;
  // As Store::CreateIfAbsent of all that was appended, under the path it was staged for. At most
  // once.
  virtual platform::Task<absl::Status> Publish() = 0;
  // Removes what is there of it. Not after Publish.
  virtual platform::Task<void> Discard() = 0;
};

// For a store that can only take a content whole: keeps it in memory. `store` must outlive it.
std::unique_ptr<StagedFile> StageInMemory(Store& store, std::string path);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STAGED_FILE_H_
