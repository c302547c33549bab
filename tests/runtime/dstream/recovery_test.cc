// A word count over files, with crashes and power losses: at least once, precisely.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kCheckpoint[] = "checkpoint";

void CountWordsOfFiles(StreamingContext& ssc) {
  ssc.Checkpoint(kCheckpoint);
  ssc.TextFileStream("in")
      .FlatMap([](const std::string& line) {
        return std::vector<std::string>(absl::StrSplit(line, ' ', absl::SkipEmpty()));
      })
      .Map([](std::string word) { return std::pair(std::move(word), int64_t{1}); })
      .ReduceByKey(std::plus<>())
      .SaveAsTextFiles("out/counts");
}

// The input: files of words by path, put in place at stated times.
class WordFiles {
 public:
  WordFiles(SimJob& job, uint64_t seed) : job_(job), random_(seed) {}
  void PutNow() {
    const std::string path = absl::StrCat("in/file-", files_.size());
    std::string text;
    const uint64_t words = random_.Below(40);
    for (uint64_t i = 0; i < words; ++i) {
      const uint64_t word = random_.Below(9);
      absl::StrAppend(&text, "w", word, random_.OneIn(5) ? "\n" : " ");
    }
    files_[path] = text;
    job_.machine().disk().Put(path, text);
  }
  void PutEvery(absl::Duration interval, int count) {
    for (int i = 0; i < count; ++i) job_.After(i * interval, [this] { PutNow(); });
  }
  const std::map<std::string, std::string>& files() const { return files_; }

  // What SaveAsTextFiles must hold for a batch of these files.
  std::multiset<std::string> CountsOf(const checkpoint::BatchInput& input) const {
    std::map<std::string, int> counts;
    for (const auto& stream : input.streams()) {
      for (const auto& file : stream.files()) {
        for (const auto word :
             absl::StrSplit(files_.at(file.path()), absl::ByAnyChar(" \n"), absl::SkipEmpty())) {
          ++counts[std::string(word)];
        }
      }
    }
    std::multiset<std::string> lines;
    for (const auto& [word, count] : counts) lines.insert(absl::StrCat("(", word, ",", count, ")"));
    return lines;
  }

 private:
  SimJob& job_;
  platform::Random random_;
  std::map<std::string, std::string> files_;
};

// Every file is in exactly one batch; every complete attempt of a batch is the naive answer, and a
// completed batch has one; batch times have `gaps` gaps. Gives the number of attempts by batch
// time.
std::map<int64_t, size_t> ExpectAtLeastOnce(SimJob& job, const WordFiles& input, int gaps = 0) {
  const checkpoint::GraphHistory history = job.History(kCheckpoint);
  const SavedOutput saved = job.Saved("out");
  std::map<int64_t, size_t> attempts;
  std::set<std::string> taken;
  int64_t previous_ms = 0;
  for (const auto& [time_ms, batch] : history.batches()) {
    if (previous_ms != 0 && time_ms != previous_ms + 1000) {
      EXPECT_EQ((time_ms - previous_ms) % 1000, 0);
      --gaps;
    }
    previous_ms = time_ms;
    for (const auto& stream : batch.input.streams()) {
      for (const auto& file : stream.files()) {
        EXPECT_TRUE(taken.insert(file.path()).second) << file.path() << " is in two batches";
      }
    }
    const auto output = saved.find(time_ms);
    bool complete = false;
    if (output != saved.end()) {
      attempts[time_ms] = output->second.size();
      for (const auto& [name, attempt] : output->second) {
        if (!attempt.complete) continue;
        complete = true;
        EXPECT_EQ(std::multiset<std::string>(attempt.lines.begin(), attempt.lines.end()),
                  input.CountsOf(batch.input))
            << "batch " << time_ms << ", " << name;
      }
    }
    // The newest may be under way.
    const bool newest = time_ms == history.batches().rbegin()->first;
    EXPECT_TRUE(batch.completed || newest) << "batch " << time_ms << " was never completed";
    EXPECT_TRUE(complete || !batch.completed) << "batch " << time_ms << " has no complete output";
  }
  for (const auto& [time_ms, output] : saved) {
    EXPECT_TRUE(history.batches().contains(time_ms)) << "output without durable input: " << time_ms;
  }
  for (const auto& [path, text] : input.files()) {
    EXPECT_TRUE(taken.contains(path)) << path << " is in no batch";
  }
  EXPECT_EQ(gaps, 0);
  return attempts;
}

