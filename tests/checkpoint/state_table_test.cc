#include "checkpoint/state_table.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "platform/random.h"
#include "tests/checkpoint/colliding_keys.h"
#include "tests/checkpoint/plain_table.h"

namespace wavetank::checkpoint {
namespace {

TEST(StateTable, BehavesAsAPlainTableUnderRandomChanges) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    platform::Random random(seed);
    const uint64_t keys = 1 + random.Below(80);
    StateTable table(seed % 2 == 0 ? KeyOrder::kBytes : KeyOrder::kNone);
    // Keys of 4 to 9 bytes stand within entries or do not, and so do values.
    if (seed % 3 != 0) {
      table.FixLayout({.key_bytes = static_cast<uint32_t>(seed % 11),
                       .value_bytes = static_cast<uint32_t>(seed % 40)});
    }
    PlainTable plain;
    for (int step = 0; step < 400; ++step) {
      const uint64_t drawn = random.Below(keys);
      const std::string key = absl::StrCat(drawn % 3 == 0 ? "longkey" : "key", drawn);
      const uint64_t kind = random.Below(20);
      if (kind < 11) {
        const std::string value(random.Below(40), static_cast<char>('a' + random.Below(26)));
        table.Put(key, value);
        plain.Put(key, value);
      } else if (kind < 17) {
        table.Remove(key);
        plain.Remove(key);
      } else if (kind < 19) {
        table.Accept();
        plain.Accept();
      } else {
        table.TakeBack();
        plain.TakeBack();
      }
      ASSERT_EQ(RowsOf(table), plain.rows()) << "seed " << seed << " step " << step;
      ASSERT_EQ(table.size(), plain.rows().size());
      std::string_view value;
      const Rows rows = plain.rows();
      const auto found =
          std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.first == key; });
      ASSERT_EQ(table.Get(key, &value), found != rows.end());
      if (found != rows.end()) ASSERT_EQ(value, found->second);
    }
  }
}

std::vector<uint32_t> NumbersOf(StateTable& table, const std::vector<std::string_view>& keys) {
  std::vector<uint32_t> numbers(keys.size());
  std::vector<std::string_view> values(keys.size());
  table.NumberMany(keys, numbers, values);
  for (size_t i = 0; i < keys.size(); ++i) {
    std::string_view value;
    EXPECT_EQ(table.Get(keys[i], &value), values[i].data() != nullptr);
    EXPECT_EQ(value, values[i]);
  }
  return numbers;
}

TEST(StateTable, AKeyThatWasOnlyNumberedIsNotThere) {
  for (const bool accept : {false, true}) {
    StateTable table;
    table.FixLayout({.key_bytes = 4, .value_bytes = 8});
    table.Put("old", "1");
    table.Accept();
    const std::vector<uint32_t> numbers = NumbersOf(table, {"new", "old", "new", "other"});
    EXPECT_EQ(numbers, (std::vector<uint32_t>{1, 0, 1, 2}));
    EXPECT_EQ(table.end_number(), 3U);
    EXPECT_EQ(table.KeyAt(2), "other");
    std::string_view value;
    EXPECT_FALSE(table.Get("new", &value));
    EXPECT_EQ(RowsOf(table), (Rows{{"old", "1"}}));
    EXPECT_EQ(table.CountChanges(), 0U);
    const std::string_view put = "2";
    table.PutAt({numbers.data(), 1}, {&put, 1});
    EXPECT_EQ(RowsOf(table), (Rows{{"old", "1"}, {"new", "2"}}));
    EXPECT_EQ(table.CountChanges(), 1U);
    accept ? table.Accept() : table.TakeBack();
    EXPECT_EQ(table.size(), accept ? 2U : 1U);
    EXPECT_FALSE(table.Get("other", &value));
    table.Put("other", "3");
    EXPECT_EQ(RowsOf(table).back(), (std::pair<std::string, std::string>("other", "3")));
  }
}

// Shorter, of the room's size, and longer than that; in place or not, by one change or several.
TEST(StateTable, ValuesThatChangedInPlaceAreTakenBack) {
  StateTable table;
  table.Put("before", "12");
  table.Accept();
  table.FixLayout({.key_bytes = 1, .value_bytes = 4});
  table.Put("a", "1234");
  table.Put("b", "12");
  table.Accept();
  const Rows accepted = RowsOf(table);
  const size_t bytes = table.live_bytes();
  for (const char* const first : {"", "x", "wxyz", "longer than the room"}) {
    for (const char* const then : {"", "y", "vwxy", "longer than the room, again"}) {
      for (const bool removed : {false, true}) {
        for (const char* const key : {"before", "a", "b"}) {
          table.Put(key, first);
          if (removed) table.Remove(key);
          table.Put(key, then);
          std::string_view value;
          ASSERT_TRUE(table.Get(key, &value));
          ASSERT_EQ(value, then);
        }
        table.TakeBack();
        ASSERT_EQ(RowsOf(table), accepted);
        ASSERT_EQ(table.live_bytes(), bytes);
      }
    }
  }
}

