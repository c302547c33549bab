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

const char* const kRescaled = "rescaled";
const char* const kSteps[] = {"batch.defined", "batch.prepared", "sink.committed"};

// In the first of them no record says when something becomes final, nor how state is laid out.
// From v7 on the log says where the sources begin.
const char* const kVersions[] = {"v5", "v6", "v7"};

std::filesystem::path Golden(const std::string& version) {
  return std::filesystem::path("tests/data/checkpoint") / version / "joined";
}

void WriteStore(QueryWorld& world, const std::filesystem::path& to) {
  GoldenFiles files;
  simulator::SimDisk& disk = world.world().machine("m").disk();
  for (const std::string& path : disk.image().Files("store/")) {
    files[path.substr(6)] = disk.Get(path).value();
  }
  checkpoint::WriteGoldenFiles(to, files);
}

TEST(GoldenJoined, Writes) {
  const char* const to = std::getenv("WRITE_GOLDEN_JOINED");
  if (to == nullptr) return;
  for (const std::string step : kSteps) {
    QueryWorld world(11, JoinedJob, AvailableNow());
    PutJoined(world);
    world.SetFault({.step = step, .process = "", .number = 3, .power_loss = true});
    ASSERT_FALSE(world.RunDriver().has_value());
    WriteStore(world, std::filesystem::path(to) / step);
  }
  QueryWorld world(11, JoinedJob, AvailableNow());
  const auto batches = JoinedBatches();
  PutFiles(batches[0], world);
  PutFiles(batches[1], world);
  ASSERT_TRUE(world.RunToTheEnd().ok());
  ASSERT_TRUE(world.Rescale(3)->ok());
  PutFiles(batches[2], world);
  WriteStore(world, std::filesystem::path(to) / kRescaled);
}

TEST(GoldenJoined, IsGoneOnFromExactlyOnce) {
  for (const std::string version : kVersions) {
    for (const std::string step : kSteps) {
      SCOPED_TRACE(absl::StrCat(version, " ", step));
      const GoldenFiles golden = checkpoint::ReadGoldenFiles(Golden(version) / step);
      ASSERT_FALSE(golden.empty());
      QueryWorld world(12, JoinedJob, AvailableNow());
      PutFiles(golden, world);
      const auto before = world.History();
      ASSERT_TRUE(before.ok()) << before.status();
      EXPECT_EQ(before->newest_batch(), 2);
      EXPECT_EQ(before->batches()[1].prepared->next_watermarks_size(), 2);
      EXPECT_EQ(before->batches()[1].prepared->states_size(), 6);
      EXPECT_EQ(before->batches()[1].prepared->has_next_final(), version != "v5");
      EXPECT_EQ(before->layout() != nullptr, version != "v5");
      EXPECT_EQ(before->begins().size(), version == "v7" ? 2U : 0U);
      const absl::Status ended = world.RunToTheEnd();
      ASSERT_TRUE(ended.ok()) << ended;
      const auto table = world.Table();
      ASSERT_TRUE(table.ok()) << table.status();
      EXPECT_THAT(WindowsOf(*table), testing::UnorderedElementsAreArray(JoinedWindows()));
    }
  }
}

TEST(GoldenJoined, RescaledIsGoneOnFromExactlyOnce) {
  const GoldenFiles golden = checkpoint::ReadGoldenFiles(Golden("v6") / kRescaled);
  ASSERT_FALSE(golden.empty());
  QueryWorld world(12, JoinedJob, AvailableNow());
  PutFiles(golden, world);
  const auto before = world.History();
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->layouts().size(), 2u);
  EXPECT_EQ(before->layout()->partitions(), 3);
  EXPECT_EQ(before->layout()->states_size(), 9);
  const absl::Status ended = world.RunToTheEnd();
  ASSERT_TRUE(ended.ok()) << ended;
  EXPECT_EQ(world.History()->batches().back().prepared->states_size(), 9);
  EXPECT_THAT(WindowsOf(*world.Table()), testing::UnorderedElementsAreArray(JoinedWindows()));
}

}  // namespace
}  // namespace wavetank::runtime
