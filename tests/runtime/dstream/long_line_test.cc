// A line that is longer than it may be: a batch that has it is not lost, and runs with another
// limit.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::AllOf;
using testing::HasSubstr;

JobPlan SaveLinesOfAtMost(uint64_t bytes) {
  return [bytes](StreamingContext& ssc) {
    ssc.Checkpoint("checkpoint");
    ssc.TextFileStream("in", {.files = {.max_line_bytes = bytes}}).SaveAsTextFiles("out/lines");
  };
}

TEST(LongLine, StopsAStreamByNameUntilTheLimitIsRaised) {
  SimJob job({.seed = 31}, SaveLinesOfAtMost(10));
  job.Start();
  job.RunFor(absl::Seconds(3));
  job.machine().disk().Put("in/a", "1234567890\n12345\n12345678901\n");
  job.RunFor(absl::Seconds(3));
  ASSERT_EQ(job.ended().size(), 1U);
  EXPECT_TRUE(absl::IsFailedPrecondition(job.ended()[0])) << job.ended()[0];
  EXPECT_THAT(job.ended()[0].ToString(),
              AllOf(HasSubstr("in/a has a line of 11 bytes or more, which begins at byte 17"),
                    HasSubstr("may have 10")));

  job.SetJob(SaveLinesOfAtMost(11));
  for (int worker = 0; worker < 2; ++worker) {
    job.world().Crash(absl::StrCat("w", worker));
    job.world().Restart(absl::StrCat("w", worker));
  }
  job.world().Restart("driver");
  job.RunFor(absl::Seconds(10));
  EXPECT_EQ(job.ended().size(), 1U);
  std::vector<std::string> saved;
  for (const auto& [time_ms, attempts] : job.Saved("out")) {
    for (const auto& [name, attempt] : attempts) {
      if (!attempt.complete) continue;
      saved.insert(saved.end(), attempt.lines.begin(), attempt.lines.end());
    }
  }
  EXPECT_THAT(saved, testing::ElementsAre("1234567890", "12345", "12345678901"));
}

}  // namespace
}  // namespace wavetank::runtime
