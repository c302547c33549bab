// TouchedEntries: the entries of a state table that an epoch touches, each once, in the order in
// which it first does: by a bit for each entry there is. Costs what it touches, whatever there is.
#ifndef WAVETANK_RUNTIME_OPERATORS_TOUCHED_ENTRIES_H_
#define WAVETANK_RUNTIME_OPERATORS_TOUCHED_ENTRIES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "platform/no_memory.h"
#include "runtime/columnar/buffer.h"

namespace wavetank::runtime {

class TouchedEntries {
 public:
  uint32_t size() const { return static_cast<uint32_t>(entries_.size()); }
  std::span<const uint32_t> entries() const { return {entries_.data(), entries_.size()}; }
  // What it holds in memory.
  int64_t bytes() const {
    const size_t pages = std::min(old_words_, kPageWords * entries_.size());
    return static_cast<int64_t>((pages + new_.capacity()) * sizeof(uint64_t) +
                                entries_.capacity() * sizeof(uint32_t));
  }

  // Entries are below `end`, which may grow.
  void Add(std::span<const uint32_t> entries, size_t end) {
    const size_t words = end / 64 + 1;
    if (old_ == nullptr) {
      // Memory of zeros that the system has ready: of what is never touched it needs none.
      old_words_ = words;
      old_.reset(static_cast<uint64_t*>(std::calloc(words, sizeof(uint64_t))));
      if (old_ == nullptr) platform::NoMemory();
    }
    new_.AppendRepeated(words - old_words_ - new_.size(), 0);
    entries_.Reserve(entries.size());
    size_t size = entries_.size();
    for (const uint32_t entry : entries) {
      const size_t at = entry / 64;
      uint64_t& word = at < old_words_ ? old_.get()[at] : new_[at - old_words_];
      const uint64_t bit = uint64_t{1} << (entry % 64);
      entries_[size] = entry;
      size += (word & bit) == 0 ? 1 : 0;
      word |= bit;
    }
    entries_.SetSize(size);
  }

 private:
  static constexpr size_t kPageWords = 4096 / sizeof(uint64_t);

  struct Free {
    void operator()(uint64_t* words) const { std::free(words); }
  };

  // Bits of the entries that there were first, and of the others.
  size_t old_words_ = 0;
  std::unique_ptr<uint64_t, Free> old_;
  BufferBuilder<uint64_t> new_;
  BufferBuilder<uint32_t> entries_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_TOUCHED_ENTRIES_H_