enum class Blow { kCrash, kPowerLoss };

using BlowAtStep = std::tuple<const char*, int, Blow>;
class DStreamRecovery : public testing::TestWithParam<BlowAtStep> {};

TEST_P(DStreamRecovery, KeepsEveryFileAndRepeatsOnlyWhatHadNoCompletion) {
  const auto& [step, occurrence, blow] = GetParam();
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    SimJob job({.seed = seed}, CountWordsOfFiles);
    WordFiles input(job, seed);
    std::set<int64_t> completed_before;
    if (blow == Blow::kCrash) {
      job.CrashAt(step, occurrence, absl::Milliseconds(2300));
    } else {
      job.LosePowerAt(step, occurrence, absl::Milliseconds(2300));
    }
    job.Start();
    job.RunFor(absl::Milliseconds(100));
    input.PutEvery(absl::Milliseconds(300), 15);
    job.RunFor(absl::Seconds(15));
    EXPECT_EQ(job.strikes(), 1);
    EXPECT_THAT(job.ended(), IsEmpty());
    // One failure: at most one batch was under way, and it alone may have a second attempt.
    size_t repeated = 0;
    for (const auto& [time_ms, attempts] : ExpectAtLeastOnce(job, input)) {
      EXPECT_LE(attempts, 2u) << time_ms;
      repeated += attempts - 1;
    }
    EXPECT_LE(repeated, job.Reached("dstream.batch_rerun"));
  }
}

std::string NameOf(const testing::TestParamInfo<BlowAtStep>& info) {
  const auto& [step, occurrence, blow] = info.param;
  std::string name =
      absl::StrCat(blow == Blow::kCrash ? "Crash_" : "PowerLoss_", step, "_", occurrence);
  for (char& c : name) {
    if (c == '.') c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    AtEachStep, DStreamRecovery,
    testing::Combine(testing::Values("dstream.recovered", "dstream.batch_input_logged",
                                     "dstream.output_done", "dstream.batch_completed",
                                     "fenced_log.appended", "fenced_log.counts", "task.started",
                                     "task.finished", "shuffle.written", "shuffle.fetched",
                                     "driver.stage_finished"),
                     testing::Values(1), testing::Values(Blow::kCrash, Blow::kPowerLoss)),
    NameOf);
INSTANTIATE_TEST_SUITE_P(
    Later, DStreamRecovery,
    testing::Combine(testing::Values("dstream.batch_input_logged", "dstream.output_done",
                                     "dstream.batch_completed", "fenced_log.appended",
                                     "task.started", "task.finished", "shuffle.written"),
                     testing::Values(3), testing::Values(Blow::kCrash, Blow::kPowerLoss)),
    NameOf);

// Each word with a number that depends on what this worker has seen before, so that every run of a
// task gives something else and scatters it differently.
void NumberWordsOfFiles(StreamingContext& ssc) {
  ssc.Checkpoint(kCheckpoint);
  ssc.TextFileStream("in")
      .FlatMap([](const std::string& line) {
        return std::vector<std::string>(absl::StrSplit(line, ' ', absl::SkipEmpty()));
      })
      .Map([seen = std::make_shared<int>(0)](const std::string& word) {
        return std::pair(absl::StrCat(word, "~", ++*seen), int64_t{1});
      })
      .ReduceByKey(std::plus<>())
      .SaveAsTextFiles("out/counts");
}

// "(w1~17,1)" was made of "w1".
std::map<std::string, int64_t> WordsOfAttempt(const SavedAttempt& attempt) {
  std::map<std::string, int64_t> words;
  for (const std::string& line : attempt.lines) {
    EXPECT_TRUE(line.ends_with(",1)")) << line << ": a number comes once on each worker";
    ++words[line.substr(1, line.find('~') - 1)];
  }
  return words;
}

class WorkerDiesAt : public testing::TestWithParam<const char*> {};

TEST_P(WorkerDiesAt, ACompleteAttemptIsOneOutcomeAlthoughFunctionsAreNotDeterministic) {
  int ran_again = 0;
  int struck = 0;
  for (int occurrence = 1; occurrence == struck + 1; ++occurrence) {
    SCOPED_TRACE(absl::StrCat("occurrence ", occurrence));
    SimJob job({.seed = static_cast<uint64_t>(occurrence)}, NumberWordsOfFiles);
    job.CrashAt(GetParam(), occurrence, absl::Seconds(1));
    job.Start();
    job.RunFor(absl::Milliseconds(1500));
    std::map<std::string, int64_t> put;
    for (int file = 0; file < 4; ++file) {
      std::string text;
      for (int word = 0; word < 60; ++word) {
        const std::string name = absl::StrCat("w", file, ".", word % 10);
        ++put[name];
        absl::StrAppend(&text, name, word % 7 == 0 ? "\n" : " ");
      }
      job.machine().disk().Put(absl::StrCat("in/file-", file), text);
    }
    job.RunFor(absl::Seconds(8));
    struck += job.strikes();  // none: the step is not reached so often
    for (const auto& [time_ms, attempts] : job.Saved("out")) {
      for (const auto& [name, attempt] : attempts) {
        if (!attempt.complete || attempt.lines.empty()) continue;
        EXPECT_EQ(WordsOfAttempt(attempt), put) << "batch " << time_ms << ", " << name;
        EXPECT_EQ(attempt.parts, 2) << "what does not count is removed";
      }
    }
    ran_again += static_cast<int>(job.Reached("driver.task_moved"));
  }
  EXPECT_GT(struck, 1);
  EXPECT_GT(ran_again, 0);
}

INSTANTIATE_TEST_SUITE_P(Steps, WorkerDiesAt,
                         testing::Values("task.started", "task.finished", "shuffle.fetched"),
                         [](const auto& info) {
                           std::string name = info.param;
                           name[name.find('.')] = '_';
                           return name;
                         });

TEST(DStreamRecoveryOf, TwoCrashesTheSecondWhileRecovering) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    SimJob job({.seed = seed}, CountWordsOfFiles);
    WordFiles input(job, seed);
    job.CrashAt("dstream.output_done", 2, absl::Milliseconds(700));
    job.CrashAt("dstream.batch_rerun", 1, absl::Milliseconds(700));
    job.Start();
    job.RunFor(absl::Milliseconds(100));
    input.PutEvery(absl::Milliseconds(300), 10);
    job.RunFor(absl::Seconds(15));
    EXPECT_EQ(job.strikes(), 2);
    ExpectAtLeastOnce(job, input);
  }
}

