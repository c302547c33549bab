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

// Likewise values: four words.
void CopyBytes(char* to, const char* from, size_t size) {
  struct Half {
    uint64_t words[2];
  } first, last;
  if (size < sizeof first || size > 2 * sizeof first) {
    if (size != 0) std::memcpy(to, from, size);
    return;
  }
  std::memcpy(&first, from, sizeof first);
  std::memcpy(&last, from + size - sizeof last, sizeof last);
  std::memcpy(to, &first, sizeof first);
  std::memcpy(to + size - sizeof last, &last, sizeof last);
}

}  // namespace

StateTable::StateTable(KeyOrder order) {
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
  return GetHashed(key, Hash(key), value);
}

void StateTable::Put(std::string_view key, std::string_view value) {
  PutHashed(key, Hash(key), value);
  IndexNew();
}

void StateTable::Remove(std::string_view key) { RemoveHashed(key, Hash(key)); }

// Each round touches what the round before has fetched, and fetches what the next one needs.
template <typename Act>
void StateTable::InGroups(std::span<const std::string_view> keys, const Act& act) const {
  constexpr size_t kGroup = 24;
  uint64_t hashes[kGroup];
  uint32_t candidates[kGroup];
  for (size_t begin = 0; begin < keys.size(); begin += kGroup) {
    const size_t count = std::min(kGroup, keys.size() - begin);
    for (size_t i = 0; i < count; ++i) {
      hashes[i] = Hash(keys[begin + i]);
      index_.Prefetch(hashes[i]);
    }
    for (size_t i = 0; i < count; ++i) {
      candidates[i] = index_.Candidate(hashes[i]);
      if (candidates[i] != kNone) __builtin_prefetch(&entries_[candidates[i]]);
    }
    for (size_t i = 0; i < count; ++i) {
      if (candidates[i] != kNone) PrefetchBytes(entries_[candidates[i]]);
    }
    for (size_t i = 0; i < count; ++i) act(begin + i, hashes[i]);
  }
}

void StateTable::GetMany(std::span<const std::string_view> keys,
                         std::span<std::optional<std::string_view>> values) const {
  WT_CHECK(keys.size() == values.size());
  InGroups(keys, [&](size_t i, uint64_t hash) {
    std::string_view value;
    values[i] = GetHashed(keys[i], hash, &value) ? std::optional(value) : std::nullopt;
  });
}

void StateTable::PutMany(std::span<const std::string_view> keys,
                         std::span<const std::string_view> values) {
  WT_CHECK(keys.size() == values.size());
  InGroups(keys, [&](size_t i, uint64_t hash) { PutHashed(keys[i], hash, values[i]); });
  IndexNew();
}

void StateTable::RemoveMany(std::span<const std::string_view> keys) {
  InGroups(keys, [&](size_t i, uint64_t hash) { RemoveHashed(keys[i], hash); });
}

void StateTable::Apply(std::span<const std::string_view> keys,
                       std::span<const std::optional<std::string_view>> values) {
  WT_CHECK(keys.size() == values.size());
  InGroups(keys, [&](size_t i, uint64_t hash) {
    if (values[i]) {
      PutHashed(keys[i], hash, *values[i]);
    } else {
      RemoveHashed(keys[i], hash);
    }
  });
  IndexNew();
}

void StateTable::CountMany(std::span<const std::string_view> keys) {
  InGroups(keys, [&](size_t i, uint64_t hash) {
    const uint32_t number = Find(keys[i], hash);
    uint64_t count = 0;
    if (number != kNone && entries_[number].live) {
      const std::string_view value = ValueOf(entries_[number]);
      WT_CHECK(value.size() == sizeof count, "a value that is no count");
      std::memcpy(&count, value.data(), sizeof count);
    }
    ++count;
    PutFound(number, keys[i], hash, {reinterpret_cast<const char*>(&count), sizeof count});
  });
  IndexNew();
}

void StateTable::InsertMany(std::span<const std::string_view> keys,
                            std::span<const std::string_view> values, std::span<bool> was_new) {
  WT_CHECK(keys.size() == values.size() && keys.size() == was_new.size());
  InGroups(keys, [&](size_t i, uint64_t hash) {
    const uint32_t number = Find(keys[i], hash);
    was_new[i] = number == kNone || !entries_[number].live;
    if (was_new[i]) PutFound(number, keys[i], hash, values[i]);
  });
  IndexNew();
}

uint32_t StateTable::Find(std::string_view key, uint64_t hash) const {
  return index_.Find(hash,
                     [&](uint32_t number) { return SameBytes(KeyOf(entries_[number]), key); });
}

