#include "runtime/connectors/source_directory.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/platform/loop_host.h"
#include "tests/platform/manual_clock.h"
#include "tests/runtime/memory_store.h"

namespace wavetank::runtime {
namespace {

using platform::Task;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::Duration kForgetAfter = absl::Minutes(10);

Task<void> KeepFound(SourceDirectory& directory, std::optional<FoundFiles>& found) {
  auto files = co_await directory.Find();
  EXPECT_TRUE(files.ok()) << files.status();
  found.emplace(*std::move(files));
}

class SourceDirectoryTest : public ::testing::Test {
 protected:
  FoundFiles Find() {
    std::optional<FoundFiles> found;
    host_.executor.Spawn("test", KeepFound(directory_, found));
    host_.RunUntilIdle();
    return *std::move(found);
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const FoundFile& file : Find().files) names.push_back(file.path);
    return names;
  }
  // As a batch does that has all that is new, once its records are logged.
  void Take() {
    const FoundFiles found = Find();
    for (const std::string& path : found.forgotten) seen_.Forget(path);
    for (const FoundFile& file : found.files) seen_.Hold(file.path, found.root);
  }

  platform::LoopHost host_;
  platform::ManualClock clock_;
  MemoryStore store_{host_.executor};
  checkpoint::SeenPaths seen_;
  std::vector<std::string> said_;
  SourceDirectory directory_{
      {.clock = clock_,
       .log = [this](platform::LogLevel, std::string text) { said_.push_back(std::move(text)); }},
      store_,
      seen_,
      "in",
      {.ignored_names = {"*.bak", "core"}, .forget_after = kForgetAfter}};
};

TEST_F(SourceDirectoryTest, LeavesOutTheNamesOfFilesThatAreBeingWritten) {
  for (const char* name : {".hidden", "_SUCCESS", "x._COPYING_", "x.tmp", "x.part", "x.bak", "core",
                           "a.txt", "core.txt", "tmp", "x.parts", "._COPYING_x"}) {
    store_.files[std::string("in/") + name] = "";
  }
  EXPECT_THAT(Names(), ElementsAre("in/a.txt", "in/core.txt", "in/tmp", "in/x.parts"));
}

TEST_F(SourceDirectoryTest, ForgetsANameThatWasMissingForLongEnoughAndSaysSo) {
  store_.files = {{"in/a", "1"}, {"in/b", "2"}};
  Take();
  store_.files.erase("in/a");
  EXPECT_THAT(Find().forgotten, IsEmpty());
  clock_.Advance(kForgetAfter - absl::Seconds(1));
  EXPECT_THAT(Find().forgotten, IsEmpty());
  EXPECT_THAT(said_, IsEmpty());
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(Find().forgotten, ElementsAre("in/a"));
  EXPECT_THAT(said_, ElementsAre(HasSubstr("in/a is forgotten")));
  // It stays to be logged until that is done, with the batch that takes the next file.
  store_.files["in/a"] = "another";
  const FoundFiles found = Find();
  EXPECT_THAT(found.forgotten, ElementsAre("in/a"));
  ASSERT_EQ(found.files.size(), 1u);
  EXPECT_EQ(found.files[0].path, "in/a");
  Take();
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_THAT(Find().forgotten, IsEmpty());
}

TEST_F(SourceDirectoryTest, FindsAFileThatIsBackInTimeToBeTheOneThatWasRead) {
  store_.files = {{"in/a", "1"}};
  Take();
  store_.files.clear();
  for (int look = 0; look < 3; ++look) {
    Find();
    clock_.Advance(kForgetAfter / 2 - absl::Seconds(1));
    store_.files["in/a"] = "1";
    EXPECT_THAT(Names(), IsEmpty());
    store_.files.clear();
  }
  EXPECT_THAT(said_, Contains(HasSubstr("in/a that had been read and was gone is back")));
  EXPECT_THAT(Find().forgotten, IsEmpty());
}

TEST_F(SourceDirectoryTest, ForgetsNothingWhileTheDirectoryIsAway) {
  store_.files = {{"in/a", "1"}};
  Take();
  const auto files = std::exchange(store_.files, {});
  store_.identity = "";
  for (int look = 0; look < 3; ++look) {
    EXPECT_THAT(Find().forgotten, IsEmpty());
    clock_.Advance(kForgetAfter);
  }
  store_.files = files;
  store_.identity = "1";
  EXPECT_THAT(Names(), IsEmpty());
}

// The mount point of a file system that is not mounted is a directory too.
TEST_F(SourceDirectoryTest, ForgetsNothingWhileAnotherDirectoryStandsInItsPlace) {
  store_.files = {{"in/a", "1"}};
  Take();
  const auto files = std::exchange(store_.files, {});
  store_.identity = "2";
  for (int look = 0; look < 3; ++look) {
    EXPECT_THAT(Find().forgotten, IsEmpty());
    clock_.Advance(kForgetAfter);
  }
  store_.files = files;
  store_.identity = "1";
  EXPECT_THAT(Names(), IsEmpty());
  // Where the files are now is where they may be missed.
  store_.identity = "3";
  Find();
  Find();
  store_.files.clear();
  Find();
  clock_.Advance(kForgetAfter);
  EXPECT_THAT(Find().forgotten, ElementsAre("in/a"));
}

// A listing like the one before is not looked at; under another root it is no such one.
TEST_F(SourceDirectoryTest, LooksAnewAtTheSameNamesUnderAnotherRoot) {
  store_.files = {{"in/a", "1"}};
  Take();
  Find();
  Find();
  store_.identity = "2";
  Find();
  Find();
  store_.files.clear();
  Find();
  clock_.Advance(kForgetAfter);
  EXPECT_THAT(Find().forgotten, ElementsAre("in/a"));
}

// It may be where it was, or it was removed while nobody looked: then its name is never free again.
TEST_F(SourceDirectoryTest, SaysOnceHowManyNamesItCannotForget) {
  store_.files = {{"in/a", "1"}, {"in/b", "2"}, {"in/c", "3"}};
  Take();
  EXPECT_THAT(said_, IsEmpty());
  store_.files = {{"in/c", "3"}};
  store_.identity = "2";
  for (int look = 0; look < 4; ++look) {
    EXPECT_THAT(Find().forgotten, IsEmpty());
    clock_.Advance(kForgetAfter);
  }
  ASSERT_THAT(said_, ElementsAre(HasSubstr("file in/c that had been read when another directory"),
                                 HasSubstr("2 files (the first: in/a) that had been read")));
  EXPECT_THAT(said_[1], HasSubstr("not forgotten"));
  said_.clear();
  store_.files["in/b"] = "another";
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_THAT(said_, ElementsAre(HasSubstr("file in/b that had been read when another directory")));
}

// A stream that waits costs no more for each file that it has read.
TEST_F(SourceDirectoryTest, LooksAtEachEntryOnlyWhereANameIsNew) {
  for (int i = 0; i < 100; ++i) store_.files[absl::StrCat("in/", i)] = "1";
  store_.files["in/x.tmp"] = "";
  Take();
  const int taken = store_.lists;
  for (int look = 0; look < 5; ++look) {
    EXPECT_THAT(Names(), IsEmpty());
    clock_.Advance(kForgetAfter);
  }
  EXPECT_EQ(store_.lists, taken);
  store_.files["in/new"] = "12";
  const FoundFiles found = Find();
  ASSERT_EQ(found.files.size(), 1u);
  EXPECT_EQ(found.files[0].path, "in/new");
  EXPECT_EQ(found.files[0].size_bytes, 2u);
  EXPECT_EQ(store_.lists, taken + 1);
}

TEST_F(SourceDirectoryTest, FindsAFileWhereThereWasNone) {
  store_.files = {{"in/a", "1"}, {"in/folder/x", "1"}};
  Take();
  store_.files = {{"in/a", "1"}, {"in/folder", "a file by now"}};
  clock_.Advance(absl::Minutes(1));
  EXPECT_THAT(Names(), ElementsAre("in/folder"));
}

TEST_F(SourceDirectoryTest, TakesTheNamesThatAPatternSaysAndNoOthers) {
  SourceDirectory some({.clock = clock_, .log = [](platform::LogLevel, const std::string&) {}},
                       store_, seen_, "in",
                       {.ignored_names = {"old*"}, .name_globs = {"*.csv", "*.csv.gz"}});
  for (const char* name : {"a.csv", "b.csv.gz", "c.xz", "d.csv.bz2", "old.csv", "_e.csv"}) {
    store_.files[std::string("in/") + name] = "";
  }
  std::optional<FoundFiles> found;
  host_.executor.Spawn("test", KeepFound(some, found));
  host_.RunUntilIdle();
  std::vector<std::string> names;
  for (const FoundFile& file : found->files) names.push_back(file.path);
  EXPECT_THAT(names, ElementsAre("in/a.csv", "in/b.csv.gz"));
}

TEST_F(SourceDirectoryTest, SaysOnceThatAFileWasReplacedUnderANameThatWasRead) {
  store_.files = {{"in/a", "1"}, {"in/b", "2"}};
  Take();
  store_.files["in/a"] = "another";
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_THAT(said_, IsEmpty()) << "nothing is new: nobody looks at each";
  store_.files["in/c"] = "3";
  Take();
  ASSERT_THAT(said_, ElementsAre(HasSubstr("file in/a was read, and has another size or time")));
  EXPECT_THAT(said_[0], HasSubstr("give new files new names"));
  store_.files["in/a"] = "and another one";
  store_.files["in/d"] = "4";
  EXPECT_THAT(Names(), ElementsAre("in/d"));
  EXPECT_EQ(said_.size(), 1u) << "once a name";
}

TEST(InputFileOptions, AreParsedOrRefusedByName) {
  const auto options = ParseInputFileOptions({.ignored_names = "*.bak, core",
                                              .name_glob = "*.{csv,txt}",
                                              .forget_after = "90s",
                                              .lost = "skip",
                                              .ignore_corrupt = "true",
                                              .max_line_bytes = "1000"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->forget_after, absl::Seconds(90));
  EXPECT_EQ(options->lost, LostFiles::kSkip);
  EXPECT_TRUE(options->ignore_corrupt);
  EXPECT_EQ(options->ignored_names.size(), 2u);
  EXPECT_THAT(options->name_globs, ElementsAre("*.csv", "*.txt"));
  EXPECT_EQ(options->max_line_bytes, 1000u);
  EXPECT_EQ(*ParseInputFileOptions({}), InputFileOptions());
  const auto error = [](const InputFileTexts& texts) {
    return std::string(ParseInputFileOptions(texts).status().message());
  };
  EXPECT_THAT(error({.forget_after = "never"}), HasSubstr("forgetAfter is 'never'"));
  EXPECT_THAT(error({.forget_after = "0s"}), HasSubstr("forgetAfter is '0s'"));
  EXPECT_THAT(error({.lost = "ignore"}), HasSubstr("lostFiles is 'ignore': give stop or skip"));
  EXPECT_THAT(error({.ignore_corrupt = "yes"}),
              HasSubstr("ignoreCorruptFiles is 'yes': give true or false"));
  EXPECT_THAT(error({.name_glob = "*.{csv"}),
              HasSubstr("pathGlobFilter is '*.{csv': a { in it has no }"));
  for (const char* wrong : {"0", "-1", "1k"}) {
    EXPECT_THAT(error({.max_line_bytes = wrong}),
                HasSubstr("give a whole number of bytes above 0"));
  }
}

}  // namespace
}  // namespace wavetank::runtime
