// The name of a block says all that its record says, so that one which its receiver stored and did
// not get to report can be logged by whoever finds it.
#ifndef WAVETANK_CHECKPOINT_BLOCK_NAME_H_
#define WAVETANK_CHECKPOINT_BLOCK_NAME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wavetank::checkpoint {

struct BlockName {
  int32_t stream = 0;
  std::string run;     // of its receiver: unlike any other's
  int64_t number = 0;  // of the blocks of that run: 0, 1, ...
  int64_t records = 0;
  uint32_t crc32c = 0;

  // "stream-<stream>-<run>-<number>-<records>-<CRC32C, 8 hex digits>"
  std::string Text() const;
  friend bool operator==(const BlockName&, const BlockName&) = default;
};

// Of a path's last component. Unset: it is no block's, or one of an older version, whose names end
// with the number.
std::optional<BlockName> ParseBlockName(std::string_view name);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_BLOCK_NAME_H_
