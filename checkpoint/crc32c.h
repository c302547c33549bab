// CRC32C (Castagnoli), the checksum of every file format here.
#ifndef WAVETANK_CHECKPOINT_CRC32C_H_
#define WAVETANK_CHECKPOINT_CRC32C_H_

#include <cstdint>
#include <string_view>

namespace wavetank::checkpoint {

// The checksum of what gave `before`, followed by `bytes`; 0 is that of nothing.
uint32_t Crc32c(std::string_view bytes, uint32_t before = 0);

// The checksum of what gave `before`, followed by `length` bytes that gave `after` by themselves.
uint32_t Crc32cOfBoth(uint32_t before, uint32_t after, uint64_t length);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_CRC32C_H_
