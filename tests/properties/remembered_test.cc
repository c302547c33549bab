#include "properties/remembered.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace wavetank::properties {
namespace {

// Decodes the files below "log/" to their concatenation, and counts how often.
class RememberedTest : public testing::Test {
 protected:
  std::string At(const DurableFiles& files, const std::set<std::string>& changed) {
    log_.Note({files, changed});
    return log_.Get(files);
  }
  int decodings_ = 0;
  Remembered<std::string> log_{{"log/", "mark"}, [this](const DurableFiles& files) {
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

TEST_F(RememberedTest, DecodesOnceAsLongAsNothingBelowAPrefixChanges) {
  DurableFiles files{{"log/a", "1"}, {"log/b", "2"}};
  EXPECT_EQ(At(files, {"log/a", "log/b"}), "12");
  files["other"] = "3";
  EXPECT_EQ(At(files, {"other"}), "12");
  EXPECT_EQ(At(files, {}), "12");
  files["a"] = "0";
  EXPECT_EQ(At(files, {"a", "lo", "log", "m"}), "12");
  EXPECT_EQ(decodings_, 1);
}

TEST_F(RememberedTest, DecodesAnewWhatHasChanged) {
  EXPECT_EQ(At({}, {}), "");
  EXPECT_EQ(At({{"log/b", "2"}}, {"log/b"}), "2");
  EXPECT_EQ(At({{"log/b", "x"}}, {"a", "log/b", "z"}), "x");
  EXPECT_EQ(At({{"log/b", "x"}, {"mark-1", ""}}, {"mark-1"}), "x");
  EXPECT_EQ(decodings_, 4) << "below any of its prefixes";
  EXPECT_EQ(At({}, {"log/b"}), "") << "gone";
}

TEST_F(RememberedTest, KeepsWhatWasNotedUntilItIsAskedFor) {
  EXPECT_EQ(At({{"log/a", "1"}}, {"log/a"}), "1");
  const DurableFiles later{{"log/a", "2"}};
  EXPECT_TRUE(log_.Note({later, {"log/a"}}));
  EXPECT_FALSE(log_.Note({later, {}}));
  EXPECT_EQ(log_.Get(later), "2");
}

}  // namespace
}  // namespace wavetank::properties
