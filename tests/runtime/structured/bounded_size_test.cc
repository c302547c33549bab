// However long a query runs, its checkpoint stays as large as what it retains; and nothing that
// recovery needs goes.
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "tests/runtime/structured/query_jobs.h"
#include "tests/runtime/structured/query_world.h"

namespace wavetank::runtime {
namespace {

struct Size {
  size_t files = 0;
  size_t bytes = 0;
};

Size SizeOf(QueryWorld& world, const std::string& directory) {
  simulator::SimDisk& disk = world.world().machine("m").disk();
  Size size;
  for (const std::string& path : disk.image().Files("store/" + directory)) {
    ++size.files;
    size.bytes += disk.Get(path)->size();
  }
  return size;
}

// Every word is counted once for each of the batches so far. What a batch has read is taken away.
void RunBatches(QueryWorld& world, int64_t from, int64_t to) {
  for (int64_t batch = from; batch < to; ++batch) {
    world.Put(absl::StrCat("in", 1000 + batch), absl::StrCat("all w", batch % 10, "\n"));
  }
  const absl::Status ended = world.RunToTheEnd();
  ASSERT_TRUE(ended.ok()) << ended;
  world.RemoveInput();
  const auto table = world.Table();
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(WordsOf(*table)["all"], to);
  EXPECT_EQ(table->last_batch, to - 1);
}

QueryOptions RetainingLittle() {
  QueryOptions options = AvailableNow();
  options.min_batches_to_retain = 3;
  options.log_segment_bytes = 4096;
  options.sink_log_segment_bytes = 4096;
  return options;
}

TEST(BoundedSize, OfTheCheckpointOfAQueryThatRunsLong) {
  QueryWorld world(1, WordCountJob("complete"), RetainingLittle());
  RunBatches(world, 0, 150);
  const Size log = SizeOf(world, "checkpoint/log/");
  const Size state = SizeOf(world, "checkpoint/state/");
  const Size sink = SizeOf(world, "out/");
  RunBatches(world, 150, 450);
  // One owner more, with its epoch file and the log it began with, and the plan in each base.
  EXPECT_LE(SizeOf(world, "checkpoint/log/").files, log.files + 3);
  EXPECT_LE(SizeOf(world, "checkpoint/log/").bytes, log.bytes + 2 * 4096);
  EXPECT_LE(SizeOf(world, "checkpoint/state/").files, state.files + state.files / 2);
  EXPECT_LE(SizeOf(world, "out/").files, sink.files + 6);
  EXPECT_LE(SizeOf(world, "out/").bytes, sink.bytes + 4096);

  const auto history = world.History();
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_GT(history->first_batch(), 400);
  EXPECT_EQ(history->newest_batch(), 449);
}

// The same with a driver that falls every few batches.
TEST(BoundedSize, HoldsWhenDriversFall) {
  QueryWorld world(2, WordCountJob("complete"), RetainingLittle());
  for (int64_t life = 0; life < 12; ++life) {
    world.SetFault({.step = life % 3 == 0 ? "fenced_log.segment_begun" : "batch.committed",
                    .process = "",
                    .number = static_cast<uint64_t>(1 + life),
                    .power_loss = life % 2 == 0});
    RunBatches(world, life * 20, life * 20 + 20);
    if (HasFatalFailure()) return;
  }
  // Its records name the files of state of each batch that is kept.
  EXPECT_LE(SizeOf(world, "checkpoint/log/").bytes, 40'000U);
  EXPECT_LE(SizeOf(world, "checkpoint/state/").files, 4 * 100U);
}

}  // namespace
}  // namespace wavetank::runtime
