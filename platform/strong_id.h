// Ids that do not convert into one another: `using BatchId = StrongId<struct BatchIdTag>;`
#ifndef WAVETANK_PLATFORM_STRONG_ID_H_
#define WAVETANK_PLATFORM_STRONG_ID_H_

#include <compare>
#include <cstdint>
#include <utility>

namespace wavetank::platform {

template <typename Tag>
class StrongId {
 public:
  constexpr StrongId() = default;
  constexpr explicit StrongId(int64_t value) : value_(value) {}

  constexpr int64_t value() const { return value_; }
  constexpr StrongId next() const { return StrongId(value_ + 1); }

  friend constexpr auto operator<=>(StrongId, StrongId) = default;
  template <typename H>
  friend H AbslHashValue(H h, StrongId id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  int64_t value_ = 0;
};

}  // namespace wavetank::platform

#endif  // WAVETANK_PLATFORM_STRONG_ID_H_
