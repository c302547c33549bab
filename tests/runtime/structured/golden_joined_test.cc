// Checkpoints of a query with two sources, several watermarks and three operators with state, each
// cut off in its third batch: they are gone on from exactly once, by every build from that on which
// wrote them. (WRITE_GOLDEN_JOINED=DIRECTORY. Those that are there are never edited.)
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/checkpoint/golden_files.h"
#include "tests/runtime/structured/query_jobs.h"

namespace wavetank::runtime {
namespace {

using checkpoint::GoldenFiles;

const char* const kSteps[] = {"batch.defined", "batch.prepared", "sink.committed"};

// Of the first of them no record says when something becomes final.
const char* const kVersions[] = {"v5", "v6"};

std::filesystem::path Golden(const std::string& version) {
  return std::filesystem::path("tests/data/checkpoint") / version / "joined";
}

QueryOptions Options() {
  QueryOptions options = AvailableNow();
  options.shuffle_partitions = 2;
  return options;
}

TEST(GoldenJoined, Writes) {
  const char* const to = std::getenv("WRITE_GOLDEN_JOINED");
  if (to == nullptr) return;
  for (const std::string step : kSteps) {
    QueryWorld world(11, JoinedJob, Options());
    PutJoined(world);
    world.SetFault({.step = step, .process = "", .number = 3, .power_loss = true});
    ASSERT_FALSE(world.RunDriver().has_value());
    GoldenFiles files;
    simulator::SimDisk& disk = world.world().machine("m").disk();
    for (const std::string& path : disk.image().Files("store/")) {
      files[path.substr(6)] = disk.Get(path).value();
    }
    checkpoint::WriteGoldenFiles(std::filesystem::path(to) / step, files);
  }
}

TEST(GoldenJoined, IsGoneOnFromExactlyOnce) {
  for (const std::string version : kVersions) {
    for (const std::string step : kSteps) {
      SCOPED_TRACE(absl::StrCat(version, " ", step));
      const GoldenFiles golden = checkpoint::ReadGoldenFiles(Golden(version) / step);
      ASSERT_FALSE(golden.empty());
      QueryWorld world(12, JoinedJob, Options());
      for (const auto& [path, content] : golden) world.Overwrite(path, content);
      const auto before = world.History();
      ASSERT_TRUE(before.ok()) << before.status();
      EXPECT_EQ(before->newest_batch(), 2);
      EXPECT_EQ(before->batches()[1].prepared->next_watermarks_size(), 2);
      EXPECT_EQ(before->batches()[1].prepared->states_size(), 6);
      EXPECT_EQ(before->batches()[1].prepared->has_next_final(), version != "v5");
      const absl::Status ended = world.RunToTheEnd();
      ASSERT_TRUE(ended.ok()) << ended;
      const auto table = world.Table();
      ASSERT_TRUE(table.ok()) << table.status();
      EXPECT_THAT(WindowsOf(*table), testing::UnorderedElementsAreArray(JoinedWindows()));
    }
  }
}

}  // namespace
}  // namespace wavetank::runtime
