// LogOffsets: how far a source of format log has got: the offset of the next record of each
// partition. As text, "0:12,1:7", by partition; one that is not named is at its first record.
//
// LogPosition: of which log and topic, too: "0:12,1:7,log:5e0c9f1b22a4d718/visits". What was logged
// before logs had ids has neither, and is of whichever is there.
#ifndef WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_OFFSETS_H_
#define WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_OFFSETS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace wavetank::runtime {

using LogOffsets = std::map<int32_t, int64_t>;

struct LogPosition {
  std::string log_id = {};
  LogOffsets offsets = {};
  std::string topic = {};
};

std::string ToText(const LogOffsets& offsets);
std::string ToText(const LogPosition& position);
// kDataLoss: it is no such text.
absl::StatusOr<LogOffsets> ParseLogOffsets(const std::string& text);
absl::StatusOr<LogPosition> ParseLogPosition(const std::string& text);
// 0: it is not named.
int64_t OffsetOf(const LogOffsets& offsets, int32_t partition);
// How many offsets there are from one to the other, at most `most`, shared out so that each
// partition gets its part of what it has, and where that leads. REQUIRES: none of `to` is before
// its `from`.
LogOffsets Advance(const LogOffsets& from, const LogOffsets& to, int64_t most);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_LOG_LOG_OFFSETS_H_
