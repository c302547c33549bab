// Tables whose values have room to change in place: what has to stay where it is, and how much room
// there is.
#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/state_table.h"
#include "platform/random.h"
#include "tests/checkpoint/plain_table.h"

namespace wavetank::checkpoint {
namespace {

using testing::ElementsAre;

std::vector<std::string> RestOfThePicture(StateTable& table) {
  std::vector<std::string> shown;
  table.VisitPicture(100, [&](std::string_view key, std::string_view value) {
    shown.push_back(absl::StrCat(std::string(key), "=", std::string(value)));
  });
  return shown;
}

TEST(ValueRoom, APictureShowsWhatWasThereThoughANewValueFits) {
  StateTable table;
  table.FixLayout({.key_bytes = 8, .value_bytes = 8});
  table.Put("a", "1");
  table.Put("b", "1");
  table.Accept();
  table.StartPicture();
  table.Put("a", "2");
  table.Put("b", "3");
  table.Accept();
  table.Put("b", "4");
  EXPECT_THAT(RestOfThePicture(table), ElementsAre("a=1", "b=1"));
  std::string_view value;
  ASSERT_TRUE(table.Get("b", &value));
  EXPECT_EQ(value, "4");
}

// As many go as make the table be stored anew.
TEST(ValueRoom, IsThereAfterCompactionToo) {
  constexpr int kKeys = 1000;
  StateTable table;
  table.FixLayout({.key_bytes = 8, .value_bytes = 8});
  for (int i = 0; i < kKeys; ++i) table.Put(absl::StrCat("key", i), "1");
  table.Accept();
  for (int i = 0; i < kKeys; ++i) {
    if (i % 4 != 0) table.Remove(absl::StrCat("key", i));
  }
  table.Accept();
  for (int i = 0; i < kKeys; i += 4)
    table.Put(absl::StrCat("key", i), absl::StrCat(10'000'000 + i));
  table.Accept();
  size_t there = 0;
  for (int i = 0; i < kKeys; i += 4) {
    std::string_view value;
    ASSERT_TRUE(table.Get(absl::StrCat("key", i), &value)) << i;
    EXPECT_EQ(value, absl::StrCat(10'000'000 + i)) << i;
    ++there;
  }
  EXPECT_EQ(table.size(), there);
}

// Of 2 to 10 bytes.
std::string AKey(platform::Random& random) {
  const uint64_t number = random.Below(30);
  return absl::StrCat("k", number * 37, number % 4 == 0 ? "-long" : "");
}

// Sets what the keys' values are, each in its turn, where they stand or else by their numbers.
void ChangeMany(platform::Random& random, StateTable& table, PlainTable& plain) {
  std::vector<std::string> keys(random.Below(40));
  for (std::string& key : keys) key = AKey(random);
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  std::vector<uint32_t> numbers(keys.size());
  std::vector<char*> places(keys.size());
  table.ChangeMany(views, "none", numbers, places);
  for (size_t i = 0; i < keys.size(); ++i) {
    const std::string before = plain.Get(keys[i]).value_or("none");
    ASSERT_EQ(table.KeyAt(numbers[i]), keys[i]);
    ASSERT_EQ(table.ValueAt(numbers[i]), before);
    ASSERT_EQ(places[i] != nullptr, before.size() == 4) << before;
    if (places[i] == nullptr) continue;
    ASSERT_EQ(std::string_view(places[i], 4), before);
    const std::string value = absl::StrCat(1000 + random.Below(9000));
    std::ranges::copy(value, places[i]);
    plain.Put(keys[i], value);
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    if (places[i] != nullptr) continue;
    const std::string value = absl::StrCat(1000 + random.Below(9000));
    table.PutAt(std::span(numbers).subspan(i, 1), std::vector<std::string_view>{value});
    plain.Put(keys[i], value);
  }
}

// Values of the size that stands in its place, of others that stand in the entry, and of others.
TEST(ValueRoom, ManyValuesChangeWhereTheyStand) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    platform::Random random(seed);
    StateTable table;
    table.FixLayout({.key_bytes = static_cast<uint32_t>(random.Below(10)),
                     .value_bytes = static_cast<uint32_t>(random.Between(4, 7))});
    PlainTable plain;
    Rows pictured;
    for (int step = 0; step < 200; ++step) {
      const std::string key = AKey(random);
      switch (random.Below(8)) {
        case 0:
          table.Remove(key);
          plain.Remove(key);
          break;
        case 1: {
          const std::string value(random.Below(12), 'v');
          table.Put(key, value);
          plain.Put(key, value);
          break;
        }
        case 2:
          table.Accept();
          plain.Accept();
          break;
        case 3:
          table.TakeBack();
          plain.TakeBack();
          break;
        case 4: {
          table.Accept();
          plain.Accept();
          table.StartPicture();
          pictured = plain.rows();
          ASSERT_NO_FATAL_FAILURE(ChangeMany(random, table, plain));
          Rows shown;
          table.VisitPicture(1000, [&](std::string_view k, std::string_view v) {
            shown.emplace_back(std::string(k), std::string(v));
          });
          table.DropPicture();
          ASSERT_EQ(shown, pictured) << "seed " << seed;
          break;
        }
        default:
          ASSERT_NO_FATAL_FAILURE(ChangeMany(random, table, plain)) << "seed " << seed;
      }
      ASSERT_EQ(RowsOf(table), plain.rows()) << "seed " << seed;
      ASSERT_EQ(table.size(), plain.rows().size());
    }
  }
}

// Whether their values stand in their places or not, keys have changed in their order.
TEST(ValueRoom, ManyHaveChangedInTheOrderOfTheirKeys) {
  StateTable table;
  table.FixLayout({.key_bytes = 4, .value_bytes = 4});
  for (const char* key : {"a", "b", "c"}) table.Put(key, *key == 'b' ? "" : "1234");
  table.Accept();
  const std::vector<std::string_view> keys = {"new", "c", "b", "c", "a"};
  std::vector<uint32_t> numbers(keys.size());
  std::vector<char*> places(keys.size());
  table.ChangeMany(keys, "none", numbers, places);
  std::vector<std::string> changed;
  table.ForEachChange([&](std::string_view key, std::optional<std::string_view> value) {
    changed.push_back(absl::StrCat(std::string(key), "=", std::string(value.value_or("?"))));
  });
  EXPECT_THAT(changed, ElementsAre("c=1234", "b=", "a=1234", "new=none"));
}

}  // namespace
}  // namespace wavetank::checkpoint
