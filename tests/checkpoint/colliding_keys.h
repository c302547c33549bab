// Keys with a given XXH3 hash. For eight bytes XXH3 (64 bits, seed 0; Yann Collet's description) is
// a bijection, so it can be run backwards: a different key of equal hash for any key of another
// length, and as many keys as wanted that agree in all the bits that a table looks at.
#ifndef WAVETANK_TESTS_CHECKPOINT_COLLIDING_KEYS_H_
#define WAVETANK_TESTS_CHECKPOINT_COLLIDING_KEYS_H_

#include <xxhash.h>

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace wavetank::checkpoint {

inline uint64_t Xxh3(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }

// The one key of eight bytes whose hash this is.
inline std::string KeyOfHash(uint64_t hash) {
  constexpr uint64_t kPrime = 0x9FB21C651E98DF25;
  uint64_t inverse = kPrime;  // mod 2^64, by Newton's iteration
  for (int i = 0; i < 6; ++i) inverse *= 2 - kPrime * inverse;

  uint64_t h = hash;
  h ^= h >> 28 ^ h >> 56;
  h *= inverse;
  h ^= (h >> 35) + 8;
  h *= inverse;
  // As a polynomial over GF(2), 1 + x^24 + x^49 has the 64th power 1 modulo x^64 + 1.
  for (int i = 0; i < 63; ++i) h ^= std::rotl(h, 49) ^ std::rotl(h, 24);
  h ^= 0x1cad21f72c81017c ^ 0xdb979083e96dd4de;  // of the default secret, at 8 and 16
  // What was hashed is the second half of the key, then the first.
  std::string key;
  for (const int shift : {32, 40, 48, 56, 0, 8, 16, 24}) {
    key.push_back(static_cast<char>(h >> shift));
  }
  return key;
}

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_TESTS_CHECKPOINT_COLLIDING_KEYS_H_
