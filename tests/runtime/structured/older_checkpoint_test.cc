// Checkpoints of the build before plans stood in logs, each cut off in its second batch: they are
// gone on from exactly once. (Written by that build: WRITE_GOLDEN_PLANS=DIRECTORY.)
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "tests/checkpoint/golden_files.h"
#include "tests/runtime/structured/query_jobs.h"

namespace wavetank::runtime {
namespace {

using checkpoint::GoldenFiles;

struct Older {
  std::string mode;
  std::string step;  // at which it was cut off, the second time

  std::string Name() const { return absl::StrCat(mode, "_", step.substr(6)); }
  QueryJob Job() const { return mode == "append" ? QueryJob(WindowedJob) : WordCountJob(mode); }
};

std::vector<Older> All() {
  std::vector<Older> all;
  for (const char* mode : {"append", "complete", "update"}) {
    for (const char* step : {"batch.defined", "batch.prepared"}) all.push_back({mode, step});
  }
  return all;
}

void PutInput(const Older& older, QueryWorld& world) {
  if (older.mode != "append") return PutWords(world);
  world.Put("a.txt", "1\n2\n7\n");
  world.Put("b.txt", "21\n12\n");
  world.Put("c.txt", "3\n40\n");
}

GoldenFiles Store(QueryWorld& world) {
  simulator::SimDisk& disk = world.world().machine("m").disk();
  GoldenFiles files;
  for (const std::string& path : disk.image().Files("store/")) {
    files[path.substr(6)] = disk.Get(path).value();
  }
  return files;
}

std::filesystem::path GoldenPlans() { return "tests/data/checkpoint/v4/plans"; }

TEST(OlderCheckpoint, Writes) {
  const char* const to = std::getenv("WRITE_GOLDEN_PLANS");
  if (to == nullptr) return;
  for (const Older& older : All()) {
    QueryWorld world(11, older.Job(), AvailableNow());
    PutInput(older, world);
    world.SetFault({.step = older.step, .process = "", .number = 2, .power_loss = true});
    ASSERT_FALSE(world.RunDriver().has_value());
    checkpoint::WriteGoldenFiles(std::filesystem::path(to) / older.Name(), Store(world));
  }
}

TEST(OlderCheckpoint, IsGoneOnFromExactlyOnce) {
  for (const Older& older : All()) {
    SCOPED_TRACE(older.Name());
    const GoldenFiles golden = checkpoint::ReadGoldenFiles(GoldenPlans() / older.Name());
    ASSERT_FALSE(golden.empty());
    QueryWorld world(12, older.Job(), AvailableNow());
    for (const auto& [path, content] : golden) world.Overwrite(path, content);
    const auto before = world.History();
    ASSERT_TRUE(before.ok()) << before.status();
    EXPECT_EQ(before->newest_batch(), 1);
    EXPECT_EQ(before->batches()[1].prepared.has_value(), older.step == "batch.prepared");
    EXPECT_FALSE(before->plan().has_value());
    const absl::Status ended = world.RunToTheEnd();
    ASSERT_TRUE(ended.ok()) << ended;
    const auto table = world.Table();
    ASSERT_TRUE(table.ok()) << table.status();
    if (older.mode == "append") {
      std::vector<std::string> windows = WindowsOf(*table);
      std::ranges::sort(windows);
      EXPECT_EQ(windows, (std::vector<std::string>{"0 3", "10 1", "20 1", "5 1"}));
    } else {
      EXPECT_EQ(WordsOf(*table), CountWords());
    }
    const auto after = world.History();
    ASSERT_TRUE(after->plan().has_value());
    EXPECT_EQ(after->batches()[2].prepared->plan_hash(), after->plan()->hash());
  }
}

}  // namespace
}  // namespace wavetank::runtime
