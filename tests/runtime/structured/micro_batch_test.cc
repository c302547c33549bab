// Structured queries end to end in the simulator: what they answer, step by step.
#include "runtime/structured/micro_batch.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/structured/query_jobs.h"
#include "tests/runtime/structured/query_world.h"

namespace wavetank::runtime {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class WordCountTest : public ::testing::TestWithParam<const char*> {};

TEST_P(WordCountTest, AnswersWhatANaiveCountGives) {
  QueryWorld world(1, WordCountJob(GetParam()), AvailableNow());
  PutWords(world);
  const absl::Status ended = world.RunToTheEnd();
  ASSERT_TRUE(ended.ok()) << ended;
  const auto table = world.Table();
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->last_batch, 2);
  EXPECT_THAT(table->columns, ElementsAre("word", "count"));
  EXPECT_EQ(WordsOf(*table), CountWords());

  ASSERT_EQ(world.progress.size(), 3u);
  EXPECT_EQ(world.progress[1].start_offset, 1);
  EXPECT_EQ(world.progress[1].end_offset, 2);
  EXPECT_EQ(world.progress[1].num_input_rows, 2);
  EXPECT_EQ(world.progress[2].num_rows_total, static_cast<int64_t>(CountWords().size()));
}

INSTANTIATE_TEST_SUITE_P(, WordCountTest, ::testing::Values("update", "complete"),
                         [](const auto& info) { return std::string(info.param); });

TEST(MicroBatch, FollowsTheProtocolAndSharesTheSyncOfCommitAndNextDefinition) {
  QueryWorld world(2, WordCountJob("update", "2"), AvailableNow());
  PutWords(world);
  ASSERT_TRUE(world.RunToTheEnd().ok());
  std::vector<std::string> protocol;
  for (const std::string& step : world.steps) {
    for (const char* of : {"query.", "batch.", "sink.committed"}) {
      if (step.starts_with(of)) protocol.push_back(step);
    }
  }
  EXPECT_THAT(protocol, ElementsAre("query.taken_over -1", "query.recovered -1", "batch.planned 0",
                                    "batch.defined 0", "batch.run 0", "batch.prepared 0",
                                    "sink.committed 0", "batch.planned 1", "batch.committed 0",
                                    "batch.defined 1", "batch.run 1", "batch.prepared 1",
                                    "sink.committed 1", "batch.committed 1", "query.stopped 1"));
}

TEST(MicroBatch, AppendsAWindowOnceItsWatermarkHasPassedAlsoAcrossRestarts) {
  QueryWorld world(3, WindowedJob, AvailableNow());
  const auto run = [&](const std::string& file, const std::string& lines) {
    world.Put(file, lines);
    const absl::Status ended = world.RunToTheEnd();
    EXPECT_TRUE(ended.ok()) << ended;
    const auto table = world.Table();
    EXPECT_TRUE(table.ok()) << table.status();
    return table.ok() ? WindowsOf(*table) : std::vector<std::string>();
  };
  EXPECT_THAT(run("1", "10\n11\n12\n13\n14\n15\n"), IsEmpty());
  // The watermark is 15 now: a batch without data makes [10, 15) final.
  EXPECT_THAT(run("2", "25\n"), ElementsAre("10 5"));
  // 10 is late; the watermark becomes 20.
  EXPECT_THAT(run("3", "10\n27\n30\n"), UnorderedElementsAre("10 5", "15 1"));
  EXPECT_EQ(world.progress[world.progress.size() - 2].num_rows_dropped_by_watermark, 1);
  EXPECT_THAT(run("4", "17\n"), UnorderedElementsAre("10 5", "15 1"));
  EXPECT_THAT(run("5", "40\n"), UnorderedElementsAre("10 5", "15 1", "25 2"));
}

TEST(MicroBatch, APeriodicTriggerTakesWhatHasComeByEachTickAndStopEndsIt) {
  QueryJob job = [](Session& session) {
    session.ReadStream()
        .Format("text")
        .Load("in")
        .Select({Col("value")})
        .WriteStream()
        .QueryName("lines")
        .OutputMode("append")
        .Format("file")
        .Option("path", "out")
        .Option("checkpointLocation", "checkpoint")
        .ProcessingTime(absl::Seconds(10))
        .Start();
  };
  platform::Event stop;
  QueryWorld world(11, job, {.stop = &stop});
  world.Put("a", "1\n");
  world.StartDriver();
  for (const char* name : {"b", "c", "d"}) {
    world.world().RunFor(absl::Seconds(9));
    world.Put(name, "1\n");
  }
  world.world().RunFor(absl::Seconds(60));
  ASSERT_FALSE(world.driver_ended().has_value()) << *world.driver_ended();
  // At once, then at ticks, each with all that had come: 9 s, 18 s and 27 s lie before three.
  ASSERT_EQ(world.progress.size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(world.progress[i].num_input_rows, 1) << i;
  EXPECT_LT(world.progress[3].batch_duration, absl::Seconds(5));
  stop.Set();
  world.world().RunFor(absl::Seconds(20));
  ASSERT_TRUE(world.driver_ended().has_value());
  EXPECT_TRUE(world.driver_ended()->ok()) << *world.driver_ended();
  EXPECT_THAT(world.steps, Contains("query.stopped 3"));
  EXPECT_EQ(world.Table()->rows.size(), 4u);
}

}  // namespace
}  // namespace wavetank::runtime
