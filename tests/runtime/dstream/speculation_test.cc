// Tasks of a stream that run twice: each batch counts by one attempt of each, in all it leaves.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime::stream_speculation {
namespace {

using testing::Each;
using testing::Eq;
using testing::Pair;
using Counted = std::pair<std::string, int64_t>;
using Calls = std::map<std::pair<int64_t, int>, int>;  // by batch time and partition

void CountAndKeep(StreamingContext& ssc, const std::shared_ptr<Calls>& calls) {
  ssc.Checkpoint("ck");
  const auto rows = ssc.Accumulator<int64_t>("rows");
  const auto pairs = ssc.TextFileStream("in").Map([rows](std::string line) {
    rows.Add(1);
    return Counted(std::move(line), 1);
  });
  const auto counts = pairs.ReduceByKey(std::plus<>(), 3);
  counts.SaveAsTextFiles("out/counts");
  counts.Window(absl::Seconds(3)).ReduceByKey(std::plus<>()).SaveAsTextFiles("recent/of");
  pairs
      .UpdateStateByKey<int64_t>(
          [](const std::vector<int64_t>& values, std::optional<int64_t> sum) {
            return std::optional(sum.value_or(0) + std::ssize(values));
          })
      .SaveAsTextFiles("sums/of");
  counts.ForeachPartition([calls](const std::vector<Counted>&, const PartitionRun& run) {
    ++(*calls)[{absl::ToUnixMillis(run.batch_time), run.partition}];
  });
}

// By output and key: what all of its batches say together. (In which batch a file is depends on
// when that is planned, and that on how long the one before takes.)
using Sums = std::map<std::string, int64_t>;

struct Left {
  Sums counts;
  Sums newest_states;
  int64_t rows = 0;
  uint64_t won = 0;
};

// A worker stands still, for less time than it takes to be lost, when it has got its n-th task; 0:
// none does.
Left RunWith(int slow_at, bool speculation, uint64_t seed) {
  const auto calls = std::make_shared<Calls>();
  SimJob job({.seed = seed,
              .speculation = {.enabled = speculation,
                              .multiplier = 2,
                              .quantile = 0.2,
                              .min_task_runtime = absl::Milliseconds(50)}},
             [calls](StreamingContext& ssc) { CountAndKeep(ssc, calls); });
  if (slow_at > 0) {
    job.AtStep("task.started", slow_at, [&job](simulator::SimProcess& process) {
      job.world().Pause(process);
      job.After(absl::Seconds(2), [&job, paused = &process] { job.world().Resume(*paused); });
    });
  }
  job.Start();
  job.RunFor(absl::Milliseconds(1'500));
  for (int file = 0; file < 4; ++file) {
    const std::string text = absl::StrCat("a", file, "\nb\nc", file % 2, "\nd\n");
    job.machine().disk().Put(absl::StrCat("in/", file, "-0"), text);
    job.machine().disk().Put(absl::StrCat("in/", file, "-1"), text);
    job.RunFor(absl::Seconds(1));
  }
  job.RunFor(absl::Seconds(8));
  EXPECT_EQ(job.Reached("driver.worker_lost"), 0u);
  EXPECT_THAT(*calls, Each(Pair(testing::_, Eq(1)))) << "a function with effects ran twice";
  Left left;
  for (const char* directory : {"out", "recent", "sums"}) {
    const SavedOutput saved = job.Saved(directory);
    EXPECT_GE(saved.size(), 9u);
    for (const auto& [time_ms, attempts] : saved) {
      if (time_ms > saved.begin()->first + 8'000) break;  // all input is older
      EXPECT_EQ(attempts.size(), 1u);
      for (const auto& [name, attempt] : attempts) {
        EXPECT_TRUE(attempt.complete);
        for (const std::string& line : attempt.lines) {  // "(b,2)"
          const std::vector<std::string> row = absl::StrSplit(line, absl::ByAnyChar("(,)"));
          int64_t count = 0;
          EXPECT_TRUE(row.size() == 4 && absl::SimpleAtoi(row[2], &count)) << line;
          if (std::string_view(directory) == "sums") {
            left.newest_states[row[1]] = count;
          } else {
            left.counts[absl::StrCat(directory, ": ", row[1])] += count;
          }
        }
      }
    }
  }
  const checkpoint::GraphHistory history = job.History("ck");
  for (const auto& each : history.accumulators()) {
    EXPECT_TRUE(DecodeFromString(each.total(), left.rows).ok());
  }
  left.won = job.Reached("driver.speculation_won");
  return left;
}

TEST(StreamSpeculation, EachBatchCountsByOneAttemptOfEachTask) {
  uint64_t won = 0;
  const Left exact = RunWith(0, false, 1);
  EXPECT_EQ(exact.rows, 32);
  EXPECT_EQ(exact.counts.at("out: b"), 8);
  EXPECT_EQ(exact.counts.at("recent: b"), 24) << "each row is in three windows";
  EXPECT_EQ(exact.newest_states.at("b"), 8);
  for (int slow_at = 1; slow_at <= 60; slow_at += 3) {
    SCOPED_TRACE(slow_at);
    const Left left = RunWith(slow_at, true, static_cast<uint64_t>(slow_at));
    EXPECT_EQ(left.rows, exact.rows);
    EXPECT_EQ(left.counts, exact.counts);
    EXPECT_EQ(left.newest_states, exact.newest_states);
    won += left.won;
  }
  EXPECT_GT(won, 5u);
}

}  // namespace
}  // namespace wavetank::runtime::stream_speculation
