// PrefixIndex: finds the entries whose keys begin alike, in their first parts, in the order of
// their numbers: a chain of numbers for each beginning, and the chains' first ones by hash.
//
// It knows numbers alone. What keys they stand for is asked of `keys`:
//   keys.Key(number)                                       the whole key
//   keys.PrefetchEntry(number), keys.PrefetchKey(number)   what Key(number) will read, in two steps
#ifndef WAVETANK_CHECKPOINT_PREFIX_INDEX_H_
#define WAVETANK_CHECKPOINT_PREFIX_INDEX_H_

#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "checkpoint/chunked_array.h"
#include "checkpoint/key_index.h"
#include "checkpoint/key_parts.h"

namespace wavetank::checkpoint {

class PrefixIndex {
 public:
  static constexpr uint32_t kNone = KeyIndex::kNone;

  // By the first parts, of these widths.
  explicit PrefixIndex(std::vector<uint8_t> widths) : widths_(std::move(widths)) {}

  // Adds entries, to the ends of their chains. REQUIRES: rising, above all that were added.
  template <typename Keys>
  void Add(std::span<const uint32_t> numbers, const Keys& keys) {
    uint64_t hashes[kGroup];
    std::string_view prefixes[kGroup];
    while (!numbers.empty()) {
      const auto group = numbers.first(std::min(kGroup, numbers.size()));
      for (size_t i = 0; i < group.size(); ++i) prefixes[i] = PrefixOf(keys.Key(group[i]));
      Hash({prefixes, group.size()}, hashes, keys);
      for (size_t i = 0; i < group.size(); ++i) {
        if (firsts_.full()) Grow(firsts_.size() + 1, keys);
        Append(group[i], prefixes[i], hashes[i], keys);
      }
      numbers = numbers.subspan(group.size());
    }
  }

  // REQUIRES: it was added, and has its key still.
  template <typename Keys>
  void Remove(uint32_t number, const Keys& keys) {
    const Link link = std::exchange(links_[number], {});
    const bool is_first = link.previous == number || links_[link.previous].next == kNone;
    if (!is_first && link.next != kNone) {
      links_[link.previous].next = link.next;
      links_[link.next].previous = link.previous;
      return;
    }
    const std::string_view prefix = PrefixOf(keys.Key(number));
    const uint64_t hash = HashOf(prefix);
    if (!is_first) {  // the last one, which the first knows
      links_[link.previous].next = kNone;
      links_[Find(prefix, hash, keys)].previous = link.previous;
      return;
    }
    firsts_.Remove(hash, number);
    if (link.next == kNone) return;
    links_[link.next].previous = link.previous == number ? link.next : link.previous;
    firsts_.Insert(hash, link.next);
  }

  // Forgets everything from this number on. REQUIRES: all of it was removed, or nothing is there.
  void Truncate(uint32_t number) { links_.Truncate(std::min<size_t>(links_.size(), number)); }
  void Clear() {
    links_.Truncate(0);
    firsts_.Reset(0);
  }

  // The first entry of each prefix, or kNone. REQUIRES: spans of equal length.
  template <typename Keys>
  void FirstMany(std::span<const std::string_view> prefixes, std::span<uint32_t> numbers,
                 const Keys& keys) const {
    uint64_t hashes[kGroup];
    for (size_t begin = 0; begin < prefixes.size(); begin += kGroup) {
      const auto group = prefixes.subspan(begin, std::min(kGroup, prefixes.size() - begin));
      Hash(group, hashes, keys);
      for (size_t i = 0; i < group.size(); ++i) {
        numbers[begin + i] = Find(group[i], hashes[i], keys);
      }
    }
  }
  // The next entry of the same chain, or kNone.
  uint32_t Next(uint32_t number) const { return links_[number].next; }
  // Fetches the links behind these entries (or kNone), of all chains at once: each is where the one
  // before says. Of long chains, the beginnings.
  void FetchChains(std::span<const uint32_t> numbers) const {
    constexpr int kLinks = 6;
    uint32_t at[kGroup];
    for (size_t begin = 0; begin < numbers.size(); begin += kGroup) {
      const auto group = numbers.subspan(begin, std::min(kGroup, numbers.size() - begin));
      std::ranges::copy(group, at);
      bool any = true;
      for (int link = 0; link < kLinks && any; ++link) {
        any = false;
        for (size_t i = 0; i < group.size(); ++i) {
          if (at[i] == kNone) continue;
          at[i] = links_[at[i]].next;
          if (at[i] == kNone) continue;
          __builtin_prefetch(&links_[at[i]]);
          any = true;
        }
      }
    }
  }

