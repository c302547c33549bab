// Draws: what an event of a generated stream is made of: numbers that follow from a seed and the
// event's number alone, so that any event can be made without those before it.
#ifndef WAVETANK_RUNTIME_CONNECTORS_GENERATED_DRAWS_H_
#define WAVETANK_RUNTIME_CONNECTORS_GENERATED_DRAWS_H_

#include <cstdint>
#include <string>

#include "platform/random.h"

namespace wavetank::runtime {

class Draws {
 public:
  Draws(int64_t seed, int64_t event)
      : state_(platform::MixBits(static_cast<uint64_t>(seed) + kStep) ^
               static_cast<uint64_t>(event)) {
    state_ = platform::MixBits(state_);
  }

  // One of 0 to bound - 1. REQUIRES: bound > 0.
  int64_t Below(int64_t bound) {
    return static_cast<int64_t>(Next() % static_cast<uint64_t>(bound));
  }

  // One of a table's entries.
  template <typename T, size_t kSize>
  const T& OneOf(const T (&table)[kSize]) {
    return table[static_cast<size_t>(Below(static_cast<int64_t>(kSize)))];
  }

  // Letters from a to z: twelve of each number, the last ones of it first.
  std::string Letters(int64_t length) {
    std::string text(static_cast<size_t>(length), 'a');
    uint64_t of = 0;
    for (size_t i = 0; i < text.size(); ++i, of /= 26) {
      if (i % 12 == 0) of = Next();
      text[i] = static_cast<char>('a' + of % 26);
    }
    return text;
  }

 private:
  static constexpr uint64_t kStep = 0x9E3779B97F4A7C15;

  uint64_t Next() { return platform::MixBits(state_ += kStep); }

  uint64_t state_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_GENERATED_DRAWS_H_
