// EpochGroups: the entries of a state table that an epoch touches, numbered from 0 in the order in
// which it first does. Costs what it touches, whatever there is.
#ifndef WAVETANK_RUNTIME_OPERATORS_EPOCH_GROUPS_H_
#define WAVETANK_RUNTIME_OPERATORS_EPOCH_GROUPS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "platform/no_memory.h"
#include "runtime/columnar/buffer.h"

namespace wavetank::runtime {

class EpochGroups {
 public:
  uint32_t size() const { return static_cast<uint32_t>(entries_.size()); }
  // The entry of each group.
  std::span<const uint32_t> entries() const { return {entries_.data(), entries_.size()}; }
  // What it holds in memory.
  int64_t bytes() const {
    const size_t pages = std::min(old_, kPageEntries * entries_.size());
    return static_cast<int64_t>((pages + new_.capacity() + entries_.capacity()) * sizeof(uint32_t));
  }

  // Sets groups[i] to the group of entries[i]. Entries are below `end`, which may grow.
  void Assign(std::span<const uint32_t> entries, size_t end, std::span<uint32_t> groups) {
    constexpr size_t kAhead = 16;
    if (old_groups_ == nullptr) {
      // Memory of zeros that the system has ready: of what is never touched it needs none.
      old_ = end;
      old_groups_.reset(static_cast<uint32_t*>(std::calloc(end + 1, sizeof(uint32_t))));
      if (old_groups_ == nullptr) platform::NoMemory();
    }
    new_.AppendRepeated(end - old_ - new_.size(), 0);
    entries_.Reserve(entries.size());
    for (size_t i = 0; i < entries.size(); ++i) {
      if (i + kAhead < entries.size()) __builtin_prefetch(&PlaceOf(entries[i + kAhead]));
      uint32_t& group = PlaceOf(entries[i]);
      if (group == 0) {
        const size_t group_count = entries_.size() + 1;
        entries_.data()[group_count - 1] = entries[i];
        entries_.SetSize(group_count);
        group = size();
      }
      groups[i] = group - 1;
    }
  }

 private:
  static constexpr size_t kPageEntries = 4096 / sizeof(uint32_t);

  struct Free {
    void operator()(uint32_t* groups) const { std::free(groups); }
  };
  uint32_t& PlaceOf(uint32_t entry) {
    return entry < old_ ? old_groups_.get()[entry] : new_.data()[entry - old_];
  }

  // By entry, one more than the group, or 0: of those that there were first, and of the others.
  size_t old_ = 0;
  std::unique_ptr<uint32_t, Free> old_groups_;
  BufferBuilder<uint32_t> new_;
  BufferBuilder<uint32_t> entries_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_OPERATORS_EPOCH_GROUPS_H_
