#include "properties/remembered.h"

#include <gtest/gtest.h>

#include <string>

namespace wavetank::properties {
namespace {

// Decodes the files below "log/" to their concatenation, and counts how often.
class RememberedTest : public testing::Test {
 protected:
  std::string At(const DurableFiles& files) { return log_.At(files); }
  int decodings_ = 0;

 private:
  Remembered<std::string> log_{"log/", [this](const DurableFiles& files) {
                                 ++decodings_;
                                 std::string all;
                                 for (auto file = files.lower_bound("log/");
                                      file != files.end() && file->first.starts_with("log/");
                                      ++file) {
                                   all += file->second;
                                 }
                                 return all;
                               }};
};

TEST_F(RememberedTest, DecodesOnceAsLongAsNothingBelowThePrefixChanges) {
  EXPECT_EQ(At({{"log/a", "1"}, {"log/b", "2"}}), "12");
  EXPECT_EQ(At({{"log/a", "1"}, {"log/b", "2"}, {"other", "3"}}), "12");
  EXPECT_EQ(At({{"a", "0"}, {"log/a", "1"}, {"log/b", "2"}}), "12");
  EXPECT_EQ(decodings_, 1);
}

TEST_F(RememberedTest, SeesEveryChangeOfNamesAndBytes) {
  EXPECT_EQ(At({}), "");
  EXPECT_EQ(At({{"log/b", "2"}}), "2");
  EXPECT_EQ(At({{"log/a", "1"}, {"log/b", "2"}}), "12") << "a file before the others";
  EXPECT_EQ(At({{"log/a", "1"}, {"log/b", "2"}, {"log/c", "3"}}), "123") << "one after them";
  EXPECT_EQ(At({{"log/a", "1"}, {"log/b", "x"}, {"log/c", "3"}}), "1x3") << "bytes, same length";
  EXPECT_EQ(At({{"log/a", "1"}, {"log/c", "3"}}), "13") << "one gone between others";
  EXPECT_EQ(At({{"log/a", "1"}, {"log/d", "3"}}), "13") << "the same bytes under another name";
  EXPECT_EQ(At({{"log/a", "1"}}), "1") << "the last one gone";
  EXPECT_EQ(At({}), "") << "all gone";
  EXPECT_EQ(decodings_, 9);
}

}  // namespace
}  // namespace wavetank::properties
