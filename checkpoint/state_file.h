// StateFile: how the changes of one version (a delta) or all keys of one (a snapshot) stand in a
// file, of all named stores of an operator's partition together. The bytes are specified in
// FORMAT.md ("State file").
#ifndef WAVETANK_CHECKPOINT_STATE_FILE_H_
#define WAVETANK_CHECKPOINT_STATE_FILE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/block_compression.h"
#include "checkpoint/state_table.h"

namespace wavetank::checkpoint {

enum class StateFileKind : uint32_t { kSnapshot = 1, kDelta = 2 };

// One of the stores of an operator. What its keys and values mean is the operator's own; the
// fingerprint names it, so that files of another meaning are refused.
struct NamedStore {
  std::string name;
  std::string schema_fingerprint;
  KeyOrder order = KeyOrder::kNone;

  friend bool operator==(const NamedStore&, const NamedStore&) = default;
};

struct StoreInFile {
  NamedStore store;
  uint64_t entries = 0;  // that the file holds of it
};

struct StateFileHeader {
  uint32_t format = 2;  // of the file that was read; what is written is always the newest
  StateFileKind kind = StateFileKind::kSnapshot;
  int64_t version = 0;    // that stands once the file is applied
  std::string name = {};  // of this file, without its directory
  std::string parent =
      {};  // of the file it is applied upon; "" for none: a snapshot, or a first delta
  // Of a snapshot that was made of files written before: the newest of them. Deltas that were
  // applied upon that one may be applied upon the snapshot.
  std::string stands_for = {};
  std::string operator_fingerprint = {};
  StateCompression compression = StateCompression::kNone;
  std::vector<StoreInFile> stores = {};
};

// Makes a file, of which what is complete may be taken away at any time.
class StateFileEncoder {
 public:
  explicit StateFileEncoder(const StateFileHeader& header);
  // Of the header's store of that number; unset: the key was removed.
  void Add(size_t store, std::string_view key, std::optional<std::string_view> value);
  int64_t entries() const { return entries_; }
  // What Take would give.
  size_t pending_bytes() const { return bytes_.size(); }
  // The next bytes of the file, as far as they are complete.
  std::string Take();
  // The rest of them. REQUIRES: as many entries of each store were added as the header says.
  std::string Finish();

 private:
  void EndBlock();

  const uint64_t id_;
  BlockCompressor compressor_;
  std::string bytes_;
  size_t taken_ = 0;  // how many came before them
  std::string block_;
  size_t block_store_ = 0;
  std::vector<uint64_t> expected_;  // entries of each store that are still to come
  int64_t entries_ = 0;
};

class StateFileVisitor {
 public:
  virtual ~StateFileVisitor() = default;
  // Before any entry. An error ends the reading, and is what Feed gives.
  virtual absl::Status OnHeader(const StateFileHeader&) { return absl::OkStatus(); }
  // The entries of an intact block, all of one store; an unset value: the key was removed.
  virtual void OnEntries(size_t store, std::span<const std::string_view> keys,
                         std::span<const std::optional<std::string_view>> values) = 0;
};

// Reads a file that comes in pieces of any size.
class StateFileDecoder {
 public:
  // `path` is where the file is; its last component must be the name in the header. `visitor` must
  // outlive the decoder.
  StateFileDecoder(std::string path, StateFileVisitor& visitor);
  // kDataLoss names the path and the offset; kFailedPrecondition a format from the future.
  absl::Status Feed(std::string_view piece);
  // After the last piece: kDataLoss if the file should have gone on.
  absl::Status Finish() const;

  // REQUIRES: Finish() was OK. A file of format 1 has one store, without a name.
  const StateFileHeader& header() const { return header_; }
  int64_t entries() const { return static_cast<int64_t>(entries_); }

 private:
  struct Block {
    uint32_t checksum = 0;
    size_t store = 0;
    uint64_t stored_bytes = 0;  // 0: the end
    uint64_t raw_bytes = 0;     // at the end: how many entries the file holds
  };

  // Each reads the header or block that `bytes` begin with, and gives its size; or 0 when it is
  // longer than they are, and wanted_ says by how much at least.
  absl::StatusOr<size_t> ReadPart(std::string_view bytes);
  absl::StatusOr<size_t> ReadHeader(std::string_view bytes);
  absl::StatusOr<size_t> ReadBlock(std::string_view bytes);
  bool ReadFields(std::string_view fields);
  size_t block_header_bytes() const;
  Block ReadBlockHeader(std::string_view bytes) const;
  absl::Status ReadEntries(const Block& block, std::string_view stored);
  absl::Status ReadEnd(uint64_t entries);
  absl::Status Damaged(std::string_view what) const;

  const std::string path_;
  StateFileVisitor& visitor_;
  BlockDecompressor decompressor_;
  uint64_t id_ = 0;
  StateFileHeader header_;
  std::string rest_;     // of the pieces fed: a part that is not whole yet
  size_t wanted_ = 0;    // how many bytes it needs to go on
  uint64_t offset_ = 0;  // where the next part begins in the file
  uint64_t entries_ = 0;
  std::vector<uint64_t> read_;  // entries of each store
  bool header_read_ = false;
  bool finished_ = false;
  // Of one block; kept for their memory.
  std::vector<std::string_view> keys_;
  std::vector<std::optional<std::string_view>> values_;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STATE_FILE_H_
