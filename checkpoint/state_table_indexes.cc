// The derived indexes of a table.
#include <algorithm>
#include <limits>
#include <utility>

#include "checkpoint/key_parts.h"
#include "checkpoint/state_table.h"
#include "platform/check.h"

namespace wavetank::checkpoint {

StateTable::Derived::Derived(DerivedIndexes indexed_by) : by(std::move(indexed_by)) {
  const auto parts = static_cast<int>(by.key_parts.size());
  WT_CHECK(by.prefix_parts <= parts);
  if (by.prefix_parts >= 0) {
    by_prefix.emplace(
        std::vector<uint8_t>(by.key_parts.begin(), by.key_parts.begin() + by.prefix_parts));
  }
  if (by.time != DerivedIndexes::Time::kNone) by_time.emplace();
  WT_CHECK(by.time != DerivedIndexes::Time::kPartOfKey || by.time_part <= parts);
}

void StateTable::IndexBy(DerivedIndexes by) {
  if (derived_ != nullptr && derived_->by == by) return;
  const bool wanted = by.prefix_parts >= 0 || by.time != DerivedIndexes::Time::kNone;
  derived_ = wanted ? std::make_unique<Derived>(std::move(by)) : nullptr;
  IndexAll();
}

std::optional<int64_t> StateTable::TimeOf(const StateEntry& entry) const {
  return TimeOf(entry, entries_.ValueOf(entry));
}

std::optional<int64_t> StateTable::TimeOf(const StateEntry& entry, std::string_view value) const {
  if (derived_->by.time == DerivedIndexes::Time::kValue) return TimePart(value, {});
  const std::span<const uint8_t> parts = derived_->by.key_parts;
  return TimePart(entries_.KeyOf(entry), parts.first(static_cast<size_t>(derived_->by.time_part)));
}

// Whether the entry is there, with this time.
bool StateTable::HasTime(uint32_t number, int64_t time) const {
  return entries_[number].live && TimeOf(entries_[number]) == time;
}

std::optional<int64_t> StateTable::LeastTime() const {
  WT_CHECK(derived_ != nullptr && derived_->by_time);
  return derived_->by_time->Least(
      [this](int64_t time, uint32_t number) { return !HasTime(number, time); });
}

void StateTable::IndexTime(uint32_t number) {
  const std::optional<int64_t> time = TimeOf(entries_[number]);
  if (time) derived_->by_time->Add(*time, number);
}

void StateTable::IndexNew() {
  if (derived_ == nullptr) return;
  IndexUpTo(entries_.size());
}

void StateTable::IndexUpTo(size_t end) {
  constexpr size_t kGroup = 64;
  uint32_t numbers[kGroup];
  while (derived_->entries < end) {
    size_t count = 0;
    for (; derived_->entries < end && count < kGroup; ++derived_->entries) {
      const auto number = static_cast<uint32_t>(derived_->entries);
      if (IsIndexed(number)) numbers[count++] = number;
    }
    if (derived_->by_time) {
      for (size_t i = 0; i < count; ++i) IndexTime(numbers[i]);
    }
    if (derived_->by_prefix) derived_->by_prefix->Add({numbers, count}, Keys{this});
  }
}

// Anew. What changed since Accept comes last, so that it can be taken back.
void StateTable::IndexAll() {
  if (derived_ == nullptr) return;
  derived_->entries = 0;
  if (derived_->by_prefix) derived_->by_prefix->Clear();
  if (derived_->by_time) derived_->by_time->Clear();
  for (size_t i = 0; derived_->by_time && i < changes_.size(); ++i) {
    const Change& change = ChangeAt(i);
    const std::optional<int64_t> time = TimeOf(entries_[change.number], ValueBefore(change));
    if (change.live && time) derived_->by_time->Add(*time, change.number);
  }
  IndexUpTo(accepted_entries_);
  if (derived_->by_time) {
    derived_->by_time->Accept([](int64_t, uint32_t) { return false; });
  }
  IndexUpTo(entries_.size());
}

void StateTable::FirstWithPrefix(std::span<const std::string_view> prefixes,
                                 std::span<uint32_t> numbers) const {
  WT_CHECK(derived_ != nullptr && derived_->by_prefix && prefixes.size() == numbers.size());
  derived_->by_prefix->FirstMany(prefixes, numbers, Keys{this});
  for (uint32_t& number : numbers) number = LiveOrNext(number);
  derived_->by_prefix->FetchChains(numbers);
}

// Of entries that are there.
std::vector<uint32_t> StateTable::NumbersUpTo(int64_t bound) {
  WT_CHECK(derived_ != nullptr && derived_->by_time);
  std::vector<uint32_t> numbers = derived_->by_time->UpTo(bound);
  std::erase_if(numbers, [&](uint32_t number) {
    const StateEntry& entry = entries_[number];
    const std::optional<int64_t> time = TimeOf(entry);
    return !entry.live || !time || *time > bound;
  });
  return numbers;
}

}  // namespace wavetank::checkpoint
