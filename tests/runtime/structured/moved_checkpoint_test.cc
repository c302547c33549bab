// A checkpoint is its directory: it may be moved or copied, and a copy is read, not the original.
#include <map>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/inspect.h"
#include "tests/runtime/structured/query_jobs.h"
#include "tests/runtime/structured/query_world.h"

namespace wavetank::runtime {
namespace {

using testing::HasSubstr;

QueryJob WordCountAt(const std::string& checkpoint, const std::string& sink) {
  return [=](Session& session) {
    session.ReadStream()
        .Format("text")
        .Option("maxFilesPerTrigger", "1")
        .Load("in")
        .Select({Explode(Split(Col("value"), " ")).As("word")})
        .GroupBy({Col("word")})
        .Count()
        .WriteStream()
        .QueryName("words")
        .OutputMode("update")
        .Format("file")
        .Option("path", sink)
        .Option("checkpointLocation", checkpoint)
        .Start();
  };
}

class MovedCheckpoint : public testing::Test {
 protected:
  MovedCheckpoint() : world_(15, WordCountAt("checkpoint", "out"), AvailableNow()) {
    world_.Put("a.txt", WordFiles().at("a.txt"));
    world_.Put("b.txt", WordFiles().at("b.txt"));
    const absl::Status ended = world_.RunToTheEnd();
    EXPECT_TRUE(ended.ok()) << ended;
    world_.Put("c.txt", WordFiles().at("c.txt"));
  }
  simulator::SimDisk& disk() { return world_.world().machine("m").disk(); }
  void Copy(const std::string& from, const std::string& to) {
    for (const std::string& file : disk().image().Files(from)) {
      disk().Put(to + file.substr(from.size()), disk().Get(file).value());
    }
  }
  void Remove(const std::string& directory) {
    for (const std::string& file : disk().image().Files(directory)) disk().LoseFile(file);
  }
  absl::Status RunAt(const std::string& checkpoint) {
    std::optional<absl::Status> ended;
    world_.RunAside([&](platform::Node& node) {
      return world_.DriverMain(node, "m:7000", AvailableNow(), ended,
                               WordCountAt(checkpoint, "out"));
    });
    return ended.value_or(absl::InternalError("it does not end"));
  }
  absl::StatusOr<checkpoint::Inspection> Inspect(const std::string& directory) {
    absl::StatusOr<checkpoint::Inspection> result = absl::InternalError("not inspected");
    world_.RunAside([&](platform::Node& node) { return InspectIn(node, directory, result); });
    return result;
  }
  static Task<void> InspectIn(platform::Node& node, std::string directory,
                              absl::StatusOr<checkpoint::Inspection>& result) {
    checkpoint::LocalStore store(node, directory);
    result = co_await checkpoint::Inspect(store, "");
  }

  QueryWorld world_;
};

TEST_F(MovedCheckpoint, GoesOnFromThereAndIsWhole) {
  Copy("store/checkpoint/", "store/backup/ck/");
  Remove("store/checkpoint/");
  const auto inspection = Inspect("store/backup/ck");
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  EXPECT_TRUE(inspection->whole()) << inspection->text;
  const absl::Status ended = RunAt("backup/ck");
  EXPECT_TRUE(ended.ok()) << ended;
  EXPECT_EQ(WordsOf(*world_.Table()), CountWords());
}

TEST_F(MovedCheckpoint, ReadsItsOwnStateAndNotTheOriginals) {
  Copy("store/checkpoint/", "store/copy/");
  Remove("store/copy/state/");
  EXPECT_FALSE(Inspect("store/copy")->whole());
  const absl::Status ended = RunAt("copy");
  EXPECT_TRUE(absl::IsDataLoss(ended)) << ended;
  EXPECT_THAT(ended.ToString(), HasSubstr("copy/state/0/"));
  EXPECT_THAT(ended.ToString(), HasSubstr("is gone"));
  EXPECT_THAT(ended.ToString(), HasSubstr("put the checkpoint back whole, or start with a new"));
  EXPECT_EQ(world_.world().steps().Count("driver.task_retried"), 0u) << "it will not come back";
}

// A copy from before a batch was defined defines it from other files, under the same number.
TEST(PutBackCheckpoint, IsRefusedWhenTheSinkShowsItsNewestBatchFromAnotherDefinition) {
  QueryWorld world(16, WordCountAt("checkpoint", "out"), AvailableNow());
  simulator::SimDisk& disk = world.world().machine("m").disk();
  const auto read = [&disk](const std::string& directory) {
    std::map<std::string, std::string> files;
    for (const std::string& file : disk.image().Files(directory)) files[file] = *disk.Get(file);
    return files;
  };
  const auto put_back = [&disk](const std::string& directory,
                                const std::map<std::string, std::string>& files) {
    for (const std::string& file : disk.image().Files(directory)) disk.LoseFile(file);
    for (const auto& [file, content] : files) disk.Put(file, content);
  };
  ASSERT_TRUE(world.RunToTheEnd().ok());
  const auto checkpoint = read("store/checkpoint/");
  const auto sink = read("store/out/");
  world.Put("b.txt", "the first\n");
  ASSERT_TRUE(world.RunToTheEnd().ok());
  const auto sink_of_b = read("store/out/");
  put_back("store/checkpoint/", checkpoint);
  put_back("store/out/", sink);
  world.Put("a.txt", "the other\n");
  world.SetFault({.step = "batch.prepared", .process = ""});
  ASSERT_FALSE(world.RunDriver().has_value());
  put_back("store/out/", sink_of_b);
  const absl::Status ended = world.RunToTheEnd();
  EXPECT_TRUE(absl::IsDataLoss(ended)) << ended;
  EXPECT_THAT(ended.ToString(), HasSubstr("the sink shows the batch from another"));
}

TEST_F(MovedCheckpoint, WhatWasNotLookedAtIsNotWhole) {
  const auto inspection = Inspect("store/checkpoint/log");
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  EXPECT_FALSE(inspection->whole());
  ASSERT_FALSE(inspection->unseen.empty());
  EXPECT_THAT(inspection->unseen.front(), HasSubstr("stands outside of what is inspected"));
}

}  // namespace
}  // namespace wavetank::runtime
