// What structured queries still answer when a process or the machine ends at any step or call.
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/structured/micro_batch.h"
#include "tests/runtime/structured/query_jobs.h"
#include "tests/runtime/structured/query_world.h"

namespace wavetank::runtime {
namespace {

using checkpoint::RecoveryDecision;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// What was promised of the sink and the log at any instant: the sink shows the batches up to some k
// between the last commit and the last definition, and k never falls.
void CheckBetween(QueryWorld& world, int64_t& shown, const std::string& where) {
  const auto history = world.History();
  if (!history.ok()) {
    EXPECT_TRUE(absl::IsUnavailable(history.status())) << where << ": " << history.status();
    return;
  }
  const auto table = world.Table();
  if (!table.ok()) {
    EXPECT_TRUE(absl::IsUnavailable(table.status())) << where << ": " << table.status();
    return;
  }
  int64_t defined = -1;
  int64_t committed = -1;
  for (const checkpoint::BatchHistory& batch : history->batches()) {
    defined = batch.definition.batch_id();
    if (batch.commit) committed = defined;
  }
  EXPECT_LE(committed, table->last_batch) << where;
  EXPECT_LE(table->last_batch, defined) << where;
  EXPECT_LE(shown, table->last_batch) << where;
  shown = table->last_batch;
}

enum class SweptJob { kWords, kWindows, kJoined };

void PutSwept(SweptJob job, QueryWorld& world) {
  if (job == SweptJob::kWords) {
    PutWords(world);
  } else if (job == SweptJob::kJoined) {
    PutJoined(world);
  } else {
    world.Put("1", "10\n11\n12\n13\n14\n15\n");
    world.Put("2", "25\n10\n");
    world.Put("3", "27\n3\n30\n");
  }
}

// True when the fault was reached.
bool SurvivesFault(SweptJob job, uint64_t seed, const QueryFault& fault, QueryWorld& world) {
  const std::string where = absl::StrCat(fault.ToText(), ", seed ", seed);
  PutSwept(job, world);
  world.SetFault(fault);
  const std::optional<absl::Status> first = world.RunDriver();
  // What comes after the last batch hits the workers, or who reads the table, and not the query.
  const bool fired = world.fired();
  world.SetFault({.step = "", .process = "nobody"});
  int64_t shown = -1;
  if (!first) CheckBetween(world, shown, where);
  if (first) {
    EXPECT_TRUE(first->ok()) << where << ": " << *first;
  } else {
    const absl::Status ended = world.RunToTheEnd();
    EXPECT_TRUE(ended.ok()) << where << ": " << ended;
  }
  CheckBetween(world, shown, where);
  const auto table = world.Table();
  EXPECT_TRUE(table.ok()) << where << ": " << table.status();
  if (!table.ok()) return fired;
  if (job == SweptJob::kWords) {
    EXPECT_EQ(WordsOf(*table), CountWords()) << where;
  } else if (job == SweptJob::kJoined) {
    EXPECT_THAT(WindowsOf(*table), ::testing::UnorderedElementsAreArray(JoinedWindows())) << where;
  } else {
    // 10, in file 2, is in time; 3, in file 3, is late however the batches are cut.
    EXPECT_THAT(WindowsOf(*table), UnorderedElementsAre("10 6", "15 1")) << where;
  }
  return fired;
}

QueryJob SweptJobOf(SweptJob job) {
  if (job == SweptJob::kWords) return WordCountJob("update");
  return job == SweptJob::kWindows ? QueryJob(WindowedJob) : QueryJob(JoinedJob);
}

class MicroBatchSweep : public ::testing::TestWithParam<std::tuple<SweptJob, bool>> {};

TEST_P(MicroBatchSweep, AnswersRightlyWhereverAStepEndsAProcess) {
  const auto [job, power_loss] = GetParam();
  // The steps of a run without a fault, each with how often it is reached.
  std::map<std::string, uint64_t> steps;
  {
    QueryWorld world(100, SweptJobOf(job), AvailableNow());
    PutSwept(job, world);
    ASSERT_TRUE(world.RunToTheEnd().ok());
    for (const std::string& step : world.steps) ++steps[step.substr(0, step.find(' '))];
  }
  ASSERT_GT(steps.size(), 15u);
  std::set<RecoveryDecision> decisions;
  for (const auto& [step, times] : steps) {
    // Of the job with many steps, every second one dies and every other loses its power.
    const uint64_t stride = job == SweptJob::kJoined ? 2 : 1;
    for (uint64_t number = stride == 2 && power_loss ? 2 : 1; number <= times; number += stride) {
      const QueryFault fault{
          .step = step, .process = "", .number = number, .power_loss = power_loss};
      QueryWorld world(100, SweptJobOf(job), AvailableNow());
      ASSERT_TRUE(SurvivesFault(job, 100, fault, world)) << fault.ToText();
      decisions.insert(world.decisions.begin(), world.decisions.end());
      if (HasFailure()) return;
    }
  }
  EXPECT_THAT(decisions, ElementsAre(RecoveryDecision::kDefineNext, RecoveryDecision::kRunBatch,
                                     RecoveryDecision::kSendCommit, RecoveryDecision::kLogCommit));
}

TEST_P(MicroBatchSweep, AnswersRightlyWhereverACallEndsAProcess) {
  const auto [job, power_loss] = GetParam();
  for (const char* process : {"driver", "w1"}) {
    // A stride that differs from seed to seed meets calls of every kind.
    for (uint64_t number = 1, seed = 1;; number += 7 + seed % 6, ++seed) {
      const QueryFault fault{
          .step = "", .process = process, .number = number, .power_loss = power_loss};
      QueryWorld world(seed, SweptJobOf(job), AvailableNow());
      if (!SurvivesFault(job, seed, fault, world)) break;
      if (HasFailure()) return;
    }
  }
}

std::string SweptName(const ::testing::TestParamInfo<std::tuple<SweptJob, bool>>& info) {
  static const char* const names[] = {"Words", "Windows", "Joined"};
  return std::string(names[static_cast<int>(std::get<0>(info.param))]) +
         (std::get<1>(info.param) ? "PowerLoss" : "Crash");
}

INSTANTIATE_TEST_SUITE_P(, MicroBatchSweep,
                         ::testing::Combine(::testing::Values(SweptJob::kWords, SweptJob::kWindows,
                                                              SweptJob::kJoined),
                                            ::testing::Bool()),
                         SweptName);

TEST(MicroBatch, ADriverThatWakesAfterItsReplacementStopsAndChangesNothing) {
  for (const char* step : {"batch.defined", "batch.run", "batch.prepared", "sink.committed"}) {
    QueryWorld world(7, WordCountJob("update"), AvailableNow());
    PutWords(world);
    world.StartDriver();
    world.RunUntilStep(step);
    world.world().Pause("driver");
    std::optional<absl::Status> replacement;
    world.RunAside([&](platform::Node& node) {
      return world.DriverMain(node, "m:7001", AvailableNow(), replacement);
    });
    ASSERT_TRUE(replacement.has_value() && replacement->ok()) << step;
    const auto before = world.Table();
    world.world().Resume("driver");
    world.world().RunUntil([&] { return !world.world().process("driver").alive(); });
    ASSERT_TRUE(world.driver_ended().has_value()) << step;
    EXPECT_EQ(world.driver_ended()->code(), absl::StatusCode::kAborted) << *world.driver_ended();
    EXPECT_THAT(std::string(world.driver_ended()->message()), HasSubstr("query words, batch"));
    const auto after = world.Table();
    ASSERT_TRUE(before.ok() && after.ok());
    EXPECT_EQ(before->rows, after->rows) << step;
    EXPECT_EQ(WordsOf(*after), CountWords()) << step;
  }
}

TEST(MicroBatch, ABatchRunAgainHasTheLoggedFilesAndTimeWhateverHasChanged) {
  QueryWorld world(8, WordCountJob("update"), AvailableNow());
  PutWords(world);
  world.SetFault({.step = "batch.defined", .process = ""});
  ASSERT_FALSE(world.RunDriver().has_value());
  const auto before = world.History();
  ASSERT_EQ(before->batches().size(), 1u);
  // A file that sorts before the logged one, more files a trigger, another build, a later clock.
  world.Put("0.txt", "zero\n");
  QueryOptions changed = AvailableNow();
  changed.build_id = "another";
  world.world().RunFor(absl::Hours(1));
  std::optional<absl::Status> ended;
  world.RunAside(
      [&](platform::Node& node) { return world.DriverMain(node, "m:7000", changed, ended); });
  ASSERT_TRUE(ended->ok()) << *ended;
  const auto after = world.History();
  EXPECT_EQ(after->batches()[0].definition.SerializeAsString(),
            before->batches()[0].definition.SerializeAsString());
  EXPECT_EQ(after->batches()[0].definition.sources(0).files(0).path(), "in/a.txt");
  EXPECT_EQ(after->batches()[1].definition.sources(0).files(0).path(), "in/0.txt");
  EXPECT_EQ(after->batches()[3].prepared->states_size(), kDefaultShufflePartitions);
  std::map<std::string, int64_t> expected = CountWords();
  expected["zero"] = 1;
  EXPECT_EQ(WordsOf(*world.Table()), expected);
}

}  // namespace
}  // namespace wavetank::runtime
