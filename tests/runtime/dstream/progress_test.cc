// What a stream says of itself while it runs.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

JobPlan SaveLines(bool new_files_only) {
  return [new_files_only](StreamingContext& ssc) {
    ssc.Checkpoint("checkpoint");
    ssc.TextFileStream("in", {.new_files_only = new_files_only}).SaveAsTextFiles("out/lines");
  };
}

TEST(StreamProgress, IsALineForEachBatchWithInput) {
  SimJob job({.seed = 51}, SaveLines(true));
  job.Start();
  job.RunFor(absl::Seconds(3));
  EXPECT_THAT(job.log(), Not(HasSubstr("stream batch")));
  job.machine().disk().Put("in/a", "one\n");
  job.machine().disk().Put("in/b", "two\n");
  job.RunFor(absl::Seconds(4));
  EXPECT_THAT(job.log(),
              ContainsRegex("stream batch [0-9]+ .[0-9]+ ms.: 2 files, 8 bytes in, in "));
  const size_t first = job.log().find("stream batch");
  EXPECT_EQ(job.log().find("stream batch", first + 1), std::string::npos);
}

TEST(StreamProgress, SaysOnceThatFilesOfBeforeAreNoInput) {
  SimJob job({.seed = 52}, SaveLines(true));
  job.machine().disk().Put("in/a", "one\n");
  job.machine().disk().Put("in/b", "two\n");
  job.Start();
  job.RunFor(absl::Seconds(3));
  const std::string said = "2 files were in in before the stream began and are not input";
  EXPECT_THAT(job.log(), AllOf(HasSubstr(said), HasSubstr("new_files_only")));
  job.world().Crash("driver");
  job.world().Restart("driver");
  job.RunFor(absl::Seconds(4));
  EXPECT_EQ(job.log().find(said), job.log().rfind(said));
  EXPECT_TRUE(job.SavedLines("out").empty());
}

TEST(StreamProgress, SaysNothingOfFilesThatAreInput) {
  SimJob job({.seed = 53}, SaveLines(false));
  job.machine().disk().Put("in/a", "one\n");
  job.Start();
  job.RunFor(absl::Seconds(3));
  EXPECT_THAT(job.log(),
              AllOf(Not(HasSubstr("before the stream began")), HasSubstr("1 files, 4 bytes in")));
}

}  // namespace
}  // namespace wavetank::runtime
