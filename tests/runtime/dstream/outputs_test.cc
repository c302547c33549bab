// Several outputs in one job: each runs for each batch, in the order in which the job made them,
// whatever becomes of the others; the batch is complete when all have ended well.
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime::outputs {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// What the functions of a job saw, of all drivers.
struct Seen {
  std::vector<std::string> calls;
  bool fails = false;
};

// Print, a function, and files, of the lines of one stream.
JobPlan ThreeOutputs(std::shared_ptr<Seen> seen) {
  return [seen](StreamingContext& ssc) {
    ssc.Checkpoint("checkpoint");
    const DStream<std::string> lines = ssc.TextFileStream("in");
    lines.Print();
    lines.ForeachRDD([seen](const Rdd<std::string>& rdd) {
      const std::vector<std::string> rows = rdd.Take(10);
      if (rows.empty()) return;
      seen->calls.push_back(rows.front());
      if (seen->fails) throw std::runtime_error("not today");
    });
    lines.SaveAsTextFiles("out/lines");
  };
}

std::vector<std::string> SavedLines(SimJob& job) {
  std::vector<std::string> lines;
  for (const auto& [time_ms, attempts] : job.Saved("out")) {
    for (const auto& [name, attempt] : attempts) {
      EXPECT_TRUE(attempt.complete) << time_ms << " " << name;
      lines.insert(lines.end(), attempt.lines.begin(), attempt.lines.end());
    }
  }
  return lines;
}

int Completed(SimJob& job) {
  int completed = 0;
  const auto history = job.History("checkpoint");
  for (const auto& [time_ms, batch] : history.batches()) {
    completed += batch.completed ? 1 : 0;
  }
  return completed;
}

TEST(DStreamOutputs, ForeachPartitionIsCalledWhereTheRowsAre) {
  struct Call {
    absl::Time time;
    int partition;
    std::vector<int> rows;
  };
  std::vector<Call> calls;
  std::set<std::string> attempts;
  bool fails = true;
  SimJob job({.seed = 1}, [&](StreamingContext& ssc) {
    const auto numbers = ssc.QueueStream<int>({{1, 2, 3}, {4}});
    numbers.Union(numbers).ForeachPartition([&](std::vector<int> rows, const PartitionRun& run) {
      if (std::exchange(fails, false)) throw std::runtime_error("not now");
      attempts.insert(run.attempt);
      calls.push_back({run.batch_time, run.partition, std::move(rows)});
    });
  });
  job.Start();
  job.RunFor(absl::Seconds(3));
  EXPECT_THAT(job.ended(), testing::IsEmpty());
  std::map<absl::Time, std::map<int, std::vector<int>>> batches;
  for (const Call& call : calls) batches[call.time][call.partition] = call.rows;
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches.begin()->second,
            (std::map<int, std::vector<int>>{{0, {1, 2, 3}}, {1, {1, 2, 3}}}));
  EXPECT_EQ(batches.rbegin()->second, (std::map<int, std::vector<int>>{{0, {4}}, {1, {4}}}));
  EXPECT_EQ(attempts.size(), 4U);
  EXPECT_EQ(job.Reached("driver.task_retried"), 1U);
}

TEST(DStreamOutputs, AllRunForEachBatch) {
  const auto seen = std::make_shared<Seen>();
  SimJob job({.seed = 1}, ThreeOutputs(seen));
  job.Start();
  job.RunFor(absl::Milliseconds(1500));
  job.machine().disk().Put("in/a", "one line\n");
  job.RunFor(absl::Seconds(3));
  EXPECT_THAT(job.printed(), HasSubstr("one line"));
  EXPECT_THAT(seen->calls, ElementsAre("one line"));
  EXPECT_THAT(SavedLines(job), ElementsAre("one line"));
  EXPECT_THAT(job.ended(), IsEmpty());
}

