// Decodes a fenced log from its durable bytes, written from checkpoint/FORMAT.md alone: the
// checkers must not share code with what they check.
#ifndef WAVETANK_PROPERTIES_DECODE_LOG_H_
#define WAVETANK_PROPERTIES_DECODE_LOG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "properties/durable_files.h"

namespace wavetank::properties {

// The records that count, in order, as a reader would be answered at this instant; nullopt when it
// would not be answered yet (no epoch, or the newest has not sealed its predecessors). kDataLoss:
// something that counts is damaged or gone.
absl::StatusOr<std::optional<std::vector<std::string>>> DecodeFencedLog(
    const DurableFiles& files, const std::string& directory);

// The beginnings of the paths of all files that it looks at.
std::vector<std::string> FencedLogFiles(const std::string& directory);

// CRC32C (Castagnoli), a byte at a time.
uint32_t PlainCrc32c(std::string_view bytes);

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_DECODE_LOG_H_
