// StateTable: the keys and values of one named store in memory: entries in the order of insertion,
// found through an index of their numbers. An ordered one keeps its keys in the order of their
// bytes besides, and can be scanned in it.
//
// Changes since the last Accept can be taken back. They show as the keys that were there, in the
// order in which they were first changed, then the new ones in theirs. A key that is removed and
// put again before Accept keeps its place; one whose removal was accepted goes to the end. So a
// table that is built anew from what was accepted, in order, has its keys in the same order: what
// is computed by walking it replays the same.
//
// Keys and values are bytes as they come, and values that were accepted stay where they are until
// the next Accept. Or, as the store's layout declares (FixLayout), they stand within their entries,
// and values change in place: as they were they go into one sequential buffer until then.
//
// A picture is the table as it was at StartPicture, read piece by piece while the table goes on:
// entries that change meanwhile are kept as they were.
//
// Derived indexes (IndexBy) find entries by the beginning of their keys and by time. They follow
// every change, taking back included, and are never durable: a table that is loaded has none until
// somebody asks for them. A table without them pays nothing.
//
// Views of values stay valid until the next change, those of keys until the next Accept or
// TakeBack. Keys given to it may be such views, values may not.
#ifndef WAVETANK_CHECKPOINT_STATE_TABLE_H_
#define WAVETANK_CHECKPOINT_STATE_TABLE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"

#include "checkpoint/key_index.h"
#include "checkpoint/prefix_index.h"
#include "checkpoint/record_array.h"
#include "checkpoint/state_entries.h"
#include "checkpoint/time_index.h"

namespace wavetank::checkpoint {

enum class KeyOrder { kNone, kBytes };

// What entries can be found by besides their keys. Keys are made of parts (key_parts.h).
struct DerivedIndexes {
  enum class Time : uint8_t { kNone, kPartOfKey, kValue };

  std::vector<uint8_t> key_parts = {};  // their widths; of those that the others speak of
  int prefix_parts = -1;                // so many parts are a prefix that is asked for; -1: none is
  // Of an entry: the part of its key behind `time_part` others, or its value, which is one part.
  Time time = Time::kNone;
  int time_part = 0;

  friend bool operator==(const DerivedIndexes&, const DerivedIndexes&) = default;
};

class StateTable {
 public:
  static constexpr size_t kLargestKey = (size_t{1} << StateEntries::kKeySizeBits) - 1;
  static constexpr size_t kLargestValue = UINT32_MAX - 1;

  explicit StateTable(KeyOrder order = KeyOrder::kNone);
  StateTable(const StateTable&) = delete;
  StateTable& operator=(const StateTable&) = delete;

  size_t size() const { return size_; }
  bool ordered() const { return ordered_.has_value(); }
  // Of the keys and values that are there.
  size_t live_bytes() const { return live_bytes_; }
  // Makes room for so many keys in all, so that the index need not grow on the way.
  void Reserve(size_t keys);

  // REQUIRES: keys and values of at most the sizes above.
  bool Get(std::string_view key, std::string_view* value) const;
  void Put(std::string_view key, std::string_view value);
  void Remove(std::string_view key);

  // The same for many keys, in order: the memory that one key needs is fetched while others are at
  // work. REQUIRES: spans of equal length.
  void GetMany(std::span<const std::string_view> keys,
               std::span<std::optional<std::string_view>> values) const;
  void PutMany(std::span<const std::string_view> keys, std::span<const std::string_view> values);
  void RemoveMany(std::span<const std::string_view> keys);
  // Puts, and where a value is unset removes.
  void Apply(std::span<const std::string_view> keys,
             std::span<const std::optional<std::string_view>> values);

  // For values that are counts, u64: one more for each key, from 0.
  void CountMany(std::span<const std::string_view> keys);
  // Puts the keys that are not there; was_new[i]: whether that was so. REQUIRES: as PutMany.
  void InsertMany(std::span<const std::string_view> keys, std::span<const std::string_view> values,
                  std::span<bool> was_new);

  // From now on keys and values stand as it says: as before costs nothing, otherwise what there is
  // moves now, as in Accept. Both may be longer. REQUIRES: no changes, no picture.
  void FixLayout(EntryLayout layout);

  // From now on entries are found so, and by nothing else besides their keys: as before costs
  // nothing, otherwise what there is is indexed now.
  void IndexBy(DerivedIndexes by);

