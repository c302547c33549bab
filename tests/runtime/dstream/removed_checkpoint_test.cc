// Somebody removes a stream's checkpoint: under the job, or while nobody runs it.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::AllOf;
using testing::HasSubstr;

auto SaveWhatComes(const std::string& suffix) {
  return [suffix](StreamingContext& ssc) {
    ssc.Checkpoint("checkpoint");
    ssc.TextFileStream("in").SaveAsTextFiles("out/lines", suffix);
  };
}

void LoseAllBelow(SimJob& job, const std::string& directory) {
  simulator::SimDisk& disk = job.machine().disk();
  for (const std::string& file : disk.image().Files(directory)) disk.LoseFile(file);
}

class RemovedCheckpoint : public testing::TestWithParam<const char*> {};

TEST_P(RemovedCheckpoint, StopsTheStreamByNameAndIsNotBegunAnewBesideItsOldOutput) {
  SimJob job({.seed = 21}, SaveWhatComes(GetParam()));
  job.Start();
  job.RunFor(absl::Seconds(3));
  job.machine().disk().Put("in/a", "one\n");
  job.RunFor(absl::Seconds(3));
  const size_t batches = job.FilesIn("out");
  EXPECT_GT(batches, 2U);
  EXPECT_TRUE(job.ended().empty());

  LoseAllBelow(job, "checkpoint/");
  job.RunFor(absl::Seconds(3));
  ASSERT_EQ(job.ended().size(), 1U);
  EXPECT_TRUE(absl::IsDataLoss(job.ended()[0])) << job.ended()[0];
  EXPECT_THAT(job.ended()[0].ToString(), AllOf(HasSubstr("checkpoint/log-1"),
                                               HasSubstr("removed while it was being written")));

  job.world().Restart("driver");
  job.RunFor(absl::Seconds(5));
  ASSERT_EQ(job.ended().size(), 2U);
  EXPECT_TRUE(absl::IsFailedPrecondition(job.ended()[1])) << job.ended()[1];
  EXPECT_THAT(job.ended()[1].ToString(),
              AllOf(HasSubstr("the empty checkpoint checkpoint"),
                    HasSubstr("the output of a batch that it does not know")));
}

TEST_P(RemovedCheckpoint, DoesNotMatterToOutputsOfOtherNames) {
  SimJob job({.seed = 22}, SaveWhatComes(GetParam()));
  simulator::SimDisk& disk = job.machine().disk();
  disk.Put("out/lines-of-somebody", "x\n");
  disk.Put("out/line-1000/part", "x\n");
  const bool has_suffix = *GetParam() != '\0';
  disk.Put(has_suffix ? "out/lines-1000/part" : "out/lines-1000.txt/part", "x\n");
  job.Start();
  job.RunFor(absl::Seconds(3));
  EXPECT_TRUE(job.ended().empty());
}

INSTANTIATE_TEST_SUITE_P(, RemovedCheckpoint, testing::Values("", "txt"), [](const auto& info) {
  return *info.param == '\0' ? "OfAnOutputWithoutSuffix" : "OfAnOutputWithASuffix";
});

}  // namespace
}  // namespace wavetank::runtime
