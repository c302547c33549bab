// What a table can be asked besides its keys, against a plain table that is walked for it.
#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "checkpoint/key_parts.h"
#include "checkpoint/state_table.h"
#include "platform/random.h"
#include "tests/checkpoint/colliding_keys.h"
#include "tests/checkpoint/plain_table.h"

namespace wavetank::checkpoint {
namespace {

template <typename T>
std::string BytesOf(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}
std::string TextPart(const std::string& text) {
  return "\1" + BytesOf(static_cast<uint32_t>(text.size())) + text;
}
std::string WordPart(std::optional<int64_t> word) {
  return word ? "\1" + BytesOf(*word) : std::string(1, '\0');
}

// Keys of (text, time, id).
DerivedIndexes ByTextAnd(DerivedIndexes::Time time) {
  return {.key_parts = {0, 8, 8}, .prefix_parts = 1, .time = time, .time_part = 1};
}

std::optional<int64_t> TimeOfRow(const DerivedIndexes& by,
                                 const std::pair<std::string, std::string>& row) {
  if (by.time == DerivedIndexes::Time::kValue) return TimePart(row.second, {});
  return TimePart(row.first, std::span(by.key_parts).first(1));
}

Rows WithPrefix(const StateTable& table, std::string_view prefix) {
  Rows rows;
  uint32_t number = 0;
  table.FirstWithPrefix({&prefix, 1}, {&number, 1});
  for (; number != StateTable::kNoEntry; number = table.NextWithPrefix(number)) {
    rows.emplace_back(std::string(table.KeyAt(number)), std::string(table.ValueAt(number)));
  }
  return rows;
}

// The same, many entries at once.
Rows VisitedWithPrefix(const StateTable& table, std::string_view prefix) {
  Rows rows;
  std::vector<uint32_t> numbers;
  uint32_t number = 0;
  table.FirstWithPrefix({&prefix, 1}, {&number, 1});
  for (; number != StateTable::kNoEntry; number = table.NextLinked(number)) {
    numbers.push_back(number);
  }
  table.VisitMany(numbers, [&](size_t i, std::string_view key, std::string_view value) {
    EXPECT_EQ(table.KeyAt(numbers[i]), key);
    rows.emplace_back(std::string(key), std::string(value));
  });
  return rows;
}

Rows WithPrefix(const PlainTable& plain, const std::string& prefix) {
  Rows rows = plain.rows();
  std::erase_if(rows, [&](const auto& row) { return !row.first.starts_with(prefix); });
  return rows;
}

Rows RemoveUpTo(StateTable& table, int64_t bound) {
  Rows removed;
  const size_t count = table.RemoveUpTo(bound, [&](std::string_view key, std::string_view value) {
    removed.emplace_back(std::string(key), std::string(value));
  });
  EXPECT_EQ(count, removed.size());
  return removed;
}

Rows RemoveUpTo(PlainTable& plain, const DerivedIndexes& by, int64_t bound) {
  Rows removed = plain.rows();
  std::erase_if(removed, [&](const auto& row) {
    const std::optional<int64_t> time = TimeOfRow(by, row);
    return !time || *time > bound;
  });
  for (const auto& [key, value] : removed) plain.Remove(key);
  return removed;
}

class Script {
 public:
  explicit Script(uint64_t seed)
      : random_(seed),
        by_(ByTextAnd(seed % 2 == 0 ? DerivedIndexes::Time::kPartOfKey
                                    : DerivedIndexes::Time::kValue)) {
    for (uint64_t i = 0; i < 1 + random_.Below(12); ++i) {
      texts_.push_back(std::string(random_.Below(3), static_cast<char>('a' + random_.Below(2))));
    }
    // Narrow, or so wide that all bits of a time come up.
    spread_ = random_.OneIn(2) ? 20 : int64_t{1} << random_.Between(5, 62);
    table_.IndexBy(by_);
    // Keys and values within entries, or some of either, or none.
    table_.FixLayout({.key_bytes = static_cast<uint32_t>(random_.Below(4) * 9),
                      .value_bytes = static_cast<uint32_t>(random_.Below(3) * 6)});
  }

