#include "platform/random.h"

#include <bit>

#include "platform/check.h"

namespace wavetank::platform {
namespace {

constexpr uint64_t kGoldenGamma = 0x9e3779b97f4a7c15ULL;

}  // namespace

uint64_t MixBits(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

uint64_t StableHash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return MixBits(hash + text.size());
}

Random::Random(uint64_t seed) : seed_(seed) {
  uint64_t counter = seed;
  for (uint64_t& word : state_) word = MixBits(counter += kGoldenGamma);
}

Random Random::Fork(std::string_view name, std::initializer_list<uint64_t> keys) const {
  uint64_t seed = MixBits(seed_ + kGoldenGamma) ^ StableHash(name);
  for (const uint64_t key : keys) seed = MixBits(seed + kGoldenGamma) ^ MixBits(key + 1);
  return Random(seed);
}

uint64_t Random::Next() {
  auto& s = state_;
  const uint64_t result = std::rotl(s[1] * 5, 7) * 9;
  const uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = std::rotl(s[3], 45);
  return result;
}

uint64_t Random::Below(uint64_t bound) {
  WT_CHECK(bound > 0);
  uint64_t value = Next();
  if (value < bound) {
    // Values below `reject`, which is below `bound`, would make the low remainders likelier.
    const uint64_t reject = (0 - bound) % bound;
    while (value < reject) value = Next();
  }
  return value % bound;
}

int64_t Random::Between(int64_t low, int64_t high) {
  WT_CHECK(low <= high);
  const uint64_t span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
  if (span == 0) return static_cast<int64_t>(Next());
  return static_cast<int64_t>(static_cast<uint64_t>(low) + Below(span));
}

}  // namespace wavetank::platform
