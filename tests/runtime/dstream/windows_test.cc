// Windows: which batches' rows are in one, when it has rows, and that it is whole after a driver's
// death.
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/collect.h"

namespace wavetank::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr absl::Duration kBatch = absl::Seconds(1);

DStream<int> Numbers(StreamingContext& ssc) {
  return ssc.QueueStream<int>({{1, 10}, {2}, {}, {4}, {5}});
}

TEST(DStreamWindows, HaveTheRowsOfTheNewestBatchesOldestFirst) {
  const auto rows = Collect<int>(
      7, [](StreamingContext& ssc) { return Numbers(ssc).Window(3 * kBatch, kBatch); });
  EXPECT_THAT(rows.batches,
              ElementsAre(ElementsAre(1, 10), ElementsAre(1, 10, 2), ElementsAre(1, 10, 2),
                          ElementsAre(2, 4), ElementsAre(4, 5), ElementsAre(4, 5), ElementsAre(5)));
}

TEST(DStreamWindows, SlideByBatches) {
  const auto rows = Collect<int>(
      3, [](StreamingContext& ssc) { return Numbers(ssc).Window(3 * kBatch, 2 * kBatch); });
  EXPECT_THAT(rows.batches,
              ElementsAre(ElementsAre(1, 10, 2), ElementsAre(2, 4), ElementsAre(4, 5)));
  EXPECT_EQ(rows.times[1] - rows.times[0], 2 * kBatch);
  const auto tumbling = Collect<int>(
      2, [](StreamingContext& ssc) { return Numbers(ssc).Window(2 * kBatch, 2 * kBatch); });
  EXPECT_THAT(tumbling.batches, ElementsAre(ElementsAre(1, 10, 2), ElementsAre(4)));
}

TEST(DStreamWindows, OfAWindowTakesItsSlides) {
  const auto rows = Collect<int>(2, [](StreamingContext& ssc) {
    return Numbers(ssc).Window(2 * kBatch, 2 * kBatch).Window(4 * kBatch, 2 * kBatch);
  });
  EXPECT_THAT(rows.batches, ElementsAre(ElementsAre(1, 10, 2), ElementsAre(1, 10, 2, 4)));
}

TEST(DStreamWindows, MayBeShuffledBeforeAndAfter) {
  using Row = std::pair<int, int>;
  const std::function<DStream<Row>(StreamingContext&)> plans[] = {
      [](StreamingContext& ssc) {
        return Numbers(ssc)
            .Map([](int row) { return Row(row % 2, row); })
            .ReduceByKeyAndWindow(std::plus<>(), 3 * kBatch, kBatch, 1);
      },
      [](StreamingContext& ssc) {
        return Numbers(ssc)
            .Map([](int row) { return Row(row % 2, row); })
            .ReduceByKey(std::plus<>())
            .Window(3 * kBatch)
            .ReduceByKey(std::plus<>(), 1);
      }};
  for (const auto& plan : plans) {
    const auto rows = Collect<Row>(5, plan);
    EXPECT_THAT(rows.batches[0], UnorderedElementsAre(Row(1, 1), Row(0, 10)));
    EXPECT_THAT(rows.batches[2], UnorderedElementsAre(Row(1, 1), Row(0, 12)));
    EXPECT_THAT(rows.batches[4], UnorderedElementsAre(Row(0, 4), Row(1, 5)));
  }
}

TEST(DStreamWindows, CountAlsoWhatIsNotThere) {
  const auto counts = Collect<int64_t>(
      8, [](StreamingContext& ssc) { return Numbers(ssc).CountByWindow(2 * kBatch, kBatch); });
  EXPECT_THAT(counts.batches,
              ElementsAre(ElementsAre(2), ElementsAre(3), ElementsAre(1), ElementsAre(1),
                          ElementsAre(2), ElementsAre(1), ElementsAre(0), ElementsAre(0)));
}

TEST(DStreamWindows, OutputsOfOneJobMayBeDueAtDifferentTimes) {
  std::vector<std::string> shown;
  SimJob job({.seed = 1}, [&shown](StreamingContext& ssc) {
    const auto numbers = Numbers(ssc);
    const auto show = [&shown](const char* name) {
      return [&shown, name](const Rdd<int>& rdd) {
        shown.push_back(absl::StrCat(name, " ", rdd.Count()));
      };
    };
    numbers.ForeachRDD(show("batch"));
    numbers.Window(3 * kBatch, 3 * kBatch).ForeachRDD(show("window"));
  });
  job.Start();
  while (shown.size() < 5) job.RunFor(absl::Seconds(1));
  EXPECT_THAT(shown, ElementsAre("batch 2", "batch 1", "batch 0", "window 3", "batch 1"));
}

