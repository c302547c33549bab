// Files of records of one length: cut where records end, whatever is read at a time and by whom.
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/steps.h"
#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

JobPlan SaveRecords(int64_t length, BinaryRecordsOptions options = {}) {
  return [length, options](StreamingContext& ssc) {
    ssc.Checkpoint("checkpoint");
    ssc.BinaryRecordsStream("in", length, options).SaveAsTextFiles("out/records");
  };
}

// What a job makes of one file, and of it alone.
SavedAttempt SavedOf(SimJob& job, const std::string& content) {
  job.Start();
  job.RunFor(absl::Seconds(3));
  job.machine().disk().Put("in/records", content);
  job.RunFor(absl::Seconds(8));
  SavedAttempt found;
  for (const auto& [time_ms, attempts] : job.Saved("out")) {
    for (const auto& [name, attempt] : attempts) {
      if (attempt.complete && !attempt.lines.empty()) found = attempt;
    }
  }
  return found;
}

// Of 7 bytes each, so that none of the pieces that are read ends with one.
std::vector<std::string> Numbered(int records) {
  std::vector<std::string> numbered;
  for (int i = 0; i < records; ++i) numbered.push_back(absl::StrFormat("%07d", i));
  return numbered;
}
std::string Joined(const std::vector<std::string>& records) {
  std::string bytes;
  for (const std::string& record : records) bytes += record;
  return bytes;
}

TEST(BinaryRecords, AreWholeAcrossThePiecesThatAreRead) {
  SimJob job({.seed = 51}, SaveRecords(7));
  const std::vector<std::string> records = Numbered(400'000);
  const SavedAttempt saved = SavedOf(job, Joined(records));
  EXPECT_THAT(job.ended(), IsEmpty());
  EXPECT_EQ(saved.lines, records);
  EXPECT_EQ(saved.parts, 1);
}

TEST(BinaryRecords, OfALargeFileGoToSeveralTasksEachOnceAndWhole) {
  SimJob job({.seed = 52}, SaveRecords(7, {.split_bytes = 100}));
  const std::vector<std::string> records = Numbered(100);
  const SavedAttempt saved = SavedOf(job, Joined(records));
  EXPECT_EQ(saved.lines, records);
  EXPECT_EQ(saved.parts, 8) << "14 records in each but the last";
}

TEST(BinaryRecords, OfAFileThatMayBeSkippedGoToOneTask) {
  SimJob job({.seed = 53},
             SaveRecords(7, {.files = {.lost = LostFiles::kSkip}, .split_bytes = 100}));
  const std::vector<std::string> records = Numbered(100);
  const SavedAttempt saved = SavedOf(job, Joined(records));
  EXPECT_EQ(saved.lines, records);
  EXPECT_EQ(saved.parts, 1);
}

TEST(BinaryRecords, GoToABoundedNumberOfTasks) {
  const BinaryRecordsInput input("in", 8, {.split_bytes = 1});
  EXPECT_EQ(input.part_bytes(800), 8U);
  EXPECT_EQ(input.part_bytes(uint64_t{8} << 40), (uint64_t{8} << 40) / 1000 / 8 * 8 + 8);
  const BinaryRecordsInput longer("in", 100, {.split_bytes = 30});
  EXPECT_EQ(longer.part_bytes(1000), 100U);
}

TEST(BinaryRecords, AFileThatEndsWithinOneStopsTheStreamBeforeABatchHasIt) {
  SimJob job({.seed = 54}, SaveRecords(7));
  EXPECT_THAT(SavedOf(job, "123456712345671").lines, IsEmpty());
  ASSERT_EQ(job.ended().size(), 1U);
  EXPECT_TRUE(absl::IsFailedPrecondition(job.ended()[0])) << job.ended()[0];
  EXPECT_THAT(job.ended()[0].ToString(),
              AllOf(HasSubstr("in/records has 15 bytes: 2 records of the 7 bytes"),
                    HasSubstr("and 1 bytes more: take it out of the directory")));
  const checkpoint::GraphHistory history = job.History("checkpoint");
  for (const auto& [time_ms, batch] : history.batches()) {
    EXPECT_EQ(batch.input.streams_size(), 0);
  }
  job.machine().disk().LoseFile("in/records");
  job.machine().disk().Put("in/others", "1234567abcdefg");
  for (int worker = 0; worker < 2; ++worker) {
    job.world().Crash(absl::StrCat("w", worker));
    job.world().Restart(absl::StrCat("w", worker));
  }
  job.world().Restart("driver");
  job.RunFor(absl::Seconds(8));
  EXPECT_THAT(job.SavedLines("out"), ElementsAre("1234567", "abcdefg"));
}

TEST(BinaryRecords, BeginAnewWithEachFileAndMayBeAnyBytes) {
  SimJob job({.seed = 55}, [](StreamingContext& ssc) {
    ssc.BinaryRecordsStream("in", 4)
        .Map([](const std::string& record) { return absl::StrCat(absl::CEscape(record)); })
        .SaveAsTextFiles("out/records");
  });
  job.Start();
  job.RunFor(absl::Seconds(3));
  // As a compressed file of text begins, which is no concern of this stream.
  job.machine().disk().Put("in/a", std::string("\x1f\x8b\x08\x00\n\r\0z", 8));
  job.machine().disk().Put("in/b", "");
  job.machine().disk().Put("in/c", "abcd");
  job.RunFor(absl::Seconds(4));
  EXPECT_THAT(job.ended(), IsEmpty());
  EXPECT_THAT(job.SavedLines("out"), ElementsAre("\\037\\213\\010\\000", "\\n\\r\\000z", "abcd"));
}

TEST(BinaryRecords, RefusesWhatItCannotDo) {
  const auto error_of = [](int64_t length, BinaryRecordsOptions options) {
    StreamingContext ssc(absl::Seconds(1));
    ssc.BinaryRecordsStream("in", length, std::move(options)).Print();
    return ssc.graph().Validate().ToString();
  };
  EXPECT_THAT(error_of(0, {}), HasSubstr("records of 0 bytes: give 1 to 67108864"));
  EXPECT_THAT(error_of(kMostRecordBytes + 1, {}), HasSubstr("records of 67108865 bytes"));
  EXPECT_THAT(error_of(4, {.split_bytes = 0}), HasSubstr("split_bytes is 0: give 1 or more"));
  EXPECT_THAT(error_of(4, {.files = {.max_line_bytes = 10}}), HasSubstr("max_line_bytes"));
  EXPECT_THAT(error_of(4, {.files = {.ignore_corrupt = true}}), HasSubstr("ignore_corrupt"));
  StreamingContext ssc(absl::Seconds(1));
  ssc.BinaryRecordsStream("", 4).Print();
  EXPECT_THAT(ssc.graph().Validate().ToString(), HasSubstr("the directory is empty"));
}

}  // namespace
}  // namespace wavetank::runtime
