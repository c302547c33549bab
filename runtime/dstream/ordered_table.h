// OrderedTable<K, V>: a hash table that is walked in the order of first insertion, so that what is
// computed with it replays the same. Dense rows, and an index of their numbers by open addressing,
// which holds half of each hash, so that hardly a row is looked at in vain.
#ifndef WAVETANK_RUNTIME_DSTREAM_ORDERED_TABLE_H_
#define WAVETANK_RUNTIME_DSTREAM_ORDERED_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"

#include "runtime/dstream/row_view.h"
#include "runtime/dstream/stable_hash.h"

namespace wavetank::runtime {

template <typename K, typename V>
class OrderedTable {
 public:
  using Row = std::pair<K, V>;

  size_t size() const { return rows_.size(); }
  std::vector<Row>& rows() { return rows_; }
  uint64_t hash(size_t row) const { return hashes_[row]; }
  // Makes room for so many rows. REQUIRES: there are none yet.
  void Reserve(size_t rows) {
    size_t slots = 16;
    while (rows * 8 > slots * 5) slots *= 2;
    slots_.assign(slots, Slot());
    rows_.reserve(rows);
    hashes_.reserve(rows);
  }

  // Of each of `entries`, (key, part): inserts start(part) as the key's value, or folds the part
  // into it: value = fold(value, part). A key may be a view of one, which becomes a key where it is
  // new. `merged` counts them as they are taken in; what they hold may be moved out.
  template <typename Part, typename Entry, typename Start, typename Fold>
  void Merge(std::vector<Entry>& entries, const Start& start, const Fold& fold, int64_t& merged) {
    entry_hashes_.resize(entries.size());
    for (size_t i = 0; i < entries.size(); ++i) entry_hashes_[i] = HashKey(entries[i].first);
    for (size_t i = 0; i < entries.size(); ++i, ++merged) {
      // The memory that the ones to come need is on its way meanwhile.
      if (i + 2 * kAhead < entries.size() && !slots_.empty()) {
        __builtin_prefetch(&slots_[entry_hashes_[i + 2 * kAhead] & mask()]);
        const uint32_t row = slots_[entry_hashes_[i + kAhead] & mask()].row;
        if (row != 0) {  // it may lie across two lines of the processor's cache
          __builtin_prefetch(&rows_[row - 1]);
          __builtin_prefetch(reinterpret_cast<const char*>(&rows_[row - 1] + 1) - 1);
        }
      }
      auto& [key, part] = entries[i];
      const uint64_t hash = entry_hashes_[i];
      size_t slot = 0;
      if (V* const value = Find(key, hash, slot)) {
        *value = fold(std::move(*value), internal::RowOf<Part>(std::move(part)));
      } else {
        Insert(
            Row(internal::RowOf<K>(std::move(key)), start(internal::RowOf<Part>(std::move(part)))),
            hash, slot);
      }
    }
  }
  // The key's row; nullopt: it has none.
  std::optional<size_t> IndexOf(const K& key) const {
    if (slots_.empty()) return std::nullopt;
    const uint64_t hash = HashKey(key);
    for (size_t slot = hash & mask(); slots_[slot].row != 0; slot = (slot + 1) & mask()) {
      if (slots_[slot].tag == Tag(hash) && IsKey(slots_[slot].row - 1, key)) {
        return slots_[slot].row - 1;
      }
    }
    return std::nullopt;
  }
  // The key's value, which is V() at first. Stays where it is until the next is asked for.
  template <typename Key>
  V& Of(Key&& key) {
    const uint64_t hash = HashKey(key);
    size_t slot = 0;
    if (V* const value = Find(key, hash, slot)) return *value;
    Insert(Row(internal::RowOf<K>(std::forward<Key>(key)), V()), hash, slot);
    return rows_.back().second;
  }

 private:
  static constexpr size_t kAhead = 8;

  struct Slot {
    uint32_t row = 0;  // its number + 1; 0: the slot is free
    uint32_t tag = 0;
  };
  // The half of a hash that does not place it.
  static uint32_t Tag(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

  // Null: it is not there, and would be at `slot`.
  template <typename Key>
  ABSL_ATTRIBUTE_ALWAYS_INLINE V* Find(const Key& key, uint64_t hash, size_t& slot) {
    if ((rows_.size() + 1) * 8 > slots_.size() * 5) Grow();
    for (slot = hash & mask(); slots_[slot].row != 0; slot = (slot + 1) & mask()) {
      const size_t index = slots_[slot].row - 1;
      if (slots_[slot].tag == Tag(hash) && IsKey(index, key)) return &rows_[index].second;
    }
    return nullptr;
  }
  template <typename Key>
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool IsKey(size_t row, const Key& key) const {
    if constexpr (internal::kHasView<K>) {
      return SameKey(internal::ViewOf<K>(rows_[row].first), internal::ViewOf<K>(key));
    } else {
      return SameKey(rows_[row].first, key);
    }
  }
  void Insert(Row&& row, uint64_t hash, size_t slot) {
    rows_.push_back(std::move(row));
    hashes_.push_back(hash);
    slots_[slot] = {static_cast<uint32_t>(rows_.size()), Tag(hash)};
  }
  size_t mask() const { return slots_.size() - 1; }
  void Grow() {
    slots_.assign(slots_.empty() ? 16 : slots_.size() * 2, Slot());
    for (size_t index = 0; index < rows_.size(); ++index) {
      size_t slot = hashes_[index] & mask();
      while (slots_[slot].row != 0) slot = (slot + 1) & mask();
      slots_[slot] = {static_cast<uint32_t>(index + 1), Tag(hashes_[index])};
    }
  }

  std::vector<Row> rows_;
  std::vector<uint64_t> hashes_;
  std::vector<Slot> slots_;
  std::vector<uint64_t> entry_hashes_;  // of those that Merge takes in
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_ORDERED_TABLE_H_