TEST(DStreamWindows, AreOfWholeSlidesAndMeetWhatSlidesAlike) {
  const auto error = [](const std::function<void(DStream<int>)>& plan) {
    StreamingContext ssc(kBatch);
    plan(Numbers(ssc));
    return std::string(ssc.graph().Validate().message());
  };
  EXPECT_THAT(error([](DStream<int> rows) { rows.Window(2.5 * kBatch, kBatch).Print(); }),
              HasSubstr("operator 1 (Window): a window of 2.5s every 1s of a stream that has rows "
                        "every 1s: give multiples of that"));
  EXPECT_THAT(error([](DStream<int> rows) { rows.Window(kBatch, absl::ZeroDuration()).Print(); }),
              HasSubstr("give multiples of that"));
  EXPECT_THAT(error([](DStream<int> rows) {
                rows.Window(2 * kBatch, 2 * kBatch).Window(3 * kBatch, 2 * kBatch).Print();
              }),
              HasSubstr("every 2s: give multiples of that"));
  EXPECT_THAT(
      error([](DStream<int> rows) { rows.Union(rows.Window(2 * kBatch, 2 * kBatch)).Print(); }),
      HasSubstr("(Union): its streams have rows every 1s and every 2s: give their windows "
                "one slide"));
  EXPECT_THAT(
      error([](DStream<int> rows) { rows.CountByValue().Window(absl::Hours(2), kBatch).Print(); }),
      HasSubstr("more than 10000 stages"));
  EXPECT_EQ(error([](DStream<int> rows) { rows.Window(absl::Hours(2), kBatch).Print(); }), "");
}

// Files that come every 1.3 s, their words over three batches.
void RecentWords(StreamingContext& ssc) {
  ssc.Checkpoint("ck");
  ssc.TextFileStream("in")
      .Map([](std::string line) { return std::pair(std::move(line), 1); })
      .ReduceByKeyAndWindow(std::plus<>(), 3 * kBatch, kBatch)
      .SaveAsTextFiles("out/recent");
}

// By batch, in the order of batch times; each complete.
std::vector<std::vector<std::string>> Recent(SimJob& job) {
  std::vector<std::vector<std::string>> batches;
  for (const auto& [time_ms, attempts] : job.Saved("out")) {
    for (const auto& [name, attempt] : attempts) {
      if (!attempt.complete) continue;
      batches.push_back(attempt.lines);
      break;
    }
  }
  return batches;
}

