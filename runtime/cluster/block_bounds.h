// What a worker keeps at the most of what its tasks have put.
#ifndef WAVETANK_RUNTIME_CLUSTER_BLOCK_BOUNDS_H_
#define WAVETANK_RUNTIME_CLUSTER_BLOCK_BOUNDS_H_

#include <cstddef>
#include <string>

namespace wavetank::runtime {

inline constexpr size_t kDefaultKeptBytes = size_t{256} << 20;
inline constexpr size_t kDefaultSpillBytes = size_t{16} << 30;

struct BlockBounds {
  size_t memory_bytes_max = kDefaultKeptBytes;
  size_t spilled_bytes_max = kDefaultSpillBytes;
  // A directory of the node's disk; "": nothing is spilled, and what has no room goes.
  std::string scratch = {};
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_BLOCK_BOUNDS_H_
