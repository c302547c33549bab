// StateTable: the keys and values of one state store in memory: a dense array of entries in the
// order of insertion, found through an open-addressing index of their numbers; bytes in an arena.
//
// Changes since the last Accept can be taken back. They show in the order in which their keys were
// first changed. A key that is removed and put again before Accept keeps its place; one whose
// removal was accepted goes to the end. So a table that is built anew from what was accepted, in
// order, has its keys in the same order: what is computed by walking it replays the same.
#ifndef WAVETANK_CHECKPOINT_STATE_TABLE_H_
#define WAVETANK_CHECKPOINT_STATE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "checkpoint/arena.h"

namespace wavetank::checkpoint {

class StateTable {
 public:
  StateTable() : index_(kSmallestIndex, kEmpty) {}

  size_t size() const { return size_; }
  // Views stay valid until the next change. REQUIRES: keys under 512 MB, values under 4 GB.
  bool Get(std::string_view key, std::string_view* value) const;
  void Put(std::string_view key, std::string_view value);
  void Remove(std::string_view key);
  void ForEach(const std::function<void(std::string_view, std::string_view)>& visit) const;

  // Each key whose presence may differ since Accept: with its value, or null if it is not there. A
  // key that was put and removed meanwhile is left out.
  bool changed() const { return !changes_.empty(); }
  void ForEachChange(
      const std::function<void(std::string_view key, const std::string_view* value)>& visit) const;
  void Accept();
  void TakeBack();

 private:
  // Key and value stand together in the arena, key first.
  struct Entry {
    uint64_t ref : Arena::kRefBits;
    uint64_t fragment : 16;  // of the key's hash: spares most comparisons of other keys
    uint32_t key_size : 29;
    uint32_t live : 1;
    uint32_t changed : 1;  // since Accept
    uint32_t fresh : 1;    // its bytes were stored since Accept
    uint32_t value_size;
  };
  // An entry as it was at Accept. One that was not there then stands behind accepted_entries_.
  struct Change {
    uint32_t number;
    Entry before;
  };
  static constexpr uint32_t kEmpty = UINT32_MAX;
  static constexpr size_t kSmallestIndex = 16;

  static uint64_t Hash(std::string_view key);
  std::string_view KeyOf(const Entry& entry) const {
    return {arena_.At(entry.ref), entry.key_size};
  }
  std::string_view ValueOf(const Entry& entry) const {
    return {arena_.At(entry.ref) + entry.key_size, entry.value_size};
  }
  // Where the index holds the key, live or not, or where it would.
  size_t Slot(std::string_view key, uint64_t hash) const;
  void NoteChange(uint32_t number);
  void SetLive(Entry& entry, bool live);
  void Store(Entry& entry, std::string_view key, std::string_view value);
  void Unindex(uint32_t number);
  void GrowIndex();
  void CompactIfSparse();

  std::vector<Entry> entries_;
  std::vector<uint32_t> index_;  // numbers of entries, or kEmpty; a power of two, linear probing
  size_t indexed_ = 0;
  size_t size_ = 0;          // live entries
  size_t live_bytes_ = 0;    // of their keys and values
  size_t stored_bytes_ = 0;  // of all that was stored in the arena
  size_t accepted_entries_ = 0;
  std::vector<Change> changes_;
  Arena arena_;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STATE_TABLE_H_
