// The state of an operator in another number of partitions: each of them a snapshot of its own,
// made of those keys of the partitions there are that belong in it.
#ifndef WAVETANK_CHECKPOINT_STATE_PARTITIONS_H_
#define WAVETANK_CHECKPOINT_STATE_PARTITIONS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "checkpoint/state_store.h"
#include "checkpoint/state_version.h"
#include "checkpoint/store.h"
#include "platform/node.h"

namespace wavetank::checkpoint {

struct StateToRepartition {
  // Of a partition, by its number.
  std::function<std::string(int partition)> directory;
  // Of the operator. Its files are read and written so; compressed as the newest that is there.
  StateStoreOptions options;
  // By partition, all of one version. REQUIRES: there is one at least.
  std::vector<StateVersion> from;
  int partitions = 1;
  // Where a key belongs, of so many partitions: partition p of n has the p-th of n equal ranges of
  // the keys' hashes. Unset: it is no key.
  std::function<std::optional<int>(std::string_view key, int partitions)> partition_of;
};

// Writes the new partitions durably, of the same version as the old, under names that nobody else
// uses; one without keys has no file. What there is stays. A key comes after those that stood
// before it. Holds one new partition in memory, and the old ones that it is made of. kDataLoss: a
// file is damaged or gone, or a key is in a partition that it does not belong in.
Task<absl::StatusOr<std::vector<StateVersion>>> Repartition(platform::Node& node, Store& store,
                                                            StateToRepartition state);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STATE_PARTITIONS_H_
