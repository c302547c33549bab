// Tables whose values have room to change in place: what has to stay where it is, and how much room
// there is.
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/state_table.h"

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
  table.FixValueRoom(8);
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
  table.FixValueRoom(8);
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

}  // namespace
}  // namespace wavetank::checkpoint