// Applying the changes of each Accept, in the order shown, to another table gives the same table,
// order included: that is what loading deltas does.
TEST(StateTable, ItsChangesRebuildItInTheSameOrder) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    platform::Random random(seed);
    StateTable table;
    if (seed % 3 != 0) table.FixLayout({.key_bytes = 5, .value_bytes = 3});
    StateTable rebuilt;
    for (int step = 0; step < 400; ++step) {
      const std::string key = absl::StrCat("key", random.Below(50));
      const uint64_t kind = random.Below(20);
      if (kind < 11) {
        table.Put(key, absl::StrCat(step));
      } else if (kind < 18) {
        table.Remove(key);
      } else if (kind < 19) {
        table.TakeBack();
      } else {
        table.ForEachChange([&](std::string_view changed, std::optional<std::string_view> value) {
          if (value) {
            rebuilt.Put(changed, *value);
          } else {
            rebuilt.Remove(changed);
          }
        });
        table.Accept();
        rebuilt.Accept();
        ASSERT_EQ(RowsOf(rebuilt), RowsOf(table)) << "seed " << seed << " step " << step;
      }
    }
  }
}

// Words and, for each, another key of the very same hash; then keys that agree in the bits that
// the index and an entry's fragment keep, whatever the index's size.
std::vector<std::string> CollidingKeys() {
  std::vector<std::string> keys;
  for (int i = 0; i < 20; ++i) {
    keys.push_back(absl::StrCat("word", i));
    keys.push_back(KeyOfHash(Xxh3(keys.back())));
  }
  constexpr uint64_t kFragmentAndSlot = uint64_t{0xabcd} << 48 | 0x00123;
  for (uint64_t i = 0; i < 40; ++i) keys.push_back(KeyOfHash(kFragmentAndSlot | i << 24));
  return keys;
}

TEST(StateTable, KeysWhoseHashesCollideStayApart) {
  const std::vector<std::string> keys = CollidingKeys();
  for (size_t i = 0; i < 40; i += 2) {
    ASSERT_NE(keys[i], keys[i + 1]);
    ASSERT_EQ(Xxh3(keys[i]), Xxh3(keys[i + 1]));
  }
  for (uint64_t seed = 0; seed < 40; ++seed) {
    platform::Random random(seed);
    // A few of them make a chain of one pair, many a chain of dozens.
    const uint64_t used = 2 + random.Below(keys.size() - 1);
    const size_t first = random.Below(keys.size());
    StateTable table;
    PlainTable plain;
    for (int step = 0; step < 600; ++step) {
      const std::string& key = keys[(first + random.Below(used)) % keys.size()];
      const uint64_t kind = random.Below(20);
      if (kind < 10) {
        table.Put(key, absl::StrCat(step));
        plain.Put(key, absl::StrCat(step));
      } else if (kind < 17) {
        table.Remove(key);
        plain.Remove(key);
      } else if (kind < 19) {
        table.Accept();
        plain.Accept();
      } else {
        table.TakeBack();
        plain.TakeBack();
      }
      const Rows rows = plain.rows();
      ASSERT_EQ(RowsOf(table), rows) << "seed " << seed << " step " << step;
      const std::map<std::string, std::string> there(rows.begin(), rows.end());
      for (const std::string& each : keys) {
        std::string_view value;
        const auto found = there.find(each);
        ASSERT_EQ(table.Get(each, &value), found != there.end()) << "seed " << seed;
        if (found != there.end()) ASSERT_EQ(value, found->second) << "seed " << seed;
      }
    }
  }
}

