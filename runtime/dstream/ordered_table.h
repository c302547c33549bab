// OrderedTable<K, V>: a hash table that is walked in the order of first insertion, so that what is
// computed with it replays the same. Dense rows, and an index of 32-bit slots by open addressing.
#ifndef WAVETANK_RUNTIME_DSTREAM_ORDERED_TABLE_H_
#define WAVETANK_RUNTIME_DSTREAM_ORDERED_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/dstream/stable_hash.h"

namespace wavetank::runtime {

template <typename K, typename V>
class OrderedTable {
 public:
  using Row = std::pair<K, V>;

  size_t size() const { return rows_.size(); }
  std::vector<Row>& rows() { return rows_; }
  uint64_t hash(size_t row) const { return hashes_[row]; }

  // Inserts the row, or folds its value into the key's: value = combine(value, row.second).
  template <typename Combine>
  void Merge(Row&& row, Combine& combine) {
    const uint64_t hash = HashKey(row.first);
    if ((rows_.size() + 1) * 4 > slots_.size() * 3) Grow();
    size_t slot = hash & mask();
    for (; slots_[slot] != 0; slot = (slot + 1) & mask()) {
      const size_t index = slots_[slot] - 1;
      if (hashes_[index] == hash && SameKey(rows_[index].first, row.first)) {
        rows_[index].second = combine(std::move(rows_[index].second), std::move(row.second));
        return;
      }
    }
    rows_.push_back(std::move(row));
    hashes_.push_back(hash);
    slots_[slot] = static_cast<uint32_t>(rows_.size());
  }

 private:
  size_t mask() const { return slots_.size() - 1; }
  void Grow() {
    slots_.assign(slots_.empty() ? 16 : slots_.size() * 2, 0);
    for (size_t index = 0; index < rows_.size(); ++index) {
      size_t slot = hashes_[index] & mask();
      while (slots_[slot] != 0) slot = (slot + 1) & mask();
      slots_[slot] = static_cast<uint32_t>(index + 1);
    }
  }

  std::vector<Row> rows_;
  std::vector<uint64_t> hashes_;
  std::vector<uint32_t> slots_;  // row number + 1; 0 is free
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_ORDERED_TABLE_H_
