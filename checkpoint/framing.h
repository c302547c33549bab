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
#include <string>
#include <string_view>
#include <vector>

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

// The bytes of `group` for the place group.offset. REQUIRES: a payload of 1 byte to 4 GB.
std::string EncodeGroup(const LogFile& file, const Group& group);

struct DecodedLog {
  std::vector<Group> groups;
  uint64_t valid_bytes = 0;  // where the last of them ends
  uint64_t torn_bytes = 0;   // how much was cut there
};

// kDataLoss names the file, the offset and what proves the corruption.
absl::StatusOr<DecodedLog> DecodeLog(const LogFile& file, std::string_view bytes,
                                     uint64_t known_durable);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_FRAMING_H_