TEST(DStreamRecoveryOf, NoFailureMakesNoSecondAttempt) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SimJob job({.seed = seed}, CountWordsOfFiles);
    WordFiles input(job, seed);
    job.Start();
    job.RunFor(absl::Milliseconds(100));
    input.PutEvery(absl::Milliseconds(300), 10);
    job.RunFor(absl::Seconds(8));
    for (const auto& [time_ms, attempts] : ExpectAtLeastOnce(job, input)) {
      EXPECT_EQ(attempts, 1u) << time_ms;
    }
  }
}

TEST(DStreamRecoveryOf, ADriverThatIsDownForLongTakesTheBacklogIntoItsFirstBatch) {
  SimJob job({.seed = 4}, CountWordsOfFiles);
  WordFiles input(job, 4);
  job.Start();
  job.RunFor(absl::Seconds(3));
  job.world().Crash("driver");
  const size_t before = job.History(kCheckpoint).batches().size();
  // Longer than Spark's window of a minute, beyond which it would lose them.
  input.PutEvery(absl::Seconds(20), 5);
  job.RunFor(absl::Seconds(200));
  job.world().Restart("driver");
  job.RunFor(absl::Seconds(10));
  // Of the batches that are overdue the newest are run, the others left out.
  ExpectAtLeastOnce(job, input, /*gaps=*/1);
  const checkpoint::GraphHistory history = job.History(kCheckpoint);
  EXPECT_GE(history.batches().size(), before + 100);
  EXPECT_LT(history.batches().size(), before + 200);
  const auto first = std::next(history.batches().begin(), static_cast<int64_t>(before));
  ASSERT_THAT(first->second.input.streams(), SizeIs(1));
  EXPECT_THAT(first->second.input.streams(0).files(), SizeIs(5));
}

