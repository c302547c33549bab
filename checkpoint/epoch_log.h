// EpochLog: the files of a fenced log, and what counts in them. What owners, readers and `inspect`
// share; the protocol that makes it safe is in fenced_log.h.
#ifndef WAVETANK_CHECKPOINT_EPOCH_LOG_H_
#define WAVETANK_CHECKPOINT_EPOCH_LOG_H_

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "checkpoint/fenced_log.h"
#include "checkpoint/framing.h"
#include "checkpoint/store.h"

namespace wavetank::checkpoint {

// Names one file of groups. An owner begins with segment 0 and then 1, 2, ...; only the newest is
// appended to. The newest segment of the newest epoch says what counts: its first group, its seal,
// refers to what counts of all others.
struct SegmentId {
  Epoch epoch;
  int64_t segment = 0;

  SegmentId next() const { return {epoch, segment + 1}; }
  friend auto operator<=>(const SegmentId&, const SegmentId&) = default;
};

std::string EpochPath(const std::string& directory, Epoch epoch);
// "epoch-12" gives 12; any other name 0.
Epoch EpochInName(std::string_view name);
std::string LogPath(const std::string& directory, SegmentId segment);
// Says that what counts does not begin below that segment, which was there.
std::string MarkPath(const std::string& directory, SegmentId segment);
inline constexpr std::string_view kMarkContent = "WTMK\x01";

// The content of an epoch file: who created it. The log's checksums are salted with it.
std::string EncodeEpochFile(const std::string& owner);
absl::StatusOr<std::string> DecodeEpochFile(const std::string& path, std::string_view bytes);
LogFile LogFileOf(const std::string& directory, SegmentId segment, const std::string& owner);

// The payload of a group of records.
std::string EncodeRecords(const std::vector<std::string>& records);
absl::StatusOr<std::vector<std::string>> DecodeRecords(const LogFile& file, const Group& group);

// A part of what counts, in order. With a segment: the records of its groups after its seal that
// end at or below `length`, in place. Without (epoch 0): these records, copied.
struct SealItem {
  SegmentId segment;
  uint64_t length = 0;
  std::vector<std::string> records;

  bool copied() const { return segment.epoch == Epoch(); }
  friend bool operator==(const SealItem&, const SealItem&) = default;
};

// The payload of a seal: what counted when its segment began.
std::string EncodeSeal(const std::vector<SealItem>& items);
absl::StatusOr<std::vector<SealItem>> DecodeSeal(const LogFile& file, const Group& group);

// What a listing shows of a log. Each in ascending order.
struct EpochList {
  std::vector<Epoch> epochs;
  std::vector<SegmentId> segments;  // a segment's file appears with its seal
  std::vector<SegmentId> marks;

  Epoch newest() const { return epochs.empty() ? Epoch() : epochs.back(); }
  // Of epochs below `epoch`; epoch 0 if there is none.
  SegmentId NewestSegmentBelow(Epoch epoch) const;
  SegmentId newest_segment() const { return NewestSegmentBelow(Epoch(INT64_MAX)); }
  friend bool operator==(const EpochList&, const EpochList&) = default;
};
Task<absl::StatusOr<EpochList>> ListEpochs(Store& store, std::string directory);
// kDataLoss names an epoch file that is missing below another or below its own log, or a segment
// that a mark names.
Task<absl::StatusOr<EpochList>> ListWholeEpochs(Store& store, std::string directory);

// The seal of a segment, with what tells how to read the rest. kNotFound: a file of it is not
// there.
struct Segment {
  SegmentId id;
  LogFile file;
  std::string owner;
  std::vector<SealItem> seal;
};
Task<absl::StatusOr<Segment>> OpenSegment(Store& store, std::string directory, SegmentId id);

// Reads the groups after the seal, piece by piece: `limit` bytes of the file, all of which are
// known to have been durable (UINT64_MAX: all there is, of which nothing is known).
Task<absl::StatusOr<LogExtent>> ReadGroups(Store& store, Segment segment, uint64_t limit,
                                           LogDecoder::Visitor visit);

// Adds to `fold` what counts, seen through `newest`, and gives the same as the seal of a successor
// says it: what the log names durable is referred to in place, the rest is copied. kUnavailable:
// what counts was replaced meanwhile by a newer segment; read through that. kDataLoss: a file of it
// is damaged or missing.
Task<absl::StatusOr<std::vector<SealItem>>> ReadCounted(Store& store, std::string directory,
                                                        SegmentId newest, LogFold& fold);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_EPOCH_LOG_H_
