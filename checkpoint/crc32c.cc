#include "checkpoint/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>

namespace wavetank::checkpoint {

uint32_t Crc32c(std::string_view bytes, uint32_t before) {
  constexpr size_t kLargestCall = size_t{1} << 30;  // the library counts in int
  uint32_t state = ~before;
  while (!bytes.empty()) {
    const size_t length = std::min(bytes.size(), kLargestCall);
    // The library takes a mutable pointer and only reads.
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
    state = crc32_iscsi(data, static_cast<int>(length), state);
    bytes.remove_prefix(length);
  }
  return ~state;
}

}  // namespace wavetank::checkpoint
