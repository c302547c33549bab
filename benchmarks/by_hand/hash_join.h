// The join of two streams of (int64 key, int64 value) as one would write it by hand, for a single
// thread: each side keeps its rows, and finds them by key in a map to the newest one, from which
// older ones of the same key are chained. A new row meets the other side's rows, then joins its
// own.
#ifndef WAVETANK_BENCHMARKS_BY_HAND_HASH_JOIN_H_
#define WAVETANK_BENCHMARKS_BY_HAND_HASH_JOIN_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace wavetank::by_hand {

struct JoinedColumns {
  std::vector<int64_t> left_key, left_value, right_key, right_value;
};

class HashJoin {
 public:
  // `keep`: whether rows that come later on the other side may meet these.
  template <bool kLeft, bool kKeep>
  void Add(std::span<const int64_t> keys, std::span<const int64_t> values, JoinedColumns& joined) {
    Side& own = kLeft ? left_ : right_;
    const Side& other = kLeft ? right_ : left_;
    for (size_t i = 0; i < keys.size(); ++i) {
      const auto found = other.newest.find(keys[i]);
      uint32_t row = found == other.newest.end() ? kNone : found->second;
      for (; row != kNone; row = other.rows[row].older) {
        const Row& partner = other.rows[row];
        joined.left_key.push_back(kLeft ? keys[i] : partner.key);
        joined.left_value.push_back(kLeft ? values[i] : partner.value);
        joined.right_key.push_back(kLeft ? partner.key : keys[i]);
        joined.right_value.push_back(kLeft ? partner.value : values[i]);
      }
      if constexpr (kKeep) {
        const auto number = static_cast<uint32_t>(own.rows.size());
        const auto [slot, is_new] = own.newest.try_emplace(keys[i], number);
        own.rows.push_back({keys[i], values[i], is_new ? kNone : slot->second});
        slot->second = number;
      }
    }
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Row {
    int64_t key;
    int64_t value;
    uint32_t older;
  };
  struct Side {
    absl::flat_hash_map<int64_t, uint32_t> newest;
    std::vector<Row> rows;
  };

  Side left_;
  Side right_;
};

}  // namespace wavetank::by_hand

#endif  // WAVETANK_BENCHMARKS_BY_HAND_HASH_JOIN_H_
