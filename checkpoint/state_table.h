// StateTable: the keys and values of one named store in memory: entries in the order of insertion,
// found through an index of their numbers; bytes in an arena. An ordered one keeps its keys in the
// order of their bytes besides, and can be scanned in it.
//
// Changes since the last Accept can be taken back. They show as the keys that were there, in the
// order in which they were first changed, then the new ones in theirs. A key that is removed and
// put again before Accept keeps its place; one whose removal was accepted goes to the end. So a
// table that is built anew from what was accepted, in order, has its keys in the same order: what
// is computed by walking it replays the same.
//
// Values are bytes as they come, and what was accepted stays where it is until the next Accept. Or,
// as the store's layout declares (FixValueRoom), they have room of one size and change in place:
// what they were goes aside until then, and bytes that are read again and again stay together.
//
// A picture is the table as it was at StartPicture, read piece by piece while the table goes on:
// entries that change meanwhile are kept as they were, and bytes that it has to show never move.
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

#include "checkpoint/arena.h"
#include "checkpoint/chunked_array.h"
#include "checkpoint/key_index.h"
#include "checkpoint/prefix_index.h"
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
  static constexpr size_t kLargestKey = (size_t{1} << 29) - 1;
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

  // From now on there is room for values of so many bytes where an entry is, and those that fit
  // change in place. Values may be shorter, and longer. 0: there is no such room.
  void FixValueRoom(uint32_t bytes);

  // From now on entries are found so, and by nothing else besides their keys: as before costs
  // nothing, otherwise what there is is indexed now.
  void IndexBy(DerivedIndexes by);

  // An entry's number names it until it is removed, or until Accept or TakeBack.
  static constexpr uint32_t kNoEntry = KeyIndex::kNone;
  // All numbers are below it.
  size_t end_number() const { return entries_.size(); }
  // The numbers of the keys' entries. A key that has none gets one, without a value: it is not
  // there before one is put. REQUIRES: spans of equal length.
  void NumberMany(std::span<const std::string_view> keys, std::span<uint32_t> numbers);
  // As PutMany, of entries by their numbers.
  void PutAt(std::span<const uint32_t> numbers, std::span<const std::string_view> values);
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
      const Entry& entry = entries_[numbers[i]];
      if (entry.live) visit(i, KeyOf(entry), ValueOf(entry));
    });
  }
  std::string_view KeyAt(uint32_t number) const { return KeyOf(entries_[number]); }
  std::string_view ValueAt(uint32_t number) const { return ValueOf(entries_[number]); }

  // Removes the entries whose time is at or below the bound, in the order of insertion:
  // visit(key, value) for each before it goes. How many. Costs what goes, not what there is.
  // REQUIRES: indexed by time.
  template <typename Visit>
  size_t RemoveUpTo(int64_t bound, const Visit& visit) {
    size_t removed = 0;
    for (const uint32_t number : NumbersUpTo(bound)) {
      const Entry& entry = entries_[number];
      visit(KeyOf(entry), ValueOf(entry));
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
    for (; next < last; ++next) {
      const Entry& entry = entries_[next];
      if (entry.live) visit(KeyOf(entry), ValueOf(entry));
    }
    return next < entries_.size();
  }

  // Keys from `begin` up to `end`, without it (unset: to the last), in the order of their bytes:
  // visit(key, value) says whether to go on, and must not change the table. REQUIRES: ordered().
  template <typename Visit>
  void ScanRange(std::string_view begin, std::optional<std::string_view> end,
                 const Visit& visit) const {
    CheckOrdered();
    for (auto it = ordered_->lower_bound(begin); it != ordered_->end(); ++it) {
      const Entry& entry = entries_[*it];
      const std::string_view key = KeyOf(entry);
      if (end && key >= *end) return;
      if (entry.live && !visit(key, ValueOf(entry))) return;
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
      const Entry& entry = entries_[changes_[next].number];
      visit(KeyOf(entry), entry.live ? std::optional(ValueOf(entry)) : std::nullopt);
    }
    for (; next < last; ++next) {
      const Entry& entry = entries_[accepted_entries_ + next - changes_.size()];
      if (entry.live) visit(KeyOf(entry), std::optional(ValueOf(entry)));
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
      const Entry& entry = changed ? kept->second : entries_[picture_next_];
      if (entry.live) visit(KeyOf(entry), ValueOf(entry));
      if (changed) ++kept;
    }
    kept_.erase(kept_.begin(), kept);
    return picture_next_ < picture_end_;
  }
  // Also when there is none.
  void DropPicture();

 private:
  // Key and value stand together in the arena, key first.
  struct Entry {
    uint64_t ref;
    uint32_t key_size : 29;
    uint32_t live : 1;
    uint32_t changed : 1;  // since Accept; not kept for an entry that was not there then
    uint32_t fresh : 1;    // its bytes were stored since Accept
    uint32_t value_size;
  };
  // An entry as it was at Accept. One that was not there then stands behind accepted_entries_, and
  // needs no such note.
  struct Change {
    uint32_t number;
    Entry before;
    uint64_t aside;  // in aside_: its value then, where that was changed in place; or kNotAside
  };
  static constexpr uint64_t kNotAside = UINT64_MAX;
  struct ByKey {
    using is_transparent = void;
    const StateTable* table;
    std::string_view KeyOf(uint32_t number) const { return table->KeyOf(table->entries_[number]); }
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
    void PrefetchEntry(uint32_t number) const { __builtin_prefetch(&table->entries_[number]); }
    void PrefetchKey(uint32_t number) const {
      __builtin_prefetch(table->arena_.At(table->entries_[number].ref));
    }
  };
  struct Derived {
    explicit Derived(DerivedIndexes indexed_by);
    uint32_t NextOf(uint32_t number) const { return by_prefix->Next(number); }

    const DerivedIndexes by;
    std::optional<PrefixIndex> by_prefix;
    std::optional<TimeIndex> by_time;
    size_t entries = 0;  // so many, from the first, were added
  };

  static uint64_t Hash(std::string_view key);
  std::string_view KeyOf(const Entry& entry) const {
    return {arena_.At(entry.ref), entry.key_size};
  }
  std::string_view ValueOf(const Entry& entry) const {
    return {arena_.At(entry.ref) + entry.key_size, entry.value_size};
  }
  void CheckOrdered() const;

  // The entry's number, live or not; kNone if the index has none.
  uint32_t Find(std::string_view key, uint64_t hash) const;
  bool GetHashed(std::string_view key, uint64_t hash, std::string_view* value) const;
  void PutHashed(std::string_view key, uint64_t hash, std::string_view value);
  // `number` is what Find gave.
  void PutFound(uint32_t number, std::string_view key, uint64_t hash, std::string_view value);
  void RemoveHashed(std::string_view key, uint64_t hash);
  // Without a value, which is not there. REQUIRES: no entry has the key.
  uint32_t AddEntry(std::string_view key, uint64_t hash, size_t value_size);
  // Of an entry that is there or was.
  void PutValue(uint32_t number, std::string_view value);
  // act(i, hash) for each key, in order.
  template <typename Act>
  void InGroups(std::span<const std::string_view> keys, const Act& act) const;
  // act(i) for each number, in order.
  template <typename Act>
  void InFetched(std::span<const uint32_t> numbers, const Act& act) const {
    constexpr size_t kEntriesAhead = 24;
    constexpr size_t kBytesAhead = 12;
    const Keys keys{this};
    for (size_t i = 0; i < numbers.size() + kEntriesAhead; ++i) {
      if (i < numbers.size()) keys.PrefetchEntry(numbers[i]);
      const size_t fetched = i - (kEntriesAhead - kBytesAhead);
      if (fetched < numbers.size()) PrefetchBytes(entries_[numbers[fetched]]);
      const size_t at = i - kEntriesAhead;
      if (at < numbers.size()) act(at);
    }
  }

  void PrefetchBytes(const Entry& entry) const {
    const char* const bytes = arena_.At(entry.ref);
    __builtin_prefetch(bytes);
    __builtin_prefetch(bytes + entry.key_size + entry.value_size);  // often in the next line
  }

  // The note, if this is the first change of an entry that was there at Accept: it is to be marked
  // as changed.
  Change* NoteChange(uint32_t number);
  void MarkRemoved(uint32_t number);
  void ForgetChanges();
  void SetLive(Entry& entry, bool live);
  // New bytes for an entry. Its key is there then.
  uint64_t Allocate(std::string_view key, size_t value_size);
  // How large a value may become where the entry is.
  size_t RoomOf(const Entry& entry) const {
    return entry.ref >= roomy_from_ ? std::max(value_room_, entry.value_size) : entry.value_size;
  }
  bool IsPictured(uint32_t number) const {
    return number >= picture_next_ && number < picture_end_;
  }
  void Unindex(uint32_t number);
  bool IsIndexed(uint32_t number) const;
  void Reindex(size_t room);
  void CompactIfSparse();

  std::optional<int64_t> TimeOf(const Entry& entry) const { return TimeOf(entry, ValueOf(entry)); }
  std::optional<int64_t> TimeOf(const Entry& entry, std::string_view value) const;
  std::string_view ValueBefore(const Change& change) const {
    if (change.aside == kNotAside) return ValueOf(change.before);
    return {aside_.At(change.aside), change.before.value_size};
  }
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

  ChunkedArray<Entry> entries_;
  KeyIndex index_;  // of entries that are live, or changed since Accept
  std::optional<absl::btree_set<uint32_t, ByKey>> ordered_;  // the same numbers
  size_t size_ = 0;                                          // live entries
  size_t live_bytes_ = 0;                                    // of their keys and values
  size_t stored_bytes_ = 0;                                  // of all that was stored in the arena
  size_t accepted_entries_ = 0;
  ChunkedArray<Change> changes_;
  Arena arena_;
  Arena aside_;  // accepted values that were changed in place
  // Entries from this reference on have so much room for a value.
  uint32_t value_room_ = 0;
  uint64_t roomy_from_ = UINT64_MAX;

  // What the picture still has to show, and its entries among them that changed since.
  uint32_t picture_next_ = 0;
  uint32_t picture_end_ = 0;
  bool pictured_ = false;
  absl::btree_map<uint32_t, Entry> kept_;

  std::unique_ptr<Derived> derived_;  // null: none is wanted
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STATE_TABLE_H_
