#include "runtime/columnar/key_table.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include "platform/check.h"
#include "runtime/columnar/folded.h"

namespace wavetank::runtime {
namespace {

constexpr size_t kFirstSlots = 1024;
// Rows whose slots are fetched ahead of use.
constexpr int64_t kAhead = 16;

constexpr uint64_t LowBytes(uint32_t count) {
  return count >= 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * count)) - 1;
}

// The padding behind every buffer allows whole words to be read.
uint64_t FirstBytes(const char* bytes, uint32_t count) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word & LowBytes(count);
}

}  // namespace

BufferBuilder<uint64_t> KeyTable::Hashes(const Column& keys) {
  constexpr uint32_t kWord = sizeof(uint64_t);
  const auto rows = static_cast<size_t>(keys.size());
  const int64_t* const offsets = keys.offsets();
  BufferBuilder<uint64_t> hashes(rows);
  for (size_t row = 0; row < rows; ++row) {
    const char* const bytes = keys.bytes() + offsets[row];
    const auto length = static_cast<uint64_t>(offsets[row + 1] - offsets[row]);
    if (length > 2 * kWord) {
      hashes[row] = XXH3_64bits(bytes, length);
      continue;
    }
    const auto size = static_cast<uint32_t>(length);
    const uint64_t first = FirstBytes(bytes, size);
    const uint64_t second = size > kWord ? FirstBytes(bytes + kWord, size - kWord) : 0;
    hashes[row] = Folded(Folded(first ^ (length + 1), kFoldBy[0]) ^ second, kFoldBy[1]);
  }
  hashes.SetSize(rows);
  return hashes;
}

KeyTable::KeyTable() { slots_.AppendRepeated(kFirstSlots, 0); }

std::string_view KeyTable::Key(uint32_t group) const {
  const Entry& entry = entries_[group];
  if (entry.length == kNullLength) return {};
  if (entry.length > kInlineBytes) return {long_keys_.data() + entry.tail, entry.length};
  return {reinterpret_cast<const char*>(&entry.head), entry.length};
}

bool KeyTable::Equals(const Entry& entry, const Entry& wanted, const char* bytes) const {
  if (entry.length != wanted.length || entry.head != wanted.head) return false;
  if (wanted.length <= kInlineBytes || wanted.length == kNullLength) {
    return entry.tail == wanted.tail;
  }
  return std::memcmp(long_keys_.data() + entry.tail, bytes, wanted.length) == 0;
}

uint32_t KeyTable::Find(const char* bytes, uint32_t length, uint64_t hash) {
  Entry wanted{length, 0, 0};
  if (length <= kInlineBytes) {
    // As FirstBytes.
    uint32_t head;
    uint64_t tail;
    std::memcpy(&head, bytes, sizeof head);
    std::memcpy(&tail, bytes + sizeof head, sizeof tail);
    wanted.head = head & static_cast<uint32_t>(LowBytes(std::min(length, 4U)));
    wanted.tail = tail & LowBytes(length - std::min(length, 4U));
  } else if (length != kNullLength) {
    std::memcpy(&wanted.head, bytes, sizeof wanted.head);
  }
  const uint64_t tag = hash >> 32 << 32;
  const size_t mask = slots_.size() - 1;
  for (size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    const Slot found = slots_[slot];
    if (found == 0) return Add(wanted, bytes, hash, slot);
    if ((found ^ tag) >> 32 == 0) {
      const uint32_t group = static_cast<uint32_t>(found) - 1;
      if (Equals(entries_[group], wanted, bytes)) return group;
    }
  }
}

uint32_t KeyTable::Add(Entry wanted, const char* bytes, uint64_t hash, size_t slot) {
  const uint32_t group = size();
  WT_CHECK(group < UINT32_MAX - 1);
  if (wanted.length > kInlineBytes && wanted.length != kNullLength) {
    wanted.tail = long_keys_.size();
    long_keys_.Append(bytes, wanted.length);
  }
  entries_.Append(wanted);
  hashes_.Append(hash);
  slots_[slot] = hash >> 32 << 32 | (group + 1);
  if (entries_.size() * 2 > slots_.size()) Grow();
  return group;
}

void KeyTable::Grow() {
  BufferBuilder<Slot> grown;
  grown.AppendRepeated(slots_.size() * 2, 0);
  const size_t mask = grown.size() - 1;
  for (uint32_t group = 0; group < size(); ++group) {
    const uint64_t hash = hashes_[group];
    size_t slot = hash & mask;
    while (grown[slot] != 0) slot = (slot + 1) & mask;
    grown[slot] = hash >> 32 << 32 | (group + 1);
  }
  slots_ = std::move(grown);
}

void KeyTable::Assign(const Column& keys, const uint64_t* hashes, uint32_t* groups) {
  WT_CHECK(keys.type() == DataType::kString);
  const int64_t* const offsets = keys.offsets();
  const char* const bytes = keys.bytes();
  const int64_t rows = keys.size();
  for (int64_t row = 0; row < rows; ++row) {
    if (row + kAhead < rows) {
      __builtin_prefetch(slots_.data() + (hashes[row + kAhead] & (slots_.size() - 1)));
    }
    const int64_t length = offsets[row + 1] - offsets[row];
    WT_CHECK(length < kNullLength, "a grouping key of 4 GiB");
    groups[row] = keys.IsNull(row)
                      ? Find(nullptr, kNullLength, hashes[row])
                      : Find(bytes + offsets[row], static_cast<uint32_t>(length), hashes[row]);
  }
}

}  // namespace wavetank::runtime
