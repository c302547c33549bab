// Choices: where a generator gets its numbers from, each by the name of what it is for.
//
// A generator that draws everything through this can be driven by a seed, by RapidCheck, or by the
// choices of an earlier run with some of them made smaller, which is how a failing case is shrunk
// (shrink.h). Since they are named, changing or dropping one leaves the others what they were.
#ifndef WAVETANK_PROPERTIES_CHOICES_H_
#define WAVETANK_PROPERTIES_CHOICES_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "platform/random.h"

namespace wavetank::properties {

class Choices {
 public:
  virtual ~Choices() = default;
  // In [low, high], both included, where `low` is the simplest. REQUIRES: low <= high, and no
  // choice of that name before.
  virtual int64_t Between(std::string_view name, int64_t low, int64_t high) = 0;
  // True once in so many times.
  bool OneIn(std::string_view name, int64_t times) {
    return Between(name, 0, times - 1) == times - 1;
  }
};

// How far above its low end each choice was.
using ChosenHeights = std::map<std::string, int64_t, std::less<>>;

class SeededChoices final : public Choices {
 public:
  explicit SeededChoices(uint64_t seed) : random_(seed) {}
  int64_t Between(std::string_view name, int64_t low, int64_t high) override {
    const int64_t height = random_.Fork(name).Between(0, high - low);
    heights_.emplace(name, height);
    return low + height;
  }
  const ChosenHeights& heights() const { return heights_; }

 private:
  const platform::Random random_;
  ChosenHeights heights_;
};

// What is missing is 0; what is too high for its range is cut.
class ReplayedChoices final : public Choices {
 public:
  explicit ReplayedChoices(const ChosenHeights& heights) : heights_(heights) {}
  int64_t Between(std::string_view name, int64_t low, int64_t high) override {
    const auto found = heights_.find(name);
    return found == heights_.end() ? low : low + std::min(found->second, high - low);
  }

 private:
  const ChosenHeights& heights_;
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_CHOICES_H_
