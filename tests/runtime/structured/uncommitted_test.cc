// What attempts have left that came to nothing: a query that dies again and again does not fill its
// disk with it, and nobody removes what a newer driver needs.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/fenced_log.h"
#include "runtime/connectors/manifest.pb.h"
#include "runtime/connectors/part_name.h"
#include "runtime/connectors/sink_format.h"
#include "tests/runtime/structured/query_jobs.h"
#include "tests/runtime/structured/query_world.h"

namespace wavetank::runtime {
namespace {

using ::testing::UnorderedElementsAreArray;

std::vector<std::string> FilesIn(QueryWorld& world, const std::string& directory) {
  return world.world().machine("m").disk().image().Files("store/" + directory);
}

// Of all batches, as their records name them.
std::vector<std::string> CommittedParts(QueryWorld& world) {
  std::vector<std::string> files;
  const auto history = world.History();
  for (const checkpoint::BatchHistory& batch : history->batches()) {
    ManifestEntry entry;
    EXPECT_TRUE(entry.ParseFromString(batch.prepared->sink_committable()));
    for (const ManifestPart& part : entry.parts()) {
      files.push_back("store/" + StagedPath("out", part));
    }
  }
  return files;
}

TEST(Uncommitted, WhatKilledAttemptsHaveStagedDoesNotAddUp) {
  QueryWorld world(1, WordCountJob("update"), AvailableNowStaged());
  PutWords(world);
  // Of somebody else, wherever it stands.
  const std::vector<std::string> others = {"out/notes", "out/_wavetank/staged/notes"};
  for (const std::string& other : others) world.Overwrite(other, "of others");
  size_t of_one = 0;
  size_t states_of_one = 0;
  for (int life = 0; life < 5; ++life) {
    world.SetFault({.step = "batch.run", .process = "", .number = 1});
    ASSERT_FALSE(world.RunDriver().has_value());
    const size_t staged = FilesIn(world, "out/_wavetank/staged").size();
    EXPECT_GT(staged, 0u);
    if (life == 0) of_one = staged;
    EXPECT_EQ(staged, of_one) << "in life " << life;
    const size_t states = FilesIn(world, "checkpoint/state").size();
    EXPECT_GT(states, 0u);
    if (life == 0) states_of_one = states;
    EXPECT_EQ(states, states_of_one) << "in life " << life;
  }
  // Something is left beside what is prepared, too.
  world.SetFault({.step = "batch.prepared", .process = "", .number = 1});
  ASSERT_FALSE(world.RunDriver().has_value());
  world.Overwrite("out/_wavetank/staged/batch-00000-stray.csv", "a,1\n");
  ASSERT_TRUE(world.RunToTheEnd().ok());
  ASSERT_TRUE(world.RunToTheEnd().ok()) << "started once more, with a manifest that has entries";
  std::vector<std::string> stay = CommittedParts(world);
  stay.push_back("store/" + others[1]);
  EXPECT_THAT(FilesIn(world, "out/_wavetank/staged"), UnorderedElementsAreArray(stay));
  EXPECT_THAT(FilesIn(world, "out"), testing::Contains("store/" + others[0]));
  EXPECT_EQ(WordsOf(*world.Table()), CountWords());
}

TEST(Uncommitted, WhatABatchFunctionWasToBeGivenDoesNotAddUp) {
  int64_t applied = 0;
  const auto count = [&applied](PreparedBatch& batch) -> Task<absl::Status> {
    while (true) {
      WT_CO_ASSIGN_OR_RETURN(const std::optional<RecordBatch> rows, co_await batch.Next());
      if (!rows) co_return absl::OkStatus();
      applied += rows->num_rows();
    }
  };
  QueryWorld world(
      2,
      [&count](Session& session) {
        session.ReadStream()
            .Format("text")
            .Load("in")
            .WriteStream()
            .QueryName("counted")
            .OutputMode("append")
            .ForeachBatch(count)
            .Option("checkpointLocation", "checkpoint")
            .Start();
      },
      AvailableNow());
  world.Put("a", "x\ny\n");
  world.Overwrite("checkpoint/prepared/notes", "of others");
  for (int life = 0; life < 4; ++life) {
    world.SetFault({.step = "batch.run", .process = "", .number = 1});
    ASSERT_FALSE(world.RunDriver().has_value());
    EXPECT_EQ(FilesIn(world, "checkpoint/prepared").size(), 2u) << "in life " << life;
  }
  // What is prepared stays, and is what the function is given.
  world.SetFault({.step = "batch.prepared", .process = "", .number = 1});
  ASSERT_FALSE(world.RunDriver().has_value());
  EXPECT_EQ(FilesIn(world, "checkpoint/prepared").size(), 2u);
  ASSERT_TRUE(world.RunToTheEnd().ok());
  EXPECT_EQ(applied, 2);
}

// --- a sink with something uncommitted, while another driver may come ---

struct Told {
  bool another_comes = false;
  int64_t removals = 0;
};

class AnyRecord final : public checkpoint::LogFold {
 public:
  void Clear() override {}
  absl::Status Add(std::string_view) override { return absl::OkStatus(); }
};

class ToldSink final : public TransactionalSink {
 public:
  ToldSink(SinkContext context, Told& told)
      : node_(context.node), store_(context.store), told_(told) {}
  bool remembers() const override { return false; }
  Task<absl::StatusOr<std::optional<CommittedBatch>>> Fence(FencingToken) override {
    co_return std::nullopt;
  }
  Task<absl::StatusOr<std::string>> Prepare(SinkBatch) override { co_return "prepared"; }
  Task<absl::Status> Commit(std::string) override { co_return absl::OkStatus(); }
  Task<absl::StatusOr<CommittableState>> Ask(std::string) override {
    co_return CommittableState::kPending;
  }
  Task<absl::StatusOr<std::vector<std::string>>> Uncommitted() override {
    if (told_.another_comes) {
      AnyRecord fold;
      const auto log =
          co_await checkpoint::FencedLog::TakeOver(node_, store_, "checkpoint/log", fold);
      EXPECT_TRUE(log.ok()) << log.status();
    }
    co_return std::vector<std::string>{"of_whoever_came"};
  }
  Task<absl::Status> RemoveUncommitted(std::vector<std::string>, std::string) override {
    ++told_.removals;
    co_return absl::OkStatus();
  }

