// Random: seeded streams of numbers, and draws keyed by what they are for.
//
// Stability promise: for one seed, key and call sequence the values are the same on every machine,
// compiler and build, and stay the same from version to version: scenario files depend on them.
// No std:: distribution is used, since those differ between standard libraries.
//
// Draw one number a statement: the order of evaluation of two draws in one call is unspecified.
#ifndef WAVETANK_PLATFORM_RANDOM_H_
#define WAVETANK_PLATFORM_RANDOM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace wavetank::platform {

// A fixed 64-bit mixing function (the finaliser of SplitMix64) and a hash of text built on FNV-1a.
uint64_t MixBits(uint64_t value);
uint64_t StableHash(std::string_view text);

// xoshiro256** seeded by SplitMix64 (Blackman and Vigna, "Scrambled linear pseudorandom number
// generators", 2018). A value type: a copy continues the same sequence.
class Random {
 public:
  explicit Random(uint64_t seed);

  // An independent stream named by `name` and `keys`; does not advance this one, and does not
  // depend on how far this one has been drawn. "This link's k-th message" is
  // Fork("delay", {link, k}).
  Random Fork(std::string_view name, std::initializer_list<uint64_t> keys = {}) const;

  uint64_t Next();
  // Uniform in [0, bound), without bias. REQUIRES: bound > 0.
  uint64_t Below(uint64_t bound);
  // Uniform in [low, high], both included. REQUIRES: low <= high.
  int64_t Between(int64_t low, int64_t high);
  // True `parts` times in a million. REQUIRES: 0 <= parts <= 1,000,000.
  bool OneIn(uint64_t denominator) { return Below(denominator) == 0; }
  bool PartsPerMillion(uint32_t parts) { return Below(1'000'000) < parts; }
  // Fisher-Yates.
  template <typename T>
  void Shuffle(std::vector<T>& values) {
    for (size_t left = values.size(); left > 1; --left) {
      const size_t other = Below(left);
      using std::swap;
      swap(values[left - 1], values[other]);
    }
  }

 private:
  uint64_t seed_;
  std::array<uint64_t, 4> state_;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_RANDOM_H_
