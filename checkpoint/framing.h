// Framing: how groups stand in a log file, and what is a tear and what is corruption. The bytes are
// specified in FORMAT.md ("Log file").
//
// The rule. A group that does not decode is *corruption* when something proves that its bytes were
// durable once: they lie below a length that a later valid group of the file names, or below
// `known_durable`, which another durable record names. Otherwise it is a *tear*: an append that was
// never acknowledged, or not synced before a power loss; it and everything after it is cut. What
// the rule cannot tell apart: damage to the last group that was acknowledged, if nothing names it
// yet, looks like a tear.
#ifndef WAVETANK_CHECKPOINT_FRAMING_H_
#define WAVETANK_CHECKPOINT_FRAMING_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace wavetank::checkpoint {

enum class GroupKind : uint32_t {
  kSeal = 1,     // the first group of an epoch's log: what counts of its predecessors
  kRecords = 2,  // records, which count together or not at all
};

struct Group {
  GroupKind kind = GroupKind::kRecords;
  uint64_t sequence = 0;       // its place in the file, from 0
  int64_t epoch = 0;           // whose log this is
  uint64_t durable_bytes = 0;  // the length of this file that its writer knew to be durable
  std::string payload;         // not empty

  // Where it stands in the file.
  uint64_t offset = 0;
  uint64_t end = 0;
};

// What a file is called in messages, and what its checksums are salted with: a group written to
// another file, or to another offset, does not decode.
struct LogFile {
  std::string path;
  uint64_t id = 0;
  int64_t epoch = 0;
};

// The largest payload of a group. What reads a log needs memory for one group, not for the log.
inline constexpr uint64_t kLargestPayload = uint64_t{256} << 20;

// The bytes of `group` for the place group.offset. REQUIRES: a payload of 1 to kLargestPayload
// bytes.
std::string EncodeGroup(const LogFile& file, const Group& group);

// What a log file amounts to.
struct LogExtent {
  uint64_t groups = 0;       // the whole ones from its front
  uint64_t valid_bytes = 0;  // where the last of them ends
  uint64_t torn_bytes = 0;   // how much was cut there
};

// Reads a log file that comes in pieces of any size, from its front.
class LogDecoder {
 public:
  // Takes the whole groups, in order, as soon as they are there. An error of its own ends the
  // decoding and is returned.
  using Visitor = std::function<absl::Status(const Group& group)>;

  // `known_durable`: bytes of the file that another durable record names.
  LogDecoder(LogFile file, uint64_t known_durable, Visitor visit);

  absl::Status Feed(std::string_view piece);
  // After the last piece. kDataLoss names the file, the offset and what proves the corruption.
  absl::StatusOr<LogExtent> Finish();

 private:
  absl::Status Advance(bool ended);
  absl::Status TakeGroups(bool ended);
  void FindWitness(bool ended);

  const LogFile file_;
  const uint64_t known_durable_;
  const Visitor visit_;
  std::string rest_;     // of the pieces fed
  uint64_t offset_ = 0;  // where rest_ begins in the file
  LogExtent extent_;
  bool bad_ = false;  // what follows extent_.valid_bytes is no group
  // A valid group after that which names a durable length beyond it, without its payload.
  std::optional<Group> witness_;
};

// A whole file at once, for what is small.
struct DecodedLog {
  std::vector<Group> groups;
  LogExtent extent;
};
absl::StatusOr<DecodedLog> DecodeLog(const LogFile& file, std::string_view bytes,
                                     uint64_t known_durable);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_FRAMING_H_
