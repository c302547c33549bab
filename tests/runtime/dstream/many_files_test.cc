// Batches of many files: small ones that are neighbours share a task, and nothing else shows it.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/steps.h"
#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

std::string FileName(int number) { return absl::StrFormat("in/f%04d", number); }

JobPlan SaveLinesOfFiles(TextFileOptions options = {}) {
  return [options](StreamingContext& ssc) {
    ssc.Checkpoint("checkpoint");
    ssc.TextFileStream("in", options).SaveAsTextFiles("out/lines");
  };
}

// The one attempt that has lines.
SavedAttempt SavedWithLines(SimJob& job) {
  SavedAttempt found;
  for (const auto& [time_ms, attempts] : job.Saved("out")) {
    for (const auto& [name, attempt] : attempts) {
      if (attempt.lines.empty()) continue;
      EXPECT_THAT(found.lines, IsEmpty()) << "the files are not in one batch";
      found = attempt;
    }
  }
  return found;
}

// Puts files of one line each, without an end, between two batches.
void PutFiles(SimJob& job, int files) {
  job.Start();
  job.RunFor(absl::Seconds(3));
  for (int i = 0; i < files; ++i) {
    job.machine().disk().Put(FileName(i), absl::StrCat("line ", i));
  }
}
std::vector<std::string> Lines(int files) {
  std::vector<std::string> lines;
  for (int i = 0; i < files; ++i) lines.push_back(absl::StrCat("line ", i));
  return lines;
}

TEST(ManyFiles, OfABatchShareTasksAndKeepTheirLinesApartAndInOrder) {
  SimJob job({.seed = 41}, SaveLinesOfFiles());
  PutFiles(job, 200);
  job.RunFor(absl::Seconds(5));
  EXPECT_THAT(job.ended(), IsEmpty());
  const SavedAttempt saved = SavedWithLines(job);
  EXPECT_EQ(saved.lines, Lines(200));
  EXPECT_EQ(saved.parts, 50);
}

TEST(ManyFiles, HaveATaskEachWhereTheyAreFew) {
  SimJob job({.seed = 42}, SaveLinesOfFiles());
  PutFiles(job, 64);
  job.RunFor(absl::Seconds(5));
  const SavedAttempt saved = SavedWithLines(job);
  EXPECT_EQ(saved.lines, Lines(64));
  EXPECT_EQ(saved.parts, 64);
}

TEST(ManyFiles, ShareNoTaskWithALargeNeighbour) {
  SimJob job({.seed = 43}, SaveLinesOfFiles());
  const std::string large(2500 << 10, 'x');
  PutFiles(job, 70);
  job.machine().disk().Put(FileName(0), large);
  job.machine().disk().Put(FileName(1), large);
  job.RunFor(absl::Seconds(8));
  const SavedAttempt saved = SavedWithLines(job);
  ASSERT_EQ(saved.lines.size(), 70U);
  EXPECT_EQ(saved.lines[0], large);
  EXPECT_EQ(saved.lines[1], large);
  EXPECT_EQ(saved.lines[2], "line 2");
  EXPECT_EQ(saved.parts, 36) << "the first, then pairs, the last alone";
}

TEST(ManyFiles, OneThatIsLostIsSkippedAloneAmongThoseOfItsTask) {
  SimJob job({.seed = 44}, SaveLinesOfFiles({.files = {.lost = LostFiles::kSkip}}));
  PutFiles(job, 200);
  // Of the batch that has them.
  job.AtStep(std::string(steps::kBatchInputLogged.name), 1,
             [&](simulator::SimProcess&) { job.machine().disk().LoseFile(FileName(77)); });
  job.RunFor(absl::Seconds(5));
  EXPECT_THAT(job.ended(), IsEmpty());
  std::vector<std::string> left = Lines(200);
  left.erase(left.begin() + 77);
  EXPECT_EQ(SavedWithLines(job).lines, left);
}

TEST(ManyFiles, OneThatIsGoneStopsTheJobAndIsNamed) {
  SimJob job({.seed = 45}, SaveLinesOfFiles());
  PutFiles(job, 200);
  // Of the batch that has them.
  job.AtStep(std::string(steps::kBatchInputLogged.name), 1,
             [&](simulator::SimProcess&) { job.machine().disk().LoseFile(FileName(77)); });
  job.RunFor(absl::Seconds(5));
  ASSERT_EQ(job.ended().size(), 1U);
  EXPECT_THAT(job.ended()[0].ToString(), AllOf(HasSubstr(FileName(77)), HasSubstr("is gone")));
}

TEST(ManyFiles, AreNotSyncedOneAfterTheOtherByANewDriver) {
  SimJob job({.seed = 46}, SaveLinesOfFiles());
  PutFiles(job, 640);
  job.RunFor(absl::Seconds(10));
  absl::Duration recovered;
  absl::Duration logged;
  job.AtStep(std::string(steps::kRecovered.name), 1,
             [&](simulator::SimProcess&) { recovered = job.world().now(); });
  job.world().Crash("driver");
  job.machine().disk().Put("in/next", "next");
  job.world().Restart("driver");
  job.AtStep(std::string(steps::kBatchInputLogged.name), 1,
             [&](simulator::SimProcess&) { logged = job.world().now(); });
  job.RunFor(absl::Seconds(10));
  EXPECT_THAT(job.ended(), IsEmpty());
  ASSERT_EQ(job.strikes(), 2);
  // The batch that is due next, and the listing: in sequence their syncs alone were most of 0.8 s.
  EXPECT_LT(logged - recovered, absl::Seconds(1) + absl::Milliseconds(300));
}

}  // namespace
}  // namespace wavetank::runtime