TEST(StateTable, ChangesManyKeysAsOneByOne) {
  platform::Random random(1);
  StateTable table;
  PlainTable plain;
  for (int round = 0; round < 60; ++round) {
    // The same key several times in a batch, and batches of no, one and many groups.
    const size_t count = random.Below(70);
    std::vector<std::string> keys;
    std::vector<std::string> values;
    for (size_t i = 0; i < count; ++i) {
      keys.push_back(absl::StrCat("key", random.Below(90)));
      values.push_back(absl::StrCat(random.Below(1000)));
    }
    const std::vector<std::string_view> key_views(keys.begin(), keys.end());
    const std::vector<std::string_view> value_views(values.begin(), values.end());
    if (round % 4 == 3) {
      table.RemoveMany(key_views);
      for (const std::string& key : keys) plain.Remove(key);
    } else if (round % 4 == 2) {
      std::vector<std::optional<std::string_view>> changes(value_views.begin(), value_views.end());
      for (size_t i = 0; i < count; i += 3) changes[i] = std::nullopt;
      table.Apply(key_views, changes);
      for (size_t i = 0; i < count; ++i) {
        if (changes[i]) plain.Put(keys[i], values[i]);
        if (!changes[i]) plain.Remove(keys[i]);
      }
    } else {
      table.PutMany(key_views, value_views);
      for (size_t i = 0; i < count; ++i) plain.Put(keys[i], values[i]);
    }
    ASSERT_EQ(RowsOf(table), plain.rows()) << round;
    std::vector<std::optional<std::string_view>> found(count);
    table.GetMany(key_views, found);
    for (size_t i = 0; i < count; ++i) {
      const std::optional<std::string> there = plain.Get(keys[i]);
      ASSERT_EQ(found[i].has_value(), there.has_value()) << keys[i];
      if (there) ASSERT_EQ(*found[i], *there) << keys[i];
    }
    if (round % 5 == 4) table.Accept(), plain.Accept();
    if (round % 7 == 6) table.TakeBack(), plain.TakeBack();
  }
}

TEST(StateTable, APictureOutlastsRepeatedChangesAndCompaction) {
  StateTable table;
  for (int i = 0; i < 500; ++i) table.Put(absl::StrCat("k", i), "old");
  table.Accept();
  const Rows as_it_was = RowsOf(table);
  table.StartPicture();
  Rows shown;
  const auto collect = [&shown](std::string_view key, std::string_view value) {
    shown.emplace_back(std::string(key), std::string(value));
  };
  EXPECT_TRUE(table.VisitPicture(100, collect));
  for (const char* value : {"newer", "newest"}) {
    for (int i = 0; i < 500; i += 7) table.Put(absl::StrCat("k", i), value);
    table.Accept();
  }
  // So many that a table without a picture would be compacted.
  for (int i = 10; i < 500; ++i) table.Remove(absl::StrCat("k", i));
  table.Accept();
  while (table.VisitPicture(100, collect)) table.Put(absl::StrCat("more", shown.size()), "");
  EXPECT_EQ(shown, as_it_was);
  table.DropPicture();
  table.Accept();
  EXPECT_EQ(table.size(), 10u + 3u);
}

// Across the sizes at which memory grows, with keys within entries and beside them: views of keys
// outlast what is added, and all of it can be taken back.
TEST(StateTable, WhatGrewSinceAcceptIsTakenBack) {
  for (const uint32_t key_bytes : {0, 4, 16}) {
    StateTable table;
    table.FixLayout({.key_bytes = key_bytes, .value_bytes = 8});
    for (const int accepted : {0, 1, 15, 16, 17, 900, 16'383, 16'385}) {
      while (table.size() < static_cast<size_t>(accepted)) {
        table.Put(absl::StrCat("k", table.size()), "old");
      }
      table.Accept();
      const Rows before = RowsOf(table);
      std::vector<std::string_view> views;
      for (int i = 0; i < accepted; ++i) views.push_back(table.KeyAt(static_cast<uint32_t>(i)));
      const int end = 2 * accepted + 20;
      for (int i = end; i > 0; --i) table.Put(absl::StrCat("k", i - 1), absl::StrCat("new", i));
      ASSERT_EQ(table.size(), static_cast<size_t>(end));
      for (int i = 0; i < accepted; ++i) {
        ASSERT_EQ(views[static_cast<size_t>(i)], absl::StrCat("k", i));
      }
      for (int i = 0; i < end; i += 3) table.Remove(absl::StrCat("k", i));
      table.TakeBack();
      ASSERT_EQ(RowsOf(table), before);
      std::string_view value;
      EXPECT_EQ(table.Get(absl::StrCat("k", accepted), &value), false);
    }
  }
}

