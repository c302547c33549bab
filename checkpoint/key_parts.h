// Keys and values that are made of parts, one after the other: where a part lies is told by widths
// alone. A part is
//
//   u8 0                                      it has no value
//   u8 1, `width` bytes                       where its width is not 0
//   u8 1, u32 length, so many bytes           where its width is 0
#ifndef WAVETANK_CHECKPOINT_KEY_PARTS_H_
#define WAVETANK_CHECKPOINT_KEY_PARTS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

namespace wavetank::checkpoint {

// How long the first parts, of these widths, are. npos: the bytes do not begin with them.
inline size_t PartsLength(std::string_view bytes, std::span<const uint8_t> widths) {
  size_t at = 0;
  for (const uint8_t width : widths) {
    if (at >= bytes.size()) return std::string_view::npos;
    if (bytes[at++] == 0) continue;
    size_t length = width;
    if (width == 0) {
      uint32_t prefix;
      if (bytes.size() - at < sizeof prefix) return std::string_view::npos;
      std::memcpy(&prefix, bytes.data() + at, sizeof prefix);
      at += sizeof prefix;
      length = prefix;
    }
    if (bytes.size() - at < length) return std::string_view::npos;
    at += length;
  }
  return at;
}

// The time, an i64, in the part behind those of these widths; nothing if it has no value. Bytes
// that have no such part are as old as can be: whoever removes what is old meets them.
inline std::optional<int64_t> TimePart(std::string_view bytes, std::span<const uint8_t> before) {
  constexpr int64_t kOldest = std::numeric_limits<int64_t>::min();
  const size_t at = PartsLength(bytes, before);
  int64_t time;
  if (at == std::string_view::npos || at >= bytes.size()) return kOldest;
  if (bytes[at] == 0) return std::nullopt;
  if (bytes.size() - at - 1 < sizeof time) return kOldest;
  std::memcpy(&time, bytes.data() + at + 1, sizeof time);
  return time;
}

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_KEY_PARTS_H_
