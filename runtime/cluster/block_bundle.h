// Blocks on their way from one task to another: as objects, encoded, or in a file.
#ifndef WAVETANK_RUNTIME_CLUSTER_BLOCK_BUNDLE_H_
#define WAVETANK_RUNTIME_CLUSTER_BLOCK_BUNDLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "platform/network.h"
#include "runtime/cluster/task.h"

namespace wavetank::runtime {

using BlockPointer = std::shared_ptr<const platform::Attachment>;

// The encoding of a block, as it came from another process, or from a file.
class EncodedBlock final : public platform::Attachment {
 public:
  explicit EncodedBlock(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string Encode() const override { return bytes_; }
  size_t MemoryBytes() const override { return bytes_.size(); }
  const std::string& bytes() const { return bytes_; }

 private:
  const std::string bytes_;
};

// Stands for a block of which only a file is left. Never encoded: it is read first.
class SpilledBlock final : public platform::Attachment {
 public:
  struct Place {
    std::string file;
    uint64_t offset = 0;
    uint64_t bytes = 0;
    uint32_t checksum = 0;
  };
  explicit SpilledBlock(Place place) : place_(std::move(place)) {}
  std::string Encode() const override;
  const Place& place() const { return place_; }

 private:
  const Place place_;
};

// Null: the block is here. Valid as long as the block.
const SpilledBlock* AsSpilled(const BlockPointer& block);
// As readers take it: encoded ones as bytes. REQUIRES: it is here.
ShuffleBlock ToShuffleBlock(const BlockPointer& block);

// The blocks of several attempts for one reader, or of one attempt, as one attachment. A null place
// is an attempt that put none for this reader.
class ShuffleBundle final : public platform::Attachment {
 public:
  explicit ShuffleBundle(std::vector<BlockPointer> blocks) : blocks_(std::move(blocks)) {}
  std::string Encode() const override;

  // The blocks of a received message, of which so many were asked for: from the bundle itself, or
  // from its encoding.
  static absl::StatusOr<std::vector<ShuffleBlock>> Open(const platform::Message& message,
                                                        size_t asked_for);

 private:
  const std::vector<BlockPointer> blocks_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_BLOCK_BUNDLE_H_