  void Step() {
    switch (random_.Below(24)) {
      case 0:
      case 1:
        table_.Accept();
        plain_.Accept();
        break;
      case 2:
        table_.TakeBack();
        plain_.TakeBack();
        break;
      case 3:
      case 4: {
        // Bounds mostly rise, as watermarks do.
        bound_ = random_.OneIn(6) ? Time() : std::max(bound_, Time() / 2);
        EXPECT_EQ(RemoveUpTo(table_, bound_), RemoveUpTo(plain_, by_, bound_));
        break;
      }
      case 5:
        if (random_.OneIn(3)) {  // anew, whatever has changed meanwhile
          table_.IndexBy({});
          table_.IndexBy(by_);
        }
        break;
      case 6:
        if (by_.time == DerivedIndexes::Time::kPartOfKey) Count();
        break;
      case 7:
        Insert();
        break;
      case 8:
      case 9:
      case 10:
      case 11: {
        const Rows rows = plain_.rows();
        if (rows.empty()) break;
        const std::string key = rows[random_.Below(rows.size())].first;
        table_.Remove(key);
        plain_.Remove(key);
        break;
      }
      default: {
        const std::string key = Key();
        const std::string value = Value();
        table_.Put(key, value);
        plain_.Put(key, value);
      }
    }
  }

  void Check() const {
    ASSERT_EQ(RowsOf(table_), plain_.rows());
    for (const std::string& text : texts_) {
      const Rows expected = WithPrefix(plain_, TextPart(text));
      ASSERT_EQ(WithPrefix(table_, TextPart(text)), expected);
      ASSERT_EQ(VisitedWithPrefix(table_, TextPart(text)), expected);
    }
    ASSERT_TRUE(WithPrefix(table_, TextPart("none")).empty());
    std::optional<int64_t> least;
    for (const auto& row : plain_.rows()) {
      const std::optional<int64_t> time = TimeOfRow(by_, row);
      if (time && (!least || *time < *least)) least = time;
    }
    ASSERT_EQ(table_.LeastTime(), least);
  }

 private:
  int64_t Time() { return random_.Between(-spread_, spread_); }
  std::string TimeOrNone() {
    return WordPart(random_.OneIn(8) ? std::nullopt : std::optional(Time()));
  }
  std::string Key() {
    return TextPart(texts_[random_.Below(texts_.size())]) + TimeOrNone() +
           WordPart(random_.Between(0, 2));
  }
  std::string Value() {
    return by_.time == DerivedIndexes::Time::kValue ? TimeOrNone() : BytesOf(uint64_t{1});
  }
  std::vector<std::string> Keys() {
    std::vector<std::string> keys(random_.Below(70));
    for (std::string& key : keys) key = Key();
    return keys;
  }

  void Count() {
    const std::vector<std::string> keys = Keys();
    table_.CountMany(std::vector<std::string_view>(keys.begin(), keys.end()));
    for (const std::string& key : keys) {
      uint64_t count = 0;
      const std::optional<std::string> there = plain_.Get(key);
      if (there) std::memcpy(&count, there->data(), sizeof count);
      plain_.Put(key, BytesOf(count + 1));
    }
  }

  void Insert() {
    const std::vector<std::string> keys = Keys();
    std::vector<std::string> values(keys.size());
    for (std::string& value : values) value = Value();
    const std::unique_ptr<bool[]> was_new(new bool[keys.size()]);
    table_.InsertMany(std::vector<std::string_view>(keys.begin(), keys.end()),
                      std::vector<std::string_view>(values.begin(), values.end()),
                      {was_new.get(), keys.size()});
    for (size_t i = 0; i < keys.size(); ++i) {
      EXPECT_EQ(was_new[i], !plain_.Get(keys[i]).has_value());
      if (was_new[i]) plain_.Put(keys[i], values[i]);
    }
  }

