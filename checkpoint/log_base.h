// LogBase: what counted when a segment of a fenced log began, written beside it in groups of a
// bounded size, so that neither a seal nor whoever writes or reads one holds all of it.
//
// Rule base_before_seal: a base is whole and durable before there is a seal that refers to it, so
// it counts whole or not at all; one that no seal refers to is nothing.
#ifndef WAVETANK_CHECKPOINT_LOG_BASE_H_
#define WAVETANK_CHECKPOINT_LOG_BASE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "checkpoint/epoch_log.h"
#include "checkpoint/owned_directory.h"

namespace wavetank::checkpoint {

// Takes records, in order, for the seal of a segment that is to begin.
class LogBase {
 public:
  // `directory` must outlive it.
  LogBase(OwnedDirectory& directory, std::string owner, SegmentId segment, SealLimits limits);

  Task<absl::Status> Add(std::string record);
  // After the last: what the seal says. Few records are copied into it.
  Task<absl::StatusOr<std::vector<SealItem>>> Finish();

 private:
  Task<absl::Status> WriteGroup();

  OwnedDirectory& directory_;
  const std::string owner_;
  const SegmentId segment_;
  const SealLimits limits_;
  std::vector<std::string> records_;  // of the next group
  uint64_t bytes_ = 0;                // what it takes at most
  uint64_t length_ = 0;               // what is durable
  uint64_t sequence_ = 0;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_LOG_BASE_H_