  // An entry's number names it until it is removed, or until Accept or TakeBack.
  static constexpr uint32_t kNoEntry = KeyIndex::kNone;
  // All numbers are below it.
  size_t end_number() const { return entries_.size(); }
  // The numbers of the keys' entries, and their values. A key that has none gets one, without a
  // value: it is not there before one is put, and a view of nothing (null) stands for its value.
  // REQUIRES: spans of equal length.
  void NumberMany(std::span<const std::string_view> keys, std::span<uint32_t> numbers,
                  std::span<std::string_view> values);
  // As PutMany, of entries by their numbers.
  void PutAt(std::span<const uint32_t> numbers, std::span<const std::string_view> values);
  // For values of one size, that of `first`, which stand within their entries: the keys' entries as
  // NumberMany gives them, and where their values stand, to be changed there before the table is
  // changed otherwise. A key that is not there has `first` now. Null stands for a value of another
  // size, which is to be changed by PutAt. All count as changed, in the order of the keys.
  // REQUIRES: spans of equal length; the layout has room for `first`; no index by values' time.
  void ChangeMany(std::span<const std::string_view> keys, std::string_view first,
                  std::span<uint32_t> numbers, std::span<char*> values);
  // The first entry, in the order of insertion, whose key begins so, or kNoEntry; the next one.
  // REQUIRES: indexed by prefixes of so many parts; spans of equal length.
  void FirstWithPrefix(std::span<const std::string_view> prefixes,
                       std::span<uint32_t> numbers) const;
  uint32_t NextWithPrefix(uint32_t number) const { return LiveOrNext(derived_->NextOf(number)); }
  // Likewise the next one, which may have been removed since Accept: VisitMany tells.
  uint32_t NextLinked(uint32_t number) const { return derived_->NextOf(number); }
  // visit(i, key, value) for those of the entries that are there, in order. The memory that one
  // needs is fetched while others are at work.
  template <typename Visit>
  void VisitMany(std::span<const uint32_t> numbers, const Visit& visit) const {
    InFetched(numbers, [&](size_t i) {
      const StateEntry& entry = entries_[numbers[i]];
      if (entry.live) visit(i, entries_.KeyOf(entry), entries_.ValueOf(entry));
    });
  }
  std::string_view KeyAt(uint32_t number) const { return entries_.KeyOf(entries_[number]); }
  std::string_view ValueAt(uint32_t number) const { return entries_.ValueOf(entries_[number]); }

  // Removes the entries whose time is at or below the bound, in the order of insertion:
  // visit(key, value) for each before it goes. How many. Costs what goes, not what there is.
  // REQUIRES: indexed by time.
  template <typename Visit>
  size_t RemoveUpTo(int64_t bound, const Visit& visit) {
    size_t removed = 0;
    for (const uint32_t number : NumbersUpTo(bound)) {
      const StateEntry& entry = entries_[number];
      visit(entries_.KeyOf(entry), entries_.ValueOf(entry));
      MarkRemoved(number);
      ++removed;
    }
    return removed;
  }

  // The least time of the entries that are there; nullopt: none has one. REQUIRES: indexed by time.
  std::optional<int64_t> LeastTime() const;