bool StateTable::GetHashed(std::string_view key, uint64_t hash, std::string_view* value) const {
  const uint32_t number = Find(key, hash);
  if (number == kNone || !entries_[number].live) return false;
  *value = ValueOf(entries_[number]);
  return true;
}

void StateTable::PutHashed(std::string_view key, uint64_t hash, std::string_view value) {
  PutFound(Find(key, hash), key, hash, value);
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
  Entry entry{.ref = 0,
              .key_size = static_cast<uint32_t>(key.size()),
              .live = 0,
              .changed = 0,
              .fresh = 0,
              .value_size = 0};
  entry.ref = Allocate(key, value_size);
  entry.fresh = 1;
  // So much room it has; nobody reads a value that is not there.
  entry.value_size = static_cast<uint32_t>(value_size);
  entries_.push_back(entry);
  index_.Insert(hash, number);
  if (ordered_) ordered_->insert(number);
  return number;
}

// The entry is read once and written once: to read anew what was just written in part would wait
// for all that was written before it.
void StateTable::PutValue(uint32_t number, std::string_view value) {
  WT_CHECK(value.size() <= kLargestValue, "a value is too long");
  Entry& place = entries_[number];
  Change* const change = NoteChange(number);
  const bool timed = derived_ != nullptr && derived_->by.time == DerivedIndexes::Time::kValue &&
                     number < derived_->entries;
  const std::optional<int64_t> before = timed ? TimeOf(place) : std::nullopt;
  Entry entry = place;
  if (entry.live) {
    live_bytes_ -= entry.value_size;
  } else {
    ++size_;
    live_bytes_ += entry.key_size;
  }
  live_bytes_ += value.size();
  const bool fits = value.size() <= RoomOf(entry);
  if (fits && change != nullptr && value_room_ != 0 && !IsPictured(number)) {
    change->aside = aside_.Allocate(entry.value_size);
    CopyBytes(aside_.At(change->aside), ValueOf(entry).data(), entry.value_size);
    entry.fresh = 1;
  }
  if (!fits || !entry.fresh) {
    entry.ref = Allocate(KeyOf(entry), value.size());
    entry.fresh = 1;
  }
  CopyBytes(arena_.At(entry.ref) + entry.key_size, value.data(), value.size());
  entry.value_size = static_cast<uint32_t>(value.size());
  entry.live = 1;
  entry.changed = change != nullptr || entry.changed;
  place = entry;
  if (timed && TimeOf(place) != before) IndexTime(number);
}

void StateTable::FixValueRoom(uint32_t bytes) {
  if (bytes == value_room_) return;
  value_room_ = bytes;
  roomy_from_ = bytes == 0 ? UINT64_MAX : arena_.end();
}

void StateTable::NumberMany(std::span<const std::string_view> keys, std::span<uint32_t> numbers) {
  WT_CHECK(keys.size() == numbers.size());
  InGroups(keys, [&](size_t i, uint64_t hash) {
    const uint32_t found = Find(keys[i], hash);
    numbers[i] = found != kNone ? found : AddEntry(keys[i], hash, 0);
  });
  IndexNew();
}

void StateTable::PutAt(std::span<const uint32_t> numbers,
                       std::span<const std::string_view> values) {
  WT_CHECK(numbers.size() == values.size());
  InFetched(numbers, [&](size_t i) { PutValue(numbers[i], values[i]); });
}

void StateTable::RemoveHashed(std::string_view key, uint64_t hash) {
  const uint32_t number = Find(key, hash);
  if (number == kNone || !entries_[number].live) return;
  MarkRemoved(number);
}

size_t StateTable::CountChanges() const {
  size_t count = 0;
  ForEachChange([&count](std::string_view, std::optional<std::string_view>) { ++count; });
  return count;
}

void StateTable::Accept() {
  for (size_t i = 0; i < changes_.size(); ++i) {
    constexpr size_t kAhead = 16;
    if (i + kAhead < changes_.size()) __builtin_prefetch(&entries_[changes_[i + kAhead].number]);
    const uint32_t number = changes_[i].number;
    Entry entry = entries_[number];
    entry.changed = 0;
    entry.fresh = 0;
    entries_[number] = entry;
    if (!entry.live) Unindex(number);
  }
  for (size_t number = accepted_entries_; number < entries_.size(); ++number) {
    entries_[number].fresh = 0;
    if (!entries_[number].live) Unindex(static_cast<uint32_t>(number));
  }
  ForgetChanges();
  accepted_entries_ = entries_.size();
  if (derived_ != nullptr && derived_->by_time) {
    derived_->by_time->Accept(
        [this](int64_t time, uint32_t number) { return !HasTime(number, time); });
  }
  CompactIfSparse();
}