  platform::Random random_;
  const DerivedIndexes by_;
  std::vector<std::string> texts_;
  int64_t spread_ = 0;
  int64_t bound_ = std::numeric_limits<int64_t>::min();
  StateTable table_;
  PlainTable plain_;
};

TEST(DerivedIndexes, FindWhatAWalkFinds) {
  for (uint64_t seed = 0; seed < 120; ++seed) {
    Script script(seed);
    for (int step = 0; step < 250; ++step) {
      script.Step();
      if (HasFailure()) FAIL() << "seed " << seed << " step " << step;
      if (step % 3 == 0) ASSERT_NO_FATAL_FAILURE(script.Check()) << "seed " << seed;
      if (HasFailure()) FAIL() << "seed " << seed << " step " << step;
    }
  }
}

// Bytes that are no parts are prefixes as a whole: of equal hash, they stay apart.
TEST(DerivedIndexes, PrefixesWhoseHashesCollideStayApart) {
  StateTable table;
  table.IndexBy({.key_parts = {0}, .prefix_parts = 1});
  std::vector<std::string> keys;
  for (int i = 0; i < 40; ++i) {
    keys.push_back("word" + std::to_string(i));
    const std::string other = KeyOfHash(Xxh3(keys.back()));
    if (PartsLength(other, std::vector<uint8_t>{0}) == std::string_view::npos) {
      keys.push_back(other);
    }
  }
  ASSERT_GT(keys.size(), 60u);
  for (const std::string& key : keys) table.Put(key, key);
  for (const std::string& key : keys) EXPECT_EQ(WithPrefix(table, key), (Rows{{key, key}}));
  for (size_t i = 0; i < keys.size(); i += 2) table.Remove(keys[i]);
  table.Accept();
  for (size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(WithPrefix(table, keys[i]).size(), i % 2) << keys[i];
  }
}

TEST(DerivedIndexes, FollowManyEntriesThatGrowAndGo) {
  StateTable table;
  table.IndexBy(ByTextAnd(DerivedIndexes::Time::kPartOfKey));
  constexpr int64_t kKeys = 60'000;
  const auto key_of = [](int64_t i) {
    return TextPart(std::to_string(i % 7'000)) + WordPart(i) + WordPart(0);
  };
  for (int64_t i = 0; i < kKeys; ++i) table.Put(key_of(i), "");
  table.Accept();
  int64_t gone = 0;
  for (const int64_t bound : {-1, 0, 1, 1, 4'097, 40'000, 40'001, 59'998}) {
    const Rows removed = RemoveUpTo(table, bound);
    ASSERT_EQ(removed.size(), static_cast<size_t>(bound + 1 - gone));
    for (size_t i = 0; i < removed.size(); ++i) {
      ASSERT_EQ(removed[i].first, key_of(gone + static_cast<int64_t>(i)));
    }
    gone = bound + 1;
    table.Accept();
    for (int64_t text = 0; text < 7'000; text += 997) {
      size_t expected = 0;
      for (int64_t i = text; i < kKeys; i += 7'000) expected += i >= gone ? 1 : 0;
      ASSERT_EQ(WithPrefix(table, TextPart(std::to_string(text))).size(), expected);
    }
  }
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(table.LeastTime(), kKeys - 1);
}

TEST(DerivedIndexes, TheLeastTimeIsThatOfAnEntryThatIsThere) {
  StateTable table;
  table.IndexBy({.time = DerivedIndexes::Time::kValue});
  EXPECT_EQ(table.LeastTime(), std::nullopt);
  constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
  table.Put("never", WordPart(std::nullopt));
  EXPECT_EQ(table.LeastTime(), std::nullopt);
  table.Put("last", WordPart(kLast));
  EXPECT_EQ(table.LeastTime(), kLast);
  table.Put("a", WordPart(5));
  table.Put("b", WordPart(5));
  table.Put("c", WordPart(7));
  table.Accept();
  table.Remove("a");
  EXPECT_EQ(table.LeastTime(), 5) << "b has it, too";
  RemoveUpTo(table, 6);
  EXPECT_EQ(table.LeastTime(), 7) << "also before it is accepted";
  table.TakeBack();
  EXPECT_EQ(table.LeastTime(), 5);
  table.Put("a", WordPart(9));
  table.Put("b", WordPart(8));
  EXPECT_EQ(table.LeastTime(), 7) << "what an entry was at does not count";
}

TEST(DerivedIndexes, WhatHasNoSuchPartIsTheOldest) {
  StateTable table;
  table.IndexBy(ByTextAnd(DerivedIndexes::Time::kPartOfKey));
  table.Put("odd", "");
  table.Put(TextPart("a") + WordPart(std::nullopt), "");
  EXPECT_EQ(RemoveUpTo(table, std::numeric_limits<int64_t>::min()), (Rows{{"odd", ""}}));
}

TEST(DerivedIndexesDeathTest, AreAskedOnlyIfTheyWereAskedFor) {
  StateTable table;
  EXPECT_DEATH(RemoveUpTo(table, 0), "by_time");
  EXPECT_DEATH(WithPrefix(table, "a"), "by_prefix");
}

}  // namespace
}  // namespace wavetank::checkpoint
