// Stands in for checkpoint/crc32c.cc, so that a fuzzer need not guess checksums.
#include "checkpoint/crc32c.h"

namespace wavetank::checkpoint {

uint32_t Crc32c(std::string_view, uint32_t) { return 0; }

}  // namespace wavetank::checkpoint