  // Each key once, in the order of insertion: visit(key, value), which must not change the table.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (size_t next = 0; VisitSome(next, entries_.size(), visit);) {
    }
  }
  // The same of the next so many, from `next` on, which it moves. False: all were visited.
  template <typename Visit>
  bool VisitSome(size_t& next, size_t most_entries, const Visit& visit) const {
    const size_t last = std::min(entries_.size(), next + most_entries);
    entries_.ForEach(next, last, [&](const StateEntry& entry) {
      if (entry.live) visit(entries_.KeyOf(entry), entries_.ValueOf(entry));
    });
    next = last;
    return next < entries_.size();
  }

  // Keys from `begin` up to `end`, without it (unset: to the last), in the order of their bytes:
  // visit(key, value) says whether to go on, and must not change the table. REQUIRES: ordered().
  template <typename Visit>
  void ScanRange(std::string_view begin, std::optional<std::string_view> end,
                 const Visit& visit) const {
    CheckOrdered();
    for (auto it = ordered_->lower_bound(begin); it != ordered_->end(); ++it) {
      const StateEntry& entry = entries_[*it];
      const std::string_view key = entries_.KeyOf(entry);
      if (end && key >= *end) return;
      if (entry.live && !visit(key, entries_.ValueOf(entry))) return;
    }
  }
  // Likewise, the keys that begin so.
  template <typename Visit>
  void ScanPrefix(std::string_view prefix, const Visit& visit) const {
    ScanRange(prefix, std::nullopt, [&](std::string_view key, std::string_view value) {
      return key.starts_with(prefix) && visit(key, value);
    });
  }

  // Each key whose presence may differ since Accept: visit(key, value), the value unset if the key
  // is not there. A key that was put and removed meanwhile is left out.
  bool changed() const { return !changes_.empty() || entries_.size() > accepted_entries_; }
  template <typename Visit>
  void ForEachChange(const Visit& visit) const {
    for (size_t next = 0; VisitSomeChanges(next, SIZE_MAX / 2, visit);) {
    }
  }
  // The same of the next so many, from `next` on, which it moves. False: all were visited.
  template <typename Visit>
  bool VisitSomeChanges(size_t& next, size_t most_changes, const Visit& visit) const {
    const size_t all = changes_.size() + entries_.size() - accepted_entries_;
    const size_t last = std::min(all, next + most_changes);
    for (; next < std::min(last, changes_.size()); ++next) {
      const StateEntry& entry = entries_[ChangeAt(next).number];
      visit(entries_.KeyOf(entry),
            entry.live ? std::optional(entries_.ValueOf(entry)) : std::nullopt);
    }
    for (; next < last; ++next) {
      const StateEntry& entry = entries_[accepted_entries_ + next - changes_.size()];
      if (entry.live) visit(entries_.KeyOf(entry), std::optional(entries_.ValueOf(entry)));
    }
    return next < all;
  }
  size_t CountChanges() const;
  void Accept();
  void TakeBack();

  // REQUIRES: no changes, no picture.
  void StartPicture();
  // Goes on with the picture, in the order of insertion, by at most so many entries. False: all
  // were visited. REQUIRES: a picture.
  template <typename Visit>
  bool VisitPicture(size_t most_entries, const Visit& visit) {
    const auto last =
        static_cast<uint32_t>(std::min<size_t>(picture_end_, picture_next_ + most_entries));
    auto kept = kept_.begin();
    for (; picture_next_ < last; ++picture_next_) {
      const bool changed = kept != kept_.end() && kept->first == picture_next_;
      const StateEntry& entry = changed ? *kept->second.entry() : entries_[picture_next_];
      if (entry.live) visit(entries_.KeyOf(entry), entries_.ValueOf(entry));
      if (changed) ++kept;
    }
    kept_.erase(kept_.begin(), kept);
    return picture_next_ < picture_end_;
  }
  // Also when there is none.
  void DropPicture();

 private:
  // An entry as it was at Accept: behind this stands the value's part of it. Its key is what it is.
  // One that was not there then stands behind accepted_entries_, and needs no such note.
  struct Change {
    uint32_t number;
    uint8_t live;
  };
  static constexpr size_t kNotedPartAt = sizeof(uint32_t) + sizeof(uint8_t);
  // A record by itself.
  struct Kept {
    std::unique_ptr<char[]> record;
    const StateEntry* entry() const { return reinterpret_cast<const StateEntry*>(record.get()); }
  };
  struct ByKey {
    using is_transparent = void;
    const StateTable* table;
    std::string_view KeyOf(uint32_t number) const { return table->KeyAt(number); }
    static std::string_view KeyOf(std::string_view key) { return key; }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return KeyOf(a) < KeyOf(b);
    }
  };
  static constexpr uint32_t kNone = KeyIndex::kNone;

  // The table as the derived indexes see it.
  struct Keys {
    const StateTable* table;
    std::string_view Key(uint32_t number) const { return table->KeyAt(number); }
    void PrefetchEntry(uint32_t number) const { table->entries_.PrefetchEntry(number); }
    void PrefetchKey(uint32_t number) const { table->entries_.PrefetchBytes(number); }
  };
  struct Derived {
    explicit Derived(DerivedIndexes indexed_by);
    uint32_t NextOf(uint32_t number) const { return by_prefix->Next(number); }

    const DerivedIndexes by;
    std::optional<PrefixIndex> by_prefix;
    std::optional<TimeIndex> by_time;
    size_t entries = 0;  // so many, from the first, were added
  };

  size_t ChangeBytes() const {
    constexpr size_t kAligned = alignof(Change);
    return (kNotedPartAt + entries_.value_part_bytes() + kAligned - 1) / kAligned * kAligned;
  }

  static uint64_t Hash(std::string_view key);
  void CheckOrdered() const;

  // The entry's number, live or not; kNone if the index has none.
  uint32_t Find(std::string_view key, uint64_t hash) const;
  // `number` is what Find gave.
  bool GetFound(uint32_t number, std::string_view* value) const;
  void PutFound(uint32_t number, std::string_view key, uint64_t hash, std::string_view value);
  void RemoveFound(uint32_t number);
  // Without a value, which is not there. REQUIRES: no entry has the key.
  uint32_t AddEntry(std::string_view key, uint64_t hash, size_t value_size);
  // Of an entry that is there or was.
  void PutValue(uint32_t number, std::string_view value);
  // act(i, hash, what Find gives) for each key, in order.
  template <typename Act>
  void InTurns(std::span<const std::string_view> keys, const Act& act) const;
  // act(i) for each number, in order.
  template <typename Act>
  void InFetched(std::span<const uint32_t> numbers, const Act& act) const {
    constexpr size_t kEntriesAhead = 24;
    constexpr size_t kBytesAhead = 12;
    for (size_t i = 0; i < numbers.size() + kEntriesAhead; ++i) {
      if (i < numbers.size()) entries_.PrefetchEntry(numbers[i]);
      const size_t fetched = i - (kEntriesAhead - kBytesAhead);
      if (fetched < numbers.size()) entries_.PrefetchBytes(numbers[fetched]);
      const size_t at = i - kEntriesAhead;
      if (at < numbers.size()) act(at);
    }
  }

  // The entry, to be changed now. The first change of one that was there at Accept is noted.
  StateEntry& Changing(uint32_t number);
  const Change& ChangeAt(size_t at) const {
    return *reinterpret_cast<const Change*>(changes_.At(at));
  }
  static const char* PartBefore(const Change& change) {
    return reinterpret_cast<const char*>(&change) + kNotedPartAt;
  }
  std::string_view ValueBefore(const Change& change) const {
    return entries_.ValueOf(entries_[change.number], PartBefore(change));
  }
  bool ChangedSinceAccept(uint32_t number) const {
    return number >= accepted_entries_ || entries_[number].changed_in == round_;
  }
  void MarkRemoved(uint32_t number);
  void NextRound();
  // Counts it, or does not any more.
  void Count(const StateEntry& entry);
  void Uncount(const StateEntry& entry);
  bool IsPictured(uint32_t number) const {
    return number >= picture_next_ && number < picture_end_;
  }
  void Unindex(uint32_t number);
  bool IsIndexed(uint32_t number) const;
  void Reindex(size_t room);
  void CompactIfSparse();
  void Compact(EntryLayout layout);

  std::optional<int64_t> TimeOf(const StateEntry& entry) const;
  // Had it this value.
  std::optional<int64_t> TimeOf(const StateEntry& entry, std::string_view value) const;
  bool HasTime(uint32_t number, int64_t time) const;
  void IndexTime(uint32_t number);
  // Those that were added to the table since the last call.
  void IndexNew();
  void IndexUpTo(size_t end);
  void IndexAll();
  uint32_t LiveOrNext(uint32_t number) const {
    while (number != kNoEntry && !entries_[number].live) number = derived_->NextOf(number);
    return number;
  }
  std::vector<uint32_t> NumbersUpTo(int64_t bound);

  StateEntries entries_;
  KeyIndex index_;  // of entries that are live, or changed since Accept
  std::optional<absl::btree_set<uint32_t, ByKey>> ordered_;  // the same numbers
  size_t size_ = 0;                                          // live entries
  size_t live_bytes_ = 0;                                    // of their keys and values

  size_t accepted_entries_ = 0;
  // Of Changes.
  RecordArray changes_;
  // A round is what lies between one Accept or TakeBack and the next. Entries say in which one they
  // changed, so that none need be touched when it ends; but for those that were removed.
  uint16_t round_ = 1;
  std::vector<uint32_t> removed_;

  // What the picture still has to show, and its entries among them that changed since.
  uint32_t picture_next_ = 0;
  uint32_t picture_end_ = 0;
  bool pictured_ = false;
  absl::btree_map<uint32_t, Kept> kept_;

  std::unique_ptr<Derived> derived_;  // null: none is wanted
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STATE_TABLE_H_
