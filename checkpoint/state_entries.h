// StateEntries: the keys and values of a state table, by number.
//
// An entry is a record of one stride: what is known of it, and room for a key and a value of the
// sizes that the store's layout declares. What fits stands there, so that whoever touches an entry
// touches one place; what does not stands in an arena. Layouts are sizes: what keys and values are
// made of is nobody's business here.
//
// Records have one of two forms. In a compact one both have room, and room enough to say instead
// where they stand: so its sizes are small, and so is what is known of it. In a wide one, whatever
// of both has no room stands in one piece, the key before the value.
//
//   compact   head (4), room for the key, size of the value (1), room for it
//   wide      head (4), rest of the key's size (2), room for the key,
//             place of what has no room (6), size of the value (4), room for it
//
// What lies behind the room for the key is the value's part: with the key it tells the value.
// Views of keys stay valid until they are cut off, those of values until they are changed.
#ifndef WAVETANK_CHECKPOINT_STATE_ENTRIES_H_
#define WAVETANK_CHECKPOINT_STATE_ENTRIES_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "checkpoint/arena.h"
#include "checkpoint/record_array.h"
#include "platform/check.h"

namespace wavetank::checkpoint {

// Keys and values of up to so many bytes stand within entries. 0: all are bytes of their own.
struct EntryLayout {
  uint32_t key_bytes = 0;
  uint32_t value_bytes = 0;

  friend bool operator==(const EntryLayout&, const EntryLayout&) = default;
};

// The beginning of a record. One word, which is read and written as a whole: to read anew what was
// just written in parts would wait for all that was written before it.
struct StateEntry {
  uint32_t changed_in : 16;  // the round (StateTable) of its newest change
  uint32_t live : 1;
  uint32_t fresh : 1;      // its value's bytes in the arena were stored in that round
  uint32_t removed : 1;    // in that round it was not there at least once
  uint32_t key_size : 13;  // compact: of a key that stands here; wide: the high bits of any key's
};

class StateEntries {
 public:
  static constexpr int kKeySizeBits = 13 + 16;

  explicit StateEntries(EntryLayout layout = {})
      : layout_(layout),
        compact_(IsCompact(layout)),
        value_part_at_(KeyRoomAt() + layout.key_bytes),
        room_for_value_at_(value_part_at_ + (compact_ ? sizeof(uint8_t) : kWidePlace)),
        record_bytes_(Rounded(room_for_value_at_ + layout.value_bytes)),
        straddles_(kLine % Stride(record_bytes_) != 0),
        records_(Stride(record_bytes_)) {}

  const EntryLayout& layout() const { return layout_; }
  size_t size() const { return records_.size(); }
  // What there is of a record.
  size_t record_bytes() const { return record_bytes_; }
  size_t value_part_bytes() const {
    return room_for_value_at_ - value_part_at_ + layout_.value_bytes;
  }
  // Of all that was ever stored in the arena.
  size_t stored_bytes() const { return stored_bytes_; }

  StateEntry& operator[](size_t number) {
    return *reinterpret_cast<StateEntry*>(records_.At(number));
  }
  const StateEntry& operator[](size_t number) const {
    return *reinterpret_cast<const StateEntry*>(records_.At(number));
  }

  // Also of a record that was copied elsewhere as a whole.
  std::string_view KeyOf(const StateEntry& entry) const {
    const char* const room = Bytes(entry) + KeyRoomAt();
    if (compact_) {
      return entry.key_size != kElsewhereKey ? std::string_view(room, entry.key_size)
                                             : Sized(ShortRef(room));
    }
    const size_t size = WideKeySize(entry);
    return {HoldsKey(size) ? room : arena_.At(WideRef(ValuePart(entry))), size};
  }
  std::string_view ValueOf(const StateEntry& entry) const {
    return ValueOf(entry, ValuePart(entry));
  }
  // As it would be with this value's part. REQUIRES: two bytes or more stand before that.
  std::string_view ValueOf(const StateEntry& entry, const char* part) const {
    if (compact_) {
      const auto size = static_cast<uint8_t>(*part);
      const char* const room = part + sizeof size;
      return size != kElsewhereValue ? std::string_view(room, size) : Sized(ShortRef(room));
    }
    const size_t size = WideValueSize(part);
    return {HoldsValue(size) ? part + kWidePlace : arena_.At(WideRef(part)) + KeyInArena(entry),
            size};
  }

  // visit(entry) for each from `begin` up to `end`, in order.
  template <typename Visit>
  void ForEach(size_t begin, size_t end, const Visit& visit) const {
    records_.ForEach(begin, end, [&](const char* record) {
      visit(*reinterpret_cast<const StateEntry*>(record));
    });
  }