TEST(DStreamRecoveryOf, WhatWasThereBeforeTheFirstStartIsNotInputNorAfterARestart) {
  SimJob job({.seed = 5}, CountWordsOfFiles);
  job.machine().disk().Put("in/old", "old words");
  job.RunFor(absl::Seconds(1));
  WordFiles input(job, 5);
  job.Start();
  job.RunFor(absl::Seconds(1));
  input.PutNow();
  job.RunFor(absl::Seconds(2));
  job.world().Crash("driver");
  job.world().Restart("driver");
  input.PutNow();
  job.RunFor(absl::Seconds(5));
  ExpectAtLeastOnce(job, input);
}

TEST(DStreamRecoveryOf, AllFilesAreInputWhenTheJobSaysSo) {
  SimJob job({.seed = 5}, [](StreamingContext& ssc) {
    ssc.TextFileStream("in", {.new_files_only = false}).Print();
  });
  job.machine().disk().Put("in/old", "old words");
  job.machine().disk().Put("in/.hidden", "hidden words");
  job.RunFor(absl::Seconds(1));
  job.Start();
  job.RunFor(absl::Seconds(3));
  EXPECT_THAT(job.printed(), HasSubstr("old words"));
  EXPECT_THAT(job.printed(), testing::Not(HasSubstr("hidden words")));
}

TEST(DStreamRecoveryOf, AClockThatJumpsMakesNoBatchTimeComeTwiceNorGoBackNorMissing) {
  for (const absl::Duration jump : {absl::Hours(2), -absl::Hours(2), absl::Milliseconds(-700)}) {
    SCOPED_TRACE(absl::FormatDuration(jump));
    SimJob job({.seed = 6}, CountWordsOfFiles);
    WordFiles input(job, 6);
    job.Start();
    job.RunFor(absl::Milliseconds(2500));
    job.machine().clock().JumpWall(jump);
    input.PutEvery(absl::Milliseconds(300), 10);
    job.RunFor(absl::Seconds(5));
    if (jump < absl::ZeroDuration()) {  // after a jump forth all batches of two hours would run
      job.world().Crash("driver");
      job.RunFor(absl::Seconds(2));
      job.world().Restart("driver");
      input.PutNow();
    }
    job.RunFor(absl::Seconds(5));
    ExpectAtLeastOnce(job, input);
    EXPECT_GE(job.History(kCheckpoint).batches().size(), 10u);
  }
}

TEST(DStreamRecoveryOf, ABatchLongerThanItsIntervalDelaysTheNextOnesAndLeavesNoneOut) {
  SimJob job({.seed = 7}, CountWordsOfFiles);
  WordFiles input(job, 7);
  job.Start();
  job.RunFor(absl::Milliseconds(1500));
  input.PutEvery(absl::Milliseconds(500), 8);
  job.machine().disk().SetSlowness(800);
  job.RunFor(absl::Seconds(6));
  job.machine().disk().SetSlowness(1);
  const size_t behind = job.History(kCheckpoint).batches().size();
  EXPECT_LT(behind, 6u);
  job.RunFor(absl::Seconds(3));
  for (const auto& [time_ms, attempts] : ExpectAtLeastOnce(job, input)) {
    EXPECT_EQ(attempts, 1u) << time_ms;
  }
  EXPECT_GE(job.History(kCheckpoint).batches().size(), 9u);
}

// Each of several streams of files has its own list of what it has seen.
class SeveralFileStreams : public testing::TestWithParam<bool> {};

TEST_P(SeveralFileStreams, EachTakeEachFileOnce) {
  const bool checkpoint = GetParam();
  SimJob job({.seed = 12}, [checkpoint](StreamingContext& ssc) {
    if (checkpoint) ssc.Checkpoint(kCheckpoint);
    for (const std::string number : {"0", "1", "2"}) {
      ssc.TextFileStream("in" + number).SaveAsTextFiles("out" + number + "/lines");
    }
  });
  job.Start();
  job.RunFor(absl::Milliseconds(1500));
  std::map<std::string, std::vector<std::string>> put;
  for (int file = 0; file < 12; ++file) {
    const std::string number = absl::StrCat(file % 3);
    job.machine().disk().Put(absl::StrCat("in", number, "/file-", file),
                             absl::StrCat("line ", file, "\n"));
    put[number].push_back(absl::StrCat("line ", file));
    job.RunFor(absl::Milliseconds(300));
  }
  job.RunFor(absl::Seconds(5));
  for (const auto& [number, lines] : put) {
    EXPECT_THAT(job.SavedLines("out" + number), testing::UnorderedElementsAreArray(lines))
        << "stream " << number;
  }
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutCheckpoint, SeveralFileStreams, testing::Bool());