TEST(DStreamWindows, AreWholeAfterADriversDeath) {
  for (const bool power_loss : {false, true}) {
    for (const char* step : {"dstream.batch_input_logged", "dstream.batch_completed"}) {
      SimJob job({.seed = 3}, RecentWords);
      job.Start();
      job.RunFor(absl::Seconds(1));
      if (power_loss) {
        job.LosePowerAt(step, 4, absl::Milliseconds(100));
      } else {
        job.CrashAt(step, 4, absl::Milliseconds(100));
      }
      for (int i = 0; i < 6; ++i) {
        job.machine().disk().Put(absl::StrCat("in/", i), absl::StrCat("w", i, "\n"));
        job.RunFor(absl::Milliseconds(1'000));
      }
      job.RunFor(absl::Seconds(5));
      EXPECT_EQ(job.strikes(), 1) << step;
      // Each word is in three batches that follow one another.
      std::map<std::string, std::vector<size_t>> seen;
      const auto batches = Recent(job);
      for (size_t i = 0; i < batches.size(); ++i) {
        for (const std::string& line : batches[i]) seen[line].push_back(i);
      }
      EXPECT_EQ(seen.size(), 6U) << step;
      for (const auto& [line, in] : seen) {
        ASSERT_EQ(in.size(), 3U) << step << " " << line;
        EXPECT_EQ(in[2], in[0] + 2) << line;
      }
    }
  }
}

// What recent words are after so many files, one a batch: each in three batches that follow on one
// another, with its batch as often as `times` says.
void ExpectEachInThreeBatches(SimJob& job, size_t words) {
  std::map<std::string, std::vector<size_t>> seen;
  const auto batches = Recent(job);
  for (size_t i = 0; i < batches.size(); ++i) {
    for (const std::string& line : batches[i]) seen[line].push_back(i);
  }
  EXPECT_EQ(seen.size(), words);
  for (const auto& [line, in] : seen) {
    ASSERT_EQ(in.size(), 3U) << line;
    EXPECT_EQ(in[2], in[0] + 2) << line;
  }
}

TEST(DStreamWindows, KeepWhatTheirBatchesHaveWritten) {
  const JobPlan plans[] = {
      RecentWords,
      [](StreamingContext& ssc) {
        ssc.Checkpoint("ck");
        ssc.TextFileStream("in")
            .Map([](std::string line) { return std::pair(std::move(line), 1); })
            .ReduceByKeyAndWindow(std::plus<>(), std::minus<>(), 3 * kBatch, kBatch)
            .SaveAsTextFiles("out/recent");
      },
      [](StreamingContext& ssc) {
        ssc.Checkpoint("ck");
        ssc.TextFileStream("in")
            .Map([](std::string line) { return std::pair(std::move(line), 1); })
            .Persist()
            .Window(3 * kBatch)
            .SaveAsTextFiles("out/recent");
      },
      [](StreamingContext& ssc) {
        ssc.Checkpoint("ck");
        ssc.TextFileStream("in").CountByValue().Window(3 * kBatch).SaveAsTextFiles("out/recent");
      }};
  for (const JobPlan& plan : plans) {
    SimJob job({.seed = 3}, plan);
    job.Start();
    job.RunFor(absl::Seconds(1));
    for (int i = 0; i < 5; ++i) {
      job.machine().disk().Put(absl::StrCat("in/", i), absl::StrCat("w", i, "\n"));
      job.RunFor(absl::Milliseconds(1'000));
      // It is read once.
      if (i > 0) job.machine().disk().LoseFile(absl::StrCat("in/", i - 1));
    }
    job.RunFor(absl::Seconds(5));
    EXPECT_THAT(job.ended(), IsEmpty());
    ExpectEachInThreeBatches(job, 5);
    EXPECT_EQ(job.Reached("dstream.kept_blocks_lost"), 0U);
  }
}

TEST(DStreamWindows, AreWholeAfterAWorkersDeath) {
  uint64_t lost = 0;
  for (const char* step : {"task.started", "shuffle.written", "shuffle.served", "task.finished"}) {
    for (const int occurrence : {7, 12, 17, 23}) {
      for (const absl::Duration restart_after : {absl::Milliseconds(100), absl::Seconds(20)}) {
        SCOPED_TRACE(testing::Message() << step << " " << occurrence << " " << restart_after);
        SimJob job({.seed = 3, .workers = 3}, RecentWords);
        job.Start();
        job.RunFor(absl::Seconds(1));
        job.CrashAt(step, occurrence, restart_after);
        for (int i = 0; i < 6; ++i) {
          job.machine().disk().Put(absl::StrCat("in/", i), absl::StrCat("w", i, "\n"));
          job.RunFor(absl::Milliseconds(1'000));
        }
        job.RunFor(absl::Seconds(8));
        EXPECT_THAT(job.ended(), IsEmpty());
        ExpectEachInThreeBatches(job, 6);
        lost += job.Reached("dstream.kept_blocks_lost");
      }
    }
  }
  EXPECT_GT(lost, 0U) << "while a batch ran that was to read it";
}

// Everything that is kept is dropped, and made again: that is slow, and right.
TEST(DStreamWindows, AreWholeWithWorkersThatHaveNoRoom) {
  for (const size_t bytes : {size_t{0}, size_t{200}}) {
    SimJob job({.seed = 3, .kept_bytes_max = bytes}, RecentWords);
    job.Start();
    job.RunFor(absl::Seconds(1));
    for (int i = 0; i < 5; ++i) {
      job.machine().disk().Put(absl::StrCat("in/", i), absl::StrCat("w", i, "\n"));
      job.RunFor(absl::Milliseconds(1'000));
    }
    job.RunFor(absl::Seconds(5));
    EXPECT_THAT(job.ended(), IsEmpty());
    ExpectEachInThreeBatches(job, 5);
  }
}

TEST(DStreamPersist, MakesRowsOnceForAllThatReadThem) {
  const auto calls = std::make_shared<int>(0);
  std::vector<int> shown;
  SimJob job({.seed = 1}, [&](StreamingContext& ssc) {
    const auto rows = ssc.QueueStream<int>({{1, 2}, {3}}).Map([calls](int row) {
      ++*calls;
      return row * 10;
    });
    rows.Persist();
    const auto show = [&shown](const Rdd<int>& rdd) {
      for (const int row : rdd.Collect()) shown.push_back(row);
    };
    rows.ForeachRDD(show);
    rows.Filter([](int row) { return row > 10; }).ForeachRDD(show);
    rows.Union(rows).ForeachRDD(show);
  });
  job.Start();
  job.RunFor(absl::Seconds(4));
  EXPECT_THAT(shown, ElementsAre(10, 20, 20, 10, 20, 10, 20, 30, 30, 30, 30));
  EXPECT_EQ(*calls, 3);
}

}  // namespace
}  // namespace wavetank::runtime
