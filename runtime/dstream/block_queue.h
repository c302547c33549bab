// BlockQueue: the blocks that receivers have handed over and no batch has taken yet.
//
// Log before queue: a block comes in once its record is durable. A batch's blocks leave once the
// batch's input is durable, not before: if that fails, the next batch gets them. They leave by
// name, so what came in meanwhile stays.
#ifndef WAVETANK_RUNTIME_DSTREAM_BLOCK_QUEUE_H_
#define WAVETANK_RUNTIME_DSTREAM_BLOCK_QUEUE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"

#include "platform/clock.h"
#include "runtime/dstream/wire.h"

namespace wavetank::runtime {

class BlockQueue {
 public:
  // REQUIRES: the paths of blocks are unique; times do not go back.
  void Add(Block block, platform::MonotonicTime arrived) {
    bytes_ += static_cast<int64_t>(block.size_bytes);
    waiting_.push_back({std::move(block), arrived});
  }

  // What had arrived by `due`, in order.
  std::vector<Block> ArrivedBy(platform::MonotonicTime due) const {
    std::vector<Block> blocks;
    for (const Waiting& each : waiting_) {
      if (each.arrived <= due) blocks.push_back(each.block);
    }
    return blocks;
  }

  void Remove(const std::vector<Block>& blocks) {
    absl::btree_set<std::string> paths;
    for (const Block& block : blocks) paths.insert(block.path);
    std::erase_if(waiting_, [&](const Waiting& each) {
      const bool taken = paths.contains(each.block.path);
      if (taken) bytes_ -= static_cast<int64_t>(each.block.size_bytes);
      return taken;
    });
  }

  bool empty() const { return waiting_.empty(); }
  int64_t bytes() const { return bytes_; }

 private:
  struct Waiting {
    Block block;
    platform::MonotonicTime arrived;
  };
  std::vector<Waiting> waiting_;
  int64_t bytes_ = 0;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_BLOCK_QUEUE_H_