  // Adds one that is not there yet. Where a value of this size will not stand in it, a wide one has
  // room for it beside its key.
  void Add(std::string_view key, size_t value_size) {
    char* const record = records_.Add();
    StateEntry entry{.changed_in = 0, .live = 0, .fresh = 1, .removed = 0, .key_size = 0};
    char* const part = record + value_part_at_;
    if (compact_) {
      *part = 0;
      entry.key_size = HoldsKey(key.size()) ? static_cast<uint32_t>(key.size()) : kElsewhereKey;
      if (!HoldsKey(key.size())) SetShortRef(record + KeyRoomAt(), AddSized(key));
    } else {
      const auto low = static_cast<uint16_t>(key.size());
      entry.key_size = static_cast<uint32_t>(key.size() >> 16);
      std::memcpy(record + sizeof entry, &low, sizeof low);
      const bool holds_value = HoldsValue(value_size);
      const size_t beside = holds_value ? 0 : value_size;
      SetWide(part, HoldsKey(key.size()) && holds_value ? 0 : AddWide(key, beside), beside);
    }
    std::memcpy(record, &entry, sizeof entry);
    if (HoldsKey(key.size())) CopyBytes(record + KeyRoomAt(), key.data(), key.size());
  }

  // Adds one that is there.
  void AddLive(std::string_view key, std::string_view value) {
    const size_t number = size();
    Add(key, value.size());
    StateEntry& entry = (*this)[number];
    SetValue(entry, value);
    entry.live = 1;
  }

  // The value may not be a view of what stands here.
  void SetValue(StateEntry& entry, std::string_view value) {
    char* const part = ValuePart(entry);
    if (compact_) {
      SetCompact(entry, part, value);
      return;
    }
    uint64_t ref = WideRef(part);
    if (HoldsValue(value.size())) {
      CopyBytes(part + kWidePlace, value.data(), value.size());
    } else {
      // What stands in the entry is shorter than any that does not.
      const size_t room = WideValueSize(part);
      if (!entry.fresh || value.size() > room) {
        ref = AddWide(KeyOf(entry), value.size());
        entry.fresh = 1;
      }
      CopyBytes(arena_.At(ref) + KeyInArena(entry), value.data(), value.size());
    }
    SetWide(part, ref, value.size());
  }

  // Where a value stands that stands within its entry.
  char* RoomForValue(StateEntry& entry) const { return Bytes(entry) + room_for_value_at_; }

  // The value's part, to and from a copy of it.
  void CopyValuePart(const StateEntry& entry, char* to) const {
    CopyBytes(to, ValuePart(entry), value_part_bytes());
  }
  void SetValuePart(StateEntry& entry, const char* from) const {
    CopyBytes(ValuePart(entry), from, value_part_bytes());
  }

  // REQUIRES: size <= this->size().
  void Truncate(size_t size) { records_.Truncate(size); }

  // What KeyOf and ValueOf will read, in two steps.
  void PrefetchEntry(size_t number) const {
    const char* const record = records_.At(number);
    __builtin_prefetch(record);
    if (straddles_) __builtin_prefetch(record + record_bytes_ - 1);
  }
  void PrefetchBytes(size_t number) const {
    if (compact_) return;  // seldom is anything elsewhere
    const StateEntry& entry = (*this)[number];
    const char* const part = ValuePart(entry);
    const size_t size = WideValueSize(part);
    const size_t key_bytes = KeyInArena(entry);
    if (key_bytes == 0 && HoldsValue(size)) return;
    const char* const bytes = arena_.At(WideRef(part));
    __builtin_prefetch(bytes);
    __builtin_prefetch(bytes + key_bytes + (HoldsValue(size) ? 0 : size));
  }

 private:
  static constexpr size_t kLine = 64;
  // Bytes of what says where something stands: the low ones of a number.
  static constexpr size_t kShortRef = 5;
  static constexpr size_t kWideRef = Arena::kRefBits / 8;
  static constexpr size_t kWidePlace = kWideRef + sizeof(uint32_t);
  static_assert(kWideRef + 2 == sizeof(uint64_t));
  static_assert(std::endian::native == std::endian::little);
  // Sizes that say that it stands elsewhere.
  static constexpr uint32_t kElsewhereKey = (1U << 13) - 1;
  static constexpr uint8_t kElsewhereValue = UINT8_MAX;

  static bool IsCompact(const EntryLayout& layout) {
    return layout.key_bytes >= kShortRef && layout.key_bytes < kElsewhereKey &&
           layout.value_bytes >= kShortRef && layout.value_bytes < kElsewhereValue;
  }
  static size_t Rounded(size_t bytes) {
    return (bytes + alignof(StateEntry) - 1) / alignof(StateEntry) * alignof(StateEntry);
  }
  // Records stand in one line of the processor's cache each, if that costs little.
  static size_t Stride(size_t bytes) {
    constexpr size_t kLittle = 8;
    const size_t whole = std::bit_ceil(bytes);
    return whole <= kLine && whole - bytes <= kLittle ? whole : bytes;
  }

