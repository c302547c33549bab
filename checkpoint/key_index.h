// KeyIndex: finds the number of a key by the key's hash: open addressing, linear probing.
//
// A slot is a byte that tells most other keys apart and a number of 4 bytes, in two arrays: a
// search reads neighbouring bytes, and a number only where the key probably is. It knows hashes and
// numbers alone; what they stand for, and the hash of a number that moves, are its owner's to say.
#ifndef WAVETANK_CHECKPOINT_KEY_INDEX_H_
#define WAVETANK_CHECKPOINT_KEY_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace wavetank::checkpoint {

class KeyIndex {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  KeyIndex() { Reset(0); }

  // The number under that hash for which `same(number)` holds, or kNone.
  template <typename Same>
  uint32_t Find(uint64_t hash, const Same& same) const {
    const uint8_t tag = TagOf(hash);
    for (size_t slot = hash & mask_; tags_[slot] != kEmpty; slot = (slot + 1) & mask_) {
      if (tags_[slot] == tag && same(numbers_[slot])) return numbers_[slot];
    }
    return kNone;
  }

  // Whether the next Insert needs a Reset to more room first.
  bool full() const { return filled_ >= MostFilled(mask_ + 1); }
  size_t size() const { return size_; }
  // REQUIRES: not full(); the number is not there.
  void Insert(uint64_t hash, uint32_t number) {
    size_t slot = hash & mask_;
    while (tags_[slot] > kRemoved) slot = (slot + 1) & mask_;
    if (tags_[slot] == kEmpty) ++filled_;
    tags_[slot] = TagOf(hash);
    numbers_[slot] = number;
    ++size_;
  }
  // REQUIRES: it is there.
  void Remove(uint64_t hash, uint32_t number) {
    const uint8_t tag = TagOf(hash);
    size_t slot = hash & mask_;
    while (tags_[slot] != tag || numbers_[slot] != number) slot = (slot + 1) & mask_;
    // A search may have to go on over this slot, unless the next one ends it anyway.
    const bool last = tags_[(slot + 1) & mask_] == kEmpty;
    tags_[slot] = last ? kEmpty : kRemoved;
    if (last) --filled_;
    --size_;
  }

  // Forgets everything, and makes room for `count` numbers and some more.
  void Reset(size_t count) {
    size_t slots = kFewestSlots;
    while (MostFilled(slots) * 3 / 4 < count) slots *= 2;
    numbers_.reset();  // before the new one: they are large
    tags_.assign(slots, kEmpty);
    tags_.shrink_to_fit();
    numbers_ = std::make_unique_for_overwrite<uint32_t[]>(slots);
    mask_ = slots - 1;
    filled_ = 0;
    size_ = 0;
  }

  // For many searches at once: what they will read is fetched meanwhile.
  void Prefetch(uint64_t hash) const {
    __builtin_prefetch(&tags_[hash & mask_]);
    __builtin_prefetch(&numbers_[hash & mask_]);
  }
  // The first number that Find will ask about, or kNone.
  uint32_t Candidate(uint64_t hash) const {
    return Find(hash, [](uint32_t) { return true; });
  }

 private:
  static constexpr uint8_t kEmpty = 0;
  static constexpr uint8_t kRemoved = 1;
  static constexpr size_t kFewestSlots = 16;

  static size_t MostFilled(size_t slots) { return slots / 8 * 7; }
  static uint8_t TagOf(uint64_t hash) {
    const auto top = static_cast<uint8_t>(hash >> 56);
    return top > kRemoved ? top : static_cast<uint8_t>(top + 2);
  }

  std::vector<uint8_t> tags_;            // a power of two
  std::unique_ptr<uint32_t[]> numbers_;  // as many; what stands beside no tag means nothing
  size_t mask_ = 0;
  size_t filled_ = 0;  // slots that are not empty
  size_t size_ = 0;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_KEY_INDEX_H_
