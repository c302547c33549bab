// Whose an output is, when a stream goes on: it may have been removed and be another's by now.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kOwner[] = "out/_lines-stream";

void SaveWhatComes(StreamingContext& ssc) {
  ssc.Checkpoint("checkpoint");
  ssc.TextFileStream("in").SaveAsTextFiles("out/lines");
}

// A stream that has put something out and stands still; its output is removed.
void StopAndLoseTheOutput(SimJob& job) {
  job.Start();
  job.RunFor(absl::Seconds(3));
  ASSERT_EQ(job.machine().disk().Get(kOwner).value_or(""), "checkpoint\n");
  job.Stop(true);
  job.RunFor(absl::Seconds(3));
  ASSERT_THAT(job.ended(), ElementsAre(absl::OkStatus()));
  for (const std::string& file : job.machine().disk().image().Files("out/")) {
    job.machine().disk().LoseFile(file);
  }
}

TEST(OutputOwner, IsLookedForWhenAStreamGoesOnAndRefusesItBeforeAnythingIsWritten) {
  SimJob job({.seed = 31}, SaveWhatComes);
  StopAndLoseTheOutput(job);
  simulator::SimDisk& disk = job.machine().disk();
  disk.Put(kOwner, "checkpoint-of-another\n");
  job.world().Restart("driver");
  job.RunFor(absl::Seconds(5));
  ASSERT_EQ(job.ended().size(), 2U);
  EXPECT_TRUE(absl::IsFailedPrecondition(job.ended()[1])) << job.ended()[1];
  EXPECT_THAT(job.ended()[1].ToString(),
              AllOf(HasSubstr("go on with the stream of the checkpoint checkpoint: the output of "
                              "operator 1 (SaveAsTextFiles) belongs to the stream with the "
                              "checkpoint checkpoint-of-another, says out/_lines-stream")));
  EXPECT_THAT(disk.image().Files("out/"), ElementsAre(kOwner));
}

TEST(OutputOwner, IsPutThereAgainWhenAStreamGoesOn) {
  SimJob job({.seed = 32}, SaveWhatComes);
  StopAndLoseTheOutput(job);
  job.world().Restart("driver");
  job.RunFor(absl::Seconds(5));
  EXPECT_EQ(job.ended().size(), 1U);
  EXPECT_EQ(job.machine().disk().Get(kOwner).value_or(""), "checkpoint\n");
}

}  // namespace
}  // namespace wavetank::runtime
