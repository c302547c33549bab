// FixedKeyTable: keys of one or two columns of fixed width to dense numbers 0, 1, 2, ... in the
// order in which they came: what KeyTable is for strings, without a byte string in between.
//
// Open addressing. A slot holds the key itself, so that a look-up reads one place. The home of a
// key is the high bits of its hash: a table that doubles is copied from its beginning to its end.
#ifndef WAVETANK_RUNTIME_COLUMNAR_FIXED_KEY_TABLE_H_
#define WAVETANK_RUNTIME_COLUMNAR_FIXED_KEY_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/columnar/buffer.h"
#include "runtime/columnar/column.h"

namespace wavetank::runtime {

// Whether such columns are keys of a FixedKeyTable: one or two, of numbers, dates, times, bools.
bool AreFixedKeys(std::span<const DataType> types);

// Of so many columns. Equal keys have equal bits: floats and doubles are normalised (row_key.h).
template <size_t columns>
class FixedKeyTable {
 public:
  explicit FixedKeyTable(std::vector<DataType> types);

  uint32_t size() const { return static_cast<uint32_t>(keys_.size()); }

  // Sets groups[row] to the number of the row's key; nulls equal each other. New keys are added.
  // REQUIRES: columns of the types, each as long as there are groups.
  void Assign(std::span<const Column> keys, std::span<uint32_t> groups);

  // The columns of these numbers' keys.
  std::vector<Column> Keys(std::span<const uint32_t> groups) const;
  // What it holds in memory.
  size_t bytes() const {
    return slots_.capacity() * sizeof(Slot) + keys_.capacity() * sizeof(Words) + nulls_.capacity() +
           rows_.capacity() * sizeof(Words) + row_nulls_.capacity();
  }

 private:
  using Words = std::array<uint64_t, columns>;  // the values' bits, 0 of a null
  struct Slot {
    Words words;
    uint32_t nulls;
    uint32_t number;  // of the group, and one more; 0: free
  };

  size_t Home(const Words& words, uint8_t nulls) const;
  void Gather(std::span<const Column> keys, size_t rows);
  template <bool kNulls>
  void AssignRows(std::span<uint32_t> groups);
  uint32_t Find(const Words& words, uint8_t nulls);
  uint32_t Add(const Words& words, uint8_t nulls, size_t slot);
  void Grow();

  const std::vector<DataType> types_;
  BufferBuilder<Slot> slots_;     // a power of two
  int shift_;                     // 64 less the power
  BufferBuilder<Words> keys_;     // by number
  BufferBuilder<uint8_t> nulls_;  // likewise: a bit for each column that is null
  BufferBuilder<Words> rows_;     // of the batch at hand
  BufferBuilder<uint8_t> row_nulls_;
};

extern template class FixedKeyTable<1>;
extern template class FixedKeyTable<2>;

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_COLUMNAR_FIXED_KEY_TABLE_H_
