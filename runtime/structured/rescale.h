// Rescaling: the state of a structured query that is not running is laid out in another number of
// partitions. Its answers do not depend on how many there are; how many workers share the work
// does.
#ifndef WAVETANK_RUNTIME_STRUCTURED_RESCALE_H_
#define WAVETANK_RUNTIME_STRUCTURED_RESCALE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

#include "checkpoint/store.h"
#include "platform/node.h"

namespace wavetank::runtime {

inline constexpr int kMostShufflePartitions = 1024;

struct Rescaled {
  int before = 0;
  int after = 0;          // the same: there was nothing to do, and nothing was written
  int64_t batches = 0;    // that the query had committed
  int64_t operators = 0;  // with state
};

// Lays the state in `checkpoint`, a directory of the store, out in `partitions`. The log is
// claimed: a driver that runs on it ends, and one that was rescaling meanwhile is refused. What is
// written counts from one record on, which is durable when this gives OK; until then the checkpoint
// is what it was, whatever becomes of this node. kFailedPrecondition: a batch is under way, or it
// is no checkpoint of a query with state; says what to do. kNotFound: there is no log.
platform::Task<absl::StatusOr<Rescaled>> RescaleCheckpoint(platform::Node& node,
                                                           checkpoint::Store& store,
                                                           std::string checkpoint, int partitions);

// What it would refuse, without a claim, before anything is written. kUnavailable: somebody is at
// work on the log, or died at it, and RescaleCheckpoint has to claim it to tell.
platform::Task<absl::StatusOr<Rescaled>> CheckRescale(platform::Node& node,
                                                      checkpoint::Store& store,
                                                      std::string checkpoint, int partitions);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_RESCALE_H_
