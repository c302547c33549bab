// Count and sum of int64 values by key as one would write it by hand, for a single thread: a map
// from key to both, one look-up a row. Keys are int64 or strings.
#ifndef WAVETANK_BENCHMARKS_BY_HAND_HASH_AGGREGATE_H_
#define WAVETANK_BENCHMARKS_BY_HAND_HASH_AGGREGATE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace wavetank::by_hand {

template <typename Key>
class HashAggregate {
 public:
  // As rows have them.
  using View = std::conditional_t<std::is_same_v<Key, std::string>, absl::string_view, Key>;

  struct Columns {
    std::vector<View> keys;  // of the map, as long as it does not change
    std::vector<int64_t> counts;
    std::vector<int64_t> sums;
  };

  size_t size() const { return groups_.size(); }

  // `key(row)` is a View.
  template <typename KeyOfRow>
  void Update(const KeyOfRow& key, std::span<const int64_t> values) {
    for (size_t row = 0; row < values.size(); ++row) {
      Group& group = groups_[key(row)];
      ++group.count;
      group.sum += values[row];
    }
  }
  // Counts and sums of other rows.
  template <typename KeyOfRow>
  void Merge(const KeyOfRow& key, std::span<const int64_t> counts, std::span<const int64_t> sums) {
    for (size_t row = 0; row < counts.size(); ++row) {
      Group& group = groups_[key(row)];
      group.count += counts[row];
      group.sum += sums[row];
    }
  }

  Columns Finish() const {
    Columns columns;
    columns.keys.reserve(size());
    columns.counts.reserve(size());
    columns.sums.reserve(size());
    for (const auto& [key, group] : groups_) {
      columns.keys.push_back(key);
      columns.counts.push_back(group.count);
      columns.sums.push_back(group.sum);
    }
    return columns;
  }

 private:
  struct Group {
    int64_t count = 0;
    int64_t sum = 0;
  };

  absl::flat_hash_map<Key, Group> groups_;
};

}  // namespace wavetank::by_hand

#endif  // WAVETANK_BENCHMARKS_BY_HAND_HASH_AGGREGATE_H_
