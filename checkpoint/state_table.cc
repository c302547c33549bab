#include "checkpoint/state_table.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "platform/check.h"

namespace wavetank::checkpoint {

namespace {

// Most keys are short: two words, which may overlap, are all there is of them.
bool SameBytes(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if (a.size() < sizeof(uint64_t) || a.size() > 2 * sizeof(uint64_t)) return a == b;
  const auto word = [](const char* from) {
    uint64_t read;
    std::memcpy(&read, from, sizeof read);
    return read;
  };
  const size_t last = a.size() - sizeof(uint64_t);
  return word(a.data()) == word(b.data()) && word(a.data() + last) == word(b.data() + last);
}

}  // namespace

StateTable::StateTable(KeyOrder order) : changes_(ChangeBytes()) {
  if (order == KeyOrder::kBytes) ordered_.emplace(ByKey{this});
}

uint64_t StateTable::Hash(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }

void StateTable::CheckOrdered() const {
  WT_CHECK(ordered_.has_value(), "only a store that was opened as ordered can be scanned by key");
}

void StateTable::Reserve(size_t keys) {
  if (keys > index_.size()) Reindex(keys);
}

bool StateTable::Get(std::string_view key, std::string_view* value) const {
  return GetFound(Find(key, Hash(key)), value);
}

void StateTable::Put(std::string_view key, std::string_view value) {
  const uint64_t hash = Hash(key);
  PutFound(Find(key, hash), key, hash, value);
  IndexNew();
}

void StateTable::Remove(std::string_view key) { RemoveFound(Find(key, Hash(key))); }

// Each step fetches what the next one reads some keys later.
template <typename Act>
void StateTable::InTurns(std::span<const std::string_view> keys, const Act& act) const {
  constexpr size_t kAhead = 10;
  constexpr size_t kTurns = 32;
  static_assert(kTurns > 3 * kAhead);
  uint64_t hashes[kTurns];
  uint32_t candidates[kTurns];
  for (size_t i = 0; i < keys.size() + 3 * kAhead; ++i) {
    if (i < keys.size()) {
      const uint64_t hash = hashes[i % kTurns] = Hash(keys[i]);
      index_.Prefetch(hash);
    }
    if (const size_t hashed = i - kAhead; hashed < keys.size()) {
      const uint32_t candidate = index_.Candidate(hashes[hashed % kTurns]);
      candidates[hashed % kTurns] = candidate;
      if (candidate != kNone) entries_.PrefetchEntry(candidate);
    }
    if (const size_t found = i - 2 * kAhead; found < keys.size()) {
      const uint32_t candidate = candidates[found % kTurns];
      if (candidate != kNone) entries_.PrefetchBytes(candidate);
    }
    if (const size_t at = i - 3 * kAhead; at < keys.size()) {
      const std::string_view key = keys[at];
      const uint64_t hash = hashes[at % kTurns];
      const uint32_t candidate = candidates[at % kTurns];
      const bool found = candidate != kNone && SameBytes(KeyAt(candidate), key);
      act(at, hash, found ? candidate : Find(key, hash));
    }
  }
}

void StateTable::GetMany(std::span<const std::string_view> keys,
                         std::span<std::optional<std::string_view>> values) const {
  WT_CHECK(keys.size() == values.size());
  InTurns(keys, [&](size_t i, uint64_t, uint32_t found) {
    std::string_view value;
    values[i] = GetFound(found, &value) ? std::optional(value) : std::nullopt;
  });
}

void StateTable::PutMany(std::span<const std::string_view> keys,
                         std::span<const std::string_view> values) {
  WT_CHECK(keys.size() == values.size());
  InTurns(keys, [&](size_t i, uint64_t hash, uint32_t found) {
    PutFound(found, keys[i], hash, values[i]);
  });
  IndexNew();
}

void StateTable::RemoveMany(std::span<const std::string_view> keys) {
  InTurns(keys, [&](size_t, uint64_t, uint32_t found) { RemoveFound(found); });
}

void StateTable::Apply(std::span<const std::string_view> keys,
                       std::span<const std::optional<std::string_view>> values) {
  WT_CHECK(keys.size() == values.size());
  InTurns(keys, [&](size_t i, uint64_t hash, uint32_t found) {
    if (values[i]) {
      PutFound(found, keys[i], hash, *values[i]);
    } else {
      RemoveFound(found);
    }
  });
  IndexNew();
}

void StateTable::CountMany(std::span<const std::string_view> keys) {
  InTurns(keys, [&](size_t i, uint64_t hash, uint32_t found) {
    uint64_t count = 0;
    if (std::string_view value; GetFound(found, &value)) {
      WT_CHECK(value.size() == sizeof count, "a value that is no count");
      std::memcpy(&count, value.data(), sizeof count);
    }
    ++count;
    PutFound(found, keys[i], hash, {reinterpret_cast<const char*>(&count), sizeof count});
  });
  IndexNew();
}

void StateTable::InsertMany(std::span<const std::string_view> keys,
                            std::span<const std::string_view> values, std::span<bool> was_new) {
  WT_CHECK(keys.size() == values.size() && keys.size() == was_new.size());
  InTurns(keys, [&](size_t i, uint64_t hash, uint32_t found) {
    was_new[i] = found == kNone || !entries_[found].live;
    if (was_new[i]) PutFound(found, keys[i], hash, values[i]);
  });
  IndexNew();
}

uint32_t StateTable::Find(std::string_view key, uint64_t hash) const {
  return index_.Find(hash, [&](uint32_t number) { return SameBytes(KeyAt(number), key); });
}

bool StateTable::GetFound(uint32_t number, std::string_view* value) const {
  if (number == kNone || !entries_[number].live) return false;
  *value = ValueAt(number);
  return true;
}

void StateTable::PutFound(uint32_t number, std::string_view key, uint64_t hash,
                          std::string_view value) {
  PutValue(number != kNone ? number : AddEntry(key, hash, value.size()), value);
}

uint32_t StateTable::AddEntry(std::string_view key, uint64_t hash, size_t value_size) {
  WT_CHECK(key.size() <= kLargestKey, "a key is too long");
  WT_CHECK(entries_.size() < kNone, "a state store holds fewer than 2^32 keys");
  if (index_.full()) Reindex(index_.size() + 1);
  const auto number = static_cast<uint32_t>(entries_.size());
  entries_.Add(key, value_size);
  index_.Insert(hash, number);
  if (ordered_) ordered_->insert(number);
  return number;
}

void StateTable::PutValue(uint32_t number, std::string_view value) {
  WT_CHECK(value.size() <= kLargestValue, "a value is too long");
  StateEntry& entry = Changing(number);
  const bool timed = derived_ != nullptr && derived_->by.time == DerivedIndexes::Time::kValue &&
                     number < derived_->entries;
  const std::optional<int64_t> before = timed ? TimeOf(entry) : std::nullopt;
  if (entry.live) {
    live_bytes_ += value.size() - entries_.ValueOf(entry).size();
  } else {
    ++size_;
    live_bytes_ += entries_.KeyOf(entry).size() + value.size();
    entry.live = 1;
  }
  entries_.SetValue(entry, value);
  if (timed && TimeOf(entry) != before) IndexTime(number);
}

void StateTable::FixLayout(EntryLayout layout) {
  if (layout == entries_.layout()) return;
  WT_CHECK(!changed() && !pictured_, "a table's layout is fixed before it changes");
  Compact(layout);
}

void StateTable::NumberMany(std::span<const std::string_view> keys, std::span<uint32_t> numbers,
                            std::span<std::string_view> values) {
  WT_CHECK(keys.size() == numbers.size() && keys.size() == values.size());
  InTurns(keys, [&](size_t i, uint64_t hash, uint32_t found) {
    numbers[i] = found != kNone ? found : AddEntry(keys[i], hash, 0);
    values[i] = {};
    GetFound(found, &values[i]);
  });
  IndexNew();
}

void StateTable::ChangeMany(std::span<const std::string_view> keys, std::string_view first,
                            std::span<uint32_t> numbers, std::span<char*> values) {
  WT_CHECK(keys.size() == numbers.size() && keys.size() == values.size());
  WT_CHECK(first.size() <= entries_.layout().value_bytes, "values stand within their entries");
  WT_CHECK(derived_ == nullptr || derived_->by.time != DerivedIndexes::Time::kValue);
  InTurns(keys, [&](size_t i, uint64_t hash, uint32_t found) {
    const uint32_t number = found != kNone ? found : AddEntry(keys[i], hash, first.size());
    numbers[i] = number;
    StateEntry& entry = entries_[number];
    if (entry.live) {
      Changing(number);
    } else {
      PutValue(number, first);
    }
    const bool stands = entries_.ValueOf(entry).size() == first.size();
    values[i] = stands ? entries_.RoomForValue(entry) : nullptr;
  });
  IndexNew();
}

void StateTable::PutAt(std::span<const uint32_t> numbers,
                       std::span<const std::string_view> values) {
  WT_CHECK(numbers.size() == values.size());
  InFetched(numbers, [&](size_t i) { PutValue(numbers[i], values[i]); });
}

void StateTable::RemoveFound(uint32_t number) {
  if (number == kNone || !entries_[number].live) return;
  MarkRemoved(number);
}

size_t StateTable::CountChanges() const {
  size_t count = 0;
  ForEachChange([&count](std::string_view, std::optional<std::string_view>) { ++count; });
  return count;
}

void StateTable::Accept() {
  for (const uint32_t number : removed_) {
    if (!entries_[number].live) Unindex(number);
  }
  for (size_t number = accepted_entries_; number < entries_.size(); ++number) {
    if (!entries_[number].live) Unindex(static_cast<uint32_t>(number));
  }
  accepted_entries_ = entries_.size();
  NextRound();
  if (derived_ != nullptr && derived_->by_time) {
    derived_->by_time->Accept(
        [this](int64_t time, uint32_t number) { return !HasTime(number, time); });
  }
  CompactIfSparse();
}

void StateTable::TakeBack() {
  for (size_t i = changes_.size(); i > 0; --i) {
    const Change& change = ChangeAt(i - 1);
    StateEntry& entry = entries_[change.number];
    if (entry.live) Uncount(entry);
    entry.changed_in = 0;
    entry.live = change.live;
    entries_.SetValuePart(entry, PartBefore(change));
    if (entry.live) Count(entry);
  }
  for (size_t number = entries_.size(); number > accepted_entries_; --number) {
    const StateEntry& entry = entries_[number - 1];
    if (entry.live) Uncount(entry);
    Unindex(static_cast<uint32_t>(number - 1));
  }
  entries_.Truncate(accepted_entries_);
  NextRound();
  if (derived_ != nullptr) {
    if (derived_->by_prefix) derived_->by_prefix->Truncate(accepted_entries_);
    if (derived_->by_time) derived_->by_time->TakeBack();
    derived_->entries = accepted_entries_;
  }
  CompactIfSparse();
}

void StateTable::StartPicture() {
  WT_CHECK(!pictured_ && !changed(), "a picture is taken of what was accepted, one at a time");
  pictured_ = true;
  picture_next_ = 0;
  picture_end_ = static_cast<uint32_t>(entries_.size());
}

void StateTable::DropPicture() {
  pictured_ = false;
  picture_next_ = picture_end_ = 0;
  kept_.clear();
}

void StateTable::NextRound() {
  changes_.Clear();
  removed_.clear();
  if (++round_ != 0) return;
  // From the first one again, in which nothing has changed yet.
  for (size_t number = 0; number < entries_.size(); ++number) entries_[number].changed_in = 0;
  round_ = 1;
}

StateEntry& StateTable::Changing(uint32_t number) {
  StateEntry& entry = entries_[number];
  if (ChangedSinceAccept(number)) return entry;
  if (IsPictured(number)) {
    const size_t bytes = entries_.record_bytes();
    auto record = std::make_unique_for_overwrite<char[]>(bytes);
    std::memcpy(record.get(), &entry, bytes);
    kept_.emplace(number, Kept{std::move(record)});
  }
  const Change change{.number = number, .live = static_cast<uint8_t>(entry.live)};
  char* const noted = changes_.Add();
  std::memcpy(noted, &change, kNotedPartAt);
  entries_.CopyValuePart(entry, noted + kNotedPartAt);
  StateEntry changed = entry;
  changed.changed_in = round_;
  changed.fresh = 0;
  changed.removed = 0;
  return entry = changed;
}

void StateTable::MarkRemoved(uint32_t number) {
  StateEntry& entry = Changing(number);
  Uncount(entry);
  entry.live = 0;
  if (number < accepted_entries_ && !entry.removed) {
    entry.removed = 1;
    removed_.push_back(number);
  }
}

void StateTable::Count(const StateEntry& entry) {
  ++size_;
  live_bytes_ += entries_.KeyOf(entry).size() + entries_.ValueOf(entry).size();
}

void StateTable::Uncount(const StateEntry& entry) {
  --size_;
  live_bytes_ -= entries_.KeyOf(entry).size() + entries_.ValueOf(entry).size();
}

void StateTable::Unindex(uint32_t number) {
  index_.Remove(Hash(KeyAt(number)), number);
  if (ordered_) ordered_->erase(number);
  if (derived_ != nullptr && derived_->by_prefix) derived_->by_prefix->Remove(number, Keys{this});
}

bool StateTable::IsIndexed(uint32_t number) const {
  return entries_[number].live || ChangedSinceAccept(number);
}

// Walks the entries in their order, which is that of their memory, and fetches the slots ahead.
void StateTable::Reindex(size_t room) {
  constexpr uint32_t kGroup = 32;
  index_.Reset(room);
  uint32_t numbers[kGroup];
  uint64_t hashes[kGroup];
  const auto end = static_cast<uint32_t>(entries_.size());
  for (uint32_t next = 0; next < end;) {
    size_t count = 0;
    for (; next < end && count < kGroup; ++next) {
      if (!IsIndexed(next)) continue;
      numbers[count] = next;
      hashes[count] = Hash(KeyAt(next));
      index_.Prefetch(hashes[count++]);
    }
    for (size_t i = 0; i < count; ++i) index_.Insert(hashes[i], numbers[i]);
  }
}

// REQUIRES: no changes. A picture holds it off, since it shows entries by their numbers.
void StateTable::CompactIfSparse() {
  constexpr size_t kTooSmallToMatter = size_t{64} << 10;
  const bool dead_entries = entries_.size() > 2 * size_ + 64;
  // Either is at least half of what would be stored anew.
  const bool dead_bytes = entries_.stored_bytes() > 2 * live_bytes_ + kTooSmallToMatter;
  if (pictured_ || (!dead_entries && !dead_bytes)) return;
  Compact(entries_.layout());
}

// Stores what is there anew, with this layout. REQUIRES: no changes, no picture.
void StateTable::Compact(EntryLayout layout) {
  StateEntries entries(layout);
  std::vector<uint32_t> renumbered(ordered_ ? entries_.size() : 0);
  for (size_t number = 0; number < entries_.size(); ++number) {
    if (!entries_[number].live) continue;
    if (ordered_) renumbered[number] = static_cast<uint32_t>(entries.size());
    entries.AddLive(entries_.KeyOf(entries_[number]), entries_.ValueOf(entries_[number]));
  }
  std::vector<uint32_t> by_key;
  if (ordered_) {
    by_key.reserve(ordered_->size());
    for (const uint32_t number : *ordered_) by_key.push_back(renumbered[number]);
    ordered_->clear();
  }
  entries_ = std::move(entries);
  changes_ = RecordArray(ChangeBytes());
  accepted_entries_ = entries_.size();
  Reindex(size_);
  for (const uint32_t number : by_key) ordered_->insert(ordered_->end(), number);
  IndexAll();
}

}  // namespace wavetank::checkpoint
