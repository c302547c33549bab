// Structured queries end to end in the simulator: what they answer, step by step.
#include "runtime/structured/micro_batch.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/status_macros.h"
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

TEST(MicroBatch, WhatWasAvailableAndIsGoneStopsTheQueryByName) {
  QueryWorld world(3, WordCountJob("update"), AvailableNow());
  PutWords(world);
  world.StartDriver();
  world.RunUntilStep("batch.defined 0");
  world.world().machine("m").disk().LoseFile("store/in/c.txt");
  world.world().RunUntil([&] { return !world.world().process("driver").alive(); });
  ASSERT_TRUE(world.driver_ended());
  EXPECT_TRUE(absl::IsDataLoss(*world.driver_ended())) << *world.driver_ended();
  EXPECT_THAT(std::string(world.driver_ended()->message()),
              ::testing::HasSubstr("in/c.txt vanished after it was listed"));
  const auto table = world.Table();
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->last_batch, 1);
}

// The query fails for it and begins anew several times, and what is available stays what it was.
TEST(MicroBatch, WhatIsAvailableIsWaitedForWhenItsDirectoryIsAway) {
  for (const char* step : {"query.recovered", "batch.defined 0", "batch.committed 0",
                           "batch.defined 1", "batch.committed 1"}) {
    SCOPED_TRACE(step);
    QueryWorld world(4, WordCountJob("update"), AvailableNow());
    PutWords(world);
    world.StartDriver();
    world.RunUntilStep(step);
    simulator::SimDisk& disk = world.world().machine("m").disk();
    disk.TakeAway("store/in", simulator::SimDisk::InPlace::kNothing);
    world.world().RunFor(absl::Seconds(4));
    disk.BringBack("store/in");
    world.Put("d.txt", "later");
    world.world().RunUntil([&] { return !world.world().process("driver").alive(); });
    ASSERT_TRUE(world.driver_ended());
    EXPECT_TRUE(world.driver_ended()->ok()) << *world.driver_ended();
    const auto table = world.Table();
    ASSERT_TRUE(table.ok()) << table.status();
    EXPECT_EQ(WordsOf(*table), CountWords());
  }
}

enum class Sink { kThere, kAway };

// Asks before each listing of the input, which fails so. Nothing of a sink that is away can be
// written.
class TappedStore final : public checkpoint::Store {
 public:
  TappedStore(std::unique_ptr<checkpoint::Store> inner, Sink sink,
              std::function<absl::Status()> on_listing)
      : inner_(std::move(inner)), sink_(sink), on_listing_(std::move(on_listing)) {}
  Task<absl::Status> CreateIfAbsent(std::string path, std::string content) override {
    if (sink_ == Sink::kAway && path.starts_with("out/")) {
      co_return absl::UnavailableError("the sink is away");
    }
    co_return co_await inner_->CreateIfAbsent(std::move(path), std::move(content));
  }
  Task<absl::Status> Append(std::string path, uint64_t offset, std::string bytes) override {
    return inner_->Append(std::move(path), offset, std::move(bytes));
  }
  Task<absl::StatusOr<std::string>> Read(std::string path, uint64_t offset,
                                         uint64_t length) override {
    return inner_->Read(std::move(path), offset, length);
  }
  Task<absl::StatusOr<std::vector<checkpoint::StoredFile>>> List(std::string directory) override {
    return inner_->List(std::move(directory));
  }
  // With this every look for new input begins.
  Task<absl::StatusOr<std::vector<std::string>>> ListNames(std::string directory) override {
    if (directory == "in") WT_CO_RETURN_IF_ERROR(on_listing_());
    co_return co_await inner_->ListNames(std::move(directory));
  }
  Task<absl::StatusOr<std::string>> Identify(std::string directory) override {
    return inner_->Identify(std::move(directory));
  }
  Task<absl::Status> Link(std::string from, std::string to) override {
    return inner_->Link(std::move(from), std::move(to));
  }
  Task<absl::Status> Remove(std::string path) override { return inner_->Remove(std::move(path)); }

 private:
  const std::unique_ptr<checkpoint::Store> inner_;
  const Sink sink_;
  const std::function<absl::Status()> on_listing_;
};

TEST(MicroBatch, LooksForNoFilesWhileItWaitsToBeginAnew) {
  QueryWorld world(5, WordCountJob("update"), {.restart_backoff = absl::Minutes(1)});
  int listed = 0;
  world.wrap_driver_store = [&listed](std::unique_ptr<checkpoint::Store> inner) {
    return std::make_unique<TappedStore>(std::move(inner), Sink::kAway, [&listed] {
      ++listed;
      return absl::OkStatus();
    });
  };
  world.StartDriver();
  world.RunUntilStep("query.taken_over -1");
  world.world().RunFor(absl::Seconds(20));
  EXPECT_GT(listed, 0);
  const int before = std::exchange(listed, 0);
  world.world().RunFor(absl::Seconds(20));
  EXPECT_EQ(listed, 0) << before << " before";
  world.world().RunFor(absl::Minutes(1));
  EXPECT_GT(listed, 0) << "it began anew";
  EXPECT_FALSE(world.driver_ended());
}

// Its input is away for an instant after each batch that it commits.
TEST(MicroBatch, CountsRestartsInARowWithoutABatchInBetween) {
  QueryWorld world(13, WordCountJob("update"),
                   {.trigger = TriggerKind::kAvailableNow, .max_restarts = 2});
  for (int i = 0; i < 8; ++i) world.Put(absl::StrCat(i, ".txt"), "word\n");
  size_t committed = 0;
  int failed = 0;
  world.wrap_driver_store = [&](std::unique_ptr<checkpoint::Store> inner) {
    return std::make_unique<TappedStore>(std::move(inner), Sink::kThere, [&]() -> absl::Status {
      if (world.progress.size() == std::exchange(committed, world.progress.size())) return {};
      ++failed;
      return absl::UnavailableError("the input is away");
    });
  };
  const std::optional<absl::Status> ended = world.RunDriver();
  ASSERT_TRUE(ended);
  EXPECT_TRUE(ended->ok()) << *ended;
  EXPECT_GT(failed, 3) << "more often than it may begin anew in a row";
  EXPECT_EQ(world.Table()->last_batch, 7);
}

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

// The listing that is under way then finds input, after the query was told to stop. (The first one
// is the start's, which looks at what the directory is.)
TEST(MicroBatch, BeginsNoOtherBatchOnceItIsAskedToStop) {
  for (const int listing : {3, 4}) {
    SCOPED_TRACE(listing);
    platform::Event stop;
    QueryWorld world(12, WordCountJob("update"), {.stop = &stop});
    PutWords(world);
    int listed = 0;
    world.wrap_driver_store = [&](std::unique_ptr<checkpoint::Store> inner) {
      return std::make_unique<TappedStore>(std::move(inner), Sink::kThere, [&] {
        if (++listed == listing) stop.Set();
        return absl::OkStatus();
      });
    };
    const std::optional<absl::Status> ended = world.RunDriver();
    ASSERT_TRUE(ended);
    EXPECT_TRUE(ended->ok()) << *ended;
    EXPECT_EQ(world.Table()->last_batch, listing - 3) << "each batch is one of listed files";
  }
}

TEST(MicroBatch, APeriodicTriggerTakesWhatHasComeByEachTickAndStopEndsIt) {
  const QueryJob job = LinesJob(absl::Seconds(10));
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
