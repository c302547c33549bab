// StorageLevel: where a worker has what it keeps, and on how many workers. Names are Spark's.
//
// In memory there are objects, as tasks made them; on disk, and with another worker that is not in
// the same process, their encoding. So the levels that ask for an encoding in memory (`_SER`) would
// do nothing here, and are refused.
#ifndef WAVETANK_RUNTIME_CLUSTER_STORAGE_LEVEL_H_
#define WAVETANK_RUNTIME_CLUSTER_STORAGE_LEVEL_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace wavetank::runtime {

enum class StorageLevel {
  kMemoryOnly,     // of more than there is room for, the oldest-used goes, and is made again
  kMemoryAndDisk,  // it goes to the disk of the worker, and is read from there
  kDiskOnly,       // it is on disk from the first
  // The same, with a second worker besides: what one of them has lost is read from the other.
  kMemoryOnly2,
  kMemoryAndDisk2,
  kDiskOnly2,
  // Refused (CheckLevel).
  kMemoryOnlySer,
  kMemoryAndDiskSer,
  kMemoryOnlySer2,
  kMemoryAndDiskSer2,
};

// "MEMORY_AND_DISK_2".
std::string_view NameOf(StorageLevel level);
// kInvalidArgument names those that there are.
absl::StatusOr<StorageLevel> ParseStorageLevel(std::string_view name);
// kInvalidArgument: it would do nothing; says which does what is meant.
absl::Status CheckLevel(StorageLevel level);

constexpr bool MayBeOnDisk(StorageLevel level) {
  return level != StorageLevel::kMemoryOnly && level != StorageLevel::kMemoryOnly2;
}
constexpr bool IsOnDiskOnly(StorageLevel level) {
  return level == StorageLevel::kDiskOnly || level == StorageLevel::kDiskOnly2;
}
constexpr bool HasReplica(StorageLevel level) {
  return level == StorageLevel::kMemoryOnly2 || level == StorageLevel::kMemoryAndDisk2 ||
         level == StorageLevel::kDiskOnly2;
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_STORAGE_LEVEL_H_