// More rounds than an entry can tell apart. One whose last change was so many rounds ago, to the
// number, is as unchanged as any.
TEST(StateTable, EntriesOutlastTheNumbersOfRounds) {
  constexpr int kKeys = 10;
  for (const int rounds : {65'534, 65'535, 65'536}) {
    StateTable table;
    table.FixLayout({.key_bytes = 5, .value_bytes = 5});
    for (int i = 0; i < kKeys; ++i) table.Put(absl::StrCat("k", i), "old");
    table.Accept();
    for (int i = 0; i < kKeys; ++i) {
      table.Put(absl::StrCat("k", i), "new");
      table.Accept();
    }
    const Rows before = RowsOf(table);
    for (int round = kKeys; round < rounds; ++round) table.Accept();
    for (int i = 0; i < kKeys; ++i) {
      ASSERT_EQ(table.CountChanges(), 0U);
      table.Put(absl::StrCat("k", i), "lost");
      ASSERT_EQ(table.CountChanges(), 1U);
      table.TakeBack();
      ASSERT_EQ(RowsOf(table), before) << rounds;
    }
  }
}

TEST(StateTable, MovesWhatItHoldsToItsLayout) {
  StateTable table(KeyOrder::kBytes);
  for (int i = 0; i < 300; ++i) table.Put(absl::StrCat("k", i * 7 % 300), absl::StrCat("v", i));
  table.Accept();
  for (int i = 0; i < 300; i += 4) table.Remove(absl::StrCat("k", i));
  table.Accept();
  const Rows rows = RowsOf(table);
  const size_t bytes = table.live_bytes();
  for (const EntryLayout layout : {EntryLayout{4, 4}, EntryLayout{0, 3}, EntryLayout{2, 0},
                                   EntryLayout{5, 5}, EntryLayout{40, 40}, EntryLayout{}}) {
    table.FixLayout(layout);
    ASSERT_EQ(RowsOf(table), rows);
    ASSERT_EQ(table.live_bytes(), bytes);
    Rows sorted;
    table.ScanPrefix("", [&](std::string_view key, std::string_view value) {
      sorted.emplace_back(key, value);
      return true;
    });
    ASSERT_TRUE(std::ranges::is_sorted(sorted));
    ASSERT_EQ(sorted.size(), rows.size());
    for (const auto& [key, value] : rows) {
      std::string_view there;
      ASSERT_TRUE(table.Get(key, &there));
      ASSERT_EQ(there, value);
    }
    EXPECT_FALSE(table.changed());
  }
}

TEST(StateTableDeathTest, ItsLayoutIsFixedBeforeItChanges) {
  StateTable table;
  table.Put("a", "1");
  EXPECT_DEATH(table.FixLayout({.key_bytes = 1}), "before it changes");
}

Rows RangeOf(const StateTable& table, std::string_view begin, std::optional<std::string_view> end) {
  Rows rows;
  table.ScanRange(begin, end, [&](std::string_view key, std::string_view value) {
    rows.emplace_back(std::string(key), std::string(value));
    return true;
  });
  return rows;
}

TEST(StateTable, ScansInTheOrderOfBytes) {
  StateTable table(KeyOrder::kBytes);
  const std::string high = "\xff";
  for (const std::string& key : {std::string("b"), high, std::string("a\0b", 3), std::string("a"),
                                 std::string(), std::string("ab")}) {
    table.Put(key, "v");
  }
  std::vector<std::string> keys;
  for (const auto& [key, value] : RangeOf(table, "", std::nullopt)) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"", "a", std::string("a\0b", 3), "ab", "b", high}));

  keys.clear();
  table.ScanPrefix("a", [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return keys.size() < 2;
  });
  EXPECT_EQ(keys, (std::vector<std::string>{"a", std::string("a\0b", 3)}));
  EXPECT_EQ(RangeOf(table, "ab", "b").size(), 1u);
  EXPECT_EQ(RangeOf(table, "b", "ab").size(), 0u);
}

TEST(StateTableDeathTest, IsScannedOnlyIfItWasOpenedAsOrdered) {
  const StateTable table;
  EXPECT_DEATH(RangeOf(table, "", std::nullopt), "opened as ordered");
}

TEST(StateTable, HoldsEmptyAndVeryLongKeysAndValues) {
  StateTable table;
  const std::string megabytes(size_t{3} << 20, 'x');
  table.Put("", "");
  table.Put("long", megabytes);
  table.Put(megabytes, "y");
  table.Put("after", "z");
  table.Accept();
  std::string_view value;
  ASSERT_TRUE(table.Get("", &value));
  EXPECT_EQ(value, "");
  ASSERT_TRUE(table.Get("long", &value));
  EXPECT_EQ(value, megabytes);
  ASSERT_TRUE(table.Get(megabytes, &value));
  EXPECT_EQ(value, "y");
  ASSERT_TRUE(table.Get("after", &value));
  EXPECT_EQ(value, "z");
  EXPECT_EQ(table.size(), 4u);
}

TEST(StateTable, KeepsManyKeysApartAsItGrowsAndShrinks) {
  StateTable table;
  constexpr int kKeys = 50'000;
  for (int i = 0; i < kKeys; ++i) table.Put(absl::StrCat("k", i), absl::StrCat(i));
  table.Accept();
  for (int i = 0; i < kKeys; i += 2) table.Remove(absl::StrCat("k", i));
  table.Accept();
  for (int i = 0; i < kKeys; ++i) {
    std::string_view value;
    ASSERT_EQ(table.Get(absl::StrCat("k", i), &value), i % 2 == 1) << i;
    if (i % 2 == 1) ASSERT_EQ(value, absl::StrCat(i));
  }
  EXPECT_EQ(table.size(), static_cast<size_t>(kKeys / 2));
}

}  // namespace
}  // namespace wavetank::checkpoint
