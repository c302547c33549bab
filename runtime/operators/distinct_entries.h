// DistinctEntries: the entries of a state table that a few rows touch, each once, in the order in
// which it first is: small enough to stay in the processor's cache.
#ifndef WAVETANK_RUNTIME_OPERATORS_DISTINCT_ENTRIES_H_
#define WAVETANK_RUNTIME_OPERATORS_DISTINCT_ENTRIES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>

#include "platform/check.h"

namespace wavetank::runtime {

class DistinctEntries {
 public:
  static constexpr size_t kMostRows = 1024;

  DistinctEntries() { std::iota(all_.begin(), all_.end(), 0); }

  // REQUIRES: at most kMostRows.
  void Assign(std::span<const uint32_t> entries) {
    WT_CHECK(entries.size() <= kMostRows);
    slots_.fill(0);
    size_ = 0;
    rows_ = entries.size();
    for (size_t row = 0; row < rows_; ++row) {
      size_t slot = (entries[row] * kSpread) >> (32 - kSlotBits);
      while (slots_[slot] != 0 && entries_[slots_[slot] - 1u] != entries[row]) {
        slot = (slot + 1) % kSlots;
      }
      if (slots_[slot] == 0) {
        first_rows_[size_] = static_cast<uint32_t>(row);
        entries_[size_++] = entries[row];
        slots_[slot] = static_cast<uint16_t>(size_);
      }
      numbers_[row] = slots_[slot] - 1u;
    }
  }

  uint32_t size() const { return static_cast<uint32_t>(size_); }
  std::span<const uint32_t> entries() const { return {entries_.data(), size_}; }
  // The first row of each.
  std::span<const uint32_t> first_rows() const { return {first_rows_.data(), size_}; }
  // Of each row, which of the entries is its.
  std::span<const uint32_t> numbers() const { return {numbers_.data(), rows_}; }
  // Of the entries: 0, 1, 2, ...
  std::span<const uint32_t> all() const { return {all_.data(), size_}; }

 private:
  static constexpr int kSlotBits = 11;
  static constexpr size_t kSlots = size_t{1} << kSlotBits;
  static constexpr uint32_t kSpread = 0x9E3779B1;  // odd, with its bits all over
  static_assert(kSlots >= 2 * kMostRows);

  std::array<uint16_t, kSlots> slots_;  // of an entry, one more than its number; 0: free
  std::array<uint32_t, kMostRows> entries_;
  std::array<uint32_t, kMostRows> first_rows_;
  std::array<uint32_t, kMostRows> numbers_;
  std::array<uint32_t, kMostRows> all_;
  size_t size_ = 0;
  size_t rows_ = 0;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_DISTINCT_ENTRIES_H_
