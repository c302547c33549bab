// FileBytes: a worker's side of a source of files: reads the bytes of one piece of a file in
// chunks, the next one while the one before is used, and checks with each that it is of the file
// that the batch's range names. What was read counts only once Next has given nullopt. A lost
// file is kDataLoss, and lost() tells that from other damage.
//
// A piece is the lines that begin in it, so that the pieces of a file have each line once: the
// bytes begin with its first one, and go on to where the first one behind it begins. Of a
// compressed file the first piece is all of it, and the others are nothing.
#ifndef WAVETANK_RUNTIME_CONNECTORS_FILE_BYTES_H_
#define WAVETANK_RUNTIME_CONNECTORS_FILE_BYTES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/store.h"
#include "platform/event.h"
#include "platform/executor.h"
#include "platform/task.h"
#include "platform/task_scope.h"
#include "runtime/connectors/file_split.pb.h"
#include "runtime/connectors/formats/compression.h"
#include "runtime/connectors/line_begin.h"
#include "runtime/connectors/source.h"

namespace wavetank::runtime {

using platform::Task;

class FileBytes {
 public:
  // `line_end`: what LineBegin takes. All outlive it.
  FileBytes(platform::Executor& executor, checkpoint::Store& store, FilePiece piece,
            std::string line_end, int64_t chunk_bytes);

  // Begins to read.
  void Prefetch();
  // Further bytes, never none; nullopt at the end.
  Task<absl::StatusOr<std::optional<std::string>>> Next();

  // How the file is lost; "": it is not.
  const std::string& lost() const { return lost_; }
  const std::string& path() const { return piece_.path(); }
  bool is_first() const { return piece_.begin() == 0; }
  // Once Next has given something.
  CompressionCodec codec() const { return codec_; }
  uint64_t first() const { return first_; }  // where in the file that began
  // Once Next has given nullopt: the bytes of the file, of those that the piece stands for.
  const FileRead& read() const { return read_; }

 private:
  void Request(uint64_t offset, uint64_t length);
  Task<void> Read(uint64_t offset, uint64_t length);
  // What was requested; an error if the file is not the one that was meant.
  Task<absl::StatusOr<std::string>> Take();
  // What is at offset_; what comes next in the piece is requested.
  Task<absl::StatusOr<std::string>> Chunk(uint64_t most_bytes);
  // Of a file in pieces, finds out whether it is compressed, and what so becomes of this one.
  Task<absl::Status> Begin();
  void Count(uint64_t offset, std::string_view bytes);
  Task<absl::Status> Check();
  Task<absl::Status> Gone();
  absl::Status Changed(const std::string& how);
  bool whole() const { return piece_.begin() == 0 && piece_.end() == piece_.size_bytes(); }

  checkpoint::Store& store_;
  FilePiece piece_;
  const std::string line_end_;
  const uint64_t chunk_bytes_;

  bool begun_ = false;
  CompressionCodec codec_ = CompressionCodec::kNone;
  uint64_t offset_ = 0;  // where the next chunk begins
  uint64_t first_ = 0;
  std::optional<LineBegin> to_begin_;  // looks for the piece's first line
  std::string before_end_;             // the newest bytes, as many as a LineBegin looks back at
  std::optional<LineBegin> to_end_;    // looks for where its last line ends
  bool at_end_ = false;
  FileRead read_;
  std::string lost_;

  std::optional<absl::StatusOr<checkpoint::ShownBytes>> chunk_;  // that was read ahead
  bool looked_ = false;                                          // at the file, once at least
  bool reading_ = false;
  platform::Event read_ahead_;
  platform::TaskScope scope_;  // last: what it runs uses the others
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_FILE_BYTES_H_
