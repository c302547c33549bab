// EpochLog: the files of a fenced log, and what counts in them. What owners, readers and `inspect`
// share; the protocol that makes it safe is in fenced_log.h.
#ifndef WAVETANK_CHECKPOINT_EPOCH_LOG_H_
#define WAVETANK_CHECKPOINT_EPOCH_LOG_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "checkpoint/fenced_log.h"
#include "checkpoint/framing.h"
#include "checkpoint/store.h"

namespace wavetank::checkpoint {

std::string EpochPath(const std::string& directory, Epoch epoch);
std::string LogPath(const std::string& directory, Epoch epoch);

// The content of an epoch file: who created it. The log's checksums are salted with it.
std::string EncodeEpochFile(const std::string& owner);
absl::StatusOr<std::string> DecodeEpochFile(const std::string& path, std::string_view bytes);
LogFile LogFileOf(const std::string& directory, Epoch epoch, const std::string& owner);

// The payload of a group of records.
std::string EncodeRecords(const std::vector<std::string>& records);
absl::StatusOr<std::vector<std::string>> DecodeRecords(const LogFile& file, const Group& group);

// A part of what counts, in order. With an epoch: the records of that log's groups after its seal
// that end at or below `length`, in place. Without (0): these records, copied.
struct SealItem {
  Epoch epoch;
  uint64_t length = 0;
  std::vector<std::string> records;

  friend bool operator==(const SealItem&, const SealItem&) = default;
};

// The payload of a seal: what counted when its epoch began.
std::string EncodeSeal(const std::vector<SealItem>& items);
absl::StatusOr<std::vector<SealItem>> DecodeSeal(const LogFile& file, const Group& group);

// The epochs that exist, and those that have a log (and so a seal, since a log's file appears with
// its first group). Both in ascending order.
struct EpochList {
  std::vector<Epoch> epochs;
  std::vector<Epoch> sealed;

  Epoch newest() const { return epochs.empty() ? Epoch() : epochs.back(); }
};
Task<absl::StatusOr<EpochList>> ListEpochs(Store& store, std::string directory);
// kDataLoss names an epoch file that is missing below another, or below its own log.
Task<absl::StatusOr<EpochList>> ListWholeEpochs(Store& store, std::string directory);

// One log file as it was read. `limit` bytes of it, all of which are known to have been durable
// (UINT64_MAX: all there is, of which nothing is known).
struct EpochLog {
  LogFile file;
  std::string owner;
  std::vector<SealItem> seal;
  DecodedLog log;
};
Task<absl::StatusOr<EpochLog>> ReadEpochLog(Store& store, std::string directory, Epoch epoch,
                                            uint64_t limit);

// What counts, seen through the log of `epoch`. REQUIRES: that log exists.
struct CountedRecords {
  std::vector<std::string> records;
  // The same, as the seal of a successor says it: what the log names durable is referred to in
  // place, the rest is copied.
  std::vector<SealItem> successor_seal;
};
Task<absl::StatusOr<CountedRecords>> ReadCounted(Store& store, std::string directory, Epoch epoch);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_EPOCH_LOG_H_
