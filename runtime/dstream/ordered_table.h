// OrderedTable<K, V>: a hash table that is walked in the order of first insertion, so that what is
// computed with it replays the same. Dense rows, and an index of 32-bit slots by open addressing.
#ifndef WAVETANK_RUNTIME_DSTREAM_ORDERED_TABLE_H_
#define WAVETANK_RUNTIME_DSTREAM_ORDERED_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
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

  // Inserts start(part) as the key's value, or folds the part into it: value = fold(value, part).
  template <typename Part, typename Start, typename Fold>
  void Merge(K&& key, Part&& part, const Start& start, const Fold& fold) {
    uint64_t hash = 0;
    size_t slot = 0;
    if (V* const value = Find(key, hash, slot)) {
      *value = fold(std::move(*value), std::forward<Part>(part));
    } else {
      Insert(Row(std::move(key), start(std::forward<Part>(part))), hash, slot);
    }
  }
  // The key's row; nullopt: it has none.
  std::optional<size_t> IndexOf(const K& key) const {
    if (slots_.empty()) return std::nullopt;
    const uint64_t hash = HashKey(key);
    for (size_t slot = hash & mask(); slots_[slot] != 0; slot = (slot + 1) & mask()) {
      const size_t index = slots_[slot] - 1;
      if (hashes_[index] == hash && SameKey(rows_[index].first, key)) return index;
    }
    return std::nullopt;
  }
  // The key's value, which is V() at first. Stays where it is until the next is asked for.
  V& Of(K&& key) {
    uint64_t hash = 0;
    size_t slot = 0;
    if (V* const value = Find(key, hash, slot)) return *value;
    Insert(Row(std::move(key), V()), hash, slot);
    return rows_.back().second;
  }

 private:
  // Null: it is not there, and would be at `slot`.
  V* Find(const K& key, uint64_t& hash, size_t& slot) {
    hash = HashKey(key);
    if ((rows_.size() + 1) * 4 > slots_.size() * 3) Grow();
    for (slot = hash & mask(); slots_[slot] != 0; slot = (slot + 1) & mask()) {
      const size_t index = slots_[slot] - 1;
      if (hashes_[index] == hash && SameKey(rows_[index].first, key)) return &rows_[index].second;
    }
    return nullptr;
  }
  void Insert(Row&& row, uint64_t hash, size_t slot) {
    rows_.push_back(std::move(row));
    hashes_.push_back(hash);
    slots_[slot] = static_cast<uint32_t>(rows_.size());
  }
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