  size_t KeyRoomAt() const { return sizeof(StateEntry) + (compact_ ? 0 : sizeof(uint16_t)); }
  static char* Bytes(StateEntry& entry) { return reinterpret_cast<char*>(&entry); }
  static const char* Bytes(const StateEntry& entry) {
    return reinterpret_cast<const char*>(&entry);
  }
  char* ValuePart(StateEntry& entry) const { return Bytes(entry) + value_part_at_; }
  const char* ValuePart(const StateEntry& entry) const { return Bytes(entry) + value_part_at_; }
  bool HoldsKey(size_t size) const { return size <= layout_.key_bytes; }
  bool HoldsValue(size_t size) const { return size <= layout_.value_bytes; }

  // Compact: what stands elsewhere stands behind its size.
  static uint64_t ShortRef(const char* room) {
    uint64_t ref = 0;
    std::memcpy(&ref, room, kShortRef);
    return ref;
  }
  static void SetShortRef(char* room, uint64_t ref) {
    WT_CHECK(ref >> (8 * kShortRef) == 0, "a state table holds less than a tebibyte");
    std::memcpy(room, &ref, kShortRef);
  }
  std::string_view Sized(uint64_t ref) const {
    uint32_t size;
    std::memcpy(&size, arena_.At(ref), sizeof size);
    return {arena_.At(ref) + sizeof size, size};
  }
  void SetSized(uint64_t ref, std::string_view bytes) {
    const auto size = static_cast<uint32_t>(bytes.size());
    std::memcpy(arena_.At(ref), &size, sizeof size);
    std::memcpy(arena_.At(ref) + sizeof size, bytes.data(), size);
  }
  uint64_t AddSized(std::string_view bytes) {
    const uint64_t ref = Allocate(sizeof(uint32_t) + bytes.size());
    SetSized(ref, bytes);
    return ref;
  }
  void SetCompact(StateEntry& entry, char* part, std::string_view value) {
    char* const room = part + sizeof(uint8_t);
    if (HoldsValue(value.size())) {
      *part = static_cast<char>(value.size());
      CopyBytes(room, value.data(), value.size());
      return;
    }
    const bool elsewhere = static_cast<uint8_t>(*part) == kElsewhereValue;
    if (elsewhere && entry.fresh && value.size() <= Sized(ShortRef(room)).size()) {
      SetSized(ShortRef(room), value);
      return;
    }
    SetShortRef(room, AddSized(value));
    *part = static_cast<char>(kElsewhereValue);
    entry.fresh = 1;
  }

  // Wide.
  static size_t WideKeySize(const StateEntry& entry) {
    uint16_t low;
    std::memcpy(&low, Bytes(entry) + sizeof entry, sizeof low);
    return size_t{entry.key_size} << 16 | low;
  }
  static uint64_t WideRef(const char* part) {
    uint64_t word;  // read as one, with two bytes of what stands before: pieces cost much more
    std::memcpy(&word, part - 2, sizeof word);
    return word >> 16;
  }
  static size_t WideValueSize(const char* part) {
    uint32_t size;
    std::memcpy(&size, part + kWideRef, sizeof size);
    return size;
  }
  static void SetWide(char* part, uint64_t ref, size_t value_size) {
    const auto size = static_cast<uint32_t>(value_size);
    std::memcpy(part, &ref, kWideRef);
    std::memcpy(part + kWideRef, &size, sizeof size);
  }
  size_t KeyInArena(const StateEntry& entry) const {
    const size_t size = WideKeySize(entry);
    return HoldsKey(size) ? 0 : size;
  }
  // Room for a value, behind the key unless that stands in its entry.
  uint64_t AddWide(std::string_view key, size_t value_size) {
    if (HoldsKey(key.size())) key = {};
    const uint64_t ref = Allocate(key.size() + value_size);
    if (!key.empty()) std::memcpy(arena_.At(ref), key.data(), key.size());
    return ref;
  }

  uint64_t Allocate(size_t bytes) {
    stored_bytes_ += bytes;
    return arena_.Allocate(bytes);
  }

  // Most are of two words, or of two pairs, which may overlap.
  static void CopyBytes(char* to, const char* from, size_t size) {
    if (size >= sizeof(uint64_t) && size <= 2 * sizeof(uint64_t)) {
      CopyEnds<uint64_t>(to, from, size);
    } else if (size > sizeof(Pair) && size <= 2 * sizeof(Pair)) {
      CopyEnds<Pair>(to, from, size);
    } else if (size != 0) {
      std::memcpy(to, from, size);
    }
  }
  struct Pair {
    uint64_t words[2];
  };
  template <typename End>
  static void CopyEnds(char* to, const char* from, size_t size) {
    End first, last;
    std::memcpy(&first, from, sizeof first);
    std::memcpy(&last, from + size - sizeof last, sizeof last);
    std::memcpy(to, &first, sizeof first);
    std::memcpy(to + size - sizeof last, &last, sizeof last);
  }

  EntryLayout layout_;
  bool compact_;
  size_t value_part_at_;
  size_t room_for_value_at_;
  size_t record_bytes_;
  bool straddles_;  // lines, some records do
  RecordArray records_;
  Arena arena_;
  size_t stored_bytes_ = 0;
};

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_STATE_ENTRIES_H_
