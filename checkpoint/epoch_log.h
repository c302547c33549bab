// EpochLog: the files of a fenced log, and what counts in them. What owners, readers and `inspect`
// share; the protocol that makes it safe is in fenced_log.h.
#ifndef WAVETANK_CHECKPOINT_EPOCH_LOG_H_
#define WAVETANK_CHECKPOINT_EPOCH_LOG_H_

#include <compare>
#include <cstdint>
#include <deque>
#include <optional>
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
// What counted when a segment began, if that is too much for its seal.
std::string BasePath(const std::string& directory, SegmentId segment);
// Says that what counts does not begin below that segment, which was there.
std::string MarkPath(const std::string& directory, SegmentId segment);
inline constexpr std::string_view kMarkContent = "WTMK\x01";

// The content of an epoch file: who created it. The log's checksums are salted with it.
std::string EncodeEpochFile(const std::string& owner);
absl::StatusOr<std::string> DecodeEpochFile(const std::string& path, std::string_view bytes);
LogFile LogFileOf(const std::string& directory, SegmentId segment, const std::string& owner);
LogFile BaseFileOf(const std::string& directory, SegmentId segment, const std::string& owner);

// The payload of a group of records.
std::string EncodeRecords(const std::vector<std::string>& records);
absl::StatusOr<std::vector<std::string>> DecodeRecords(const LogFile& file, const Group& group);

// A part of what counts, in order.
struct SealItem {
  enum class Kind {
    kCopied,   // these records
    kInPlace,  // the records of a segment's groups, after its seal, that end at or below `length`
    kBase,     // all records of a segment's base, which is `length` bytes
  };
  Kind kind = Kind::kCopied;
  std::vector<std::string> records = {};
  // Of a file that is referred to, with the owner of its epoch, whose epoch file may be gone. "":
  // an older build wrote this, and that file is there.
  SegmentId segment = {};
  uint64_t length = 0;
  std::string owner = {};

  bool copied() const { return kind == Kind::kCopied; }
  friend bool operator==(const SealItem&, const SealItem&) = default;
};

// The payload of a seal: what counted when its segment began.
std::string EncodeSeal(const std::vector<SealItem>& items);
absl::StatusOr<std::vector<SealItem>> DecodeSeal(const LogFile& file, const Group& group);

// What a listing shows of a log. Each in ascending order.
struct EpochList {
  std::vector<Epoch> epochs;
  std::vector<SegmentId> segments;  // a segment's file appears with its seal
  std::vector<SegmentId> bases;
  std::vector<SegmentId> marks;

  Epoch newest() const { return epochs.empty() ? Epoch() : epochs.back(); }
  // Of epochs below `epoch`; epoch 0 if there is none.
  SegmentId NewestSegmentBelow(Epoch epoch) const;
  SegmentId newest_segment() const { return NewestSegmentBelow(Epoch(INT64_MAX)); }
  friend bool operator==(const EpochList&, const EpochList&) = default;
};
Task<absl::StatusOr<EpochList>> ListEpochs(Store& store, std::string directory);
// kDataLoss names the epoch file that is missing of the newest segment, or the segment that is
// missing of the newest mark.
Task<absl::StatusOr<EpochList>> ListWholeEpochs(Store& store, std::string directory);

// Who created that epoch, by its file.
Task<absl::StatusOr<std::string>> OwnerOf(Store& store, std::string directory, Epoch epoch);

// The seal of a segment, with what tells how to read the rest. kNotFound: a file of it is not
// there. `owner`: as a seal that refers to it names it; "" asks the epoch file.
struct Segment {
  SegmentId id;
  LogFile file;
  std::string owner;
  std::vector<SealItem> seal;
};
Task<absl::StatusOr<Segment>> OpenSegment(Store& store, std::string directory, SegmentId id,
                                          std::string owner = "");

// The groups of one file, read piece by piece as they are asked for.
class GroupReader {
 public:
  // `limit` bytes of the file, all of which are known to have been durable (UINT64_MAX: all there
  // is, of which nothing is known). `store` must outlive it.
  GroupReader(Store& store, LogFile file, uint64_t limit);
  GroupReader(const GroupReader&) = delete;
  GroupReader& operator=(const GroupReader&) = delete;

  // Unset after the last. kDataLoss names what is damaged.
  Task<absl::StatusOr<std::optional<Group>>> Next();
  // After the last.
  const LogExtent& extent() const { return extent_; }

 private:
  Store& store_;
  const LogFile file_;
  const uint64_t limit_;
  LogDecoder decoder_;
  std::deque<Group> found_;
  uint64_t offset_ = 0;
  bool ended_ = false;
  LogExtent extent_;
};

// Reads the groups after the seal of a segment, all that there are.
Task<absl::StatusOr<LogExtent>> ReadGroups(Store& store, Segment segment,
                                           LogDecoder::Visitor visit);
// The records of an item, a group or what was copied at a time, to be taken over in order.
class ItemReader {
 public:
  // `store` must outlive it. REQUIRES: an item that refers to a file says its owner.
  ItemReader(Store& store, std::string directory, SealItem item);

  // Unset after the last. kDataLoss: what counts is damaged; kNotFound: a file of it is gone.
  Task<absl::StatusOr<std::optional<std::vector<std::string>>>> Next();

 private:
  Store& store_;
  const std::string directory_;
  SealItem item_;
  LogFile file_;
  std::optional<GroupReader> groups_;
  bool ended_ = false;
};

// How much is copied where.
struct SealLimits {
  uint64_t copied_bytes = 0;  // into a seal, for good: what is more, is a base
  uint64_t group_bytes = 0;   // into one group, be it a new owner's seal
};

// What counts, seen through a segment.
struct Counted {
  // In order, where it stands. What was copied into the seal is held here.
  std::vector<SealItem> items;
  // The same as the seal of a successor says it: what the log names durable is referred to in
  // place, the rest is copied, and what is little is copied too. Unset: that is more than a group.
  std::optional<std::vector<SealItem>> seal;
};
// Adds to `fold` what counts, seen through `newest`. kUnavailable: what counts was replaced
// meanwhile by a newer segment; read through that. kDataLoss: a file of it is damaged or missing.
// `limits`: of a successor's seal; zeros where there is none.
Task<absl::StatusOr<Counted>> ReadCounted(Store& store, std::string directory, SegmentId newest,
                                          SealLimits limits, LogFold& fold);

// What a group with these records takes at most.
uint64_t EncodedBytes(const std::vector<std::string>& records);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_EPOCH_LOG_H_
