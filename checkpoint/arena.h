// Arena: bytes that are allocated one by one and freed all together, without ever moving.
#ifndef WAVETANK_CHECKPOINT_ARENA_H_
#define WAVETANK_CHECKPOINT_ARENA_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "platform/check.h"

namespace wavetank::checkpoint {

class Arena {
 public:
  static constexpr int kRefBits = 48;

  // A number below 2^48 that stands for `size` new bytes.
  uint64_t Allocate(size_t size) {
    size = std::max<size_t>(size, 1);
    if (chunks_.empty() || size > room_) AddChunk(size);
    const uint64_t ref = ((chunks_.size() - 1) << kChunkBits) | used_;
    used_ += size;
    room_ -= size;
    return ref;
  }
  // Above every number that was given, and at most the next one.
  uint64_t end() const {
    return chunks_.empty() ? 0 : ((chunks_.size() - 1) << kChunkBits) + used_;
  }
  char* At(uint64_t ref) { return chunks_[ref >> kChunkBits].get() + (ref & (kChunkBytes - 1)); }
  const char* At(uint64_t ref) const {
    return chunks_[ref >> kChunkBits].get() + (ref & (kChunkBytes - 1));
  }

 private:
  static constexpr int kChunkBits = 20;
  static constexpr size_t kChunkBytes = size_t{1} << kChunkBits;
  static constexpr size_t kFirstChunkBytes = 4096;  // chunks double up to kChunkBytes

  // What does not fit into a chunk gets one of its own, which only its start refers to.
  void AddChunk(size_t size) {
    WT_CHECK(chunks_.size() < (size_t{1} << (kRefBits - kChunkBits)), "an arena is full");
    const size_t doubled = kFirstChunkBytes << std::min<size_t>(chunks_.size(), 8);
    const size_t bytes = std::max(size, std::min(doubled, kChunkBytes));
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
    used_ = 0;
    room_ = bytes;
  }

  std::vector<std::unique_ptr<char[]>> chunks_;
  size_t used_ = 0;  // of the newest chunk
  size_t room_ = 0;  // left in it
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_ARENA_H_
