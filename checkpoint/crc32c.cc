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

namespace {

// Castagnoli's polynomial, its highest power left out; the lowest bit has the highest power left.
constexpr uint32_t kPolynomial = 0x82f63b78;

// Of two polynomials, modulo it.
uint32_t Product(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (uint32_t power = uint32_t{1} << 31; power != 0; power >>= 1) {
    if ((a & power) != 0) product ^= b;
    b = (b & 1) != 0 ? b >> 1 ^ kPolynomial : b >> 1;
  }
  return product;
}

}  // namespace

// A checksum is linear in what came before, but for the inversions, which cancel each other: bytes
// that follow multiply it by x to the number of their bits.
uint32_t Crc32cOfBoth(uint32_t before, uint32_t after, uint64_t length) {
  uint32_t square = uint32_t{1} << 23;  // x^8, of one byte
  for (; length != 0; length >>= 1) {
    if ((length & 1) != 0) before = Product(before, square);
    square = Product(square, square);
  }
  return before ^ after;
}

}  // namespace wavetank::checkpoint
