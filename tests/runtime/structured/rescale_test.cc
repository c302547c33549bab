// State laid out in another number of partitions, between the batches of a query and under every
// crash of who does it.
#include "runtime/structured/rescale.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/structured/query_jobs.h"
#include "tests/runtime/structured/query_world.h"

namespace wavetank::runtime {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAreArray;

QueryOptions InPartitions(int partitions) {
  QueryOptions options = AvailableNow();
  options.shuffle_partitions = partitions;
  return options;
}

// One after the other, as files come, and the state rescaled in between.
void RunBatches(QueryWorld& world, const std::vector<std::map<std::string, std::string>>& files,
                const std::vector<int>& partitions) {
  for (size_t i = 0; i < files.size(); ++i) {
    PutFiles(files[i], world);
    const absl::Status ended = world.RunToTheEnd();
    ASSERT_TRUE(ended.ok()) << ended;
    if (i >= partitions.size()) continue;
    const auto rescaled = world.Rescale(partitions[i]);
    ASSERT_TRUE(rescaled.has_value());
    ASSERT_TRUE(rescaled->ok()) << rescaled->status();
    EXPECT_EQ((*rescaled)->after, partitions[i]);
    const auto history = world.History();
    ASSERT_TRUE(history.ok()) << history.status();
    EXPECT_EQ(history->layout()->partitions(), partitions[i]);
    EXPECT_EQ(history->StatesAfter(history->batches().back()).size(),
              partitions[i] * history->layout()->operators_size());
  }
}

// A start with options of its own, beside the world's workers.
absl::Status RunWith(const QueryOptions& options, QueryWorld& world) {
  world.StartDriver();  // and its workers
  world.world().RunUntil([&] { return !world.world().process("driver").alive(); });
  std::optional<absl::Status> ended;
  world.RunAside(
      [&](platform::Node& node) { return world.DriverMain(node, "m:7001", options, ended); });
  return ended.value_or(absl::InternalError("the driver does not end"));
}

std::vector<std::map<std::string, std::string>> WordBatches() {
  std::vector<std::map<std::string, std::string>> batches;
  for (const auto& [name, text] : WordFiles()) batches.push_back({{"in/" + name, text}});
  return batches;
}

TEST(Rescale, FromFourToSevenAndBackCountsOn) {
  QueryWorld world(1, WordCountJob("update"), AvailableNow());
  RunBatches(world, WordBatches(), {4, 7, 4});
  EXPECT_EQ(WordsOf(*world.Table()), CountWords());
  world.Put("d.txt", "to\n");
  ASSERT_TRUE(world.RunToTheEnd().ok());
  std::map<std::string, int64_t> expected = CountWords();
  ++expected["to"];
  EXPECT_EQ(WordsOf(*world.Table()), expected);
  EXPECT_EQ(world.History()->batches().back().prepared->states_size(), 4);
}

// Joins, duplicates, and an aggregate behind them: keys that are whole rows, and times in state.
TEST(Rescale, SeveralOperatorsAndTheirIndexes) {
  for (const int first : {1, 3, 5}) {
    for (const int second : {1, 2, 7}) {
      QueryWorld world(2, JoinedJob, AvailableNow());
      RunBatches(world, JoinedBatches(), {first, second});
      ASSERT_FALSE(HasFatalFailure()) << first << ", " << second;
      EXPECT_THAT(WindowsOf(*world.Table()), UnorderedElementsAreArray(JoinedWindows()))
          << first << ", " << second;
    }
  }
}

TEST(Rescale, AStartThatAsksForAnotherNumberIsRefusedAndChangesNothing) {
  QueryWorld world(3, WordCountJob("update"), InPartitions(3));
  PutWords(world);
  ASSERT_TRUE(world.RunToTheEnd().ok());
  const auto rescaled = world.Rescale(5);
  ASSERT_TRUE(rescaled->ok()) << rescaled->status();
  EXPECT_EQ((*rescaled)->before, 3);
  EXPECT_EQ((*rescaled)->batches, 3);
  EXPECT_EQ((*rescaled)->operators, 1);
  const size_t records = world.History()->layouts().size();
  world.steps.clear();
  const std::optional<absl::Status> refused = world.RunDriver();
  ASSERT_TRUE(refused.has_value());
  EXPECT_THAT(world.steps, Not(Contains(StartsWith("query.taken_over"))));
  EXPECT_THAT(refused->message(), HasSubstr("keeps state in partitions: 5, and this start asks "
                                            "for 3"));
  EXPECT_THAT(refused->message(), HasSubstr("wavetank rescale --partitions=3"));
  EXPECT_EQ(world.History()->layouts().size(), records);
  // To what there is: nothing is written.
  const auto same = world.Rescale(5);
  ASSERT_TRUE(same->ok()) << same->status();
  EXPECT_EQ((*same)->before, (*same)->after);
  EXPECT_EQ(world.History()->layouts().size(), records);
}

TEST(Rescale, AStartMayAskForTheNumberThatThereIs) {
  QueryWorld world(10, WordCountJob("update"), InPartitions(3));
  PutWords(world);
  ASSERT_TRUE(world.RunToTheEnd().ok());
  const auto rescaled = world.Rescale(5);
  ASSERT_TRUE(rescaled->ok()) << rescaled->status();
  world.Put("d.txt", "to\n");
  const absl::Status ended = RunWith(InPartitions(5), world);
  ASSERT_TRUE(ended.ok()) << ended;
  std::map<std::string, int64_t> expected = CountWords();
  ++expected["to"];
  EXPECT_EQ(WordsOf(*world.Table()), expected);
}

// Before there is a batch nothing is bound to the number but what was asked for last.
TEST(Rescale, AQueryWithoutABatchKeepsWhatItWasAskedFor) {
  QueryWorld world(8, WordCountJob("update"), InPartitions(4));
  ASSERT_TRUE(world.RunToTheEnd().ok());
  EXPECT_EQ(world.History()->layout()->partitions(), 4);
  const absl::Status ended = RunWith(AvailableNow(), world);
  ASSERT_TRUE(ended.ok()) << ended;
  EXPECT_EQ(world.History()->layout()->partitions(), 4);
  const auto rescaled = world.Rescale(6);
  ASSERT_TRUE(rescaled->ok()) << rescaled->status();
  EXPECT_EQ(world.History()->layout()->partitions(), 6);
  // Nothing is bound to that either.
  const std::optional<absl::Status> asks_for_4 = world.RunDriver();
  ASSERT_TRUE(asks_for_4 && asks_for_4->ok()) << *asks_for_4;
  EXPECT_EQ(world.History()->layout()->partitions(), 4);
}

// Who died at taking the log over has left it to the next, who may be the rescaler.
TEST(Rescale, ALogThatIsNotSealedIsTakenOver) {
  QueryWorld world(9, WordCountJob("update"), AvailableNow());
  PutWords(world);
  ASSERT_TRUE(world.RunToTheEnd().ok());
  world.SetFault({.step = "fenced_log.epoch_created", .process = ""});
  ASSERT_FALSE(world.RunDriver().has_value());
  const auto rescaled = world.Rescale(4);
  ASSERT_TRUE(rescaled->ok()) << rescaled->status();
  EXPECT_EQ(world.History()->layout()->partitions(), 4);
}

TEST(Rescale, WhatItRefuses) {
  const auto message = [](QueryWorld& world, int partitions,
                          const std::string& checkpoint = "checkpoint") {
    const auto rescaled = world.Rescale(partitions, checkpoint);
    EXPECT_TRUE(rescaled.has_value() && !rescaled->ok());
    return std::string((*rescaled).status().message());
  };
  {
    QueryWorld world(4, WordCountJob("update"), AvailableNow());
    EXPECT_NE(message(world, 4), "");  // nothing is there
    PutWords(world);
    world.SetFault({.step = "batch.prepared", .process = ""});
    ASSERT_FALSE(world.RunDriver().has_value());
    EXPECT_THAT(message(world, 4), HasSubstr("batch 0 is under way: start the job as it was"));
    world.SetFault({.step = "", .process = "nobody"});
    ASSERT_TRUE(world.RunToTheEnd().ok());
    EXPECT_THAT(message(world, 0), HasSubstr("from 1 to 1024"));
    EXPECT_THAT(message(world, 1025), HasSubstr("from 1 to 1024"));
    EXPECT_NE(message(world, 4, "out"), "");
    const auto rescaled = world.Rescale(4);
    EXPECT_TRUE(rescaled->ok()) << rescaled->status();
  }
  QueryWorld stateless(5, LinesJob(absl::ZeroDuration()), AvailableNow());
  PutWords(stateless);
  ASSERT_TRUE(stateless.RunToTheEnd().ok());
  EXPECT_THAT(message(stateless, 4), HasSubstr("the query keeps none"));
}

// Whatever call of the rescaler is its last: the checkpoint is in the one number of partitions or
// in the other, and the query counts on.
class RescaleSweep : public ::testing::TestWithParam<bool> {};

TEST_P(RescaleSweep, WhereverACallEndsIt) {
  const bool power_loss = GetParam();
  int before = 0;
  int after = 0;
  for (uint64_t number = 1;; ++number) {
    QueryWorld world(6, JoinedJob, AvailableNow());
    const auto batches = JoinedBatches();
    RunBatches(world, {batches[0], batches[1]}, {});
    const QueryFault fault{
        .step = "", .process = "rescaler", .number = number, .power_loss = power_loss};
    world.SetFault(fault);
    world.Rescale(3);
    if (!world.fired()) break;
    const auto history = world.History();
    // Its log may not be sealed yet: nothing of it counts then.
    if (!absl::IsUnavailable(history.status())) {
      ASSERT_TRUE(history.ok()) << fault.ToText() << ": " << history.status();
    }
    ++(history.ok() && history->layout()->partitions() == 3 ? after : before);
    RunBatches(world, {batches[2]}, {});
    ASSERT_FALSE(HasFatalFailure()) << fault.ToText();
    ASSERT_THAT(WindowsOf(*world.Table()), UnorderedElementsAreArray(JoinedWindows()))
        << fault.ToText();
  }
  EXPECT_GT(before, 30);
  EXPECT_GT(after, 0);
}

INSTANTIATE_TEST_SUITE_P(, RescaleSweep, ::testing::Bool(), [](const auto& info) {
  return std::string(info.param ? "PowerLoss" : "Crash");
});

// A job that runs all the same ends with its next batch, and another start goes on.
TEST(Rescale, AJobThatRunsLosesItsLogAndNothingElse) {
  QueryWorld world(7, WordCountJob("update"));
  PutWords(world);
  world.StartDriver();
  world.world().RunUntil([&] { return world.progress.size() == 3; });
  world.world().RunFor(absl::Seconds(1));
  const auto rescaled = world.Rescale(5);
  ASSERT_TRUE(rescaled.has_value());
  ASSERT_TRUE(rescaled->ok()) << rescaled->status();
  ASSERT_FALSE(world.driver_ended().has_value());
  world.Put("d.txt", "to\n");
  world.world().RunUntil([&] { return !world.world().process("driver").alive(); });
  ASSERT_TRUE(world.driver_ended().has_value());
  EXPECT_EQ(world.driver_ended()->code(), absl::StatusCode::kAborted) << *world.driver_ended();
  std::optional<absl::Status> ended;
  world.RunAside([&](platform::Node& node) {
    return world.DriverMain(node, "m:7001", AvailableNow(), ended);
  });
  ASSERT_TRUE(ended.has_value());
  ASSERT_TRUE(ended->ok()) << *ended;
  std::map<std::string, int64_t> expected = CountWords();
  ++expected["to"];
  EXPECT_EQ(WordsOf(*world.Table()), expected);
  EXPECT_EQ(world.History()->batches().back().prepared->states_size(), 5);
}

}  // namespace
}  // namespace wavetank::runtime