// At least once is what is promised of what functions do, and no more.
TEST(DStreamOutputs, ThatCallFunctionsDoSoAgainForABatchThatWasNotMarked) {
  std::map<std::string, std::vector<std::pair<absl::Time, std::string>>> calls;  // by output
  SimJob job({.seed = 1}, [&calls](StreamingContext& ssc) {
    ssc.Checkpoint("checkpoint");
    const DStream<std::string> lines = ssc.TextFileStream("in");
    lines.Print();
    lines.ForeachRDD([&calls](const Rdd<std::string>& rdd, absl::Time time) {
      for (const std::string& line : rdd.Collect()) calls["rdd"].emplace_back(time, line);
    });
    lines.ForeachPartition([&calls](const std::vector<std::string>& rows, const PartitionRun& run) {
      for (const std::string& line : rows) calls["partition"].emplace_back(run.batch_time, line);
    });
  });
  job.Start();
  job.RunFor(absl::Milliseconds(1500));
  job.machine().disk().Put("in/a", "one line\n");
  job.CrashAt("dstream.output_done", 3, absl::Milliseconds(100));
  job.RunFor(absl::Seconds(6));
  EXPECT_EQ(job.strikes(), 1);
  for (const char* const output : {"rdd", "partition"}) {
    ASSERT_EQ(calls[output].size(), 2U) << output;
    EXPECT_EQ(calls[output][0], calls[output][1]) << output << ": it tells the batch by its time";
  }
  const size_t first = job.printed().find("one line");
  ASSERT_NE(first, std::string::npos);
  EXPECT_NE(job.printed().find("one line", first + 1), std::string::npos) << job.printed();
}

TEST(DStreamOutputs, OneThatFailsKeepsTheBatchFromBeingCompleteAndNoOtherFromRunning) {
  const auto seen = std::make_shared<Seen>();
  seen->fails = true;
  SimJob job({.seed = 2}, ThreeOutputs(seen));
  std::vector<std::string> failed;
  job.driver_options().on_batch_failed = [&failed](const absl::Status& status) {
    failed.emplace_back(status.message());
  };
  job.Start();
  job.RunFor(absl::Milliseconds(1500));
  job.machine().disk().Put("in/a", "one line\n");
  job.RunFor(absl::Seconds(3));
  EXPECT_THAT(failed, ElementsAre(AllOf(HasSubstr("ForeachRDD"), HasSubstr("not today"))));
  EXPECT_THAT(job.printed(), HasSubstr("one line"));
  EXPECT_THAT(SavedLines(job), ElementsAre("one line"));
  const int unfinished =
      static_cast<int>(job.History("checkpoint").batches().size()) - Completed(job);
  EXPECT_GE(unfinished, 1);
  // The next driver runs all of its outputs again.
  seen->fails = false;
  job.world().Crash("driver");
  job.world().Restart("driver");
  job.RunFor(absl::Seconds(4));
  EXPECT_THAT(seen->calls, ElementsAre("one line", "one line"));
  EXPECT_THAT(SavedLines(job), ElementsAre("one line", "one line"));
  EXPECT_EQ(job.Reached("dstream.batch_rerun"), 1u);
}

TEST(DStreamOutputs, WithoutSomebodyToTellAFailureEndsTheDriverNamingTheOutput) {
  const auto seen = std::make_shared<Seen>();
  seen->fails = true;
  SimJob job({.seed = 3}, ThreeOutputs(seen));
  job.Start();
  job.RunFor(absl::Milliseconds(1500));
  job.machine().disk().Put("in/a", "one line\n");
  job.RunFor(absl::Seconds(3));
  ASSERT_THAT(job.ended(), SizeIs(1));
  EXPECT_THAT(std::string(job.ended()[0].message()),
              AllOf(HasSubstr("operator 2 (ForeachRDD)"), HasSubstr("not today")));
}

// That of a stream which began before outputs had owners: its parts count there, not this one's.
TEST(DStreamOutputs, TheMarkOfAnotherStreamIsNotTakenForOnesOwn) {
  SimJob job({.seed = 4}, [](StreamingContext& ssc) {
    ssc.Checkpoint("checkpoint");
    ssc.TextFileStream("in").SaveAsTextFiles("out/lines");
  });
  job.Start();
  job.RunFor(absl::Seconds(3));
  const int64_t soon_ms = job.History("checkpoint").batches().rbegin()->first + 2000;
  job.machine().disk().Put(absl::StrCat("out/lines-", soon_ms, "/attempt-1/_SUCCESS"),
                           "parts 1\npart-00000-of-another\n");
  job.RunFor(absl::Seconds(4));
  ASSERT_THAT(job.ended(), SizeIs(1));
  EXPECT_TRUE(absl::IsFailedPrecondition(job.ended()[0])) << job.ended()[0];
  EXPECT_THAT(job.ended()[0].ToString(), HasSubstr("another stream writes to this output"));
}

}  // namespace
}  // namespace wavetank::runtime::outputs