 private:
  platform::Node& node_;
  checkpoint::Store& store_;
  Told& told_;
};

class NoWriter final : public SinkWriter {
 public:
  Task<absl::Status> Write(RecordBatch) override { co_return absl::OkStatus(); }
  Task<absl::StatusOr<std::string>> Finish() override { co_return ""; }
};

QueryJob IntoToldSink(Told& told) {
  return [&told](Session& session) {
    SinkFormat format{.name = "told", .meaning = "a sink that tells"};
    format.open =
        [&told](SinkContext context) -> absl::StatusOr<std::unique_ptr<TransactionalSink>> {
      return std::make_unique<ToldSink>(context, told);
    };
    format.write = [](const SinkWriterContext&) -> absl::StatusOr<std::unique_ptr<SinkWriter>> {
      return std::make_unique<NoWriter>();
    };
    EXPECT_TRUE(session.RegisterSink(format).ok());
    session.ReadStream()
        .Format("text")
        .Load("in")
        .WriteStream()
        .QueryName("told")
        .OutputMode("append")
        .Format("told")
        .Option("checkpointLocation", "checkpoint")
        .Start();
  };
}

TEST(Uncommitted, IsRemovedOnceADriverHasRecovered) {
  Told told;
  QueryWorld world(3, IntoToldSink(told), AvailableNow());
  world.Put("a", "x\n");
  const auto ended = world.RunDriver();
  ASSERT_TRUE(ended.has_value());
  EXPECT_TRUE(ended->ok()) << *ended;
  EXPECT_EQ(told.removals, 1);
}

TEST(Uncommitted, ADriverThatWasReplacedRemovesNothing) {
  Told told{.another_comes = true};
  QueryWorld world(4, IntoToldSink(told), AvailableNow());
  world.Put("a", "x\n");
  const auto ended = world.RunDriver();
  ASSERT_TRUE(ended.has_value());
  EXPECT_TRUE(absl::IsAborted(*ended)) << *ended;
  EXPECT_EQ(told.removals, 0);
}

}  // namespace
}  // namespace wavetank::runtime
