// How short keys are hashed for tables in memory: by two multiplications. Nothing durable depends
// on it (row_key.h has the hash that does).
#ifndef WAVETANK_RUNTIME_COLUMNAR_FOLDED_H_
#define WAVETANK_RUNTIME_COLUMNAR_FOLDED_H_

#include <cstdint>

namespace wavetank::runtime {

// Factors of Folded, one for each word of a key: odd, with their bits all over.
inline constexpr uint64_t kFoldBy[] = {0x9E3779B97F4A7C15, 0xD1B54A32D192ED03};

// The two halves of the product in one word.
inline uint64_t Folded(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_COLUMNAR_FOLDED_H_
