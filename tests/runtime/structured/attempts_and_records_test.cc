// What the driver sees of a batch's attempt before it is recorded, and how its records follow one
// another.
#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/structured/query_protocol.h"
#include "tests/runtime/structured/query_jobs.h"

namespace wavetank::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A history of so many batches, of which the newest is committed or not.
checkpoint::QueryHistory HistoryOf(int64_t batches, bool committed) {
  checkpoint::QueryHistory history;
  checkpoint::QueryMetadata metadata;
  metadata.set_query_id("q");
  EXPECT_TRUE(history.Add(checkpoint::Record(metadata)).ok());
  for (int64_t batch = 0; batch < batches; ++batch) {
    checkpoint::BatchDefinition definition;
    definition.set_batch_id(batch);
    definition.set_hash(checkpoint::DefinitionHash(definition));
    EXPECT_TRUE(history.Add(checkpoint::Record(definition)).ok());
    if (batch + 1 == batches && !committed) break;
    checkpoint::Prepared prepared;
    prepared.set_batch_id(batch);
    EXPECT_TRUE(history.Add(checkpoint::Record(prepared)).ok());
    checkpoint::Commit commit;
    commit.set_batch_id(batch);
    EXPECT_TRUE(history.Add(checkpoint::Record(commit)).ok());
  }
  return history;
}

TEST(LastCommitted, IsTheNewestBatchOrTheOneBefore) {
  EXPECT_EQ(LastCommitted(HistoryOf(0, true)), std::nullopt);
  EXPECT_EQ(LastCommitted(HistoryOf(1, false)), std::nullopt);
  for (int64_t batches = 1; batches < 4; ++batches) {
    const auto newest = LastCommitted(HistoryOf(batches, true));
    ASSERT_TRUE(newest.has_value()) << batches;
    EXPECT_EQ(newest->batch, batches - 1);
    EXPECT_EQ(newest->definition_hash, HistoryOf(batches, true).batches().back().definition.hash());
    const auto before = LastCommitted(HistoryOf(batches + 1, false));
    ASSERT_TRUE(before.has_value()) << batches;
    EXPECT_EQ(before->batch, batches - 1);
  }
}

QueryJob LinesOf(std::vector<std::string> directories, std::string forget_after = "10m") {
  return [directories, forget_after](Session& session) {
    const auto read = [&](const std::string& directory) {
      return session.ReadStream()
          .Format("text")
          .Option("forgetAfter", forget_after)
          .Option("lostFiles", "skip")
          .Load(directory);
    };
    DataFrame rows = read(directories.front());
    for (size_t i = 1; i < directories.size(); ++i) rows = rows.Union(read(directories[i]));
    rows.WriteStream()
        .QueryName("lines")
        .OutputMode("append")
        .Format("file")
        .Option("path", "out")
        .Option("checkpointLocation", "checkpoint")
        .Start();
  };
}

// That a file of its name is forgotten comes before the batch that reads the next of the name.
TEST(QueryRecords, AFileThatComesAnewIsReadOnce) {
  QueryWorld world(1, LinesOf({"in"}, "1s"));
  world.Put("a", "first\n");
  world.StartDriver();
  world.RunUntilStep("batch.committed 0");
  world.RemoveInput();
  world.world().RunFor(absl::Seconds(5));
  world.Put("a", "second\n");
  world.RunUntilStep("batch.committed 1");
  world.world().RunFor(absl::Seconds(5));
  EXPECT_THAT(TableRows(world), ElementsAre("first", "second"));
  world.world().Crash(world.world().process("driver"));
  world.StartDriver();
  world.world().RunFor(absl::Seconds(5));
  EXPECT_THAT(TableRows(world), ElementsAre("first", "second"));
}

TEST(BatchAttempt, CountsTheLostFilesOfAllSources) {
  QueryWorld world(1, LinesOf({"in", "in2"}), AvailableNow());
  world.Put("a", "a\n");
  world.Overwrite("in2/b", "b\n");
  world.Overwrite("in2/c", "c\n");
  world.StartDriver();
  world.RunUntilStep("batch.defined 0");
  for (const char* file : {"in/a", "in2/b", "in2/c"}) {
    world.world().machine("m").disk().LoseFile(std::string("store/") + file);
  }
  world.world().RunUntil([&world] { return !world.world().process("driver").alive(); });
  ASSERT_EQ(world.driver_ended(), absl::OkStatus());
  EXPECT_EQ(world.History()->batches().back().prepared->files_skipped(), 3);
}

// A record names what is there: of each state the file of this very attempt, and not an older one.
TEST(BatchAttempt, IsNotRecordedWithoutTheFileThatItHasWritten) {
  QueryWorld world(1, WordCountJob("complete"), AvailableNow());
  world.Put("a", "x\n");
  world.Put("b", "x\n");
  world.StartDriver();
  world.RunUntilStep("batch.committed 0");
  simulator::SimDisk& disk = world.world().machine("m").disk();
  const std::vector<std::string> older = disk.image().Files("store/checkpoint/state/");
  world.RunUntilStep("batch.run 1");
  int lost = 0;
  for (const std::string& file : disk.image().Files("store/checkpoint/state/")) {
    if (std::ranges::count(older, file) > 0) continue;
    disk.LoseFile(file);
    ++lost;
  }
  ASSERT_GT(lost, 0);
  world.world().RunUntil([&world] { return !world.world().process("driver").alive(); });
  ASSERT_TRUE(world.driver_ended().has_value());
  EXPECT_THAT(std::string(world.driver_ended()->message()), HasSubstr("a worker has written"));
}

}  // namespace
}  // namespace wavetank::runtime
