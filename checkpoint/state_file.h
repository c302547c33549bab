// StateFile: how the changes of one version (a delta) or all keys of one (a snapshot) stand in a
// file. The bytes are specified in FORMAT.md ("State file").
#ifndef WAVETANK_CHECKPOINT_STATE_FILE_H_
#define WAVETANK_CHECKPOINT_STATE_FILE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace wavetank::checkpoint {

enum class StateFileKind : uint32_t { kSnapshot = 1, kDelta = 2 };

struct StateFileHeader {
  StateFileKind kind = StateFileKind::kSnapshot;
  int64_t version = 0;  // that stands once the file is applied
  std::string name;     // of this file, without its directory
  std::string parent;   // of the file it is applied upon; "" for none: a snapshot, or a first delta
};

// Writes a file in memory.
class StateFileEncoder {
 public:
  explicit StateFileEncoder(const StateFileHeader& header);
  // A null `value`: the key was removed.
  void Add(std::string_view key, const std::string_view* value);
  int64_t entries() const { return entries_; }
  std::string Finish();

 private:
  void EndBlock();

  const uint64_t id_;
  std::string bytes_;
  std::string block_;
  int64_t entries_ = 0;
};

// Reads a file that comes in pieces of any size.
class StateFileDecoder {
 public:
  using Visitor = std::function<void(std::string_view key, const std::string_view* value)>;

  // `path` is where the file is; its last component must be the name in the header. `visit` is
  // called for each entry of an intact block.
  StateFileDecoder(std::string path, Visitor visit);
  // kDataLoss names the path and the offset; kFailedPrecondition a format from the future.
  absl::Status Feed(std::string_view piece);
  // After the last piece: kDataLoss if the file should have gone on.
  absl::Status Finish() const;

  // REQUIRES: Finish() was OK.
  const StateFileHeader& header() const { return header_; }
  int64_t entries() const { return entries_; }

 private:
  // Each takes what it reads off `rest_`. False: more bytes are needed.
  absl::StatusOr<bool> ReadHeader();
  absl::StatusOr<bool> ReadBlock();
  absl::Status Damaged(std::string_view what) const;

  const std::string path_;
  const Visitor visit_;
  uint64_t id_ = 0;
  StateFileHeader header_;
  std::string rest_;     // of the pieces fed
  uint64_t offset_ = 0;  // where rest_ begins in the file
  int64_t entries_ = 0;
  bool header_read_ = false;
  bool finished_ = false;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STATE_FILE_H_
