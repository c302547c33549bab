#include "checkpoint/state_entries.h"

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace wavetank::checkpoint {
namespace {

// On either side of what has room, of what a byte counts, and of what a record's head does.
constexpr EntryLayout kLayouts[] = {{0, 0},      {0, 18},     {9, 0},      {4, 5},     {5, 4},
                                    {5, 5},      {9, 18},     {300, 254},  {300, 255}, {8190, 5},
                                    {8191, 254}, {9000, 300}, {100'000, 9}};

constexpr size_t kSomeSizes[] = {0, 1, 4, 5, 6, 18, 254, 255, 256, 301, 9001};

std::vector<size_t> Sizes() {
  return {0, 1, 4, 5, 6, 9, 18, 254, 255, 256, 300, 301, 8190, 8191, 8192, 65'535, 65'536, 100'001};
}

std::string Text(size_t size, char first) {
  std::string text(size, 'x');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(first + static_cast<char>(i % 101));
  return text;
}

TEST(StateEntries, HoldKeysAndValuesOfAnySize) {
  for (const EntryLayout& layout : kLayouts) {
    StateEntries entries(layout);
    for (const size_t key : Sizes()) {
      for (const size_t value : Sizes()) entries.AddLive(Text(key, 'a'), Text(value, 'A'));
    }
    size_t number = 0;
    for (const size_t key : Sizes()) {
      for (const size_t value : Sizes()) {
        const StateEntry& entry = entries[number++];
        ASSERT_EQ(entries.KeyOf(entry), Text(key, 'a')) << layout.key_bytes;
        ASSERT_EQ(entries.ValueOf(entry), Text(value, 'A')) << layout.value_bytes;
        ASSERT_TRUE(entry.live);
      }
    }
  }
}

// As a table changes them: what was is noted, and what is set after it is changed again.
TEST(StateEntries, TheValuesPartTellsAValueThatWasReplaced) {
  for (const EntryLayout& layout : kLayouts) {
    for (const size_t key : {4, 10'000}) {
      for (const size_t before : kSomeSizes) {
        StateEntries entries(layout);
        entries.AddLive(Text(key, 'a'), Text(before, 'A'));
        StateEntry& entry = entries[0];
        std::vector<char> note(2 + entries.value_part_bytes());
        char* const part = note.data() + 2;
        entries.CopyValuePart(entry, part);
        std::vector<char> record(entries.record_bytes());
        std::memcpy(record.data(), &entry, record.size());
        for (const size_t after : kSomeSizes) {
          entries.SetValuePart(entry, part);
          entry.fresh = 0;
          entries.SetValue(entry, Text(after, 'c'));
          entries.SetValue(entry, Text(after, 'b'));
          ASSERT_EQ(entries.ValueOf(entry), Text(after, 'b'));
          ASSERT_EQ(entries.KeyOf(entry), Text(key, 'a'));
          ASSERT_EQ(entries.ValueOf(entry, part), Text(before, 'A'));
          const auto& copy = *reinterpret_cast<const StateEntry*>(record.data());
          ASSERT_EQ(entries.ValueOf(copy), Text(before, 'A'));
          ASSERT_EQ(entries.KeyOf(copy), Text(key, 'a'));
        }
        entries.SetValuePart(entry, part);
        ASSERT_EQ(entries.ValueOf(entry), Text(before, 'A'));
        ASSERT_EQ(entries.KeyOf(entry), Text(key, 'a'));
      }
    }
  }
}

// Else a table that puts a long value each batch would need memory for each.
TEST(StateEntries, AValueOfThisRoundIsReplacedWhereItStands) {
  for (const EntryLayout& layout : kLayouts) {
    StateEntries entries(layout);
    entries.AddLive(Text(4, 'a'), Text(1000, 'A'));
    const size_t stored = entries.stored_bytes();
    for (const size_t size : {1000, 999, 301, 301}) {
      entries.SetValue(entries[0], Text(size, 'b'));
      ASSERT_EQ(entries.ValueOf(entries[0]), Text(size, 'b'));
      ASSERT_EQ(entries.stored_bytes(), stored);
    }
    entries.SetValue(entries[0], Text(302, 'c'));
    EXPECT_GT(entries.stored_bytes(), stored);
  }
}

TEST(StateEntries, OfAnInt64WithCountAndSumTakeHalfALineOfTheCache) {
  EXPECT_EQ(StateEntries({.key_bytes = 9, .value_bytes = 18}).record_bytes(), 32U);
  EXPECT_EQ(StateEntries().record_bytes(), 16U);
}

}  // namespace
}  // namespace wavetank::checkpoint