void StateTable::TakeBack() {
  for (size_t i = changes_.size(); i > 0; --i) {
    const Change& change = changes_[i - 1];
    Entry& entry = entries_[change.number];
    SetLive(entry, false);
    entry = change.before;
    if (change.aside != kNotAside) {
      const std::string_view value = ValueBefore(change);
      std::memcpy(arena_.At(entry.ref) + entry.key_size, value.data(), value.size());
    }
    if (entry.live) {
      entry.live = 0;
      SetLive(entry, true);
    }
  }
  ForgetChanges();
  for (size_t number = entries_.size(); number > accepted_entries_; --number) {
    SetLive(entries_[number - 1], false);
    Unindex(static_cast<uint32_t>(number - 1));
  }
  entries_.Truncate(accepted_entries_);
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

// With their memory.
void StateTable::ForgetChanges() {
  changes_ = ChunkedArray<Change>();
  aside_ = Arena();
}

StateTable::Change* StateTable::NoteChange(uint32_t number) {
  const Entry& entry = entries_[number];
  if (number >= accepted_entries_ || entry.changed) return nullptr;
  if (IsPictured(number)) kept_.emplace(number, entry);
  changes_.push_back(Change{});
  Change& change = changes_[changes_.size() - 1];
  change.number = number;
  change.before = entry;
  change.aside = kNotAside;
  return &change;
}

void StateTable::MarkRemoved(uint32_t number) {
  Entry& entry = entries_[number];
  if (NoteChange(number) != nullptr) entry.changed = 1;
  SetLive(entry, false);
}

void StateTable::SetLive(Entry& entry, bool live) {
  if ((entry.live != 0) == live) return;
  entry.live = live ? 1 : 0;
  const size_t bytes = size_t{entry.key_size} + entry.value_size;
  if (live) {
    ++size_;
    live_bytes_ += bytes;
  } else {
    --size_;
    live_bytes_ -= bytes;
  }
}

uint64_t StateTable::Allocate(std::string_view key, size_t value_size) {
  const size_t bytes = key.size() + std::max<size_t>(value_room_, value_size);
  const uint64_t ref = arena_.Allocate(bytes);
  stored_bytes_ += bytes;
  if (!key.empty()) std::memcpy(arena_.At(ref), key.data(), key.size());
  return ref;
}

void StateTable::Unindex(uint32_t number) {
  index_.Remove(Hash(KeyOf(entries_[number])), number);
  if (ordered_) ordered_->erase(number);
  if (derived_ != nullptr && derived_->by_prefix) derived_->by_prefix->Remove(number, Keys{this});
}

bool StateTable::IsIndexed(uint32_t number) const {
  const Entry& entry = entries_[number];
  return entry.live || entry.changed || number >= accepted_entries_;
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
      hashes[count] = Hash(KeyOf(entries_[next]));
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
  const size_t wanted_bytes = std::max(live_bytes_, size_ * value_room_);
  const bool dead_bytes = stored_bytes_ > 2 * wanted_bytes + kTooSmallToMatter;
  if (pictured_ || (!dead_entries && !dead_bytes)) return;
  ChunkedArray<Entry> entries;
  Arena arena;
  size_t stored_bytes = 0;
  std::vector<uint32_t> renumbered(ordered_ ? entries_.size() : 0);
  for (size_t number = 0; number < entries_.size(); ++number) {
    Entry entry = entries_[number];
    if (!entry.live) continue;
    const size_t bytes = size_t{entry.key_size} + entry.value_size;
    const size_t room = entry.key_size + std::max(value_room_, entry.value_size);
    const uint64_t ref = arena.Allocate(room);
    std::memcpy(arena.At(ref), arena_.At(entry.ref), bytes);
    stored_bytes += room;
    entry.ref = ref;
    if (ordered_) renumbered[number] = static_cast<uint32_t>(entries.size());
    entries.push_back(entry);
  }
  std::vector<uint32_t> by_key;
  if (ordered_) {
    by_key.reserve(ordered_->size());
    for (const uint32_t number : *ordered_) by_key.push_back(renumbered[number]);
    ordered_->clear();
  }
  entries_ = std::move(entries);
  arena_ = std::move(arena);
  stored_bytes_ = stored_bytes;
  if (value_room_ != 0) roomy_from_ = 0;
  accepted_entries_ = entries_.size();
  Reindex(size_);
  for (const uint32_t number : by_key) ordered_->insert(ordered_->end(), number);
  IndexAll();
}

}  // namespace wavetank::checkpoint
