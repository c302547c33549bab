#include "runtime/connectors/job_directories.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::runtime {
namespace {

using ::testing::HasSubstr;
using Use = JobDirectory::Use;

std::string Why(const std::vector<JobDirectory>& directories) {
  return std::string(CheckApart(directories).message());
}

TEST(CheckApart, RefusesEqualAndNestedDirectoriesByName) {
  const JobDirectory in{.use = Use::kInput, .path = "data/in"};
  EXPECT_EQ(Why({in, {.use = Use::kOutput, .path = "data/in"}}),
            "the input directory data/in and the output directory data/in overlap: give each a "
            "directory of its own, none of them in another");
  EXPECT_THAT(Why({in, {.use = Use::kOutput, .path = "data/in/out"}}), HasSubstr("overlap"));
  EXPECT_THAT(Why({in, {.use = Use::kOutput, .path = "data"}}), HasSubstr("overlap"));
  EXPECT_THAT(Why({in, {.use = Use::kCheckpoint, .path = "data/in/ck"}}), HasSubstr("overlap"));
  EXPECT_THAT(Why({in, {.use = Use::kCheckpoint, .path = ""}}),
              HasSubstr("the checkpoint directory ."));
  EXPECT_THAT(Why({{.use = Use::kOutput, .path = "x"}, {.use = Use::kOutput, .path = "x"}}),
              HasSubstr("overlap"));
  EXPECT_EQ(Why({in, {.use = Use::kOutput, .path = "data/input"}}), "");
  EXPECT_EQ(Why({in, {.use = Use::kInput, .path = "data/in/sub"}}), "");
}

TEST(CheckApart, LetsOneQueryReadWhatAnotherWrites) {
  const JobDirectory written{.use = Use::kOutput, .path = "x", .query = "a"};
  EXPECT_EQ(Why({written, {.use = Use::kInput, .path = "x", .query = "b"}}), "");
  EXPECT_THAT(Why({written, {.use = Use::kInput, .path = "x", .query = "a"}}),
              HasSubstr("the output directory x and the input directory x overlap"));
}

TEST(CheckApart, NamesTheQueriesOfWhatTwoOfThemShare) {
  for (const Use use : {Use::kOutput, Use::kCheckpoint}) {
    const JobDirectory first{.use = use, .path = "x", .query = "a"};
    EXPECT_THAT(Why({first, {.use = use, .path = "x/y", .query = "b"}}),
                HasSubstr("directory x of query \"a\" and the "));
    EXPECT_EQ(Why({first, {.use = use, .path = "xy", .query = "b"}}), "");
  }
}

TEST(CheckApart, TakesAPrefixForTheDirectoriesThatBeginWithIt) {
  const JobDirectory counts{.use = Use::kOutputPrefix, .path = "out/counts"};
  const auto with = [&counts](const std::string& path) {
    return Why({{.use = Use::kInput, .path = path}, counts});
  };
  EXPECT_THAT(with("out"), HasSubstr("the output directory out/counts-*"));
  EXPECT_THAT(with("out/counts-17"), HasSubstr("overlap"));
  EXPECT_THAT(with(""), HasSubstr("overlap"));
  EXPECT_EQ(with("out/in"), "");
  EXPECT_EQ(with("out/counts"), "");
}

TEST(CheckApart, FollowsWhatResolvesTheirPaths) {
  const std::vector<JobDirectory> linked = {{.use = Use::kInput, .path = "in"},
                                            {.use = Use::kOutput, .path = "out"}};
  const auto to_one = [](const std::string&) { return std::string("data"); };
  EXPECT_THAT(std::string(CheckApart(linked, to_one).message()),
              HasSubstr("the input directory in and the output directory out overlap"));
  EXPECT_TRUE(CheckApart(linked).ok());
}

}  // namespace
}  // namespace wavetank::runtime