 private:
  // Each of them fetches what the next round reads.
  static constexpr size_t kGroup = 32;

  struct Link {
    uint32_t next = kNone;
    uint32_t previous = kNone;  // of a chain's first: its last; kNone: it is not there
  };

  static uint64_t HashOf(std::string_view prefix) {
    return XXH3_64bits(prefix.data(), prefix.size());
  }
  // A key of other parts is all prefix.
  std::string_view PrefixOf(std::string_view key) const {
    return key.substr(0, PartsLength(key, widths_));
  }

  template <typename Keys>
  void Hash(std::span<const std::string_view> prefixes, uint64_t* hashes, const Keys& keys) const {
    uint32_t candidates[kGroup];
    for (size_t i = 0; i < prefixes.size(); ++i) {
      hashes[i] = HashOf(prefixes[i]);
      firsts_.Prefetch(hashes[i]);
    }
    for (size_t i = 0; i < prefixes.size(); ++i) {
      candidates[i] = firsts_.Candidate(hashes[i]);
      if (candidates[i] != kNone) {
        keys.PrefetchEntry(candidates[i]);
        __builtin_prefetch(&links_[candidates[i]]);
      }
    }
    for (size_t i = 0; i < prefixes.size(); ++i) {
      if (candidates[i] != kNone) keys.PrefetchKey(candidates[i]);
    }
  }

  template <typename Keys>
  uint32_t Find(std::string_view prefix, uint64_t hash, const Keys& keys) const {
    return firsts_.Find(hash, [&](uint32_t number) {
      const std::string_view key = keys.Key(number);
      return key.starts_with(prefix) && PrefixOf(key).size() == prefix.size();
    });
  }

  template <typename Keys>
  void Append(uint32_t number, std::string_view prefix, uint64_t hash, const Keys& keys) {
    while (links_.size() <= number) links_.push_back({});
    const uint32_t first = Find(prefix, hash, keys);
    if (first == kNone) {
      links_[number] = {.next = kNone, .previous = number};
      firsts_.Insert(hash, number);
      return;
    }
    const uint32_t last = std::exchange(links_[first].previous, number);
    links_[last].next = number;
    links_[number] = {.next = kNone, .previous = last};
  }

  // Walks the entries in their order, which is that of their memory.
  template <typename Keys>
  void Grow(size_t room, const Keys& keys) {
    firsts_.Reset(room);
    uint32_t numbers[kGroup];
    uint64_t hashes[kGroup];
    const auto end = static_cast<uint32_t>(links_.size());
    for (uint32_t next = 0; next < end;) {
      size_t count = 0;
      for (; next < end && count < kGroup; ++next) {
        const uint32_t previous = links_[next].previous;
        if (previous == kNone || links_[previous].next != kNone) continue;
        numbers[count] = next;
        hashes[count] = HashOf(PrefixOf(keys.Key(next)));
        firsts_.Prefetch(hashes[count++]);
      }
      for (size_t i = 0; i < count; ++i) firsts_.Insert(hashes[i], numbers[i]);
    }
  }

  const std::vector<uint8_t> widths_;
  ChunkedArray<Link> links_;  // by entry
  KeyIndex firsts_;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_PREFIX_INDEX_H_
