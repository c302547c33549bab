// Choices: where a generator gets its numbers from, each by the name of what it is for.
//
// Since they are named, one that is added, changed or left out leaves the others what they were.
#ifndef WAVETANK_PROPERTIES_CHOICES_H_
#define WAVETANK_PROPERTIES_CHOICES_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "platform/random.h"

namespace wavetank::properties {

// Pure functions of the seed and the name.
class Choices {
 public:
  explicit Choices(uint64_t seed) : random_(seed) {}

  // In [low, high], both included. REQUIRES: low <= high.
  int64_t Between(std::string_view name, int64_t low, int64_t high) const {
    return random_.Fork(name).Between(low, high);
  }
  // True once in so many times.
  bool OneIn(std::string_view name, int64_t times) const {
    return Between(name, 0, times - 1) == times - 1;
  }
  // REQUIRES: there is one.
  template <typename T>
  const T& OneOf(std::string_view name, const std::vector<T>& all) const {
    return all[static_cast<size_t>(Between(name, 0, static_cast<int64_t>(all.size()) - 1))];
  }

 private:
  const platform::Random random_;
};

}  // namespace wavetank::properties

#endif  // WAVETANK_PROPERTIES_CHOICES_H_