TEST(DStreamRecoveryOf, ADriverThatWasReplacedStopsByName) {
  SimJob job({.seed = 8}, CountWordsOfFiles);
  WordFiles input(job, 8);
  job.Start();
  job.RunFor(absl::Milliseconds(1500));
  job.world().Pause("driver");
  input.PutEvery(absl::Milliseconds(300), 10);
  job.StartDriver("driver2", 7001);
  job.RunFor(absl::Seconds(10));
  job.world().Resume("driver");
  job.RunFor(absl::Seconds(10));
  ExpectAtLeastOnce(job, input);
  ASSERT_EQ(job.ended().size(), 1u);
  EXPECT_TRUE(absl::IsAborted(job.ended()[0])) << job.ended()[0];
}

TEST(DStreamRecoveryOf, AnotherPlanIsRefusedByName) {
  SimJob job({.seed = 9}, CountWordsOfFiles);
  job.Start();
  job.RunFor(absl::Seconds(2));
  for (const char* process : {"driver", "w0", "w1"}) job.world().Crash(process);
  job.SetJob([](StreamingContext& ssc) {
    ssc.Checkpoint(kCheckpoint);
    ssc.TextFileStream("elsewhere").Print();
  });
  for (const char* process : {"driver", "w0", "w1"}) job.world().Restart(process);
  job.RunFor(absl::Seconds(5));
  ASSERT_EQ(job.ended().size(), 1u);
  EXPECT_TRUE(absl::IsFailedPrecondition(job.ended()[0])) << job.ended()[0];
  EXPECT_THAT(job.ended()[0].ToString(), HasSubstr("it is of another plan"));
}

TEST(DStreamRecoveryOf, LoggedInputThatIsGoneStopsTheJobNamingIt) {
  for (const char* left : {"", "a"}) {
    SCOPED_TRACE(left);
    SimJob job({.seed = 10}, CountWordsOfFiles);
    WordFiles input(job, 10);
    job.CrashAt("dstream.batch_input_logged", 3, absl::Seconds(1));
    job.Start();
    job.RunFor(absl::Milliseconds(2500));
    input.PutNow();
    job.RunFor(absl::Seconds(1));
    job.machine().disk().Put("in/file-0", left);
    job.RunFor(absl::Seconds(5));
    ASSERT_EQ(job.ended().size(), 1u);
    EXPECT_TRUE(absl::IsDataLoss(job.ended()[0])) << job.ended()[0];
    EXPECT_THAT(job.ended()[0].ToString(), HasSubstr("in/file-0"));
    EXPECT_EQ(job.Reached("dstream.batch_rerun"), 0u) << "nothing of it may come out";
  }
}

// A file is cut when its batch is logged: what is left of it still has a first piece to read.
TEST(DStreamRecoveryOf, AFileThatIsShorterThanItWasLoggedIsSkippedWhole) {
  SimJob job({.seed = 11}, [](StreamingContext& ssc) {
    ssc.Checkpoint(kCheckpoint);
    ssc.TextFileStream("in", {.files = {.lost = LostFiles::kSkip}}).SaveAsTextFiles("out/lines");
  });
  job.Start();
  job.RunFor(absl::Milliseconds(1500));
  job.machine().disk().Put("in/cut", "one\ntwo\nthree\nfour\n");
  job.machine().disk().Put("in/whole", "five\n");
  job.AtStep("dstream.batch_input_logged", 1,
             [&job](simulator::SimProcess&) { job.machine().disk().Put("in/cut", "one\ntwo\n"); });
  job.RunFor(absl::Seconds(4));
  job.machine().disk().Put("in/later", "six\n");
  job.RunFor(absl::Seconds(4));
  EXPECT_EQ(job.strikes(), 1);
  EXPECT_THAT(job.ended(), IsEmpty());
  EXPECT_EQ(job.Reached("dstream.driver_failed"), 0u);
  EXPECT_EQ(job.Reached("task.failed"), 0u);
  EXPECT_EQ(job.Reached("input.file_skipped"), 1u);
  EXPECT_THAT(job.SavedLines("out"), testing::ElementsAre("five", "six"));
}

}  // namespace
}  // namespace wavetank::runtime
