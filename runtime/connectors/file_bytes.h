// FileBytes: a worker's side of a source of files: reads one file in chunks, and checks at its end
// that it was the file that the batch's range names. So what was read counts only
// once Next has given nullopt. A lost file is kDataLoss, and lost() tells that from other damage.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FILE_BYTES_H_
#define WAVETANK_RUNTIME_CONNECTORS_FILE_BYTES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/store.h"
#include "platform/task.h"
#include "runtime/connectors/file_split.pb.h"

namespace wavetank::runtime {

using platform::Task;

class FileBytes {
 public:
  FileBytes(checkpoint::Store& store, FilePiece file, int64_t chunk_bytes);

  // Further bytes, never none; nullopt at the end.
  Task<absl::StatusOr<std::optional<std::string>>> Next();
  bool lost() const { return lost_; }
  const std::string& path() const { return file_.path(); }

 private:
  absl::Status Changed(const std::string& how);

  checkpoint::Store& store_;
  const FilePiece file_;
  const uint64_t chunk_bytes_;
  uint64_t offset_ = 0;
  uint32_t crc32c_ = 0;
  bool lost_ = false;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FILE_BYTES_H_
