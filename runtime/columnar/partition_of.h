// Which task of a shuffle a key belongs to: part of the durable formats, since state is kept by
// partition.
#ifndef WAVETANK_RUNTIME_COLUMNAR_PARTITION_OF_H_
#define WAVETANK_RUNTIME_COLUMNAR_PARTITION_OF_H_

#include <cstdint>

namespace wavetank::runtime {

// The partition, of `partitions`, that a hash goes to: the high bits' share, since tables use the
// low ones.
inline int PartitionOf(uint64_t hash, int partitions) {
  return static_cast<int>(
      (static_cast<unsigned __int128>(hash) * static_cast<uint64_t>(partitions)) >> 64);
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_COLUMNAR_PARTITION_OF_H_
