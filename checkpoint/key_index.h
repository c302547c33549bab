// KeyIndex: finds the number of a key by the key's hash: open addressing, linear probing by lines.
//
// A line is what the processor fetches at once: 12 slots, each a byte that tells most other keys
// apart and a number of 4 bytes. So a search reads one line, seldom two, and a number only where
// the key probably is. It knows hashes and numbers alone; what they stand for, and the hash of a
// number that moves, are its owner's to say.
#ifndef WAVETANK_CHECKPOINT_KEY_INDEX_H_
#define WAVETANK_CHECKPOINT_KEY_INDEX_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "platform/large_pages.h"

namespace wavetank::checkpoint {

class KeyIndex {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  KeyIndex() { Reset(0); }

  // The number under that hash for which `same(number)` holds, or kNone.
  template <typename Same>
  uint32_t Find(uint64_t hash, const Same& same) const {
    const uint64_t tag = kEachByte * TagOf(hash);
    for (size_t at = hash & mask_;; at = (at + 1) & mask_) {
      const Line& line = lines_[at];
      uint64_t words[2];
      std::memcpy(words, line.tags, sizeof words);
      for (size_t half = 0; half < 2; ++half) {
        for (uint64_t found = ZeroBytes(words[half] ^ tag); found != 0; found &= found - 1) {
          const size_t slot = half * 8 + static_cast<size_t>(std::countr_zero(found)) / 8;
          if (same(line.numbers[slot])) return line.numbers[slot];
        }
      }
      if ((ZeroBytes(words[0]) | ZeroBytes(words[1])) != 0) return kNone;
    }
  }

  // Whether the next Insert needs a Reset to more room first.
  bool full() const { return filled_ >= MostFilled(mask_ + 1); }
  size_t size() const { return size_; }
  // REQUIRES: not full(); the number is not there.
  void Insert(uint64_t hash, uint32_t number) {
    for (size_t at = hash & mask_;; at = (at + 1) & mask_) {
      Line& line = lines_[at];
      size_t slot = 0;
      while (slot < kSlots && line.tags[slot] > kRemoved) ++slot;
      if (slot == kSlots) continue;
      if (line.tags[slot] == kEmpty) ++filled_;
      line.tags[slot] = TagOf(hash);
      line.numbers[slot] = number;
      ++size_;
      return;
    }
  }
  // REQUIRES: it is there.
  void Remove(uint64_t hash, uint32_t number) {
    const uint8_t tag = TagOf(hash);
    for (size_t at = hash & mask_;; at = (at + 1) & mask_) {
      Line& line = lines_[at];
      size_t slot = 0;
      while (slot < kSlots && (line.tags[slot] != tag || line.numbers[slot] != number)) ++slot;
      if (slot == kSlots) continue;
      // A search may have to go on over this line, unless it ends here anyway.
      const bool last = std::memchr(line.tags, kEmpty, kSlots) != nullptr;
      line.tags[slot] = last ? kEmpty : kRemoved;
      if (last) --filled_;
      --size_;
      return;
    }
  }

  // Forgets everything, and makes room for `count` numbers and some more.
  void Reset(size_t count) {
    size_t lines = 1;
    while (MostFilled(lines) * 3 / 4 < count) lines *= 2;
    lines_.reset();  // before the new ones: they are large
    lines_ = std::make_unique_for_overwrite<Line[]>(lines);
    platform::PreferLargePages(lines_.get(), lines * sizeof(Line));
    for (size_t at = 0; at < lines; ++at) std::memcpy(lines_[at].tags, kEmptyLine, kTags);
    mask_ = lines - 1;
    filled_ = 0;
    size_ = 0;
  }

  // For many searches at once: what they will read is fetched meanwhile.
  void Prefetch(uint64_t hash) const { __builtin_prefetch(&lines_[hash & mask_]); }
  // The first number that Find will ask about, or kNone.
  uint32_t Candidate(uint64_t hash) const {
    return Find(hash, [](uint32_t) { return true; });
  }

 private:
  static constexpr uint8_t kEmpty = 0;
  static constexpr uint8_t kRemoved = 1;
  static constexpr size_t kTags = 16;   // two words
  static constexpr size_t kSlots = 12;  // that have a number; the others are as if removed
  static constexpr uint8_t kEmptyLine[kTags] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1};
  static constexpr uint64_t kEachByte = 0x0101010101010101;

  struct alignas(64) Line {
    uint8_t tags[kTags];
    uint32_t numbers[kSlots];  // what stands beside no tag means nothing
  };

  static size_t MostFilled(size_t lines) { return lines * kSlots * 7 / 8; }
  static uint8_t TagOf(uint64_t hash) {
    const auto top = static_cast<uint8_t>(hash >> 56);
    return top > kRemoved ? top : static_cast<uint8_t>(top + 2);
  }
  // The high bit of each byte that is 0, and perhaps of some that are 1 behind one that is 0.
  static uint64_t ZeroBytes(uint64_t word) { return (word - kEachByte) & ~word & (kEachByte << 7); }

  std::unique_ptr<Line[]> lines_;  // a power of two
  size_t mask_ = 0;
  size_t filled_ = 0;  // slots that are not empty
  size_t size_ = 0;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_KEY_INDEX_H_
