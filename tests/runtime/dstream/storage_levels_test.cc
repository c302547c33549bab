// What workers keep for windows, at each storage level: with little memory, with disks that fail,
// and with workers that die. How often rows are made tells what was made again.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "platform/text.h"
#include "runtime/cluster/storage_level.h"
#include "tests/runtime/dstream/sim_job.h"

namespace wavetank::runtime {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr absl::Duration kSecond = absl::Seconds(1);
constexpr int kFiles = 6;
constexpr char kScratch[] = "scratch";

// Each line of a file is in the windows of three batches.
JobPlan KeptLines(StorageLevel level, std::shared_ptr<int> made) {
  return [level, made](StreamingContext& ssc) {
    ssc.Checkpoint("ck");
    ssc.TextFileStream("in")
        .Map([made](std::string line) {
          ++*made;
          return line;
        })
        .Persist(level)
        .Window(3 * kSecond)
        .SaveAsTextFiles("out/recent");
  };
}

void CountedWords(StreamingContext& ssc) {
  ssc.Checkpoint("ck");
  ssc.TextFileStream("in")
      .Map([](std::string line) { return std::pair(std::move(line), 1); })
      .ReduceByKeyAndWindow(std::plus<>(), 3 * kSecond, kSecond)
      .SaveAsTextFiles("out/recent");
}

void Feed(SimJob& job, int file) {
  job.machine().disk().Put(absl::StrCat("in/", file), absl::StrCat("line number ", file, "\n"));
  job.RunFor(kSecond);
}

// Every line came out with three batch times, one after the other.
void ExpectEachInThreeWindows(SimJob& job, int lines = kFiles) {
  std::map<std::string, std::vector<int64_t>> seen;
  for (const auto& [time_ms, attempts] : job.Saved("out")) {
    for (const auto& [name, attempt] : attempts) {
      if (!attempt.complete) continue;
      for (const std::string& line : attempt.lines) seen[line].push_back(time_ms);
      break;
    }
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(lines));
  for (const auto& [line, times] : seen) {
    ASSERT_EQ(times.size(), 3U) << line;
    EXPECT_EQ(times[2], times[0] + 2000) << line;
  }
}

std::vector<std::string> SpillFiles(SimJob& job, int workers) {
  std::vector<std::string> files;
  for (int i = 0; i < workers; ++i) {
    const std::string directory = absl::StrCat(kScratch, "/m_", 8000 + i);
    for (const std::string& name : job.NamesIn(directory)) {
      files.push_back(absl::StrCat(directory, "/", name));
    }
  }
  return files;
}

void RunWhole(SimJob& job) {
  job.Start();
  job.RunFor(kSecond);
  for (int file = 0; file < kFiles; ++file) Feed(job, file);
  job.RunFor(6 * kSecond);
  EXPECT_THAT(job.ended(), IsEmpty());
}

TEST(StorageLevels, WhatHasNoRoomInMemoryIsReadFromDisk) {
  for (const StorageLevel level : {StorageLevel::kMemoryAndDisk, StorageLevel::kDiskOnly}) {
    SCOPED_TRACE(std::string(NameOf(level)));
    const auto made = std::make_shared<int>(0);
    const size_t kept = level == StorageLevel::kDiskOnly ? WorkerOptions().kept_bytes_max : 0;
    SimJob job({.seed = 3, .kept_bytes_max = kept, .scratch = kScratch}, KeptLines(level, made));
    RunWhole(job);
    ExpectEachInThreeWindows(job);
    EXPECT_EQ(*made, kFiles) << "nothing is made again";
    EXPECT_GE(job.Reached("blocks.spilled"), static_cast<uint64_t>(kFiles));
    EXPECT_GE(job.Reached("blocks.read_back"), static_cast<uint64_t>(2 * kFiles));
    EXPECT_EQ(job.Reached("dstream.kept_blocks_lost"), 0U);
    EXPECT_THAT(SpillFiles(job, 2), IsEmpty()) << "no window reaches them any more";
  }
}

TEST(StorageLevels, OfMemoryAloneIsMadeAgain) {
  const auto made = std::make_shared<int>(0);
  SimJob job({.seed = 3, .kept_bytes_max = 0, .scratch = kScratch},
             KeptLines(StorageLevel::kMemoryOnly, made));
  RunWhole(job);
  ExpectEachInThreeWindows(job);
  EXPECT_GT(*made, kFiles);
  EXPECT_GT(job.Reached("blocks.evicted"), 0U);
  EXPECT_EQ(job.Reached("blocks.spilled"), 0U);
}

TEST(StorageLevels, WithAReplicaLoseNothingWithAWorker) {
  for (const StorageLevel level : {StorageLevel::kMemoryOnly, StorageLevel::kMemoryOnly2,
                                   StorageLevel::kMemoryAndDisk2, StorageLevel::kDiskOnly2}) {
    for (const bool of_replica : {false, true}) {
      SCOPED_TRACE(absl::StrCat(platform::ToAbsl(NameOf(level)), of_replica ? " second" : ""));
      const auto made = std::make_shared<int>(0);
      const size_t kept = level == StorageLevel::kMemoryAndDisk2 ? 0 : 1'000'000;
      SimJob job({.seed = 3, .workers = 3, .kept_bytes_max = kept, .scratch = kScratch},
                 KeptLines(level, made));
      job.Start();
      job.RunFor(kSecond);
      for (int file = 0; file < 4; ++file) Feed(job, file);
      // A file's only task is the first worker's, and the next by name has the replica.
      job.world().Crash(job.world().process(of_replica ? "w1" : "w0"));
      for (int file = 4; file < kFiles; ++file) Feed(job, file);
      job.RunFor(6 * kSecond);
      EXPECT_THAT(job.ended(), IsEmpty());
      ExpectEachInThreeWindows(job);
      if (HasReplica(level)) {
        EXPECT_EQ(*made, kFiles) << "nothing is made again";
        EXPECT_GT(job.Reached("blocks.replicated"), 0U);
        EXPECT_EQ(job.Reached("dstream.kept_blocks_lost"), 0U);
      } else if (!of_replica) {
        EXPECT_GT(*made, kFiles);
      }
    }
  }
}

TEST(StorageLevels, AReplicaThatFailsFailsNoTask) {
  const auto made = std::make_shared<int>(0);
  SimJob job({.seed = 3, .workers = 2, .scratch = kScratch},
             KeptLines(StorageLevel::kMemoryOnly2, made));
  const simulator::Fault refused{.kind = simulator::FaultKind::kConnectFailure};
  job.SetCallFault([&](const simulator::SeamCall& call) -> const simulator::Fault* {
    const bool between = call.kind == simulator::SeamCallKind::kConnect &&
                         call.target.find(":800") != std::string_view::npos;
    return between ? &refused : nullptr;
  });
  RunWhole(job);
  ExpectEachInThreeWindows(job);
  EXPECT_EQ(job.Reached("task.failed"), 0U);
  EXPECT_GE(job.Reached("blocks.replica_failed"), static_cast<uint64_t>(kFiles));
  EXPECT_EQ(job.Reached("blocks.replicated"), 0U);
}

TEST(StorageLevels, SurviveADeathAtEachStepOfSpilling) {
  for (const char* step : {"blocks.spilled", "blocks.read_back", "blocks.replicated"}) {
    for (const int occurrence : {1, 4, 9}) {
      for (const bool power_loss : {false, true}) {
        SCOPED_TRACE(testing::Message() << step << " " << occurrence << " " << power_loss);
        const auto made = std::make_shared<int>(0);
        SimJob job({.seed = 3, .workers = 2, .kept_bytes_max = 0, .scratch = kScratch},
                   KeptLines(StorageLevel::kMemoryAndDisk2, made));
        if (power_loss) {
          job.LosePowerAt(step, occurrence, absl::Milliseconds(100));
        } else {
          job.CrashAt(step, occurrence, absl::Milliseconds(100));
        }
        RunWhole(job);
        EXPECT_LE(job.strikes(), 1);
        EXPECT_THAT(SpillFiles(job, 2), IsEmpty()) << "also those of before";
        if (!power_loss) ExpectEachInThreeWindows(job);
      }
    }
  }
}

TEST(StorageLevels, SurviveADiskThatFails) {
  using enum simulator::FaultKind;
  using enum simulator::SeamCallKind;
  const std::pair<simulator::FaultKind, simulator::SeamCallKind> kinds[] = {
      {kTooManyFiles, kOpen}, {kAccessDenied, kOpen}, {kWriteError, kWrite},
      {kTornWrite, kWrite},   {kReadError, kRead},    {kTooManyFiles, kList}};
  for (const auto& [kind, where] : kinds) {
    for (const int every : {1, 3}) {
      for (const JobPlan& plan : {JobPlan(CountedWords), KeptLines(StorageLevel::kMemoryAndDisk,
                                                                   std::make_shared<int>(0))}) {
        SCOPED_TRACE(testing::Message() << static_cast<int>(kind) << " every " << every);
        SimJob job({.seed = 3, .kept_bytes_max = 0, .scratch = kScratch}, plan);
        const simulator::Fault fault{.kind = kind};
        int calls = 0;
        int struck = 0;
        job.SetCallFault(
            [&, at = where](const simulator::SeamCall& call) -> const simulator::Fault* {
              const bool of_scratch =
                  call.kind == at && call.target.find(kScratch) != std::string_view::npos;
              const bool strikes = of_scratch && calls++ % every == 0;
              struck += strikes ? 1 : 0;
              return strikes ? &fault : nullptr;
            });
        RunWhole(job);
        EXPECT_GT(struck, 0);
        ExpectEachInThreeWindows(job);
      }
    }
  }
}

TEST(StorageLevels, WhatIsDamagedOnDiskIsMadeAgain) {
  enum class Damage { kBit, kCutOff, kGone };
  for (const Damage damage : {Damage::kBit, Damage::kCutOff, Damage::kGone}) {
    SCOPED_TRACE(static_cast<int>(damage));
    const auto made = std::make_shared<int>(0);
    SimJob job({.seed = 3, .kept_bytes_max = 0, .scratch = kScratch},
               KeptLines(StorageLevel::kMemoryAndDisk, made));
    job.Start();
    job.RunFor(kSecond);
    for (int file = 0; file < kFiles; ++file) {
      Feed(job, file);
      if (file != 2) continue;
      for (const std::string& path : SpillFiles(job, 2)) {
        const absl::StatusOr<std::string> found = job.machine().disk().Get(path);
        if (!found.ok() || found->empty()) continue;
        std::string content = *found;
        if (damage == Damage::kBit) content.back() ^= 1;
        if (damage == Damage::kCutOff) content.pop_back();
        if (damage == Damage::kGone) {
          job.machine().disk().LoseFile(path);
        } else {
          job.machine().disk().Put(path, content);
        }
      }
    }
    job.RunFor(6 * kSecond);
    EXPECT_THAT(job.ended(), IsEmpty());
    ExpectEachInThreeWindows(job);
    EXPECT_GT(job.Reached("blocks.spilled_lost"), 0U);
    EXPECT_GT(*made, kFiles);
  }
}

TEST(StorageLevels, WithoutRoomAnywhereABatchFailsAndSaysWhatToDo) {
  SimJob job({.seed = 3, .kept_bytes_max = 0, .spilled_bytes_max = 0, .scratch = kScratch},
             CountedWords);
  job.Start();
  job.RunFor(kSecond);
  Feed(job, 0);
  job.RunFor(6 * kSecond);
  ASSERT_EQ(job.ended().size(), 1U);
  const std::string error(platform::ToStd(job.ended().front().message()));
  EXPECT_THAT(error, HasSubstr("there is no room for what task"));
  EXPECT_THAT(error, HasSubstr("kept-bytes allows 0 and spill-bytes 0"));
  EXPECT_GT(job.Reached("blocks.no_room"), 0U);
}

TEST(StorageLevels, StateThatHasNoRoomIsMadeAgain) {
  std::map<size_t, std::vector<std::string>> lines;
  for (const size_t kept : {size_t{0}, WorkerOptions().kept_bytes_max}) {
    SimJob job({.seed = 3, .kept_bytes_max = kept, .scratch = kScratch}, [](StreamingContext& ssc) {
      ssc.Checkpoint("ck");
      ssc.TextFileStream("in")
          .Map([](std::string line) { return std::pair(line.substr(0, 4), 1); })
          .UpdateStateByKey<int>([](const std::vector<int>& values, std::optional<int> state) {
            return std::optional(state.value_or(0) + static_cast<int>(values.size()));
          })
          .Map([](std::pair<std::string, int> row) { return absl::StrCat(row.first, row.second); })
          .SaveAsTextFiles("out/totals");
    });
    RunWhole(job);
    lines[kept] = job.SavedLines("out");
    EXPECT_EQ(job.Reached("dstream.state_let_go") > 0, kept == 0);
  }
  EXPECT_EQ(lines.begin()->second, lines.rbegin()->second);
  EXPECT_THAT(lines.begin()->second, testing::Contains("line6"));
}

TEST(StorageLevels, ThatWouldDoNothingAreRefused) {
  for (const StorageLevel level :
       {StorageLevel::kMemoryOnlySer, StorageLevel::kMemoryAndDiskSer,
        StorageLevel::kMemoryOnlySer2, StorageLevel::kMemoryAndDiskSer2}) {
    StreamingContext ssc(kSecond);
    ssc.QueueStream<int>({{1}}).Persist(level).Print();
    const absl::Status status = ssc.graph().Validate();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(platform::ToStd(status.message())),
                HasSubstr(absl::StrCat("(QueueStream): storage level ",
                                       platform::ToAbsl(NameOf(level)), " would do nothing")));
  }
  EXPECT_THAT(std::string(platform::ToStd(ParseStorageLevel("OFF_HEAP").status().message())),
              HasSubstr("MEMORY_ONLY, MEMORY_AND_DISK, DISK_ONLY, MEMORY_ONLY_2"));
  EXPECT_EQ(ParseStorageLevel("DISK_ONLY_2").value(), StorageLevel::kDiskOnly2);
}

TEST(StorageLevels, OfAReceiversStreamAreThoseOfItsCopies) {
  StreamingContext ssc(kSecond);
  const auto lines = ssc.SocketTextStream("host", 9, StorageLevel::kMemoryAndDisk2);
  EXPECT_NE(ssc.graph().keeper(lines.id()), nullptr);
  EXPECT_EQ(ssc.graph().storage_level(lines.id()), StorageLevel::kMemoryAndDisk2);
  EXPECT_EQ(ssc.graph().keeper(ssc.SocketTextStream("host", 9).id()), nullptr);
}

}  // namespace
}  // namespace wavetank::runtime
