// UniqueFileWriter: a file on its way into a store, a part at a time, so that it is never in memory
// as a whole.
#ifndef WAVETANK_CHECKPOINT_UNIQUE_FILE_WRITER_H_
#define WAVETANK_CHECKPOINT_UNIQUE_FILE_WRITER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/staged_file.h"
#include "checkpoint/store.h"

namespace wavetank::checkpoint {

class UniqueFileWriter {
 public:
  // What is worth a request of its own.
  static constexpr uint64_t kPartBytes = uint64_t{1} << 20;

  // The path is nobody else's, in no other attempt either (unique.h). The store must outlive it.
  UniqueFileWriter(Store& store, std::string path) : store_(store), path_(std::move(path)) {}

  // Sends a part off. After an error the writer is of no use any more.
  Task<absl::Status> Append(std::string part);
  // With this rest the file is there, whole and durable; gives its size.
  Task<absl::StatusOr<uint64_t>> Finish(std::string rest);

 private:
  Store& store_;
  const std::string path_;
  uint64_t size_bytes_ = 0;
  std::unique_ptr<StagedFile> staged_;  // null: no part was sent yet
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_UNIQUE_FILE_WRITER_H_
