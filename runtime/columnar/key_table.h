// KeyTable: byte strings to dense numbers 0, 1, 2, ... in the order in which they came.
//
// Open addressing over a dense array of keys, so that walking the keys is a walk in insertion
// order: the same on every machine and in every run. Keys of up to 12 bytes, which most words are,
// live in their entry and are compared in two words. Hashes come from the caller: Hashes() gives
// good ones, which are nobody else's and no durable format.
#ifndef WAVETANK_RUNTIME_COLUMNAR_KEY_TABLE_H_
#define WAVETANK_RUNTIME_COLUMNAR_KEY_TABLE_H_

#include <cstdint>
#include <string_view>

#include "runtime/columnar/buffer.h"
#include "runtime/columnar/column.h"

namespace wavetank::runtime {

class KeyTable {
 public:
  KeyTable();

  uint32_t size() const { return static_cast<uint32_t>(entries_.size()); }

  // Of each row of a string column.
  static BufferBuilder<uint64_t> Hashes(const Column& keys);

  // Sets groups[row] to the number of the row's key, for every row of a string column; a null is a
  // key of its own. New keys are added. REQUIRES: as many hashes and groups as rows.
  void Assign(const Column& keys, const uint64_t* hashes, uint32_t* groups);

  bool IsNull(uint32_t group) const { return entries_[group].length == kNullLength; }
  // Valid until the next Assign; "" for null.
  std::string_view Key(uint32_t group) const;
  uint64_t Hash(uint32_t group) const { return hashes_[group]; }
  // What it holds in memory.
  size_t bytes() const {
    return slots_.capacity() * sizeof(Slot) + entries_.capacity() * sizeof(Entry) +
           hashes_.capacity() * sizeof(uint64_t) + long_keys_.capacity();
  }

 private:
  static constexpr uint32_t kInlineBytes = 12;
  static constexpr uint32_t kNullLength = UINT32_MAX;

  struct Entry {
    uint32_t length;
    uint32_t head;  // the first 4 bytes, zeros behind a shorter key
    uint64_t tail;  // the next 8; of a key longer than kInlineBytes, where it lies in long_keys_
  };
  // The upper half of a hash and one more than the group's number; 0: free.
  using Slot = uint64_t;

  uint32_t Find(const char* bytes, uint32_t length, uint64_t hash);
  bool Equals(const Entry& entry, const Entry& wanted, const char* bytes) const;
  uint32_t Add(Entry wanted, const char* bytes, uint64_t hash, size_t slot);
  void Grow();

  BufferBuilder<Slot> slots_;  // a power of two, at most half of them taken
  BufferBuilder<Entry> entries_;
  BufferBuilder<uint64_t> hashes_;
  BufferBuilder<char> long_keys_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_COLUMNAR_KEY_TABLE_H_
