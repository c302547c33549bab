#include "checkpoint/state_table.h"

#include <xxhash.h>

#include <cstring>
#include <utility>

#include "platform/check.h"

namespace wavetank::checkpoint {
namespace {

constexpr size_t kLargestKey = (size_t{1} << 29) - 1;
constexpr size_t kLargestValue = UINT32_MAX;

}  // namespace

uint64_t StateTable::Hash(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }

bool StateTable::Get(std::string_view key, std::string_view* value) const {
  const uint32_t number = index_[Slot(key, Hash(key))];
  if (number == kEmpty || !entries_[number].live) return false;
  *value = ValueOf(entries_[number]);
  return true;
}

void StateTable::Put(std::string_view key, std::string_view value) {
  WT_CHECK(key.size() <= kLargestKey && value.size() <= kLargestValue,
           "a key or value is too long");
  const uint64_t hash = Hash(key);
  size_t slot = Slot(key, hash);
  if (index_[slot] == kEmpty) {
    WT_CHECK(entries_.size() < kEmpty, "a state store holds fewer than 2^32 keys");
    if ((indexed_ + 1) * 4 > index_.size() * 3) {
      GrowIndex();
      slot = Slot(key, hash);
    }
    index_[slot] = static_cast<uint32_t>(entries_.size());
    ++indexed_;
    entries_.push_back(Entry{.ref = 0,
                             .fragment = hash >> 48,
                             .key_size = static_cast<uint32_t>(key.size()),
                             .live = 0,
                             .changed = 0,
                             .fresh = 0,
                             .value_size = 0});
  }
  const uint32_t number = index_[slot];
  NoteChange(number);
  SetLive(entries_[number], false);
  Store(entries_[number], key, value);
  SetLive(entries_[number], true);
}

void StateTable::Remove(std::string_view key) {
  const uint32_t number = index_[Slot(key, Hash(key))];
  if (number == kEmpty || !entries_[number].live) return;
  NoteChange(number);
  SetLive(entries_[number], false);
}

void StateTable::ForEach(
    const std::function<void(std::string_view, std::string_view)>& visit) const {
  for (const Entry& entry : entries_) {
    if (entry.live) visit(KeyOf(entry), ValueOf(entry));
  }
}

void StateTable::ForEachChange(
    const std::function<void(std::string_view, const std::string_view*)>& visit) const {
  for (const Change& change : changes_) {
    const Entry& entry = entries_[change.number];
    if (entry.live) {
      const std::string_view value = ValueOf(entry);
      visit(KeyOf(entry), &value);
    } else if (change.number < accepted_entries_) {
      visit(KeyOf(entry), nullptr);
    }
  }
}

void StateTable::Accept() {
  for (const Change& change : changes_) {
    Entry& entry = entries_[change.number];
    entry.changed = 0;
    entry.fresh = 0;
    if (!entry.live) Unindex(change.number);
  }
  changes_.clear();
  CompactIfSparse();
  accepted_entries_ = entries_.size();
}

void StateTable::TakeBack() {
  while (!changes_.empty()) {
    const Change& change = changes_.back();
    Entry& entry = entries_[change.number];
    if (change.number >= accepted_entries_) Unindex(change.number);
    SetLive(entry, false);
    entry = change.before;
    if (entry.live) {
      entry.live = 0;
      SetLive(entry, true);
    }
    changes_.pop_back();
  }
  entries_.resize(accepted_entries_);
  CompactIfSparse();
  accepted_entries_ = entries_.size();
}

size_t StateTable::Slot(std::string_view key, uint64_t hash) const {
  const size_t mask = index_.size() - 1;
  for (size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    if (index_[slot] == kEmpty) return slot;
    const Entry& entry = entries_[index_[slot]];
    if (entry.fragment == hash >> 48 && KeyOf(entry) == key) return slot;
  }
}

void StateTable::NoteChange(uint32_t number) {
  Entry& entry = entries_[number];
  if (entry.changed) return;
  changes_.push_back({number, entry});
  entry.changed = 1;
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

// What the entry was at Accept stays where it is.
void StateTable::Store(Entry& entry, std::string_view key, std::string_view value) {
  const bool in_place = entry.fresh && value.size() <= entry.value_size;
  if (!in_place) {
    const size_t bytes = key.size() + value.size();
    entry.ref = arena_.Allocate(bytes);
    entry.fresh = 1;
    stored_bytes_ += bytes;
    if (!key.empty()) std::memcpy(arena_.At(entry.ref), key.data(), key.size());
  }
  char* to = arena_.At(entry.ref) + key.size();
  if (!value.empty()) std::memmove(to, value.data(), value.size());
  entry.value_size = static_cast<uint32_t>(value.size());
}

// Closes the gap, so that no search ever stops short of what it looks for.
void StateTable::Unindex(uint32_t number) {
  const size_t mask = index_.size() - 1;
  const std::string_view key = KeyOf(entries_[number]);
  size_t gap = Slot(key, Hash(key));
  if (index_[gap] != number) return;
  for (size_t slot = (gap + 1) & mask; index_[slot] != kEmpty; slot = (slot + 1) & mask) {
    const size_t home = Hash(KeyOf(entries_[index_[slot]])) & mask;
    if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
    index_[gap] = index_[slot];
    gap = slot;
  }
  index_[gap] = kEmpty;
  --indexed_;
}

void StateTable::GrowIndex() {
  const std::vector<uint32_t> old =
      std::exchange(index_, std::vector<uint32_t>(index_.size() * 2, kEmpty));
  const size_t mask = index_.size() - 1;
  for (const uint32_t number : old) {
    if (number == kEmpty) continue;
    size_t slot = Hash(KeyOf(entries_[number])) & mask;
    while (index_[slot] != kEmpty) slot = (slot + 1) & mask;
    index_[slot] = number;
  }
}

// REQUIRES: no changes.
void StateTable::CompactIfSparse() {
  constexpr size_t kTooSmallToMatter = size_t{64} << 10;
  const bool dead_entries = entries_.size() > 2 * size_ + 64;
  const bool dead_bytes = stored_bytes_ > 2 * live_bytes_ + kTooSmallToMatter;
  if (!dead_entries && !dead_bytes) return;
  StateTable compact;
  ForEach([&](std::string_view key, std::string_view value) { compact.Put(key, value); });
  for (Entry& entry : compact.entries_) {
    entry.changed = 0;
    entry.fresh = 0;
  }
  compact.changes_.clear();
  *this = std::move(compact);
}

}  // namespace wavetank::checkpoint
